"""Links that open one visit for one purpose: to look after it, to prove an address, to take an offered time.

Nothing is kept of them: each names its visit and the visit's `link_version` under our signature, and ends with that version
or thirty days after the visit. What they open changes nothing by being looked at, for scanners follow every link in a mail.
"""

import uuid
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.core import signing

from appointments import visits
from appointments.models import Appointment, WaitlistEntry
from appointments.visits import NoSuchVisit

LASTS = timedelta(days=30)


class Purpose(StrEnum):
    MANAGE = "manage"
    VERIFY = "verify"
    OFFER = "offer"


class LinkEnded(Exception):
    """The link is forged, was replaced by a newer one, or its visit is long over: one answer for all."""

    def __init__(self) -> None:
        super().__init__(
            "This link no longer opens a visit. The newest mail about it has one that does."
        )


def token(visit: Appointment, *, purpose: Purpose = Purpose.MANAGE) -> str:
    return _signer(purpose).sign(f"{visit.uid.hex}-{visit.link_version}")


def opened(token: str, *, now: datetime, purpose: Purpose = Purpose.MANAGE) -> Appointment:
    """The visit as it stands. Raises LinkEnded."""
    try:
        uid, _, version = _signer(purpose).unsign(token).partition("-")
        visit = visits.read(uid=uuid.UUID(hex=uid))
    except (signing.BadSignature, ValueError, NoSuchVisit) as error:
        raise LinkEnded from error
    if version != str(visit.link_version) or visit.ends_at + LASTS <= now:
        raise LinkEnded
    return visit


def manage_url(visit: Appointment) -> str:
    """Where she looks after her visit."""
    return _address("", visit, Purpose.MANAGE)


def verify_url(visit: Appointment) -> str:
    """Where she proves that the address is hers."""
    return _address("verify/", visit, Purpose.VERIFY)


def offer_url(visit: Appointment) -> str:
    """Where she takes a time that was kept for her from the waiting list."""
    return _address("offered/", visit, Purpose.OFFER)


def waiting_url(entry: WaitlistEntry) -> str:
    """Where anybody can wait for such a visit in that store."""
    return (
        f"{settings.SITE_URL}/visits/waiting/?store={entry.store.code}&service={entry.service.code}"
    )


def _address(under: str, visit: Appointment, purpose: Purpose) -> str:
    return f"{settings.SITE_URL}/visits/{under}{token(visit, purpose=purpose)}/"


def _signer(purpose: Purpose) -> signing.Signer:
    return signing.Signer(salt=f"visits.{purpose}", sep=".")
