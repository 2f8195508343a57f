"""When a visit can begin: people, rooms and stones at once, on whole minutes in UTC. Pure.

One function answers both questions: what is shown is `slots(plan, …)`, and whether a start is free is whether it is among
them. Nothing here reads a clock, a zone or a table; `diary` lays out the plan with a fixed number of queries.
"""

import functools
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress

from appointments.calendars import Window

Interval = tuple[int, int]  # half open, minutes since 1970 UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Somebody or something that serves one visit at a time: an associate, a room. `windows` sorted, `busy` in any order."""

    id: int
    windows: Sequence[Window]
    busy: Sequence[Interval] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A stone that has to be at a place for a while, and how long it travels between there and here, both ways."""

    start: int
    end: int
    travel_there: int
    travel_here: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stone asked for: the first minute at which it can be here, and what else is promised of it."""

    id: int
    arrives: int
    promises: Sequence[Promise] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What decides whether a visit can begin. `after` is the time to set things back in order, in minutes.

    `rooms` is None where the service needs none. `full` are starts that a daily limit has closed, as intervals.
    """

    length: int
    after: int
    step: int
    first: int
    last: int
    associates: Sequence[Lane]
    rooms: Sequence[Lane] | None
    pieces: Sequence[Piece] = ()
    full: Sequence[Interval] = field(default=())


def slots(plan: Plan, *, since: int, until: int) -> dict[int, tuple[int, ...]]:
    """Every start in [since, until), with the ids of who is free then; in the order of time.

    The whole visit with its time after lies within the hours of one associate, and of one room where it needs one.
    """
    since, until = max(since, plan.first), min(until, plan.last + 1)
    barred = merged([*plan.full, *_barred(plan)])
    free: dict[int, tuple[int, ...]] = {}
    for lane in plan.associates:
        for start in _starts(plan, lane, since=since, until=until, barred=barred):
            free[start] = (*free.get(start, ()), lane.id)
    if plan.rooms is not None:
        roomy: set[int] = set()
        for lane in plan.rooms:
            roomy.update(_starts(plan, lane, since=since, until=until, barred=barred))
        free = {start: who for start, who in free.items() if start in roomy}
    return dict(sorted(free.items()))


def is_free(plan: Plan, *, start: int) -> bool:
    return start in slots(plan, since=start, until=start + 1)


def rooms_for(plan: Plan, *, start: int) -> tuple[int, ...]:
    """The ids of the rooms that are free for a visit that begins then."""
    return tuple(
        lane.id
        for lane in plan.rooms or ()
        if start in _starts(plan, lane, since=start, until=start + 1, barred=())
    )


def is_barred(piece: Piece, *, start: int, length: int) -> bool:
    """Whether the stone cannot be here for a visit of that length which begins then."""
    return any(since <= start < until for since, until in _barred_of(piece, length, start))


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """Sorted, without overlap; those that touch become one, empty ones are left out."""
    found: list[Interval] = []
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            if end > found[-1][1]:
                found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def _starts(
    plan: Plan, lane: Lane, *, since: int, until: int, barred: Sequence[Interval]
) -> Iterator[int]:
    """The starts on the grid of steps at which this lane is free for the whole visit."""
    whole = plan.length + plan.after
    grid = _grid(tuple(lane.windows), whole, plan.step)
    left, right = bisect_left(grid, since), bisect_left(grid, until)
    if left >= right:
        return iter(())
    grid = grid[left:right]
    is_free = bytearray(b"\1") * len(grid)
    for start, end in lane.busy:
        # A visit that would run into something busy may not begin in the time before it, as long as the visit is.
        shuts, opens = bisect_right(grid, start - whole), bisect_left(grid, end)
        if shuts < opens:
            is_free[shuts:opens] = bytes(opens - shuts)
    for start, end in barred:
        shuts, opens = bisect_left(grid, start), bisect_left(grid, end)
        if shuts < opens:
            is_free[shuts:opens] = bytes(opens - shuts)
    return compress(grid, is_free)


@functools.lru_cache(maxsize=2048)
def _grid(windows: tuple[Window, ...], whole: int, step: int) -> tuple[int, ...]:
    """Every start at which the whole visit lies within the windows and those that touch them."""
    found: list[int] = []
    through = -1
    for place, window in enumerate(windows):
        if window.end > through:
            through, following = window.end, place + 1
            while following < len(windows) and windows[following].start == through:
                through, following = windows[following].end, following + 1
        first = window.start + (window.midnight - window.start) % step
        found.extend(range(first, min(window.end, through - whole + 1), step))
    return tuple(found)


def _barred(plan: Plan) -> Iterator[Interval]:
    """The starts at which a stone is not here, or somewhere else is promised it too soon before or after."""
    for piece in plan.pieces:
        yield from _barred_of(piece, plan.length, plan.first)


def _barred_of(piece: Piece, length: int, first: int) -> Iterator[Interval]:
    yield first, piece.arrives  # merging leaves out what is empty
    for each in piece.promises:
        yield each.start - each.travel_there - length + 1, each.end + each.travel_here


def nearest(starts: Sequence[int], *, to: int, count: int) -> list[int]:
    """The starts nearest to one that is gone, the earlier first among equals; `starts` sorted."""
    at = bisect_left(starts, to)
    around = starts[max(0, at - count) : at + count]
    return sorted(sorted(around, key=lambda start: (abs(start - to), start))[:count])
