"""How the stones of a question spread over each measure, from the snapshot's bitmaps: value by value, prices in cells.

A cell is a hundredth of the price's natural logarithm in cents, a sixth of the narrowest bar that is drawn from them.
"""

import functools
import math
from typing import NamedTuple

import numpy as np

from builder.search.bitmaps import VALUED, Numbers
from builder.search.counting import Counting
from builder.search.query import StoneQuery
from builder.search.snapshot import Snapshot

CELLS = 100


class Tallies(NamedTuple):
    """How many stones have each value, or lie in each cell of prices, and the least and the most value or price in cents."""

    values: Numbers
    counts: Numbers
    least: int
    most: int


def tallies(query: StoneQuery, *, memory: Snapshot) -> dict[str, Tallies]:
    """By measure; one that no stone has is left out."""
    counting = Counting(memory.bitmaps, memory.gone, memory.changed, query, None)
    found = {name: _valued(counting, name) for name in VALUED}
    found["price"] = _priced(counting)
    return {name: each for name, each in found.items() if each}


def _valued(counting: Counting, name: str) -> Tallies | None:
    full, values = counting.full, counting.bitmaps.measures[name]
    is_all = len(full) == len(counting.bitmaps)
    count = len if is_all else full.intersection_cardinality
    changed = counting.matching_changes[name]
    changed = changed[changed >= 0]
    found = np.concatenate([np.array(values.values, np.int64), changed])
    counts = np.concatenate(
        [np.array([count(each) for each in values.maps], np.int64), np.ones(len(changed), np.int64)]
    )
    found, counts = found[counts > 0], counts[counts > 0]
    return Tallies(found, counts, int(found.min()), int(found.max())) if len(found) else None


def _priced(counting: Counting) -> Tallies | None:
    """Places are in the order of prices, so that a cell is a run of them."""
    places = np.asarray(counting.full.to_array(), np.int64)
    prices, changed = counting.bitmaps.columns["price"], counting.matching_changes["price"]
    ends = [*prices[places[[0, -1]]].tolist()] if len(places) else []
    ends += changed.tolist()
    if not ends:
        return None
    least, most = min(ends), max(ends)
    cells = np.arange(cell_of(least), cell_of(most) + 1)
    edges = np.array([edge(cell) for cell in cells[1:].tolist()], np.int64)
    of_places = np.searchsorted(prices, edges.astype(prices.dtype))
    before = np.searchsorted(places, of_places) + np.searchsorted(np.sort(changed), edges)
    counts = np.diff(before, prepend=0, append=len(places) + len(changed))
    return Tallies(cells[counts > 0], counts[counts > 0], least, most)


def cell_of(cents: int) -> int:
    return math.floor(math.log(cents) * CELLS)


@functools.cache
def edge(cell: int) -> int:
    """The least price in cents that belongs to the cell or a later one."""
    cents = max(1, math.ceil(math.exp(cell / CELLS)))
    while cents > 1 and cell_of(cents - 1) >= cell:
        cents -= 1
    while cell_of(cents) < cell:
        cents += 1
    return cents
