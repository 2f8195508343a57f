"""The hours of a week, with what differs on single dates, become windows. Pure, and remembered by what is asked.

A date with a change has the hours of its changes alone, none where they name none. Hours of one week that overlap are one.
"""

import functools
from datetime import date, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from appointments import calendars
from appointments.calendars import Window


class Stretch(NamedTuple):
    """Each week on this weekday, 0 for Monday; from a date on and until one, both included."""

    weekday: int
    starts: time
    ends: time
    since: date | None = None
    until: date | None = None


class Change(NamedTuple):
    """On one date, in place of the week's. Without times it is free, or closed."""

    day: date
    starts: time | None = None
    ends: time | None = None


@functools.lru_cache(maxsize=1024)
def windows(
    zone: ZoneInfo,
    week: tuple[Stretch, ...],
    changes: tuple[Change, ...],
    first: date,
    last: date,
) -> tuple[Window, ...]:
    """From the first date to the last, both included and on the wall; the night before the first as far as it reaches."""
    changed = {change.day for change in changes}
    found: list[Window] = []
    day = first - timedelta(days=1)
    while day <= last:
        if day in changed:
            hours = [(each.starts, each.ends) for each in changes if each.day == day]
        else:
            hours = [(each.starts, each.ends) for each in week if _holds(each, day)]
        for starts, ends in hours:
            if starts is not None and ends is not None:
                found += calendars.windows(zone=zone, day=day, opens=starts, closes=ends)
        day += timedelta(days=1)
    return tuple(calendars.joined(found))


@functools.lru_cache(maxsize=1024)
def shared(one: tuple[Window, ...], other: tuple[Window, ...]) -> tuple[Window, ...]:
    """Where both are open."""
    return tuple(calendars.meet(one, other))


def _holds(stretch: Stretch, day: date) -> bool:
    return (
        stretch.weekday == day.weekday()
        and (stretch.since is None or stretch.since <= day)
        and (stretch.until is None or day <= stretch.until)
    )
