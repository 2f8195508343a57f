"""Hours on a wall become minutes in UTC, through every change of the clocks. Pure.

A place is open at an instant if and only if its wall clock then shows a time within its hours. So on the night that has an
hour twice a window may fall into two, on the night that lacks one it may be shorter or not there at all, and no slot is
ever shown at a time that the wall does not have. Everything after this file counts minutes since 1970 in UTC.
"""

import functools
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY = 24 * 60
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  a wall has no zone
_EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)


class Window(NamedTuple):
    """Half open, in minutes since 1970 UTC. `midnight` is that of its wall clock's day: steps are counted from it.

    So a window ends with the day and where the clocks change, and the next touches it: whether a time is a start depends on the
    time alone, and not on how many days were laid out with it.
    """

    start: int
    end: int
    midnight: int


def minute_of(moment: datetime) -> int:
    """The minute in which an aware moment lies."""
    return int((moment - _EPOCH_UTC).total_seconds() // 60)


def minute_after(moment: datetime) -> int:
    """The first whole minute that is not before the moment."""
    return -int(-(moment - _EPOCH_UTC).total_seconds() // 60)


@functools.lru_cache(maxsize=65_536)  # the starts of some months, asked for again and again
def moment_of(minute: int) -> datetime:
    return _EPOCH_UTC + timedelta(minutes=minute)


def day_of(minute: int, *, zone: ZoneInfo) -> date:
    """The date on the wall."""
    return moment_of(minute).astimezone(zone).date()


def windows(*, zone: ZoneInfo, day: date, opens: time, closes: time) -> list[Window]:
    """When it is open from this time of the day to that one; past midnight where it closes no later than it opens."""
    opens_at = _wall(day, opens)
    closes_at = _wall(day, closes) + (DAY if closes <= opens else 0)
    midnight = _wall(day, time())
    found: list[Window] = []
    for since, until, ahead in _regimes(zone, day):
        for begins in (midnight, midnight + DAY):
            start = max(max(opens_at, begins) - ahead, since)
            end = min(min(closes_at, begins + DAY) - ahead, until)
            if start < end:
                found.append(Window(start, end, begins - ahead))
    return found


def meet(one: Iterable[Window], other: Iterable[Window]) -> list[Window]:
    """Where both are open, with the midnights of the first; each list sorted and without overlap."""
    left, right = list(one), list(other)
    found: list[Window] = []
    at, beside = 0, 0
    while at < len(left) and beside < len(right):
        start = max(left[at].start, right[beside].start)
        end = min(left[at].end, right[beside].end)
        if start < end:
            found.append(Window(start, end, left[at].midnight))
        if left[at].end < right[beside].end:
            at += 1
        else:
            beside += 1
    return found


def _wall(day: date, clock: time) -> int:
    """Minutes since 1970 as if the wall showed UTC."""
    return int((datetime.combine(day, clock) - _EPOCH).total_seconds() // 60)


@functools.lru_cache(maxsize=8192)
def _regimes(zone: ZoneInfo, day: date) -> tuple[tuple[int, int, int], ...]:
    """The zone's offsets around a day: from, until, minutes ahead of UTC. At most one change in three days."""
    first, last = _wall(day, time()) - DAY, _wall(day, time()) + 3 * DAY
    before, after = _ahead(zone, first), _ahead(zone, last)
    if before == after:
        return ((first - DAY, last + DAY, before),)
    changed = _first_minute_with(zone, after, first, last)
    return ((first - DAY, changed, before), (changed, last + DAY, after))


def _ahead(zone: ZoneInfo, minute: int) -> int:
    offset = moment_of(minute).astimezone(zone).utcoffset()
    assert offset is not None  # an aware moment has one
    return int(offset.total_seconds() // 60)


def _first_minute_with(zone: ZoneInfo, ahead: int, before: int, after: int) -> int:
    while after - before > 1:
        middle = (before + after) // 2
        if _ahead(zone, middle) == ahead:
            after = middle
        else:
            before = middle
    return after


def joined(windows: Iterable[Window]) -> list[Window]:
    """Sorted, without overlap; those of one day that touch become one."""
    found: list[Window] = []
    for each in sorted(windows, key=lambda window: (window.start, window.end)):
        last = found[-1] if found else None
        if last is not None and each.start <= last.end and each.midnight == last.midnight:
            found[-1] = Window(last.start, max(last.end, each.end), last.midnight)
        else:
            found.append(each)
    return found
