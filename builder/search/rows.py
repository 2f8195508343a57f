"""Stones as rows of whole numbers, read in one go: what bitmaps are made of and what changed since.

A facet's value is its place in the facet's list counted from 1; 0 is a value that the facet does not count.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from builder.search.facets import FACETS, MEASURES, Facet

Rows = NDArray[np.void]

NOTHING = -1  # a measure that the report does not give
_CHUNK = 65_536
_HEADER = 19  # bytes before the first row of a binary COPY without extensions


def _place(facet: Facet) -> str:
    values = ", ".join(f"'{value}'" for value in facet.labels)
    return f"coalesce(array_position(ARRAY[{values}], {facet.column}::text), 0)"


# Name, kind, SQL.
COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("id", "i8", "id::int8"),
    *(
        (name, "i8" if name == "price" else "i4", f"coalesce({measure.column}, {NOTHING})")
        for name, measure in MEASURES.items()
    ),
    ("length_mm", "i4", "length_hundredths"),
    ("width_mm", "i4", "width_hundredths"),
    ("depth_mm", "i4", "depth_hundredths"),
    *((name, "i2", _place(facet)) for name, facet in FACETS.items()),
    ("store", "i8", "coalesce(store_id, 0)"),
    ("delivery", "i2", "delivery_days"),
    ("is_offered", "i2", "(status = 'available')::int"),
)
_CASTS = {"i2": "int2", "i4": "int4", "i8": "int8"}
SELECT = ", ".join(f"({sql})::{_CASTS[kind]}" for _, kind, sql in COLUMNS)
DTYPE = np.dtype([(name, kind) for name, kind, _ in COLUMNS])
# A row on the wire: the number of its columns, then each with its length before it.
_WIRE = np.dtype(
    [("columns", ">i2")]
    + [
        field
        for name, kind, _ in COLUMNS
        for field in ((f"bytes_of_{name}", ">i4"), (name, f">{kind}"))
    ]
)


def offered() -> Rows:
    """Every stone on offer. Memory: the rows once, 130 bytes each."""
    chunks = [_native(chunk) for chunk in _read()]
    return np.concatenate(chunks) if chunks else np.empty(0, DTYPE)


def _read() -> Iterator[Rows]:
    sql = f"COPY (SELECT {SELECT} FROM builder_stone WHERE status = 'available') TO STDOUT (FORMAT binary)"  # noqa: S608  ours
    waiting = bytearray()
    skipped = False
    with connection.cursor() as cursor, cursor.copy(sql) as copy:
        for data in copy:
            waiting += data
            if not skipped and len(waiting) >= _HEADER:
                del waiting[:_HEADER]
                skipped = True
            if len(waiting) >= _CHUNK * _WIRE.itemsize:
                whole = len(waiting) // _WIRE.itemsize
                yield np.frombuffer(bytes(waiting[: whole * _WIRE.itemsize]), _WIRE)
                del waiting[: whole * _WIRE.itemsize]
    yield np.frombuffer(bytes(waiting), _WIRE, count=len(waiting) // _WIRE.itemsize)


def _native(chunk: Rows) -> Rows:
    rows = np.empty(len(chunk), DTYPE)
    for name in DTYPE.names or ():
        rows[name] = chunk[name]
    return rows


def of(records: "list[tuple[Any, ...]]") -> Rows:
    """Rows of what SELECT gave."""
    return np.array(records, DTYPE)
