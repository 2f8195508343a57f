"""When a visit can begin: people, rooms and stones at once, on whole minutes in UTC. Pure.

One function answers both questions: what is shown is `slots(plan, …)`, and whether a start is free is whether it is among
them. Nothing here reads a clock, a zone or a table; `diary` lays out the plan with a fixed number of queries.
"""

import functools
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import numpy.typing as npt

from appointments.calendars import Window

Interval = tuple[int, int]  # half open, minutes since 1970 UTC
_Minutes = npt.NDArray[np.int64]
_Flags = npt.NDArray[np.bool_]


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
    lanes = [*plan.associates, *(plan.rooms or ())]
    grid, free = _free(plan, lanes, since=since, until=until)
    for start, end in merged([*plan.full, *_barred(plan)]):
        free[:, grid.searchsorted(start) : grid.searchsorted(end)] = False
    people, rooms = free[: len(plan.associates)], free[len(plan.associates) :]
    shown = people.any(axis=0)
    if plan.rooms is not None:
        shown &= rooms.any(axis=0)
    ids = tuple(lane.id for lane in plan.associates)
    codes = np.ascontiguousarray(np.packbits(people[:, shown], axis=0).T)
    return {
        start: _who(ids, code.tobytes())
        for start, code in zip(grid[shown].tolist(), codes, strict=True)
    }


def rooms_for(plan: Plan, *, start: int) -> tuple[int, ...]:
    """The ids of the rooms that are free for a visit that begins then."""
    rooms = plan.rooms or ()
    _, free = _free(plan, rooms, since=start, until=start + 1)
    return tuple(lane.id for lane, row in zip(rooms, free, strict=True) if row.any())


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


def _free(plan: Plan, lanes: Sequence[Lane], *, since: int, until: int) -> tuple[_Minutes, _Flags]:
    """The starts in [since, until) at which any lane could take a visit; and for each lane, a row, at which of them it can."""
    whole = plan.length + plan.after
    grid, fits = _grids(tuple(tuple(lane.windows) for lane in lanes), whole, plan.step)
    left, right = grid.searchsorted((since, max(since, until)))
    grid, fits = grid[left:right], fits[:, left:right]
    counts = [len(lane.busy) for lane in lanes]
    edges = chain.from_iterable(chain.from_iterable(lane.busy for lane in lanes))
    busy = np.fromiter(edges, np.int64, 2 * sum(counts)).reshape(-1, 2)
    # A visit that would run into something busy may not begin in the time before it, as long as the visit is.
    shuts = grid.searchsorted(busy[:, 0] - whole, "right")
    opens = np.maximum(grid.searchsorted(busy[:, 1]), shuts)
    # Each lane has a stretch of its own; how many of its busy times cover a start is the sum of what shut and opened before.
    row = np.repeat(np.arange(len(lanes)), counts) * (len(grid) + 1)
    size = len(lanes) * (len(grid) + 1)
    change = np.bincount(row + shuts, minlength=size) - np.bincount(row + opens, minlength=size)
    covers = change.cumsum().reshape(len(lanes), len(grid) + 1)[:, :-1]
    return grid, fits & (covers == 0)


@functools.lru_cache(maxsize=4096)
def _who(ids: tuple[int, ...], code: bytes) -> tuple[int, ...]:
    """Those of the ids whose bits are set, the first id's the highest of the first byte."""
    return tuple(each for place, each in enumerate(ids) if code[place >> 3] << (place & 7) & 128)


@functools.lru_cache(maxsize=512)
def _grids(
    windows: tuple[tuple[Window, ...], ...], whole: int, step: int
) -> tuple[_Minutes, _Flags]:
    """Every start of any lane, sorted, and for each lane whether it is one of its own."""
    grids = [_grid(each, whole, step) for each in windows]
    every = np.array(sorted(set().union(*grids)), dtype=np.int64)
    own = np.zeros((len(grids), len(every)), dtype=np.bool_)
    for row, grid in zip(own, grids, strict=True):
        row[every.searchsorted(np.array(grid, dtype=np.int64))] = True
    return every, own


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
