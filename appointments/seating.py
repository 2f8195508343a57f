"""Takes an associate, a room, a place on the day and the stones for a visit, or nothing of them; and lets them go.

Must run in the transaction of the visit, with the days' names and the stones' held (`names`). The database's exclusion
constraints have the last word, by inserts that refuse (ON CONFLICT DO NOTHING): an associate may work in two stores on one day,
whose names are two. Nobody waits in a circle there, because only what the plan found free is tried: whoever is waited for has
taken it a moment ago and waits for nobody.
"""

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from appointments import availability, calendars, diary, promises
from appointments.availability import Plan
from appointments.diary import Asked, Hours
from appointments.models import Appointment, DayPlace, RoomBusy, Service, StaffBusy
from builder.models import Stone
from jeweler import locking, prepared
from jeweler.models import Store, Visitor


class SlotTaken(Exception):
    """The time is no longer free. `starts` are the nearest that are, in the same store with the same stones."""

    def __init__(self, starts: Sequence[datetime] = ()) -> None:
        super().__init__("Somebody else has just taken this time. Choose another one.")
        self.starts = list(starts)


class KeyKnown(Exception):
    """A visit with this form's key is there already."""


def names(store: Store, service: Service, moment: datetime) -> list[str]:
    """What to hold before a visit's time is taken or let go: the store's day, and the next one where it lasts into that."""
    ends = moment + timedelta(minutes=service.minutes + service.after_minutes)
    days = {each.astimezone(store.zone).date() for each in (moment, ends)}
    return [f"visits of store {store.pk} on {day}" for day in sorted(days)]


def place(
    visit: Appointment,
    *,
    asked: Asked,
    now: datetime,
    plan: Plan | None = None,
    within: Hours | None = None,
) -> None:
    """Write the visit with its associate, room, day and stones. Raises SlotTaken, StoneTaken, KeyKnown.

    `plan` was laid out a moment ago, before the names were held: whatever of its people, rooms and places was taken since refuses
    itself. Of stones it would not, so with them it is laid out anew; `within` are the hours for that.
    """
    service, store = asked.service, asked.store
    if visit.starts_at.second or visit.starts_at.microsecond:
        raise SlotTaken  # no start lies within a minute
    until = visit.starts_at + timedelta(minutes=1)
    if plan is None or asked.stones:
        plan = diary.lay_out(asked, since=visit.starts_at, until=until, now=now, within=within)
    start = calendars.minute_of(visit.starts_at)
    free = availability.slots(plan, since=start, until=start + 1).get(start, ())
    if not free:
        raise SlotTaken
    visit.ends_at = visit.starts_at + timedelta(minutes=service.minutes)
    visit.wall_start = f"{visit.starts_at.astimezone(store.zone):%Y-%m-%dT%H:%M}"
    rooms = availability.rooms_for(plan, start=start) if plan.rooms is not None else None
    _seat(visit, people=free, rooms=rooms)
    if service.most_per_day:
        _take_day_place(visit)
    if asked.stones:
        promises.promise(appointment=visit, stones=asked.stones, now=now)


def _seat(visit: Appointment, *, people: Sequence[int], rooms: Sequence[int] | None) -> None:
    """Round robin: fewest visits in the store's week, then the longest without one. Raises SlotTaken, KeyKnown.

    A new visit is written with the associate whose turn it is and the first room, all by one statement. Whom another store has
    taken a moment ago is passed over, and so is a room.
    """
    values = _values(visit)
    people, rooms = list(people), None if rooms is None else list(rooms)
    has_person, has_room = False, rooms is None
    if visit.pk is None:
        row = {
            each.attname: each.get_db_prep_save(each.pre_save(visit, True), connection)
            for each in _WRITTEN
        }
        said = values | row | {"free": people, "lane": rooms[0] if rooms else None}
        ((person, visit.pk, has_person, took_room),) = prepared.rows(_WRITE, said)
        if visit.pk is None:
            raise KeyKnown
        visit.associate_id, visit._state.adding, visit._state.db = person, False, connection.alias
        values["visit"], has_room = visit.pk, has_room or took_room
        people.remove(person)
        rooms = rooms[1:] if rooms else rooms
    else:
        visit.save()
    while not has_person:
        if not people:
            raise SlotTaken
        ((visit.associate_id, has_person),) = prepared.rows(_TAKE_PERSON, values | {"free": people})
        people.remove(visit.associate_id)
    while not has_room:
        if not rooms:
            raise SlotTaken
        has_room = bool(prepared.rows(_TAKE_ROOM, values | {"lane": rooms.pop(0)}))


def _values(visit: Appointment) -> dict[str, Any]:
    since, until = week_of(visit.starts_at, zone=visit.store.zone)
    after = timedelta(minutes=visit.service.after_minutes)
    return {
        "since": since, "until": until, "visit": visit.pk, "store": visit.store_id,
        "blocked": DateTimeTZRange(visit.starts_at, visit.ends_at + after), "expires_at": visit.expires_at,
    }  # fmt: skip


def week_of(moment: datetime, *, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The week in which visits are counted to tell whose turn it is."""
    day = moment.astimezone(zone).date()
    monday = datetime.combine(day - timedelta(days=day.weekday()), datetime.min.time(), tzinfo=zone)
    return monday, monday + timedelta(days=7)


def _take_day_place(visit: Appointment) -> None:
    taken = prepared.rows(
        _TAKE_DAY_PLACE,
        {
            "store": visit.store_id, "service": visit.service_id, "visit": visit.pk,
            "day": visit.starts_at.astimezone(visit.store.zone).date(),
            "most": visit.service.most_per_day, "expires_at": visit.expires_at,
        },
    )  # fmt: skip
    if not taken:
        raise SlotTaken


def free(visit: Appointment, *, stones: Sequence[Stone], now: datetime) -> None:
    for rows in rows_of(visit):
        rows.delete()
    if stones:
        promises.let_go(appointment=visit, now=now)


def keep(visit: Appointment) -> None:
    """What it took does not run out any more."""
    prepared.rows(_KEEP, {"visit": visit.pk})


def rows_of(visit: Appointment) -> Iterator[Any]:
    """What the visit takes of people, rooms and days."""
    yield StaffBusy.objects.filter(appointment=visit)
    yield RoomBusy.objects.filter(appointment=visit)
    yield DayPlace.objects.filter(appointment=visit)


def expire(*, now: datetime, also_of: Visitor | None = None, but: uuid.UUID | None = None) -> int:
    """Holds that ran out, and those of a visitor who begins another, are let go; `but` not the one with this key. How many.

    Everybody reads past them already; whoever books tidies first, so that the database refuses nothing for their sake.
    """
    with transaction.atomic(savepoint=False):
        asked = {"now": now, "visitor": also_of.pk if also_of else None, "but": but}
        found = prepared.rows(_RAN_OUT, asked)
        stones_of: dict[int, list[int]] = dict(found)
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
        prepared.rows(_EXPIRE, {"now": now, "ended": list(ended)})
        promises.settle({stone for stones in ended.values() for stone in stones})
    return len(ended)


def _plain_type(field: Any) -> str:
    """Without its length: what is too long shall be refused, and not be cut."""
    kind: str = field.db_type(connection)
    return kind.partition("(")[0]


_RAN_OUT = """
select id, array(select stone_id from appointments_piecehold
                 where appointment_id = visit.id and state = 'held' order by stone_id)
from appointments_appointment as visit
where status = 'held' and (expires_at <= %(now)s or visitor_id = %(visitor)s::bigint)
  and key is distinct from %(but)s::uuid
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

# Whose turn it is.
_TURN = """
    select person from unnest(%(free)s::bigint[]) as person
    left join appointments_appointment as visit on visit.associate_id = person
        and visit.status not in ('expired', 'cancelled')
        and visit.starts_at >= %(since)s::timestamptz and visit.starts_at < %(until)s::timestamptz
    group by person
    order by count(visit.id), max(visit.starts_at) nulls first, person
    limit 1
"""

# A new visit with the associate whose turn it is and, where it needs one, a room; and which of the two could be had. All but the
# person is written as the model has it. Without an id its key is known.
_WRITTEN = [
    each
    for each in Appointment._meta.concrete_fields
    if not each.primary_key and each.attname != "associate_id"
]
_WRITE = f"""
with turn as ({_TURN}), visit as (
    insert into appointments_appointment ({", ".join(str(each.column) for each in _WRITTEN)}, associate_id)
    select {", ".join(f"%({each.attname})s::{_plain_type(each)}" for each in _WRITTEN)}, person from turn
    on conflict (key) do nothing returning id
), taken as (
    insert into appointments_staffbusy (associate_id, blocked, appointment_id, reason, expires_at)
    select person, %(blocked)s::tstzrange, visit.id, '', %(expires_at)s::timestamptz from turn, visit
    on conflict do nothing returning associate_id
), room as (
    insert into appointments_roombusy (store_id, lane, during, appointment_id, expires_at)
    select %(store)s::bigint, %(lane)s::smallint, %(blocked)s::tstzrange, visit.id, %(expires_at)s::timestamptz
    from visit where %(lane)s::smallint is not null
    on conflict do nothing returning id
)
select person, visit.id, exists (select from taken), exists (select from room)
from turn left join visit on true
"""  # noqa: S608  names are ours

_TAKE_PERSON = f"""
with turn as ({_TURN}), taken as (
    insert into appointments_staffbusy (associate_id, blocked, appointment_id, reason, expires_at)
    select person, %(blocked)s::tstzrange, %(visit)s::bigint, '', %(expires_at)s::timestamptz from turn
    on conflict do nothing returning associate_id
), told as (
    update appointments_appointment set associate_id = taken.associate_id from taken
    where id = %(visit)s
)
select person, exists (select from taken) from turn
"""  # noqa: S608  as above

_TAKE_ROOM = """
insert into appointments_roombusy (store_id, lane, during, appointment_id, expires_at)
values (%(store)s, %(lane)s, %(blocked)s, %(visit)s, %(expires_at)s)
on conflict do nothing returning id
"""

_KEEP = """
with people as (
    update appointments_staffbusy set expires_at = null where appointment_id = %(visit)s
), rooms as (
    update appointments_roombusy set expires_at = null where appointment_id = %(visit)s
)
update appointments_dayplace set expires_at = null where appointment_id = %(visit)s
"""

_TAKE_DAY_PLACE = """
insert into appointments_dayplace (store_id, service_id, day, number, appointment_id, expires_at)
select %(store)s::bigint, %(service)s::bigint, %(day)s::date, number, %(visit)s::bigint, %(expires_at)s::timestamptz
from generate_series(1, %(most)s) as number
where not exists (
    select from appointments_dayplace as taken
    where taken.store_id = %(store)s and taken.service_id = %(service)s
      and taken.day = %(day)s and taken.number = number.number
)
order by number limit 1
on conflict do nothing returning id
"""
