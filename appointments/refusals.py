"""Why a time cannot be had, for staff who ask for one: hours, the associate, the rooms, the day's limit or a stone.

Read off the same plan that refused it; the first reason that holds is told, with the way out.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from appointments import availability, calendars, diary, opening
from appointments.availability import Interval, Lane, Plan
from appointments.calendars import Window
from appointments.diary import Asked
from appointments.models import Associate


def why(asked: Asked, *, starts_at: datetime, now: datetime) -> str:
    """In a sentence or two. Raises NotOffered, StoneGone."""
    plan = diary.lay_out(asked, since=starts_at, until=starts_at + timedelta(minutes=1), now=now)
    start = calendars.minute_of(starts_at)
    whole = (start, start + plan.length + plan.after)
    zone, wall = asked.store.zone, starts_at.astimezone(asked.store.zone)
    if start < plan.first:
        return f"{wall:%H:%M} has passed. Choose a later time."
    if start > plan.last:
        return f"{asked.service} is booked {asked.service.horizon_days} days ahead at most."
    opened = opening.open_on(asked.store, day=wall.date())
    if not _holds(opened, whole):
        return f"{asked.store} is not open for all of it{_closing(opened, start, asked)}."
    if reason := _people(asked, plan, start, whole):
        return reason
    if plan.rooms is not None and not availability.rooms_for(plan, start=start):
        free = min((_until(lane, whole) for lane in plan.rooms), default=None)
        return f"Every room is taken then{_from(free, zone)}."
    for stone, piece in zip(asked.stones, plan.pieces, strict=True):
        if availability.is_barred(piece, start=start, length=plan.length):
            return f"{stone} cannot be here then: it is promised, or on its way."
    if any(since <= start < until for since, until in plan.full):
        return f"The day has as many visits for {asked.service.name.lower()} as it takes."
    return "Somebody else has just taken this time. Choose another one."


# Inside.


def _people(asked: Asked, plan: Plan, start: int, whole: Interval) -> str:
    """Nobody can take it, or she who was asked for cannot."""
    lanes = plan.associates
    if any(_holds(lane.windows, whole) and not _overlaps(lane.busy, whole) for lane in lanes):
        return ""
    at_work = [lane for lane in lanes if _holds(lane.windows, whole)]
    who = Associate.objects.filter(pk=asked.associate_id or 0).first()
    name = who.name if who else "Nobody who can take it"
    if not at_work:
        return f"{name} does not work here then, or does not take this kind of visit." if who else f"{name} works here then."  # fmt: skip
    free = min(_until(lane, whole) for lane in at_work)
    verb = f"{name} is taken then" if who else "Everybody is taken then"
    return f"{verb}{_from(free, asked.store.zone)}."


def _holds(windows: Sequence[Window], whole: Interval) -> bool:
    open_ = availability.merged((window.start, window.end) for window in windows)
    return any(start <= whole[0] and whole[1] <= end for start, end in open_)


def _overlaps(busy: Iterable[Interval], whole: Interval) -> bool:
    return any(since < whole[1] and whole[0] < until for since, until in busy)


def _until(lane: Lane, whole: Interval) -> int:
    """When what is in the way is over."""
    return max((until for since, until in lane.busy if since < whole[1] and whole[0] < until), default=whole[0])  # fmt: skip


def _from(minute: int | None, zone: ZoneInfo) -> str:
    if minute is None:
        return ""
    return f", until {calendars.moment_of(minute).astimezone(zone):%H:%M}"


def _closing(opened: Sequence[Window], start: int, asked: Asked) -> str:
    """: it closes at 18:00, and a viewing takes 75 minutes."""
    ends = [window.end for window in opened if window.start <= start < window.end]
    if not ends:
        return ""
    closes = calendars.moment_of(ends[0]).astimezone(asked.store.zone)
    takes = asked.service.minutes + asked.service.after_minutes
    return f": it closes at {closes:%H:%M}, and this takes {takes} minutes"
