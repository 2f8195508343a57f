"""Which times are free, and which are nearest to one that is not. What is shown and what is booked are laid out alike (`diary`).

Nothing is held or changed here: whoever looks waits for nobody.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from appointments import availability, calendars, diary
from appointments.availability import Plan
from appointments.diary import Asked, Hours
from appointments.models import Appointment
from appointments.seating import SlotTaken
from appointments.terms import Terms
from jeweler.models import Visitor

ALTERNATIVES = 3
_NEAR, _WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What was found a moment ago, to be used again by whoever takes the time."""

    hours: Hours
    plan: Plan


def slots(
    asked: Asked, *, since: datetime, until: datetime, now: datetime
) -> dict[datetime, tuple[int, ...]]:
    """Every start that can be booked in [since, until), with the associates who are free then."""
    plan = diary.lay_out(asked, since=since, until=until, now=now)
    found = availability.slots(
        plan, since=calendars.minute_after(since), until=calendars.minute_after(until)
    )
    return {calendars.moment_of(start): who for start, who in found.items()}


def next_available(asked: Asked, *, now: datetime) -> datetime | None:
    """The first start at all, looked for a week at a time."""
    since = now
    ends = now + timedelta(days=asked.service.horizon_days)
    while since <= ends:
        until = since + timedelta(days=7)
        for start in slots(asked, since=since, until=until, now=now):
            return start
        since = until
    return None


def alternatives(
    asked: Asked, *, to: datetime, now: datetime, count: int = ALTERNATIVES
) -> list[datetime]:
    """The free starts nearest to one that is gone, within a week of it."""
    nearest: list[int] = []
    for around in (_NEAR, _WEEK):  # mostly the day has some
        found = slots(asked, since=max(now, to - around), until=to + around, now=now)
        nearest = availability.nearest(
            [calendars.minute_of(start) for start in found], to=calendars.minute_of(to), count=count
        )
        if len(nearest) == count:
            break
    return [calendars.moment_of(start) for start in nearest]


def look(
    asked: Asked,
    *,
    starts_at: datetime,
    visitor: Visitor | None,
    terms: Terms | None = None,
    now: datetime,
) -> Looked | None:
    """Whoever comes too late learns it here, without waiting in the line of those who take something on that day.

    None where it may be her own hold that is in the way. Raises SlotTaken with the nearest free times, StoneGone, NotOffered.
    `terms` are those by which it was asked before.
    """
    start, nearest = calendars.minute_of(starts_at), list[int]()
    for around in (_NEAR, _WEEK):
        # Who stands here already is written down from a step ago.
        since, until = min(starts_at, max(now, starts_at - around)), starts_at + around
        looked = _looked(asked, since=since, until=until, terms=terms, now=now)
        minutes = calendars.minute_after(since), calendars.minute_after(until)
        found = availability.slots(looked.plan, since=minutes[0], until=minutes[1])
        if start in found and calendars.moment_of(start) == starts_at:
            return looked
        if visitor is not None and visitor.appointments.filter(status=Appointment.Status.HELD).exists():  # fmt: skip
            return None
        nearest = availability.nearest(list(found), to=start, count=ALTERNATIVES)
        if len(nearest) == ALTERNATIVES:
            break
    raise SlotTaken([calendars.moment_of(each) for each in nearest])


def _looked(
    asked: Asked, *, since: datetime, until: datetime, terms: Terms | None, now: datetime
) -> Looked:
    hours = (terms.hours if terms else diary.hours)(asked, since=since, until=until, now=now)
    ways = terms.ways() if terms and asked.stones else None
    plan = diary.lay_out(asked, since=since, until=until, now=now, within=hours, ways=ways)
    return Looked(hours=hours, plan=plan)
