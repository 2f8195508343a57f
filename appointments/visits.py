"""One visit as it stands: read whole, locked, and what happened to it written down."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import QuerySet

from appointments.models import Appointment, PieceHold, VisitEvent
from builder.models import Stone
from jeweler import locking
from jeweler.models import StaffMember

Status = Appointment.Status


class NoSuchVisit(Exception):
    """There is no such visit."""

    def __init__(self) -> None:
        super().__init__("We know nothing of this visit. Choose a time.")


class NotNow(Exception):
    """What is asked cannot be done to a visit in its state; the text says which and why."""


def read(*, uid: uuid.UUID) -> Appointment:
    """The visit with all that is told of it. Raises NoSuchVisit."""
    visit = _whole().filter(uid=uid).first()
    if visit is None:
        raise NoSuchVisit
    return visit


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


def _whole() -> QuerySet[Appointment]:
    # No more tables than that: for nine of them the server plans longer than for anything else of a visit.
    return Appointment.objects.select_related("store__showroom", "service", "associate", "customer")
