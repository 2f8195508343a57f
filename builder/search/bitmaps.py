"""Stones on offer as bitmaps over their places in price order, with the few columns that pages and fits need.

Immutable once made. The order is by price and then by id, so that a price range is a run of places and the cheapest page
is the beginning of any bitmap. docs/algorithms/search.md says why and how much memory it takes.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from operator import or_
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from builder.search.facets import FACETS, MEASURES
from builder.search.fitting import Limits
from builder.search.mixes import mixed
from builder.search.rows import NOTHING, Rows

Numbers = NDArray[np.integer]

BLOCK = 8  # so many values further, the union of all up to there is kept
FITS_KEPT = 512
VALUED = tuple(name for name in MEASURES if name != "price")
COLUMNS = ("id", "price", "carat", "ratio", "length_mm", "width_mm", "depth_mm", "shape")


@dataclass(frozen=True)
class Values:
    """A bitmap for each value that some stone has, in ascending order."""

    values: Sequence[int]
    maps: Sequence[BitMap]
    upto: Sequence[BitMap] = field(init=False, compare=False)
    largest: int = field(init=False, compare=False)  # whose bitmap

    def __post_init__(self) -> None:
        starts = range(0, len(self.maps) - BLOCK + 1, BLOCK)
        blocks = (BitMap.union(*self.maps[start : start + BLOCK]) for start in starts)
        object.__setattr__(self, "upto", list(accumulate(blocks, or_, initial=BitMap())))
        sizes = [len(each) for each in self.maps]
        object.__setattr__(self, "largest", sizes.index(max(sizes)) if sizes else 0)

    def between(self, low: int | None, high: int | None) -> BitMap:
        """What lies between two ends is the difference of two unions; the values before and behind are joined to it."""
        start = 0 if low is None else bisect_left(self.values, low)
        end = len(self.values) if high is None else bisect_right(self.values, high)
        first, last = -(-start // BLOCK), end // BLOCK
        if first >= last:
            parts = list(self.maps[start:end])
        else:
            parts = [
                self.upto[last] - self.upto[first],
                *self.maps[start : first * BLOCK],
                *self.maps[last * BLOCK : end],
            ]
        return BitMap.union(*parts) if parts else BitMap()

    def of(self, value: int) -> BitMap | None:
        place = bisect_left(self.values, value)
        found = place < len(self.values) and self.values[place] == value
        return self.maps[place] if found else None


@dataclass(frozen=True, kw_only=True)
class Bitmaps:
    """`columns` and `mixes` are by place. A facet's values are numbered from 1; 0, which no facet counts, has a bitmap too."""

    columns: dict[str, Numbers]
    mixes: list[Numbers]
    places_by_id: Numbers
    facets: dict[str, Values]
    measures: dict[str, Values]
    stores: Values
    delivery: Values
    everything: BitMap
    fits: dict[Limits, BitMap] = field(default_factory=dict)
    joined: dict[tuple[Limits, ...], BitMap] = field(default_factory=dict)
    listed: dict[int, Any] = field(default_factory=dict)  # what was read of single places lately

    def __len__(self) -> int:
        return len(self.columns["id"])

    def place_of(self, stone_id: int) -> int | None:
        ids, places = self.columns["id"].data, self.places_by_id.data  # which give plain numbers
        at = bisect_left(places, stone_id, key=ids.__getitem__)
        if at == len(ids) or ids[place := places[at]] != stone_id:
            return None
        return place

    def places_of(self, stone_ids: Numbers) -> BitMap:
        """Those that are among these, however many are asked for."""
        ids = self.columns["id"]
        at = np.flatnonzero(np.isin(ids, stone_ids))
        return BitMap(at.astype(np.uint32))

    def places(self, *, price: int, stone_id: int) -> int:
        """How many stones come before this price and id."""
        low, high = self.priced_from(price), self.priced_from(price + 1)
        return bisect_left(self.columns["id"], stone_id, low, high)

    def priced_from(self, price: int) -> int:
        """How many stones cost less. (NumPy's own search would copy the column for a number of another width.)"""
        return bisect_left(self.columns["price"], price)

    def priced(self, low: int | None, high: int | None) -> BitMap:
        start = 0 if low is None else self.priced_from(low)
        end = len(self) if high is None else self.priced_from(high + 1)
        return BitMap(range(start, end)) if start < end else BitMap()

    def within(self, *limits: Limits) -> BitMap:
        """The stones within any of these envelopes; worked out once for each snapshot."""
        found = self.joined.get(limits)
        if found is None:
            if len(self.joined) >= FITS_KEPT:
                self.joined.clear()
            each = [self._within(one) for one in limits]
            found = self.joined[limits] = BitMap.union(*each) if each else BitMap()
        return found

    def _within(self, limits: Limits) -> BitMap:
        found = self.fits.get(limits)
        if found is None:
            if len(self.fits) >= FITS_KEPT:
                self.fits.clear()
            found = self.fits[limits] = _within(self.columns, limits)
        return found


def made_of(rows: Rows) -> Bitmaps:
    order = np.lexsort((rows["id"], rows["price"]))
    rows = rows[order]
    columns = {name: _narrow(rows[name]) for name in COLUMNS}
    places_by_id = np.argsort(columns["id"], kind="stable").astype(np.uint32)
    return Bitmaps(
        columns=columns,
        mixes=mixed({name: rows[name] for name in FACETS}),
        places_by_id=places_by_id,
        facets={name: _values(rows[name]) for name in FACETS},
        measures={name: _values(rows[name], but=NOTHING) for name in VALUED},
        stores=_values(rows["store"], but=0),
        delivery=_values(rows["delivery"]),
        everything=BitMap(range(len(rows))),
    )


def _values(column: Numbers, *, but: int | None = None) -> Values:
    """A bitmap for each value but one that stands for nothing."""
    order = np.argsort(column, kind="stable")
    ordered = column[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=ordered[:1] - 1))
    places = np.split(order.astype(np.uint32), starts[1:]) if len(starts) else []
    values, maps = [], []
    for start, part in zip(starts.tolist(), places, strict=True):
        if (value := int(ordered[start])) != but:
            bitmap = BitMap(part)
            bitmap.run_optimize()
            bitmap.shrink_to_fit()
            values.append(value)
            maps.append(bitmap)
    return Values(values, maps)


def _narrow(column: Numbers) -> Numbers:
    """In as few bytes as its numbers need."""
    most, least = (int(column.max()), int(column.min())) if len(column) else (0, 0)
    for kind in (np.int8, np.int16, np.int32):
        if np.iinfo(kind).min <= least and most <= np.iinfo(kind).max:
            return column.astype(kind)
    return column.astype(np.int64)


def _within(columns: dict[str, Numbers], limits: Limits) -> BitMap:
    shapes = list(FACETS["shape"].labels)
    deepest = np.full(len(shapes) + 1, -1)
    for shape, depth in limits.deepest:
        deepest[shapes.index(shape) + 1] = depth
    width, length = columns["width_mm"], columns["length_mm"]
    holds = (width >= limits.min_width) & (width <= limits.max_width)
    holds &= (length >= limits.min_length) & (length <= limits.max_length)
    holds &= columns["depth_mm"] <= deepest[columns["shape"]]
    found = BitMap(np.flatnonzero(holds).astype(np.uint32))
    found.run_optimize()
    return found
