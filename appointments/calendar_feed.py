"""An associate's visits as a calendar that her phone subscribes to: read only, by an address that is her own.

The address holds a token that is shown once and kept as a hash; a new one ends the old. Nothing in it reaches a customer: initials, what
the visit is for, and the staff's own page, which asks for a log-in.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from icalendar import Calendar, Event

from appointments.models import Appointment, Associate
from jeweler import tokens

BACK, AHEAD = timedelta(days=30), timedelta(days=180)
SHOWN = (
    Appointment.Status.BOOKED,
    Appointment.Status.ARRIVED,
    Appointment.Status.SEEN,
    Appointment.Status.ATTENDED,
)


class NoSuchCalendar(Exception):
    """The token opens nothing, or nothing any more."""

    def __init__(self) -> None:
        super().__init__("This calendar's address is no longer good. Ask your manager for another.")


def issue(*, associate: Associate) -> str:
    """A new token, which ends the one before."""
    token, token_hash = tokens.issue()
    Associate.objects.filter(pk=associate.pk).update(feed_token_hash=token_hash)
    return token


def revoke(*, associate: Associate) -> bool:
    """Says whether there was an address to end."""
    living = Associate.objects.filter(pk=associate.pk).exclude(feed_token_hash="")
    return bool(living.update(feed_token_hash=""))


def whose(token: str) -> Associate:
    """Raises NoSuchCalendar; so does the token of somebody who works here no more."""
    found = Associate.objects.filter(
        feed_token_hash=tokens.hashed(token), staff__user__is_active=True
    )
    associate = found.select_related("staff__user").first()
    if associate is None:
        raise NoSuchCalendar
    return associate


def written(associate: Associate, *, now: datetime) -> bytes:
    """Her visits from a month back to half a year ahead, as text/calendar."""
    calendar = Calendar()
    calendar.add("prodid", f"-//{settings.SITE_NAME}//Visits//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", f"{settings.SITE_NAME}, {associate.name}")
    visits = Appointment.objects.filter(
        associate=associate, status__in=SHOWN,
        starts_at__gte=now - BACK, starts_at__lt=now + AHEAD,
    ).select_related("service", "store", "customer").order_by("starts_at", "pk")  # fmt: skip
    for visit in visits:
        calendar.add_component(_event(visit, now=now))
    return bytes(calendar.to_ical())


def _event(visit: Appointment, *, now: datetime) -> Event:
    event = Event()
    # Not the UID of her own invitation: somebody who reads both calendars sees both.
    event.add("uid", f"{visit.uid}@visits.staff")
    event.add("sequence", visit.sequence)
    event.add("dtstamp", now)
    event.add("dtstart", visit.starts_at)
    event.add("dtend", visit.ends_at)
    event.add("summary", f"{visit.service.name}, {_initials(visit)}")
    event.add("location", visit.store.name)
    event.add("url", f"{settings.SITE_URL}{reverse('floor:visit', args=[visit.pk])}")
    return event


def _initials(visit: Appointment) -> str:
    customer = visit.customer
    names = [customer.first_name, customer.last_name] if customer else []
    return " ".join(f"{name[0]}." for name in names if name) or "a guest"
