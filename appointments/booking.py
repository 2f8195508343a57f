"""Visits from the ten minutes in which a form is filled to their outcome.

Promise: a slot that is shown is refused for no other reason than that somebody was faster; no associate, room or stone is
promised twice at once; whoever posts a form twice has booked once. Who changes what is taken on a store's day holds the name of
that day, and the names of the stones, in one sorted list; the database's exclusion constraints have the last word. Who changes
what is promised to a booked visit holds the visit's name before them, and reads under it which stones those are.

An associate may work in two stores on one day: then the constraint alone decides, by inserts that refuse (`seating`).
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from appointments import events, holding, keys, letters, looking, promises, seating, visits
from appointments.diary import Asked
from appointments.holding import Answer
from appointments.models import (
    Appointment,
    PieceHold,
    VisitDesign,
)
from appointments.seating import KeyKnown, SlotTaken
from appointments.terms import Terms
from appointments.visits import NotNow
from builder import living
from builder.models import Design, Stone
from jeweler import customers, locking, outbox
from jeweler.models import Customer, StaffMember, Store, Visitor

HELD = PieceHold.State.HELD
Status = Appointment.Status
Outcome = Appointment.Outcome


class HoldExpired(Exception):
    """The ten minutes are over. `starts` are the nearest times that are free now, perhaps the same one."""

    def __init__(self, starts: Sequence[datetime] = ()) -> None:
        super().__init__(
            "We kept this time for ten minutes, and they are over. Choose a time again."
        )
        self.starts = list(starts)


class AlreadyConfirmed(Exception):
    def __init__(self, appointment: Appointment) -> None:
        super().__init__("This visit is booked already.")
        self.appointment = appointment


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
    asked_hash = keys.hash_of(asked, starts_at, designs)
    held_minutes = settings.VISIT_HOLD_MINUTES if minutes is None else minutes
    visit = Appointment(
        key=key, asked_hash=asked_hash, store=asked.store, service=asked.service, visitor=visitor,
        source=source, starts_at=starts_at, status=Status.HELD, held_at=now,
        expires_at=now + timedelta(minutes=held_minutes),
    )  # fmt: skip
    said = holding.hold(visit, asked=asked, designs=designs, now=now)
    if said.answer == Answer.HELD:
        return visit
    asked = said.asked
    if said.answer == Answer.GONE:
        asked = replace(asked, stones=_as_they_are(asked.stones))
    try:
        return _held_at_length(visit, asked=asked, designs=designs, terms=said.terms, now=now)
    except (SlotTaken, KeyKnown) as refusal:
        if known := keys.known(key, asked_hash=asked_hash):
            return known
        if isinstance(refusal, SlotTaken) and refusal.starts:
            raise
        raise SlotTaken(looking.alternatives(asked, to=starts_at, now=now)) from None


def extend(*, appointment: Appointment, now: datetime) -> Appointment:
    """Ten minutes more, once. Raises HoldExpired, NotNow."""
    with transaction.atomic():
        until = now + timedelta(minutes=settings.VISIT_HOLD_MINUTES)
        mine = Appointment.objects.filter(pk=appointment.pk, status=Status.HELD, expires_at__gt=now)
        if not mine.filter(is_extended=False).update(is_extended=True, expires_at=until):
            if mine.exists():
                raise NotNow("This time was kept longer once; please finish, or choose again.")
            raise HoldExpired
        for rows in (*seating.rows_of(appointment), appointment.holds.filter(state=HELD)):
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
    customer: Customer | None = None,
    now: datetime,
) -> Appointment:
    """The held visit is booked: in one transaction with its mail. `customer`: who is known already, else she is found or made.

    Raises NoSuchVisit, AlreadyConfirmed, HoldExpired; BadEmail, BadPhone, NothingToIdentify, AmbiguousCustomer.
    """
    wishes = wishes or Wishes()
    with transaction.atomic():
        now += visits.hold(uid)
        visit = visits.read(uid=uid)
        stones = {hold.stone_id for hold in visit.holds.all()}  # her name is held: none is added
        now += locking.hold_all(promises.names_of(stones)) if stones else timedelta()
        told = {
            "status": Status.BOOKED, "booked_at": now, "expires_at": None,
            "customer": customer or _customer(contact, visit.store, now),
            "email": contact.email.strip(), "phone": contact.phone.strip(),
            "language": contact.language, "occasion": wishes.occasion,
            "occasion_date": wishes.occasion_date, "is_surprise": wishes.is_surprise,
            "note": wishes.note, "visitor_zone": wishes.zone, "risk": risk,
        }  # fmt: skip
        held = Appointment.objects.filter(pk=visit.pk, status=Status.HELD, expires_at__gt=now)
        if not held.update(**told):
            _say_why(uid, now=now)
        for field, value in told.items():
            setattr(visit, field, value)
        seating.keep(visit)
        if stones:
            promises.confirm(appointment=visit, now=now)
        visits.note(visit, "booked", by=by, now=now)
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
    visit = visits.read(uid=appointment.uid)
    asked = Asked(
        service=visit.service, store=store or visit.store, apart=(visit.pk,),
        associate_id=associate_id, is_staff=by is not None,
    )  # fmt: skip
    try:
        with transaction.atomic():
            now += visits.hold(visit.uid)
            visit = visits.read(uid=visit.uid)
            asked = replace(asked, stones=visits.promised(visit))
            days = seating.names(visit.store, visit.service, visit.starts_at)
            now += _hold_names(asked, starts_at, also=days)
            # A promise may have been broken while the stones' names were waited for.
            asked = replace(asked, stones=visits.promised(visit))
            visit = visits.locked(visit)
            visits.refuse_unless(visit, [Status.BOOKED], "moved")
            is_same = associate_id in (None, visit.associate_id)
            if visit.starts_at == starts_at and visit.store_id == asked.store.pk and is_same:
                return visit
            seating.expire(now=now)
            seating.free(visit, stones=asked.stones, now=now)
            visit.store, visit.starts_at = asked.store, starts_at
            visit.sequence += 1
            seating.place(visit, asked=asked, now=now)
            if asked.stones:
                promises.keep_on_its_way(appointment=visit, now=now)
            visits.note(visit, "moved", by=by, now=now)
            letters.moved(visit, now=now)
            outbox.publish(events.AppointmentRescheduled(appointment_id=visit.pk), at=now)
    except SlotTaken:
        raise SlotTaken(looking.alternatives(asked, to=starts_at, now=now)) from None
    return visit


def cancel(
    *,
    appointment: Appointment,
    by: StaffMember | None = None,
    why: str = "",
    write: Callable[..., None] = letters.cancelled,
    now: datetime,
) -> Appointment:
    """The visit will not be: its time and stones are free at once. Done again it changes nothing. Raises NotNow.

    `write` is the letter that tells her so.
    """
    with transaction.atomic():
        now += visits.hold(appointment.uid)
        stones = visits.promised(appointment)
        days = seating.names(appointment.store, appointment.service, appointment.starts_at)
        now += locking.hold_all([*days, *promises.names(stones)])
        visit = visits.locked(appointment)
        if visit.status == Status.CANCELLED:
            return visit
        visits.refuse_unless(visit, [Status.BOOKED, Status.HELD], "cancelled")
        was_booked = visit.status == Status.BOOKED
        seating.free(visit, stones=stones, now=now)
        if not was_booked:
            Appointment.objects.filter(pk=visit.pk).update(status=Status.EXPIRED, expires_at=now)
            return visits.read(uid=visit.uid)
        visit.status, visit.cancelled_at = Status.CANCELLED, now
        visit.sequence += 1
        visit.save(update_fields=["status", "cancelled_at", "sequence"])
        promises.unflag(appointment=visit, by=by, now=now)
        visits.note(visit, "cancelled", by=by, now=now, said=why)
        write(visit, now=now)
        outbox.publish(events.AppointmentCancelled(appointment_id=visit.pk), at=now)
    return visit


def asked_of(visit: Appointment) -> Asked:
    """What the visit was to be, to ask for it anew. Stones that are gone are left out."""
    holds = visit.holds.select_related("stone").order_by("pk")
    gone = (Stone.Status.SOLD, Stone.Status.WITHDRAWN)
    stones = dict.fromkeys(hold.stone for hold in holds if hold.stone.status not in gone)
    return Asked(service=visit.service, store=visit.store, stones=list(stones), apart=(visit.pk,))


# Inside.


def _held_at_length(
    visit: Appointment,
    *,
    asked: Asked,
    designs: Sequence[Design],
    terms: Terms | None,
    now: datetime,
) -> Appointment:
    """Laid out whole, for whom the short way has no answer. Raises as `reserve`."""
    starts_at, visitor = visit.starts_at, visit.visitor
    looked = looking.look(asked, starts_at=starts_at, visitor=visitor, terms=terms, now=now)
    with transaction.atomic():
        waited = _hold_names(asked, starts_at)
        asked = replace(asked, stones=_as_they_are(asked.stones))
        assert visit.expires_at is not None  # it is a hold
        visit.held_at, visit.expires_at = now + waited, visit.expires_at + waited
        seating.expire(now=now + waited, also_of=visitor, but=visit.key)
        plan, within = (looked.plan, looked.hours) if looked and not waited else (None, None)
        seating.place(visit, asked=asked, now=now + waited, plan=plan, within=within)
        _write_down(visit, designs)
    return visit


def _write_down(visit: Appointment, designs: Sequence[Design]) -> None:
    if designs:
        VisitDesign.objects.bulk_create(
            VisitDesign(appointment=visit, design=design, position=number)
            for number, design in enumerate(dict.fromkeys(designs))
        )


def _as_they_are(stones: Sequence[Stone]) -> list[Stone]:
    """Read anew under their names: one may have been sold since the page was asked for."""
    now_is = Stone.objects.in_bulk([stone.pk for stone in stones]) if stones else {}
    return [now_is[stone.pk] for stone in stones]


def _hold_names(asked: Asked, starts_at: datetime, also: Sequence[str] = ()) -> timedelta:
    days = seating.names(asked.store, asked.service, starts_at)
    return locking.hold_all([*promises.names(asked.stones), *days, *also])


def _customer(contact: Contact, store: Store, now: datetime) -> Customer:
    typed: dict[str, Any] = {
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
    visit = visits.read(uid=uid)
    if visit.status in (Status.HELD, Status.EXPIRED):
        raise HoldExpired(looking.alternatives(asked_of(visit), to=visit.starts_at, now=now))
    raise AlreadyConfirmed(visit)
