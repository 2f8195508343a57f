"""A snapshot's bytes: a header in JSON that says what lies where, then columns and bitmaps one after another.

The format is our own and has a version, so that a process of another release never reads what it does not understand; it
makes do with the table. Nothing in it can run: numbers in, numbers out.
"""

import struct
from collections.abc import Iterable
from typing import Any

import numpy as np
import orjson
from pyroaring import BitMap

from builder.search.bitmaps import Bitmaps, Values
from builder.search.facets import FACETS
from builder.search.fitting import Limits
from builder.search.mixes import MIXES

MAGIC = b"stones"
VERSION = 2
_START = struct.Struct("<6sHI")


class UnknownFormat(ValueError):
    """The bytes are no snapshot, or one of another release: build a new one with `builder.tasks.build_snapshot`."""


def labels() -> dict[str, list[str]]:
    """What a facet's numbers stand for; another release may number them otherwise."""
    return {name: list(facet.labels) for name, facet in FACETS.items()}


def packed(bitmaps: Bitmaps) -> bytes:
    body = bytearray()

    def put(data: bytes) -> list[int]:
        body.extend(data)
        return [len(body) - len(data), len(data)]

    def valued(values: Values) -> dict[str, Any]:
        return {
            "values": list(values.values),
            "maps": [put(each.serialize()) for each in values.maps],
        }

    mixes = {f"mix_{number}": mix for number, mix in enumerate(bitmaps.mixes)}
    arrays = {**bitmaps.columns, **mixes, "places_by_id": bitmaps.places_by_id}
    header = {
        "labels": labels(),
        "columns": {
            name: [array.dtype.str, *put(array.tobytes())] for name, array in arrays.items()
        },
        "facets": {name: valued(values) for name, values in bitmaps.facets.items()},
        "measures": {name: valued(values) for name, values in bitmaps.measures.items()},
        "stores": valued(bitmaps.stores),
        "delivery": valued(bitmaps.delivery),
        "fits": [
            [*_numbers(limits), limits.deepest, *put(found.serialize())]
            for limits, found in bitmaps.fits.items()
        ],
    }
    told = orjson.dumps(header)
    return _START.pack(MAGIC, VERSION, len(told)) + told + bytes(body)


def unpacked(payload: bytes) -> Bitmaps:
    view = memoryview(payload)
    if len(view) < _START.size:
        raise UnknownFormat("These are no snapshot's bytes.")
    magic, version, length = _START.unpack_from(view)
    if (magic, version) != (MAGIC, VERSION):
        raise UnknownFormat(f"This snapshot has format {version}; this release reads {VERSION}.")
    header = orjson.loads(view[_START.size : _START.size + length])
    if header["labels"] != labels():
        raise UnknownFormat("This snapshot was made with other lists of values.")
    body = view[_START.size + length :]

    def bitmap(start: int, size: int) -> BitMap:
        return BitMap.deserialize(bytes(body[start : start + size]))

    def valued(told: dict[str, Any]) -> Values:
        return Values(told["values"], [bitmap(*place) for place in told["maps"]])

    # Copied, so that the payload's own memory is given back.
    columns = {
        name: np.frombuffer(body[start : start + size], kind).copy()
        for name, (kind, start, size) in header["columns"].items()
    }
    places_by_id = columns.pop("places_by_id")
    mixes = [columns.pop(f"mix_{number}") for number in range(len(MIXES))]
    return Bitmaps(
        columns=columns,
        mixes=mixes,
        places_by_id=places_by_id,
        facets={name: valued(told) for name, told in header["facets"].items()},
        measures={name: valued(told) for name, told in header["measures"].items()},
        stores=valued(header["stores"]),
        delivery=valued(header["delivery"]),
        everything=BitMap(range(len(columns["id"]))),
        fits={
            Limits(
                min_width=told[0],
                max_width=told[1],
                min_length=told[2],
                max_length=told[3],
                deepest=tuple((shape, depth) for shape, depth in told[4]),
            ): bitmap(*told[5:])
            for told in header["fits"]
        },
    )


def _numbers(limits: Limits) -> Iterable[int]:
    return (limits.min_width, limits.max_width, limits.min_length, limits.max_length)
