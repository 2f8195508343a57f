"""One visit as it stands: read whole, locked, and what happened to it written down."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from appointments.models import Appointment, Associate, PieceHold, Service, Showroom, VisitEvent
from builder.models import Stone
from jeweler import locking, prepared
from jeweler.models import Customer, StaffMember, Store

Status = Appointment.Status


class NoSuchVisit(Exception):
    """There is no such visit."""

    def __init__(self) -> None:
        super().__init__("We know nothing of this visit. Choose a time.")


class NotNow(Exception):
    """What is asked cannot be done to a visit in its state; the text says which and why."""


def read(*, uid: uuid.UUID) -> Appointment:
    """The visit with all that is told of it. Raises NoSuchVisit."""
    # By questions that are planned once: one that joins their tables takes the server longer to plan than all of these to answer.
    for visit in prepared.found(Appointment, "uid = %(uid)s", {"uid": uid}):
        (visit.store,) = prepared.found(Store, "id = %(id)s", {"id": visit.store_id})
        for showroom in prepared.found(Showroom, "store_id = %(id)s", {"id": visit.store_id}):
            visit.store.showroom = showroom
        (visit.service,) = prepared.found(Service, "id = %(id)s", {"id": visit.service_id})
        if visit.associate_id is not None:
            associates = prepared.found(Associate, "id = %(id)s", {"id": visit.associate_id})
            (visit.associate,) = associates
        if visit.customer_id is not None:
            customers = prepared.found(Customer, "id = %(id)s", {"id": visit.customer_id})
            (visit.customer,) = customers
        return visit
    raise NoSuchVisit


def locked(visit: Appointment) -> Appointment:
    """The visit as it is now, which nobody else changes until the transaction ends."""
    if locking.are_on():
        Appointment.objects.select_for_update(no_key=True).only("pk").get(pk=visit.pk)
    return read(uid=visit.uid)


def hold(uid: uuid.UUID) -> timedelta:
    """Nobody else changes what is promised to this visit until the transaction ends. How long it waited for that.

    Held before the names of days and stones: which stones those are is read under it.
    """
    return locking.hold_all([f"visit {uid}"])


def refuse_unless(visit: Appointment, allowed: Sequence[Appointment.Status], done: str) -> None:
    """Raises NotNow."""
    if visit.status not in allowed:
        state = Status(visit.status).label.lower()
        raise NotNow(f"This visit cannot be {done}: it is {state}.")


def promised(visit: Appointment) -> list[Stone]:
    """The stones that are promised to it now."""
    holds = visit.holds.filter(state__in=PieceHold.ACTIVE).select_related("stone").order_by("pk")
    return [hold.stone for hold in holds]


def note(
    visit: Appointment, kind: str, *, by: StaffMember | None, now: datetime, said: str = ""
) -> None:
    VisitEvent.objects.create(appointment=visit, kind=kind, at=now, by=by, said=said[:200])
