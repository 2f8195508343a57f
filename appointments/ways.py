"""When a stone can be in which store: how long it travels, and where it comes from. Pure.

A move is the transfer from door to door and the handling where it arrives. A stone that stays where it is needs neither. A way
over a third store is taken where it is quicker, so that a visit which is taken out of a stone's journey never makes the rest of
the journey longer than it was.
"""

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

Minutes = int
UNKNOWN = 2 * 24 * 60  # to a store that says nothing of its ways


@dataclass(frozen=True, kw_only=True)
class Ways:
    """`transfers`: minutes from a store to another. `usual` and `handling` are those of the store it travels to."""

    transfers: Mapping[tuple[int, int], Minutes]
    usual: Mapping[int, Minutes]
    handling: Mapping[int, Minutes]

    def minutes(self, here: int, there: int) -> Minutes:
        """From one store to another until it can be shown there."""
        if here == there:
            return 0
        return self._quickest.get((here, there), self._straight(here, there))

    @functools.cached_property
    def stores(self) -> frozenset[int]:
        """Those that anything is known of."""
        pairs = (store for pair in self.transfers for store in pair)
        return frozenset((*self.usual, *self.handling, *pairs))

    def _straight(self, here: int, there: int) -> Minutes:
        transfer = self.transfers.get((here, there), self.usual.get(there, UNKNOWN))
        return transfer + self.handling.get(there, 0)

    @functools.cached_property
    def _quickest(self) -> Mapping[tuple[int, int], Minutes]:
        """Between all stores that anything is known of (Floyd and Warshall's)."""
        found = {
            (one, other): self._straight(one, other)
            for one in self.stores
            for other in self.stores
            if one != other
        }
        for over in self.stores:
            for one, other in found:
                if over not in (one, other):
                    found[one, other] = min(
                        found[one, other], found[one, over] + found[over, other]
                    )
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A visit that a stone is promised to: where, and from when to when in minutes since 1970 UTC."""

    id: int
    store: int
    start: Minutes
    end: Minutes


def leaving(
    stops: Sequence[Stop], *, place: int | None, ways: Ways, new: Collection[int] = ()
) -> dict[int, Minutes]:
    """For each stop, in the order of time, when the stone has to be on its way to it, by the stop's id.

    `place` is the store it lies in now; None at a supplier's, from where the way is his own. Between two stops that were promised
    long ago a way may have become longer than the time there is: then it leaves as the first of them ends. Never so where one
    of the two is `new`: the database shall refuse it.
    """
    found: dict[int, Minutes] = {}
    before: Stop | None = None
    for stop in sorted(stops, key=lambda stop: stop.start):
        way = ways.minutes(place, stop.store) if place is not None else 0
        found[stop.id] = stop.start - way
        if before is not None and stop.id not in new and before.id not in new:
            found[stop.id] = max(found[stop.id], min(before.end, stop.start))
        place, before = stop.store, stop
    return found
