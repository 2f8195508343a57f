"""Visits that the staff write down: somebody stands at the counter, or is on the telephone.

Nothing is asked of her but a name. Without an address or a number she is a customer by name alone, and no mail is written. Who
stands here is checked in at once; the same associate, room and stones are taken for her as for anybody who books.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from appointments import booking, receiving
from appointments.booking import Contact
from appointments.diary import Asked
from appointments.models import Appointment, Service
from builder.models import Design
from jeweler import customers
from jeweler.models import Customer, StaffMember, Store


class NoName(ValueError):
    """Neither a name nor anything to reach her by."""

    def __init__(self) -> None:
        super().__init__("Write her name, or an address or a number of hers.")


def write(
    *,
    store: Store,
    service: Service,
    contact: Contact,
    starts_at: datetime | None,
    key: uuid.UUID,
    designs: Sequence[Design] = (),
    associate_id: int | None = None,
    by: StaffMember,
    now: datetime,
) -> Appointment:
    """Booked at once; without `starts_at` she is here now, and checked in. The same key again: the same visit.

    Raises NoName, SlotTaken with the nearest free times, StoneGone, StoneTaken, NotOffered; BadEmail, BadPhone.
    """
    if not any((contact.first_name, contact.last_name, contact.email, contact.phone)):
        raise NoName
    is_here = starts_at is None
    known = Appointment.objects.filter(key=key).exclude(status=Appointment.Status.HELD).first()
    if known is not None:
        return known
    stones = [each.stone for each in designs if each.stone is not None]
    asked = Asked(
        service=service, store=store, stones=stones if service.takes_pieces else (),
        associate_id=associate_id, is_staff=True,
    )  # fmt: skip
    with transaction.atomic():
        held = booking.reserve(
            asked=asked, starts_at=starts_at or floored(now), key=key, designs=designs,
            source=Appointment.Source.WALK_IN if is_here else Appointment.Source.STAFF, now=now,
        )  # fmt: skip
        visit = booking.confirm(
            uid=held.uid, contact=contact, by=by, customer=_nameless(contact, now=now), now=now
        )
        return receiving.check_in(appointment=visit, by=by, now=now) if is_here else visit


def floored(now: datetime) -> datetime:
    """The step of the staff's grid in which the moment lies."""
    since = timedelta(minutes=now.minute % 5, seconds=now.second, microseconds=now.microsecond)
    return now - since


def _nameless(contact: Contact, *, now: datetime) -> Customer | None:
    """A customer by name alone, where there is nothing to find her by."""
    if contact.email.strip() or contact.phone.strip():
        return None
    return customers.unreached(first_name=contact.first_name, last_name=contact.last_name, now=now)
