"""One question put to the bitmaps and to the stones that changed since: total, facets, pages, neighbors."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from functools import cached_property, reduce
from itertools import accumulate
from math import ceil

import numpy as np
from pyroaring import BitMap

from builder.search import changes, mixes
from builder.search.bitmaps import Bitmaps, Values
from builder.search.facets import FACETS, SORTS
from builder.search.fitting import HeadLimits, heads_of, promptness
from builder.search.keys import Key, keys_of
from builder.search.query import StoneQuery
from builder.search.results import Beside, Counts, Found
from builder.search.rows import Rows

# Fewer stones than this are sorted; of more, the first values' bitmaps soon fill a page.
SORTED_WHOLE = 20_000
# So many stones are counted singly in the time of one intersection of bitmaps.
STONES_AN_INTERSECTION = 2500
LABELS = {name: list(facet.labels) for name, facet in FACETS.items()}


class Counting:
    def __init__(
        self,
        bitmaps: Bitmaps,
        gone: BitMap,
        changed: Rows,
        query: StoneQuery,
        among: frozenset[int] | None,
    ) -> None:
        self.bitmaps, self.gone, self.query, self.among = bitmaps, gone, query, among
        self.rows = changed
        self.base = self._base()
        chosen = [(facet, self._chosen(facet)) for facet in query.chosen]
        self.chosen = dict(sorted(chosen, key=lambda each: len(each[1])))
        # Those that hold to the base and to none, the first, the first two of the chosen facets, and so on.
        self.first = list(accumulate(self.chosen.values(), self._both, initial=self.base))
        self.full = self.first[-1]

    def found(self) -> Found:
        total, size = self.total, self.query.page_size
        pages = max(1, ceil(total / size))
        page: int | None = None
        if self.query.after:
            start = self._before(self.query.after, or_at=True)
            end = start + size
        elif self.query.before:
            end = self._before(self.query.before, or_at=False)
            start = max(0, end - size)
        else:
            page = min(self.query.page, pages)
            start, end = (page - 1) * size, page * size
        end = min(end, total)
        return Found(
            total=total,
            counts=self._counts(),
            keys=self._slice(start, end) if start < end else [],
            page=page,
            has_previous=start > 0,
            has_next=end < total,
        )

    @cached_property
    def matching_changes(self) -> Rows:
        if not len(self.rows):
            return self.rows
        return changes.matching(self.rows, self.query, self.among)

    @cached_property
    def total(self) -> int:
        return len(self.full) + len(self.matching_changes)

    # Conditions.

    def _base(self) -> BitMap:
        """What every facet heeds."""
        query, bitmaps = self.query, self.bitmaps
        parts = []
        for measure in query.measured:
            low, high = query.bounds(measure)
            if measure == "price":
                parts.append(bitmaps.priced(low, high))
            else:
                parts.append(bitmaps.measures[measure].between(low, high))
        if self.among is not None:
            places = (bitmaps.place_of(pk) for pk in self.among)
            parts.append(BitMap(place for place in places if place is not None))
        if query.store:
            parts.append(bitmaps.stores.of(query.store.pk) or BitMap())
        if query.ready_by:
            parts.append(self._in_time())
        elif query.fits:
            parts.append(self._held(*heads_of(query.fits.rules)))
        base = reduce(self._both, sorted(parts, key=len), bitmaps.everything)
        return base - self.gone if self.gone else base

    def _both(self, some: BitMap, others: BitMap) -> BitMap:
        """What is in both; without a copy of the others where some are all there is."""
        return others if some is self.bitmaps.everything else some & others

    def _held(self, *heads: HeadLimits) -> BitMap:
        return self.bitmaps.within(*(limits for head in heads for limits in head.limits))

    def _in_time(self) -> BitMap:
        query, delivery = self.query, self.bitmaps.delivery
        if query.fits is None:
            return delivery.between(None, query.days_left)
        found, earlier = BitMap(), BitMap()
        for each in promptness(query.fits, days_left=query.days_left):
            held = self._held(each.head)
            found |= (held - earlier) & delivery.between(None, each.days)
            earlier |= held
        return found

    def _chosen(self, facet: str) -> BitMap:
        values = list(FACETS[facet].labels)
        maps = (
            self.bitmaps.facets[facet].of(values.index(value) + 1)
            for value in self.query.chosen[facet]
        )
        return _union([each for each in maps if each is not None])

    # Facets.

    def _counts(self) -> Counts:
        counts: dict[str, dict[str, int]] = {}
        for facets, holds in self._heeded():
            if facets:
                counts |= self._counted(facets, holds)
        if len(self.rows):
            changes.add_counts(counts, self.rows, self.query, self.among)
        return counts

    def _heeded(self) -> Iterator[tuple[list[str], BitMap]]:
        """Facets with the stones that hold to every filter but their own.

        Where nothing is found all are counted: what is nearest is looked for among them.
        """
        counted = self.query.counted if self.total else tuple(FACETS)
        yield [facet for facet in counted if facet not in self.chosen], self.full
        stones = list(self.chosen.values())
        for number, facet in enumerate(self.chosen):
            if facet not in counted:
                continue
            yield [facet], reduce(self._both, stones[number + 1 :], self.first[number])

    def _counted(self, facets: list[str], holds: BitMap) -> dict[str, dict[str, int]]:
        values = sum(len(self.bitmaps.facets[facet].maps) for facet in facets)
        if len(holds) * mixes.passes(facets) > STONES_AN_INTERSECTION * values:
            return {facet: self._intersected(facet, holds) for facet in facets}
        if not holds:
            return {facet: {} for facet in facets}
        places = np.asarray(holds.to_array())
        found = mixes.counted(self.bitmaps.mixes, places, facets=facets)
        return {
            facet: {
                label: stones
                for label, stones in zip(LABELS[facet], counts[1:], strict=True)
                if stones
            }
            for facet, counts in found.items()
        }

    def _intersected(self, facet: str, holds: BitMap) -> dict[str, int]:
        """By each value's bitmap but the largest one's: those stones are what remains."""
        values, labels = self.bitmaps.facets[facet], LABELS[facet]
        largest = values.largest
        count: Callable[[BitMap], int] = holds.intersection_cardinality
        if len(holds) == len(self.bitmaps):
            count = len
        found = [0 if n == largest else count(each) for n, each in enumerate(values.maps)]
        found[largest] = len(holds) - sum(found)
        return {
            labels[value - 1]: stones
            for value, stones in zip(values.values, found, strict=True)
            if value and stones
        }

    # Pages. An index counts stones in the query's order, those that changed included.

    def _before(self, key: Key, *, or_at: bool) -> int:
        """How many matching stones come before the key's place, or at it."""
        keys = self._changed_keys
        among_changed = bisect_right(keys, key) if or_at else bisect_left(keys, key)
        return among_changed + self._before_in_bitmaps(key, or_at=or_at)

    def _before_in_bitmaps(self, key: Key, *, or_at: bool) -> int:
        price, pk = abs(key.price), abs(key.id)
        place = self.bitmaps.places(price=price, stone_id=pk)
        if self.query.sort == "-price":
            # Descending: those at later places come first.
            end = place if or_at else place + self._is_at(place, price, pk)
            return len(self.full) - _until(self.full, end)
        end = place + self._is_at(place, price, pk) if or_at else place
        if self.query.sort == "price":
            return _until(self.full, end)
        count = 0
        for rank, stones in self._ranked():
            signed = -rank if SORTS[self.query.sort].is_descending else rank
            if signed > key.rank:
                break
            if signed < key.rank:
                count += self.full.intersection_cardinality(stones)
            else:
                count += _until(self.full & stones, end)
        return count

    def _is_at(self, place: int, price: int, pk: int) -> bool:
        columns = self.bitmaps.columns
        return bool(
            place < len(self.bitmaps)
            and columns["price"][place] == price
            and columns["id"][place] == pk
        )

    @cached_property
    def _changed_keys(self) -> list[Key]:
        return changes.keys(self.matching_changes, self.query.sort)

    def _slice(self, start: int, end: int) -> list[Key]:
        changed = self._changed_keys
        if not changed:
            return self._in_bitmaps(start, end)
        # Among as many stones as changed, a place can only be so much earlier in the bitmaps.
        first = max(0, start - len(changed))
        keys = self._in_bitmaps(first, end)
        if first and keys:
            first += bisect_left(changed, keys[0])
            changed = changed[bisect_left(changed, keys[0]) :]
        return sorted([*keys, *changed])[start - first : end - first]

    def _in_bitmaps(self, start: int, end: int) -> list[Key]:
        sort, full = self.query.sort, self.full
        end = min(end, len(full))
        if start >= end:
            return []
        if sort == "price":
            return self._keys((0, place) for place in full[start:end])
        if sort == "-price":
            found = list(full[len(full) - end : len(full) - start])
            return self._keys((0, place) for place in reversed(found))
        measure = SORTS[sort].measure
        if measure and len(full) <= SORTED_WHOLE:
            return self._keys(self._sorted(measure, start, end))
        return self._keys(self._walked(start, end))

    def _keys(self, ranked: "Iterator[tuple[int, int]]") -> list[Key]:
        ids, prices = (self.bitmaps.columns[name].item for name in ("id", "price"))
        stones = ((rank, prices(place), ids(place)) for rank, place in ranked)
        return keys_of(stones, sort=self.query.sort)

    def _sorted(self, measure: str, start: int, end: int) -> Iterator[tuple[int, int]]:
        places = np.frombuffer(self.full.to_array(), np.uint32)
        ranks = self.bitmaps.columns[measure][places]
        # In as few bytes as they came: sixteen bits are sorted without comparing.
        keys = np.negative(ranks) if SORTS[self.query.sort].is_descending else ranks
        order = np.argsort(keys, kind="stable")[start:end]
        return zip(ranks[order].tolist(), places[order].tolist(), strict=True)

    def _walked(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        skipped, wanted = start, end - start
        for rank, stones in self._ranked():
            count = self.full.intersection_cardinality(stones)
            if count <= skipped:
                skipped -= count
                continue
            part = (self.full & stones)[skipped : skipped + wanted]
            yield from ((rank, place) for place in part)
            skipped, wanted = 0, wanted - len(part)
            if not wanted:
                return

    def _ranked(self) -> Iterator[tuple[int, BitMap]]:
        """The order's numbers with their stones, in its direction."""
        order = SORTS[self.query.sort]
        if order.facet:
            values = self.bitmaps.facets[order.facet]
            pairs = list(zip(values.values, values.maps, strict=True))
            pairs.sort(key=lambda pair: changes.facet_rank(pair[0], self.query.sort))
            return ((changes.facet_rank(value, self.query.sort), each) for value, each in pairs)
        measured = self._bounded(self.bitmaps.measures[order.measure], order.measure)
        return reversed(measured) if order.is_descending else iter(measured)

    def _bounded(self, values: Values, measure: str) -> list[tuple[int, BitMap]]:
        low, high = self.query.bounds(measure)
        start = 0 if low is None else bisect_left(values.values, low)
        end = len(values.values) if high is None else bisect_right(values.values, high)
        return list(zip(values.values[start:end], values.maps[start:end], strict=True))

    # Neighbors.

    def beside(self, query: StoneQuery, measure: str) -> Beside:
        """Of these stones, which hold to all but the measure: the nearest below and above what is asked for."""
        low, high = query.bounds(measure)
        found = [
            self._nearest(measure, low, is_below=True),
            self._nearest(measure, high, is_below=False),
        ]
        return Beside(
            below=found[0][0], below_count=found[0][1], above=found[1][0], above_count=found[1][1]
        )

    def _nearest(
        self, measure: str, limit: int | None, *, is_below: bool
    ) -> tuple[int | None, int]:
        if limit is None:
            return None, 0
        column = self.matching_changes[measure].astype(np.int64)
        beyond = column[(column < limit) & (column >= 0) if is_below else column > limit]
        candidates = [int(beyond.max() if is_below else beyond.min())] if len(beyond) else []
        in_bitmaps = self._nearest_in_bitmaps(measure, limit, is_below=is_below)
        candidates += [in_bitmaps[0]] if in_bitmaps else []
        if not candidates:
            return None, 0
        value = max(candidates) if is_below else min(candidates)
        count = int((beyond == value).sum())
        if in_bitmaps and in_bitmaps[0] == value:
            count += in_bitmaps[1]
        return value, count

    def _nearest_in_bitmaps(
        self, measure: str, limit: int, *, is_below: bool
    ) -> tuple[int, int] | None:
        if measure == "price":
            return self._nearest_price(limit, is_below=is_below)
        values = self.bitmaps.measures[measure]
        if is_below:
            places = range(bisect_left(values.values, limit) - 1, -1, -1)
        else:
            places = range(bisect_right(values.values, limit), len(values.values))
        for place in places:
            if count := self.full.intersection_cardinality(values.maps[place]):
                return values.values[place], count
        return None

    def _nearest_price(self, limit: int, *, is_below: bool) -> tuple[int, int] | None:
        prices = self.bitmaps.columns["price"]
        if is_below:
            index = _until(self.full, self.bitmaps.priced_from(limit)) - 1
        else:
            index = _until(self.full, self.bitmaps.priced_from(limit + 1))
        if not 0 <= index < len(self.full):
            return None
        price = int(prices[self.full[index]])
        return price, len(self.full & self.bitmaps.priced(price, price))


def _union(maps: list[BitMap]) -> BitMap:
    if len(maps) == 1:
        return maps[0]
    return BitMap.union(*maps) if maps else BitMap()


def _until(stones: BitMap, place: int) -> int:
    """How many of them lie before this place."""
    return stones.rank(place - 1) if place > 0 else 0
