"""Visits from the ten minutes in which a form is filled to their outcome.

Promise: a slot that is shown is refused for no other reason than that somebody was faster; no associate, room or stone is
promised twice at once; whoever posts a form twice has booked once. Who changes what is taken on a store's day holds the name of
that day, and the names of the stones, in one sorted list; the database's exclusion constraints have the last word.

An associate may work in two stores on one day: then the constraint alone decides, by inserts that refuse instead of waiting in a
circle (ON CONFLICT DO NOTHING), and nobody deadlocks.
"""

import hashlib
import json
import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from appointments import availability, calendars, diary, events, letters, promises
from appointments.availability import Plan
from appointments.diary import Asked
from appointments.models import (
    Appointment,
    DayPlace,
    PieceHold,
    RoomBusy,
    StaffBusy,
    VisitDesign,
    VisitEvent,
)
from appointments.promises import StoneTaken
from builder import living
from builder.models import Design, Stone
from jeweler import customers, locking, outbox
from jeweler.models import Customer, StaffMember, Store, Visitor

Status = Appointment.Status
Outcome = Appointment.Outcome
LIVING = promises.LIVING


class SlotTaken(Exception):
    """The time is no longer free. `starts` are the nearest that are, in the same store with the same stones."""

    def __init__(self, starts: Sequence[datetime] = ()) -> None:
        super().__init__("Somebody else has just taken this time. Choose another one.")
        self.starts = list(starts)


class NoSuchHold(Exception):
    """Nobody ever held this."""

    def __init__(self) -> None:
        super().__init__("We know nothing of this visit. Choose a time.")


class HoldExpired(Exception):
    """The ten minutes are over. `starts` are the nearest times that are free now, perhaps the same one."""

    def __init__(self, starts: Sequence[datetime] = ()) -> None:
        super().__init__("We kept this time for ten minutes, and they are over. Choose a time again.")
        self.starts = list(starts)


class AlreadyConfirmed(Exception):
    def __init__(self, appointment: Appointment) -> None:
        super().__init__("This visit is booked already.")
        self.appointment = appointment


class KeyReused(Exception):
    """A form's key came with other words than the first time."""

    def __init__(self) -> None:
        super().__init__("This form was sent before with other words. Load the page again.")


class NotNow(Exception):
    """What is asked cannot be done to a visit in its state; the text says which and why."""


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Who comes, as she typed it. Either the address or the phone may be empty, not both."""

    email: str = ""
    phone: str = ""
    first_name: str = ""
    last_name: str = ""
    language: str = ""


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the associate should know before she comes."""

    occasion: str = ""
    occasion_date: date | None = None
    is_surprise: bool = False
    note: str = ""
    zone: str = ""


def slots(asked: Asked, *, since: datetime, until: datetime, now: datetime) -> dict[datetime, tuple[int, ...]]:
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


def alternatives(asked: Asked, *, to: datetime, now: datetime, count: int = 3) -> list[datetime]:
    """The free starts nearest to one that is gone, within a week of it."""
    week = timedelta(days=7)
    found = list(slots(asked, since=max(now, to - week), until=to + week, now=now))
    nearest = availability.nearest(
        [calendars.minute_of(start) for start in found], to=calendars.minute_of(to), count=count
    )
    return [calendars.moment_of(start) for start in nearest]


def reserve(
    *,
    asked: Asked,
    starts_at: datetime,
    key: uuid.UUID,
    designs: Sequence[Design] = (),
    visitor: Visitor | None = None,
    source: str = Appointment.Source.SITE,
    now: datetime,
    minutes: int | None = None,
) -> Appointment:
    """Hold a time, an associate, a room and the stones while the form is filled. The same key again: the same hold.

    The visitor's earlier holds end. Raises SlotTaken with the nearest free times, KeyReused, StoneGone, StoneTaken, NotOffered.
    """
    asked_hash = _hash(asked, starts_at, designs)
    try:
        with transaction.atomic():
            now += _hold_names(asked, starts_at)
            known = Appointment.objects.filter(key=key).first()
            if known is not None:
                if known.asked_hash != asked_hash:
                    raise KeyReused
                return known
            expire(now=now, also_of=visitor)
            held_minutes = settings.VISIT_HOLD_MINUTES if minutes is None else minutes
            return _reserved(
                Appointment(
                    key=key, asked_hash=asked_hash, store=asked.store, service=asked.service,
                    visitor=visitor, source=source, starts_at=starts_at, status=Status.HELD,
                    held_at=now, expires_at=now + timedelta(minutes=held_minutes),
                ),
                asked=asked, designs=designs, now=now,
            )  # fmt: skip
    except SlotTaken:
        raise SlotTaken(alternatives(asked, to=starts_at, now=now)) from None


def extend(*, appointment: Appointment, now: datetime) -> Appointment:
    """Ten minutes more, once. Raises HoldExpired, NotNow."""
    with transaction.atomic():
        until = now + timedelta(minutes=settings.VISIT_HOLD_MINUTES)
        mine = Appointment.objects.filter(pk=appointment.pk, status=Status.HELD, expires_at__gt=now)
        if not mine.filter(is_extended=False).update(is_extended=True, expires_at=until):
            if mine.exists():
                raise NotNow("This time was kept longer once; please finish, or choose again.")
            raise HoldExpired
        for rows in _rows_of(appointment):
            rows.update(expires_at=until)
    appointment.refresh_from_db()
    return appointment


def confirm(
    *,
    uid: uuid.UUID,
    contact: Contact,
    wishes: Wishes | None = None,
    by: StaffMember | None = None,
    risk: str = "",
    now: datetime,
) -> Appointment:
    """The held visit is booked: in one transaction with its mail.

    Raises NoSuchHold, AlreadyConfirmed, HoldExpired; BadEmail, BadPhone, NothingToIdentify, AmbiguousCustomer.
    """
    wishes = wishes or Wishes()
    with transaction.atomic():
        held = Appointment.objects.filter(uid=uid, status=Status.HELD, expires_at__gt=now)
        changed = held.update(
            status=Status.BOOKED, booked_at=now, expires_at=None, customer=_customer(contact, uid, now),
            email=contact.email.strip(), phone=contact.phone.strip(), language=contact.language,
            occasion=wishes.occasion, occasion_date=wishes.occasion_date,
            is_surprise=wishes.is_surprise, note=wishes.note, visitor_zone=wishes.zone, risk=risk,
        )  # fmt: skip
        if not changed:
            transaction.set_rollback(True)
            _say_why(uid, now=now)
        visit = read(uid=uid)
        for rows in _rows_of(visit):
            rows.update(expires_at=None)
        visit.holds.filter(state=PieceHold.State.HELD).update(
            state=PieceHold.State.PROMISED, expires_at=None
        )
        _note(visit, "booked", by=by, now=now)
        for design in visit.designs.all():
            living.rest(design=design, now=now)
        letters.confirm(visit, now=now)
        assert visit.customer_id is not None  # the database sees to it
        outbox.publish(
            events.AppointmentBooked(
                appointment_id=visit.pk, customer_id=visit.customer_id, visitor_id=visit.visitor_id
            ),
            at=now,
        )
    return visit


def move(
    *,
    appointment: Appointment,
    starts_at: datetime,
    store: Store | None = None,
    associate_id: int | None = None,
    by: StaffMember | None = None,
    now: datetime,
) -> Appointment:
    """Another time, store or associate for the same visit, with all its stones: wholly, or it stays as it was.

    A visit moved to where it is stays, and is told to nobody. Raises SlotTaken, StoneGone, StoneTaken, NotOffered, NotNow.
    """
    visit = read(uid=appointment.uid)
    stones = _promised(visit)
    asked = Asked(
        service=visit.service, store=store or visit.store, stones=stones, apart=(visit.pk,),
        associate_id=associate_id, is_staff=by is not None,
    )  # fmt: skip
    try:
        with transaction.atomic():
            now += _hold_names(asked, starts_at, also=[(visit.store, visit.starts_at)])
            visit = _locked(visit)
            _refuse_unless(visit, [Status.BOOKED], "moved")
            is_same = associate_id in (None, visit.associate_id)
            if visit.starts_at == starts_at and visit.store_id == asked.store.pk and is_same:
                return visit
            expire(now=now)
            _free(visit, stones=stones, now=now)
            visit.store, visit.starts_at = asked.store, starts_at
            visit.sequence += 1
            _place(visit, asked=asked, now=now)
            _note(visit, "moved", by=by, now=now)
            letters.moved(visit, now=now)
            outbox.publish(events.AppointmentRescheduled(appointment_id=visit.pk), at=now)
    except SlotTaken:
        raise SlotTaken(alternatives(asked, to=starts_at, now=now)) from None
    return visit


def cancel(
    *, appointment: Appointment, by: StaffMember | None = None, why: str = "", now: datetime
) -> Appointment:
    """The visit will not be: its time and stones are free at once. Done again it changes nothing. Raises NotNow."""
    with transaction.atomic():
        stones = _promised(appointment)
        now += locking.hold_all(
            [*_day_names(appointment.store, appointment.starts_at), *promises.names(stones)]
        )
        visit = _locked(appointment)
        if visit.status == Status.CANCELLED:
            return visit
        _refuse_unless(visit, [Status.BOOKED, Status.HELD], "cancelled")
        was_booked = visit.status == Status.BOOKED
        _free(visit, stones=stones, now=now)
        if not was_booked:
            Appointment.objects.filter(pk=visit.pk).update(status=Status.EXPIRED, expires_at=now)
            return read(uid=visit.uid)
        visit.status, visit.cancelled_at = Status.CANCELLED, now
        visit.sequence += 1
        visit.save(update_fields=["status", "cancelled_at", "sequence"])
        promises.unflag(appointment=visit, by=by, now=now)
        _note(visit, "cancelled", by=by, now=now, said=why)
        letters.cancelled(visit, now=now)
        outbox.publish(events.AppointmentCancelled(appointment_id=visit.pk), at=now)
    return visit


def bring(*, appointment: Appointment, design: Design, by: StaffMember | None = None, now: datetime) -> Appointment:
    """One more of her rings for the visit, with its stone promised where it has one. Raises StoneGone, StoneTaken, NotNow."""
    stone = design.stone
    with transaction.atomic():
        now += locking.hold_all(promises.names([stone] if stone else []) or [f"visit {appointment.pk}"])
        visit = _locked(appointment)
        _refuse_unless(visit, LIVING, "given another ring")
        _, is_new = VisitDesign.objects.get_or_create(
            appointment=visit, design=design,
            defaults={"position": visit.visit_designs.count()},
        )  # fmt: skip
        if not is_new:
            return visit
        is_promised = stone and visit.holds.filter(
            stone=stone, state__in=PieceHold.ACTIVE
        ).exists()
        if stone is not None and not is_promised and visit.service.takes_pieces:
            if not promises.can_be_there(visit, stones=[stone], now=now):
                raise StoneTaken(stone)
            promises.promise(appointment=visit, stones=[stone], now=now)
        visit.sequence += 1
        visit.save(update_fields=["sequence"])
        _note(visit, "ring added", by=by, now=now, said=str(design))
        letters.changed(visit, now=now)
    return visit


# In the store.


def check_in(*, appointment: Appointment, by: StaffMember, now: datetime) -> Appointment:
    """She is here. Done again it changes nothing. Raises NotNow."""
    return _step(
        appointment, Status.ARRIVED, since=[Status.BOOKED, Status.MISSED], by=by, now=now, arrived_at=now
    )


def begin(*, appointment: Appointment, by: StaffMember, now: datetime) -> Appointment:
    """She is being seen. Raises NotNow."""
    return _step(appointment, Status.SEEN, since=[Status.ARRIVED, Status.BOOKED], by=by, now=now, seen_at=now)


def complete(
    *,
    appointment: Appointment,
    outcome: str,
    lost_reason: str = "",
    tried: Collection[int] = (),
    by: StaffMember,
    now: datetime,
) -> Appointment:
    """She has left, and what came of it. `tried` are the ids of the designs that she tried on. Raises NotNow."""
    with transaction.atomic():
        visit = _step(
            appointment, Status.ATTENDED, since=[Status.ARRIVED, Status.SEEN], by=by, now=now,
            ended_at=now, outcome=outcome, lost_reason=lost_reason[:80],
        )  # fmt: skip
        visit.visit_designs.filter(design__in=tried).update(was_tried=True)
        _end_promises(visit, state=PieceHold.State.KEPT, now=now)
        outbox.publish(events.AppointmentAttended(appointment_id=visit.pk), at=now)
    return visit


def miss(*, appointment: Appointment, by: StaffMember | None, now: datetime) -> Appointment:
    """She did not come; the stones are free. Raises NotNow."""
    if appointment.starts_at > now:
        raise NotNow("The visit has not begun; it can be cancelled, not missed.")
    with transaction.atomic():
        visit = _step(appointment, Status.MISSED, since=[Status.BOOKED], by=by, now=now)
        _end_promises(visit, state=PieceHold.State.RELEASED, now=now)
        outbox.publish(events.AppointmentMissed(appointment_id=visit.pk), at=now)
    return visit


def expire(*, now: datetime, also_of: Visitor | None = None) -> int:
    """Holds that ran out, and those of a visitor who begins another, are let go. How many.

    Everybody reads past them already; whoever books tidies first, so that the database refuses nothing for their sake.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_EXPIRE, {"now": now, "visitor": also_of.pk if also_of else None})
        (ended,) = cursor.fetchone()
    return int(ended)


def read(*, uid: uuid.UUID) -> Appointment:
    """The visit with all that is told of it. Raises NoSuchHold."""
    visit = _whole().filter(uid=uid).first()
    if visit is None:
        raise NoSuchHold
    return visit


# Inside.


def _reserved(
    visit: Appointment, *, asked: Asked, designs: Sequence[Design], now: datetime
) -> Appointment:
    _place(visit, asked=asked, now=now)
    if designs:
        VisitDesign.objects.bulk_create(
            VisitDesign(appointment=visit, design=design, position=number)
            for number, design in enumerate(dict.fromkeys(designs))
        )
    return visit


def _place(visit: Appointment, *, asked: Asked, now: datetime) -> None:
    """Write the visit with its associate, room, day and stones. Raises SlotTaken, StoneTaken."""
    service, store = asked.service, asked.store
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
    Appointment.objects.filter(pk=visit.pk).update(associate=visit.associate_id)
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
    with connection.cursor() as cursor:
        if len(free) > 1:
            cursor.execute(_TURNS, values)
            free = [person for (person,) in cursor.fetchall()]
        for person in free:
            cursor.execute(_TAKE_PERSON, values | {"person": person})
            if cursor.fetchone():
                return person
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


def _free(visit: Appointment, *, stones: Sequence[Stone], now: datetime) -> None:
    for rows in _rows_of(visit):
        rows.delete()
    if stones:
        promises.let_go(appointment=visit, now=now)


def _end_promises(visit: Appointment, *, state: PieceHold.State, now: datetime) -> None:
    stones = _promised(visit)
    if stones:
        locking.hold_all(promises.names(stones))
        promises.let_go(appointment=visit, now=now, state=state)


def _rows_of(visit: Appointment) -> Iterator[Any]:
    """What the visit takes of people, rooms and days."""
    yield StaffBusy.objects.filter(appointment=visit)
    yield RoomBusy.objects.filter(appointment=visit)
    yield DayPlace.objects.filter(appointment=visit)


def _hold_names(
    asked: Asked, starts_at: datetime, also: Sequence[tuple[Store, datetime]] = ()
) -> timedelta:
    names = promises.names(asked.stones)
    for store, moment in [(asked.store, starts_at), *also]:
        names += _day_names(store, moment)
    return locking.hold_all(names)


def _day_names(store: Store, moment: datetime) -> list[str]:
    return [f"visits of store {store.pk} on {moment.astimezone(store.zone).date()}"]


def _step(
    appointment: Appointment,
    status: Appointment.Status,
    *,
    since: Sequence[Appointment.Status],
    by: StaffMember | None,
    now: datetime,
    **values: Any,
) -> Appointment:
    with transaction.atomic():
        visit = _locked(appointment)
        if visit.status == status:
            return visit
        _refuse_unless(visit, since, status.label.lower())
        Appointment.objects.filter(pk=visit.pk).update(status=status, **values)
        _note(visit, status.value, by=by, now=now)
    return read(uid=visit.uid)


def _refuse_unless(visit: Appointment, allowed: Sequence[Appointment.Status], done: str) -> None:
    if visit.status not in allowed:
        state = Status(visit.status).label.lower()
        raise NotNow(f"This visit cannot be {done}: it is {state}.")


def _locked(visit: Appointment) -> Appointment:
    if locking.are_on():
        Appointment.objects.select_for_update(no_key=True).only("pk").get(pk=visit.pk)
    return read(uid=visit.uid)


def _whole() -> Any:
    return Appointment.objects.select_related(
        "store__showroom", "service", "associate__staff__user", "customer__merged_into", "visitor"
    )


def _promised(visit: Appointment) -> list[Stone]:
    holds = visit.holds.filter(state__in=PieceHold.ACTIVE).select_related("stone").order_by("pk")
    return [hold.stone for hold in holds]


def _customer(contact: Contact, uid: uuid.UUID, now: datetime) -> Customer:
    store = Store.objects.filter(appointments__uid=uid).first()
    if store is None:
        raise NoSuchHold
    typed = {
        "first_name": contact.first_name, "last_name": contact.last_name, "region": store.region,
        "source": "visit", "now": now,
    }  # fmt: skip
    try:
        return customers.identify(email=contact.email, phone=contact.phone, **typed)
    except customers.AmbiguousCustomer:
        # Her address is one person's and her phone another's. The mail goes to the address; the phone stays on the visit.
        return customers.identify(email=contact.email, **typed)


def _say_why(uid: uuid.UUID, *, now: datetime) -> None:
    """Raises what keeps the hold from being confirmed."""
    visit = read(uid=uid)
    if visit.status in (Status.HELD, Status.EXPIRED):
        raise HoldExpired(alternatives(asked_of(visit), to=visit.starts_at, now=now))
    raise AlreadyConfirmed(visit)


def asked_of(visit: Appointment) -> Asked:
    """What the visit was to be, to ask for it anew. Stones that are gone are left out."""
    holds = visit.holds.select_related("stone").order_by("pk")
    gone = (Stone.Status.SOLD, Stone.Status.WITHDRAWN)
    stones = dict.fromkeys(hold.stone for hold in holds if hold.stone.status not in gone)
    return Asked(service=visit.service, store=visit.store, stones=list(stones), apart=(visit.pk,))


def _note(
    visit: Appointment, kind: str, *, by: StaffMember | None, now: datetime, said: str = ""
) -> None:
    VisitEvent.objects.create(appointment=visit, kind=kind, at=now, by=by, said=said[:200])


def _hash(asked: Asked, starts_at: datetime, designs: Sequence[Design]) -> str:
    said = [
        asked.service.pk, asked.store.pk, sorted(stone.pk for stone in asked.stones),
        asked.language, asked.associate_id, starts_at.isoformat(), [each.pk for each in designs],
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def again(visit: Appointment) -> Asked:
    return replace(asked_of(visit), apart=())


_EXPIRE = """
with ended as (
    select id from appointments_appointment
    where status = 'held' and (expires_at <= %(now)s or visitor_id = %(visitor)s)
    order by id for update skip locked
), expired as (
    update appointments_appointment set status = 'expired' from ended
    where appointments_appointment.id = ended.id returning appointments_appointment.id
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
select count(*) from expired
"""

_TURNS = """
select person from unnest(%(free)s) as person
left join appointments_appointment as visit on visit.associate_id = person
    and visit.status not in ('expired', 'cancelled')
    and visit.starts_at >= %(since)s and visit.starts_at < %(until)s
group by person
order by count(visit.id), max(visit.starts_at) nulls first, person
"""

_TAKE_PERSON = """
insert into appointments_staffbusy (associate_id, blocked, appointment_id, reason, expires_at)
values (%(person)s, %(blocked)s, %(visit)s, '', %(expires_at)s)
on conflict do nothing returning id
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
