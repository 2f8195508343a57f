"""Who may book how often, and which visit has to be confirmed by the link in its mail.

Promise: nobody is kept from a visit by a guess. What looks odd is booked like any other and is asked to confirm by its mail
within two hours; only then is it let go. Limits are counted in the database (builder.allowances) and are far above what a
family needs. `disposable.txt` names domains of throw-away addresses; it is a list of our own, short on purpose, written from what
the operators of such services say of themselves.
"""

import functools
from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction

from appointments import booking, letters, visits
from appointments.models import Appointment
from appointments.promises import LIVING
from builder import allowances
from builder.allowances import Limit
from jeweler import customers

MOST_LIVING = 3
VERIFY_WITHIN = timedelta(hours=2)
HOLDS = Limit(name="visit-hold-net", most=120, hours=1)
BOOKED_NETWORK = Limit(name="visit-net", most=40, hours=1)
BOOKED_TO = Limit(name="visit-to", most=6, hours=24)
WAITING_TO = Limit(name="visit-wait-to", most=6, hours=24)
_OFTEN_MISSED = 2


class TooManyVisits(Exception):
    """The contact has as many visits as one needs."""

    def __init__(self) -> None:
        super().__init__(
            f"{MOST_LIVING} visits are booked under this address already. Move or cancel one by the link in its mail, and "
            "this time can be yours."
        )


def take_hold(*, network: str, now: datetime) -> None:
    """Count a time that is held. Raises allowances.TooMany."""
    with transaction.atomic():
        allowances.take(askers={HOLDS: network}, now=now)


def take_booking(*, network: str, email: str, now: datetime) -> None:
    """Count a visit that is booked. Raises allowances.TooMany, TooManyVisits."""
    with transaction.atomic():
        canonical = customers.canonical_email(email)
        allowances.take(askers={BOOKED_NETWORK: network, BOOKED_TO: canonical}, now=now)
        living = Appointment.objects.filter(
            customer__in=_people(canonical), status__in=LIVING, ends_at__gt=now
        )
        if living.count() >= MOST_LIVING:
            raise TooManyVisits


def take_waiting(*, network: str, email: str, now: datetime) -> None:
    """Count an entry on the waiting list. Raises allowances.TooMany."""
    with transaction.atomic():
        allowances.take(askers={BOOKED_NETWORK: network, WAITING_TO: email}, now=now)


def judge(*, email: str) -> str:
    """Why a visit has to be verified; empty: it need not be."""
    canonical = customers.canonical_email(email)
    if canonical.rpartition("@")[2] in disposable():
        return "A throw-away address"
    history = Appointment.objects.filter(customer__in=_people(canonical))
    missed = history.filter(status=Appointment.Status.MISSED).count()
    came = history.filter(status=Appointment.Status.ATTENDED).exists()
    if missed >= _OFTEN_MISSED and not came:
        return f"Did not come {missed} times before"
    return ""


def is_unverified(visit: Appointment) -> bool:
    return bool(visit.risk) and visit.verified_at is None and visit.status in LIVING


def verify(*, appointment: Appointment, now: datetime) -> Appointment:
    """The address has proved to be hers, and the lookbook goes to it. Done again it changes nothing. Raises NotNow."""
    with transaction.atomic():
        visit = visits.locked(appointment)
        visits.refuse_unless(visit, LIVING, "confirmed")
        if is_unverified(visit):
            visit.verified_at = now
            visit.save(update_fields=["verified_at"])
            visits.note(visit, "verified", by=None, now=now)
            letters.confirm(visit, now=now)
    return visit


def let_go_unverified(*, now: datetime) -> int:
    """Visits that nobody confirmed in time are cancelled. How many."""
    late = Appointment.objects.filter(
        status=Appointment.Status.BOOKED, verified_at=None, booked_at__lte=now - VERIFY_WITHIN
    ).exclude(risk="")
    ended = 0
    for visit in late.order_by("pk").select_related("store"):
        booking.cancel(
            appointment=visit, why="Not confirmed by its link within two hours",
            write=letters.lapsed, now=now,
        )  # fmt: skip
        ended += 1
    return ended


@functools.cache
def disposable() -> frozenset[str]:
    """The domains of throw-away addresses that we know of."""
    lines = Path(__file__).with_name("disposable.txt").read_text().splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def _people(email: str) -> list[int]:
    """Whoever is known by the address, with everybody merged into one of them."""
    return [pk for each in customers.find(email=email) for pk in customers.ids_of(each)]
