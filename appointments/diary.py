"""Lays out what decides whether a visit can begin: hours, people, rooms and stones, by a fixed number of queries.

What is shown and what is booked are laid out by this one function; `availability` then judges both. Plain SQL, because a
month of ten associates is thousands of rows that are needed as whole minutes and as nothing else.

Limit: time taken by one row is no longer than a day (the database sees to it), so that it is found by its beginning.
"""

import functools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from appointments import calendars, weeks
from appointments.availability import Interval, Lane, Piece, Plan, Promise
from appointments.models import Service, Showroom
from appointments.ways import Ways
from appointments.weeks import Change, Stretch
from builder import workdays
from builder.models import Stone
from jeweler import prepared
from jeweler.models import Store

Windows = tuple[calendars.Window, ...]
DAY = calendars.DAY
_BLOCK = 28  # days
_STAFF_STEP = 5  # minutes: what the staff write down begins when it begins


class StoneGone(Exception):
    """The stone was sold or withdrawn: it can be shown to nobody."""

    def __init__(self, stone: Stone) -> None:
        super().__init__(f"{stone} is gone; choose another stone, or come without one.")
        self.stone = stone


class NotOffered(Exception):
    """This visit cannot be had in this store at all; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a visit is to be: where, for what, with which stones, and with whom if she minds.

    `apart` are visits whose own time and stones count as free: the one that is being moved.
    """

    service: Service
    store: Store
    stones: Sequence[Stone] = ()
    language: str = ""
    associate_id: int | None = None
    apart: tuple[int, ...] = ()
    is_staff: bool = False

    @property
    def showroom(self) -> Showroom:
        """Raises NotOffered."""
        showroom: Showroom | None = getattr(self.store, "showroom", None)
        if showroom is None or not self.store.is_open:
            raise NotOffered(f"{self.store} takes no visits.")
        return showroom


@dataclass(frozen=True, kw_only=True)
class Hours:
    """When the store is open, and when each associate who can take the visit works there while it is. From a day to another, on the wall."""

    first: date
    last: date
    opened: Windows
    people: dict[int, Windows]


def lay_out(
    asked: Asked,
    *,
    since: datetime,
    until: datetime,
    now: datetime,
    within: Hours | None = None,
    ways: Ways | None = None,
) -> Plan:
    """The plan of the starts in [since, until). Raises NotOffered, StoneGone.

    `within` and `ways` were read a moment ago; hours are read anew where they do not reach far enough.
    """
    service, showroom = asked.service, asked.showroom
    gone = [
        each for each in asked.stones if each.status in (Stone.Status.SOLD, Stone.Status.WITHDRAWN)
    ]
    if gone:
        raise StoneGone(gone[0])
    first, last = bounds(asked, now=now)
    span = _span(asked, since=since, until=until, now=now)
    hours = within if within is not None and _reach(within, asked, span) else _hours(asked, span)
    busy = _busy(asked, people=list(hours.people), span=span, now=now)
    rooms = None
    if takes_room(service):
        rooms = [
            Lane(id=number, windows=hours.opened, busy=busy["room", number])
            for number in range(1, showroom.rooms + 1)
        ]
    return Plan(
        length=service.minutes,
        after=service.after_minutes,
        step=step_of(asked),
        first=first,
        last=last,
        associates=[
            Lane(id=person, windows=windows, busy=busy["person", person])
            for person, windows in hours.people.items()
        ],
        rooms=rooms,
        pieces=pieces(asked, ways=ways, now=now) if asked.stones else (),
        full=_full(asked, span=span, now=now) if service.most_per_day else (),
    )  # fmt: skip


def hours(asked: Asked, *, since: datetime, until: datetime, now: datetime) -> Hours:
    """The hours that decide about the starts in [since, until): one query."""
    return _hours(asked, _span(asked, since=since, until=until, now=now))


def reach(asked: Asked, *, since: datetime, until: datetime, now: datetime) -> tuple[date, date]:
    """From which day to which those hours are read: the same for questions about days near each other."""
    return _whole_blocks(*_days(_span(asked, since=since, until=until, now=now), asked))


def takes_room(service: Service) -> bool:
    return service.takes_room and service.place == Service.Place.STORE


def step_of(asked: Asked) -> int:
    """Minutes between two starts."""
    return _STAFF_STEP if asked.is_staff else asked.service.step_minutes


def bounds(asked: Asked, *, now: datetime) -> Interval:
    """The first start and the last that may be asked for, in minutes."""
    lead = 0 if asked.is_staff else asked.service.lead_minutes
    # At the counter somebody is written down who stands there already.
    first = calendars.minute_after(now + timedelta(minutes=lead)) - _STAFF_STEP * asked.is_staff
    return first, calendars.minute_of(now) + asked.service.horizon_days * DAY


def _span(asked: Asked, *, since: datetime, until: datetime, now: datetime) -> Interval:
    """What the visits that begin in [since, until) may take of the time."""
    first, last = bounds(asked, now=now)
    start = max(calendars.minute_after(since), first)
    end = min(calendars.minute_after(until), last + 1)
    return start, max(start, end) + asked.service.minutes + asked.service.after_minutes


def _days(span: Interval, asked: Asked) -> tuple[date, date]:
    first, last = (calendars.day_of(minute, zone=asked.store.zone) for minute in span)
    return first, last


def _reach(within: Hours, asked: Asked, span: Interval) -> bool:
    first, last = _days(span, asked)
    return within.first <= first and last <= within.last


def _hours(asked: Asked, span: Interval) -> Hours:
    first, last = _whole_blocks(*_days(span, asked))
    rows = prepared.rows(
        _HOURS,
        {"store": asked.store.pk, "service": asked.service.pk, "language": asked.language,
         "associate": asked.associate_id, "first": first - timedelta(days=1), "last": last},
    )  # fmt: skip
    return _read(asked.store.zone, first, last, tuple(rows))


def _whole_blocks(first: date, last: date) -> tuple[date, date]:
    """So that questions about days near each other have the same hours, which then are worked out once."""
    start = first.toordinal() // _BLOCK * _BLOCK
    end = (last.toordinal() // _BLOCK + 1) * _BLOCK - 1
    return date.fromordinal(start), date.fromordinal(end)


@functools.lru_cache(maxsize=256)
def _read(zone: ZoneInfo, first: date, last: date, rows: tuple[tuple[Any, ...], ...]) -> Hours:
    """Remembered by the rows themselves, so that hours which changed are never taken for what they were."""
    opening: list[Stretch] = []
    special: dict[bool, list[Change]] = {True: [], False: []}
    shifts: dict[int, list[Stretch]] = defaultdict(list)
    changes: dict[int, list[Change]] = defaultdict(list)
    for kind, person, weekday, day, starts, ends, since, until, is_own in rows:
        if kind == "opening":
            opening.append(Stretch(weekday, starts, ends))
        elif kind == "special":
            special[is_own].append(Change(day, starts, ends))
        elif kind == "shift":
            shifts[person].append(Stretch(weekday, starts, ends, since, until))
        else:
            changes[person].append(Change(day, starts, ends) if is_own else Change(day))
    own_days = {change.day for change in special[True]}
    house = [change for change in special[False] if change.day not in own_days]
    opened = weeks.windows(zone, tuple(opening), (*special[True], *house), first, last)
    people = {}
    for person in sorted(shifts.keys() | changes.keys()):
        theirs = weeks.windows(zone, tuple(shifts[person]), tuple(changes[person]), first, last)
        people[person] = weeks.shared(theirs, opened)
    return Hours(first=first, last=last, opened=opened, people=people)


def _busy(
    asked: Asked, *, people: Sequence[int], span: Interval, now: datetime
) -> dict[tuple[str, int], list[Interval]]:
    """What of people's time and of the rooms is taken, in minutes."""
    busy: dict[tuple[str, int], list[Interval]] = defaultdict(list)
    rows = prepared.rows(
        _BUSY,
        {"store": asked.store.pk, "people": list(people), "now": now, "apart": list(asked.apart),
         "before": calendars.moment_of(span[0] - DAY), "since": calendars.moment_of(span[0]),
         "until": calendars.moment_of(span[1])},
    )  # fmt: skip
    for kind, lane, starts, ends in rows:
        busy[kind, lane] += zip(starts, ends, strict=True)
    return busy


def _full(asked: Asked, *, span: Interval, now: datetime) -> list[Interval]:
    """The days of the store that have as many visits of the service as it takes."""
    first, last = _days(span, asked)
    rows = prepared.rows(
        _FULL,
        {"store": asked.store.pk, "service": asked.service.pk, "most": asked.service.most_per_day,
         "first": first, "last": last, "now": now, "apart": list(asked.apart)},
    )  # fmt: skip
    return [_whole_day(day, asked.store) for (day,) in rows]


def _whole_day(day: Any, store: Store) -> Interval:
    starts = datetime.combine(day, datetime.min.time(), tzinfo=store.zone)
    ends = datetime.combine(day + timedelta(days=1), datetime.min.time(), tzinfo=store.zone)
    return calendars.minute_of(starts), calendars.minute_of(ends)


def pieces(asked: Asked, *, ways: Ways | None = None, now: datetime) -> list[Piece]:
    """When each stone can be there, and what else is promised of it: two queries for all, one where the ways are known."""
    ways = ways or read_ways()
    here = asked.store.pk
    promises: dict[int, list[Promise]] = defaultdict(list)
    ids = [stone.pk for stone in asked.stones]
    values = {"stones": ids, "now": now, "apart": list(asked.apart)}
    for stone, store, start, end in prepared.rows(_PROMISED, values):
        there, back = ways.minutes(here, store), ways.minutes(store, here)
        promises[stone].append(Promise(start=start, end=end, travel_there=there, travel_here=back))
    return [
        Piece(
            id=stone.pk,
            arrives=arrives(stone, store=asked.store, ways=ways, now=now),
            promises=promises[stone.pk],
        )
        for stone in asked.stones
    ]


def arrives(stone: Stone, *, store: Store, ways: Ways, now: datetime) -> int:
    """The first minute at which it could be shown in the store, were it sent on its way now.

    A supplier's comes within his delivery days, and is counted in before the next working day begins.
    """
    if stone.store_id is not None:
        way = ways.minutes(stone.store_id, store.pk)
        return calendars.minute_after(now + timedelta(minutes=way))
    today = now.astimezone(store.zone).date()
    day = workdays.after(today, days=stone.delivery_days + 1)
    return calendars.minute_of(datetime.combine(day, datetime.min.time(), tzinfo=store.zone))


def read_ways() -> Ways:
    """The transfer times of every pair of stores, and each showroom's own."""
    transfers, usual, handling = {}, {}, {}
    for kind, one, other, minutes in prepared.rows(_WAYS):
        if kind == "transfer":
            transfers[one, other] = minutes
        elif kind == "usual":
            usual[one] = minutes
        else:
            handling[one] = minutes
    return Ways(transfers=transfers, usual=usual, handling=handling)


_HOURS = """
with able as (
    select a.id from appointments_associate a
    join appointments_associate_services s on s.associate_id = a.id and s.service_id = %(service)s
    where a.is_bookable
      and (not exists (select from appointments_service_stores where service_id = %(service)s)
           or exists (select from appointments_service_stores
                      where service_id = %(service)s and store_id = %(store)s))
      and (%(language)s = '' or %(language)s = any (a.languages))
      and (%(associate)s::bigint is null or a.id = %(associate)s)
)
select 'opening', 0, weekday, null::date, opens, closes, null::date, null::date, true
from appointments_openinghours where store_id = %(store)s
union all
select 'special', 0, null, day, opens, closes, null, null, store_id is not null
from appointments_specialhours
where (store_id = %(store)s or store_id is null) and day between %(first)s and %(last)s
union all
select 'shift', associate_id, weekday, null, starts, ends, since_date, until_date, true
from appointments_shift join able on able.id = associate_id where store_id = %(store)s
union all
select 'change', associate_id, null, day, starts, ends, null, null,
       coalesce(store_id = %(store)s, false)
from appointments_shiftchange join able on able.id = associate_id
where day between %(first)s and %(last)s
"""

_BUSY = """
select 'person', associate_id, array_agg(floor(date_part('epoch', lower(blocked)) / 60)::int),
       array_agg(ceil(date_part('epoch', upper(blocked)) / 60)::int)
from appointments_staffbusy
where associate_id = any (%(people)s::bigint[]) and lower(blocked) >= %(before)s and lower(blocked) < %(until)s
  and upper(blocked) > %(since)s and (expires_at is null or expires_at > %(now)s)
  and (appointment_id is null or appointment_id <> all (%(apart)s::bigint[]))
group by associate_id
union all
select 'person', associate_id, array_agg(floor(date_part('epoch', lower(during)) / 60)::int),
       array_agg(ceil(date_part('epoch', upper(during)) / 60)::int)
from appointments_outsidebusy
where associate_id = any (%(people)s::bigint[]) and lower(during) >= %(before)s and lower(during) < %(until)s
  and upper(during) > %(since)s
group by associate_id
union all
select 'room', lane, array_agg(floor(date_part('epoch', lower(during)) / 60)::int),
       array_agg(ceil(date_part('epoch', upper(during)) / 60)::int)
from appointments_roombusy
where store_id = %(store)s and lower(during) >= %(before)s and lower(during) < %(until)s
  and upper(during) > %(since)s and (expires_at is null or expires_at > %(now)s)
  and appointment_id <> all (%(apart)s::bigint[])
group by lane
"""

_FULL = """
select day from appointments_dayplace
where store_id = %(store)s and service_id = %(service)s and day between %(first)s and %(last)s
  and (expires_at is null or expires_at > %(now)s) and appointment_id <> all (%(apart)s::bigint[])
group by day having count(*) >= %(most)s
"""

_PROMISED = """
select stone_id, store_id, floor(extract(epoch from lower(during)) / 60)::int,
       ceil(extract(epoch from upper(during)) / 60)::int
from appointments_piecehold
where stone_id = any (%(stones)s::bigint[]) and state in ('held', 'promised')
  and (expires_at is null or expires_at > %(now)s) and appointment_id <> all (%(apart)s::bigint[])
"""

_WAYS = """
select 'transfer', from_store_id, to_store_id, minutes from appointments_transfertime
union all select 'usual', store_id, 0, transfer_minutes from appointments_showroom
union all select 'handling', store_id, 0, handling_minutes from appointments_showroom
"""
