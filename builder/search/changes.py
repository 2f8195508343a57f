"""Stones that changed since the bitmaps were made, a few thousand at most, filtered one by one.

The same conditions as the other engines', over arrays of whole numbers.
"""

import numpy as np
from numpy.typing import NDArray

from builder.search.facets import FACETS, SORTS
from builder.search.fitting import Limits, heads_of, promptness
from builder.search.keys import Key, keys_of
from builder.search.query import StoneQuery
from builder.search.rows import Rows

Mask = NDArray[np.bool_]
Among = frozenset[int] | None


def matching(rows: Rows, query: StoneQuery, among: Among) -> Rows:
    holds = _base(rows, query, among)
    for facet in query.chosen:
        holds &= _holds(rows, query, facet)
    return rows[holds]


def add_counts(
    counts: dict[str, dict[str, int]], rows: Rows, query: StoneQuery, among: Among
) -> None:
    """Counts these stones in, each facet's without its own filter."""
    rows = rows[_base(rows, query, among)]
    if not len(rows):
        return
    masks = {facet: _holds(rows, query, facet) for facet in query.chosen}
    missed = sum((~mask for mask in masks.values()), np.zeros(len(rows), np.int8))
    for name, facet in FACETS.items():
        holds = missed == 0
        if name in masks:
            holds |= (missed == 1) & ~masks[name]
        found = np.bincount(rows[name][holds], minlength=len(facet.labels) + 1)[1:]
        into = counts.setdefault(name, {})
        for value, count in zip(facet.labels, found.tolist(), strict=True):
            if count:
                into[value] = into.get(value, 0) + count


def keys(rows: Rows, sort: str) -> list[Key]:
    """In order."""
    by = SORTS[sort].facet or SORTS[sort].measure
    ranks = rows[by].tolist() if by else [0] * len(rows)
    if SORTS[sort].facet:
        ranks = [facet_rank(code, sort) for code in ranks]
    stones = zip(ranks, rows["price"].tolist(), rows["id"].tolist(), strict=True)
    return sorted(keys_of(stones, sort=sort))


def facet_rank(code: int, sort: str) -> int:
    """A value's place in its facet's list, after the last for none."""
    return code - 1 if code else len(FACETS[SORTS[sort].facet].labels)


def _base(rows: Rows, query: StoneQuery, among: Among) -> Mask:
    holds: Mask = np.asarray(rows["is_offered"] == 1)
    if among is not None:
        holds &= np.isin(rows["id"], list(among))
    for measure in query.measured:
        low, high = query.bounds(measure)
        if low is not None:
            holds &= rows[measure] >= max(low, 0)
        if high is not None:
            holds &= (rows[measure] <= high) & (rows[measure] >= 0)
    if query.store:
        holds &= rows["store"] == query.store.pk
    if query.ready_by:
        holds &= _in_time(rows, query)
    elif query.fits:
        holds &= _within_any(rows, [x for head in heads_of(query.fits.rules) for x in head.limits])
    return holds


def _in_time(rows: Rows, query: StoneQuery) -> Mask:
    if query.fits is None:
        return np.asarray(rows["delivery"] <= query.days_left)
    holds, earlier = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    for each in promptness(query.fits, days_left=query.days_left):
        held = _within_any(rows, each.head.limits)
        holds |= held & ~earlier & (rows["delivery"] <= each.days)
        earlier |= held
    return holds


def _within_any(rows: Rows, limits: "list[Limits] | tuple[Limits, ...]") -> Mask:
    holds = np.zeros(len(rows), bool)
    shapes = list(FACETS["shape"].labels)
    for each in limits:
        deepest = np.full(len(shapes) + 1, -1)
        for shape, depth in each.deepest:
            deepest[shapes.index(shape) + 1] = depth
        holds |= (
            (rows["width_mm"] >= each.min_width)
            & (rows["width_mm"] <= each.max_width)
            & (rows["length_mm"] >= each.min_length)
            & (rows["length_mm"] <= each.max_length)
            & (rows["depth_mm"] <= deepest[rows["shape"]])
        )
    return holds


def _holds(rows: Rows, query: StoneQuery, facet: str) -> Mask:
    values = list(FACETS[facet].labels)
    return np.isin(rows[facet], [values.index(value) + 1 for value in query.chosen[facet]])
