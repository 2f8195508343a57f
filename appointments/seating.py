"""Takes an associate, a room, a place on the day and the stones for a visit, or nothing of them; and lets them go.

Must run in the transaction of the visit, with the days' names and the stones' held (`names`). The database's exclusion
constraints have the last word, by inserts that refuse (ON CONFLICT DO NOTHING): an associate may work in two stores on one day,
whose names are two. Nobody waits in a circle there, because only what the plan found free is tried: whoever is waited for has
taken it a moment ago and waits for nobody.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from appointments import availability, calendars, diary, promises
from appointments.availability import Plan
from appointments.diary import Asked
from appointments.models import Appointment, DayPlace, RoomBusy, Service, StaffBusy
from builder.models import Stone
from jeweler import locking
from jeweler.models import Store, Visitor


class SlotTaken(Exception):
    """The time is no longer free. `starts` are the nearest that are, in the same store with the same stones."""

    def __init__(self, starts: Sequence[datetime] = ()) -> None:
        super().__init__("Somebody else has just taken this time. Choose another one.")
        self.starts = list(starts)


def names(store: Store, service: Service, moment: datetime) -> list[str]:
    """What to hold before a visit's time is taken or let go: the store's day, and the next one where it lasts into that."""
    ends = moment + timedelta(minutes=service.minutes + service.after_minutes)
    days = {each.astimezone(store.zone).date() for each in (moment, ends)}
    return [f"visits of store {store.pk} on {day}" for day in sorted(days)]


def place(visit: Appointment, *, asked: Asked, now: datetime) -> None:
    """Write the visit with its associate, room, day and stones. Raises SlotTaken, StoneTaken."""
    service, store = asked.service, asked.store
    if visit.starts_at.second or visit.starts_at.microsecond:
        raise SlotTaken  # no start lies within a minute
    ends_at = visit.starts_at + timedelta(minutes=service.minutes)
    plan = diary.lay_out(
        asked, since=visit.starts_at, until=visit.starts_at + timedelta(minutes=1), now=now
    )
    start = calendars.minute_of(visit.starts_at)
    free = availability.slots(plan, since=start, until=start + 1).get(start, ())
    if not free:
        raise SlotTaken
    visit.ends_at = ends_at
    visit.wall_start = f"{visit.starts_at.astimezone(store.zone):%Y-%m-%dT%H:%M}"
    visit.save()
    whole = DateTimeTZRange(visit.starts_at, ends_at + timedelta(minutes=service.after_minutes))
    visit.associate_id = _seat(visit, free, whole)
    _take_room(visit, plan, start, whole)
    if service.most_per_day:
        _take_day_place(visit)
    if asked.stones:
        promises.promise(appointment=visit, stones=asked.stones, now=now)


def _seat(visit: Appointment, free: Sequence[int], whole: DateTimeTZRange) -> int:
    """Round robin: fewest visits in the store's week, then the longest without one. Raises SlotTaken."""
    zone = visit.store.zone
    day = visit.starts_at.astimezone(zone).date()
    monday = datetime.combine(day - timedelta(days=day.weekday()), datetime.min.time(), tzinfo=zone)
    values: dict[str, Any] = {
        "free": list(free), "since": monday, "until": monday + timedelta(days=7), "visit": visit.pk,
        "blocked": whole, "expires_at": visit.expires_at,
    }  # fmt: skip
    waiting = list(free)
    with connection.cursor() as cursor:
        while waiting:
            cursor.execute(_TAKE_PERSON, values | {"free": waiting})
            person, is_taken = cursor.fetchone()
            if is_taken:
                return int(person)
            waiting.remove(person)
    raise SlotTaken


def _take_room(visit: Appointment, plan: Plan, start: int, whole: DateTimeTZRange) -> None:
    if plan.rooms is None:
        return
    with connection.cursor() as cursor:
        for lane in availability.rooms_for(plan, start=start):
            values = {
                "store": visit.store_id, "lane": lane, "during": whole, "visit": visit.pk,
                "expires_at": visit.expires_at,
            }  # fmt: skip
            cursor.execute(_TAKE_ROOM, values)
            if cursor.fetchone():
                return
    raise SlotTaken


def _take_day_place(visit: Appointment) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKE_DAY_PLACE,
            {
                "store": visit.store_id, "service": visit.service_id, "visit": visit.pk,
                "day": visit.starts_at.astimezone(visit.store.zone).date(),
                "most": visit.service.most_per_day, "expires_at": visit.expires_at,
            },
        )  # fmt: skip
        if cursor.fetchone() is None:
            raise SlotTaken


def free(visit: Appointment, *, stones: Sequence[Stone], now: datetime) -> None:
    for rows in rows_of(visit):
        rows.delete()
    if stones:
        promises.let_go(appointment=visit, now=now)


def rows_of(visit: Appointment) -> Iterator[Any]:
    """What the visit takes of people, rooms and days."""
    yield StaffBusy.objects.filter(appointment=visit)
    yield RoomBusy.objects.filter(appointment=visit)
    yield DayPlace.objects.filter(appointment=visit)


def expire(*, now: datetime, also_of: Visitor | None = None) -> int:
    """Holds that ran out, and those of a visitor who begins another, are let go. How many.

    Everybody reads past them already; whoever books tidies first, so that the database refuses nothing for their sake.
    """
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute(_RAN_OUT, {"now": now, "visitor": also_of.pk if also_of else None})
        stones_of: dict[int, list[int]] = dict(cursor.fetchall())
        if not stones_of:
            return 0
        # Whoever has the name of one of the stones is at work on it: that hold is let go next time.
        wanted = {stone for stones in stones_of.values() for stone in stones}
        had = locking.hold_at_once(promises.names_of(wanted))
        ended = {
            visit: stones
            for visit, stones in stones_of.items()
            if had.issuperset(promises.names_of(stones))
        }
        cursor.execute(_EXPIRE, {"now": now, "ended": list(ended)})
        promises.settle({stone for stones in ended.values() for stone in stones})
    return len(ended)


_RAN_OUT = """
select id, array(select stone_id from appointments_piecehold
                 where appointment_id = visit.id and state = 'held' order by stone_id)
from appointments_appointment as visit
where status = 'held' and (expires_at <= %(now)s or visitor_id = %(visitor)s)
order by id for update skip locked
"""

_EXPIRE = """
with expired as (
    update appointments_appointment set status = 'expired'
    where id = any (%(ended)s::bigint[]) returning id
), people as (
    delete from appointments_staffbusy using expired where appointment_id = expired.id
), rooms as (
    delete from appointments_roombusy using expired where appointment_id = expired.id
), days as (
    delete from appointments_dayplace using expired where appointment_id = expired.id
), pieces as (
    update appointments_piecehold set state = 'expired', ended_at = %(now)s
    from expired where appointment_id = expired.id and state = 'held'
)
select from expired
"""

# Whose turn it is, and whether she could be had: one statement, which says so on the visit.
_TAKE_PERSON = """
with turn as (
    select person from unnest(%(free)s::bigint[]) as person
    left join appointments_appointment as visit on visit.associate_id = person
        and visit.status not in ('expired', 'cancelled')
        and visit.starts_at >= %(since)s and visit.starts_at < %(until)s
    group by person
    order by count(visit.id), max(visit.starts_at) nulls first, person
    limit 1
), taken as (
    insert into appointments_staffbusy (associate_id, blocked, appointment_id, reason, expires_at)
    select person, %(blocked)s, %(visit)s, '', %(expires_at)s from turn
    on conflict do nothing returning associate_id
), told as (
    update appointments_appointment set associate_id = taken.associate_id from taken
    where id = %(visit)s
)
select person, exists (select from taken) from turn
"""

_TAKE_ROOM = """
insert into appointments_roombusy (store_id, lane, during, appointment_id, expires_at)
values (%(store)s, %(lane)s, %(during)s, %(visit)s, %(expires_at)s)
on conflict do nothing returning id
"""

_TAKE_DAY_PLACE = """
insert into appointments_dayplace (store_id, service_id, day, number, appointment_id, expires_at)
select %(store)s, %(service)s, %(day)s, number, %(visit)s, %(expires_at)s
from generate_series(1, %(most)s) as number
where not exists (
    select from appointments_dayplace as taken
    where taken.store_id = %(store)s and taken.service_id = %(service)s
      and taken.day = %(day)s and taken.number = number.number
)
order by number limit 1
on conflict do nothing returning id
"""
