"""When a stone can be in which store: how long it travels, and where it comes from. Pure.

A move is the transfer from door to door and the handling where it arrives. A stone that stays where it is needs neither.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Minutes = int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """`transfers`: minutes from a store to another. `usual` and `handling` are those of the store it travels to."""

    transfers: Mapping[tuple[int, int], Minutes]
    usual: Mapping[int, Minutes]
    handling: Mapping[int, Minutes]

    def minutes(self, here: int, there: int) -> Minutes:
        """From one store to another until it can be shown there."""
        if here == there:
            return 0
        transfer = self.transfers.get((here, there), self.usual.get(there, 2 * 24 * 60))
        return transfer + self.handling.get(there, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A visit that a stone is promised to: where, and from when to when in minutes since 1970 UTC."""

    id: int
    store: int
    start: Minutes
    end: Minutes


def leaving(stops: Sequence[Stop], *, place: int | None, ways: Ways) -> dict[int, Minutes]:
    """For each stop, in the order of time, when the stone has to be on its way to it, by the stop's id.

    `place` is the store it lies in now; None at a supplier's, from where the way is his own.
    """
    found: dict[int, Minutes] = {}
    for stop in sorted(stops, key=lambda stop: stop.start):
        way = ways.minutes(place, stop.store) if place is not None else 0
        found[stop.id] = stop.start - way
        place = stop.store
    return found
