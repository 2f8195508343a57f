"""What a page of times shows: stores, services, a month of days and the times of one of them. Nothing here is written.

Every choice is a part of the address, so that each is a link and the page works without scripts. A month is read at once.
"""

import calendar
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.urls import reverse

from appointments import clocks, looking
from appointments.diary import Asked
from appointments.views import asking
from jeweler.models import Store


@dataclass(frozen=True, kw_only=True)
class Place:
    """A store to choose, and from when on a visit with these stones is possible there."""

    store: Store
    words: str
    is_here: bool
    starts_at: datetime | None
    address: str


@dataclass(frozen=True, kw_only=True)
class Day:
    date: date
    count: int
    is_chosen: bool

    @property
    def label(self) -> str:
        times = "no times" if not self.count else f"{self.count} time{'s' * (self.count > 1)}"
        return f"{clocks.date_told(self.date)}, {times}"


@dataclass(frozen=True, kw_only=True)
class Start:
    """One time to choose."""

    at: datetime
    told: str
    there: str  # the store's own clock, where it is another than hers


@dataclass(frozen=True, kw_only=True)
class Month:
    """The days of a month as weeks from Sunday on, and the times of the chosen one."""

    first: date
    weeks: Sequence[Sequence[Day | None]]
    day: date | None
    starts: Sequence[Start]
    soonest: datetime | None
    earlier: date | None
    later: date | None
    zone: ZoneInfo

    @property
    def title(self) -> str:
        return f"{self.first:%B %Y}"

    @property
    def zone_told(self) -> str:
        return clocks.zone_told(self.zone)


def places(wanted: asking.Wanted, *, params: QueryDict, now: datetime) -> list[Place]:
    """The stores, each with the first time at which these stones can be seen there."""
    found = []
    for store in wanted.stores:
        starts_at = looking.next_available(wanted.asked(store), now=now)
        is_here = bool(wanted.stones) and all(each.store_id == store.pk for each in wanted.stones)
        zone = wanted.zone if wanted.is_video else store.zone
        words = _words(starts_at, zone=zone, wanted=wanted, is_here=is_here)
        address = reverse("visits:book") + asking.query(params, store=store.code, **asking.ANOTHER)
        found.append(
            Place(store=store, words=words, is_here=is_here, starts_at=starts_at, address=address)
        )
    return found


def month(
    asked: Asked, *, soonest: datetime | None, params: QueryDict, zone: ZoneInfo, now: datetime
) -> Month:
    """The month that the address names, or that of the first free time, `soonest`. Raises NotOffered, StoneGone."""
    today = now.astimezone(zone).date()
    last = (now + timedelta(days=asked.service.horizon_days)).astimezone(zone).date()
    day = _date(params.get("day"))
    near = (
        day or _date(params.get("month")) or (soonest.astimezone(zone).date() if soonest else today)
    )
    first = min(max(near, today), last).replace(day=1)
    by_day = _by_day(asked, first=first, zone=zone, now=now)
    if day not in by_day:
        day = min(by_day, default=None)
    after = _next_month(first)
    return Month(
        first=first,
        weeks=_weeks(first, by_day, day, today=today),
        day=day,
        starts=[_start(at, zone=zone, store=asked.store) for at in by_day.get(day, [])] if day else [],
        soonest=soonest,
        earlier=(first - timedelta(days=1)).replace(day=1) if first > today else None,
        later=after if after <= last else None,
        zone=zone,
    )  # fmt: skip


def shown(
    found: Month, *, asked: Asked, params: QueryDict, action: str, now: datetime
) -> dict[str, Any]:
    """What the month's template needs: the address of each of its days and of what lies around it."""

    def to(**changes: str | None) -> str:
        return asking.query(params, **{"month": None, "day": None, **changes})

    def of(day: date | None, name: str) -> str:
        return to(**{name: day.isoformat()}) if day else ""

    soonest = found.soonest
    return {
        "month": found,
        "weeks": [
            [(day, of(day.date, "day") if day else "") for day in week] for week in found.weeks
        ],
        "soonest_told": clocks.in_full(soonest, zone=found.zone, now=now) if soonest else "",
        "soonest_address": of(soonest.astimezone(found.zone).date() if soonest else None, "day"),
        "earlier_address": of(found.earlier, "month"),
        "later_address": of(found.later, "month"),
        "day_told": clocks.date_told(found.day) if found.day else "",
        "waiting_address": reverse("visits:waiting") + of(found.day, "day"),
        "horizon_days": asked.service.horizon_days,
        "action": action + asking.query(params),
        "query": asking.query(params),
    }


def moment(said: str) -> datetime | None:
    """A start as a form sends it: 2026-11-26T19:30+00:00."""
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return None
    return at if at.tzinfo is not None and 2000 < at.year < 3000 else None


def services(wanted: asking.Wanted, *, params: QueryDict) -> list[dict[str, Any]]:
    """What a visit can be for, each with the address that chooses it."""
    book = reverse("visits:book")
    return [
        {
            "service": each,
            "address": book + asking.query(params, service=each.code, **asking.ANOTHER),
        }
        for each in wanted.services
    ]


# Inside.


def _words(
    starts_at: datetime | None, *, zone: ZoneInfo, wanted: asking.Wanted, is_here: bool
) -> str:
    if starts_at is None:
        return "No time is free in the next weeks"
    when = clocks.short(starts_at, zone=zone)
    if is_here:
        here = "It is here now" if len(wanted.stones) == 1 else "They are here now"
        return f"{here}; first time {when}"
    return f"From {when}" if wanted.stones else f"First time {when}"


def _by_day(
    asked: Asked, *, first: date, zone: ZoneInfo, now: datetime
) -> dict[date, list[datetime]]:
    since = datetime.combine(first, time(), tzinfo=zone)
    until = datetime.combine(_next_month(first), time(), tzinfo=zone)
    found: dict[date, list[datetime]] = defaultdict(list)
    for start in looking.slots(asked, since=max(since, now), until=until, now=now):
        found[start.astimezone(zone).date()].append(start)
    return dict(found)


def _weeks(
    first: date, by_day: dict[date, list[datetime]], chosen: date | None, *, today: date
) -> list[list[Day | None]]:
    """Those that are not wholly past; None for a day of another month."""
    sundays = calendar.Calendar(firstweekday=6)
    return [
        [
            Day(date=day, count=len(by_day.get(day, ())), is_chosen=day == chosen)
            if day.month == first.month
            else None
            for day in week
        ]
        for week in sundays.monthdatescalendar(first.year, first.month)
        if week[-1] >= today
    ]


def _start(at: datetime, *, zone: ZoneInfo, store: Store) -> Start:
    told = clocks.time_told(at, zone=zone)
    there = clocks.time_told(at, zone=store.zone)
    return Start(at=at, told=told, there="" if there == told else f"{there} {clocks.zone_told(store.zone)}")  # fmt: skip


def _next_month(first: date) -> date:
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1)


def _date(said: str | None) -> date | None:
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        return None
