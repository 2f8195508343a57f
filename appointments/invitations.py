"""A visit as her calendar takes it up: iCalendar (RFC 5545) by the rules of invitations (RFC 5546 and 6047).

Promise: one UID for the visit's whole life, a SEQUENCE that rises with whatever changed, and a cancellation that calendars act on;
times in UTC, so that no calendar has to know a zone. We are the organizer: answers come to our own address. A surprise is an
appointment like any other, without the house's name or a word of what it is about.

Limit: some calendars take an update up only when she opens the mail; the page behind the visit's link is always right.
"""

from datetime import UTC, datetime
from email.utils import parseaddr

from django.conf import settings
from icalendar import Calendar, Event, vCalAddress, vText, vUri

from appointments.models import Appointment, Service

REQUEST, CANCEL, PUBLISH = "REQUEST", "CANCEL", "PUBLISH"


def calendar(visit: Appointment, *, method: str, url: str, now: datetime) -> str:
    """The visit as it stands, with CRLF line ends. `url`: where she looks after it. PUBLISH: for a file that she takes herself."""
    whole = Calendar()
    whole.add("prodid", f"-//{settings.SITE_NAME}//Visits//EN")
    whole.add("version", "2.0")
    whole.add("calscale", "GREGORIAN")
    whole.add("method", method)
    whole.add_component(_event(visit, method=method, url=url, now=now))
    written: bytes = whole.to_ical()
    return written.decode()


def _event(visit: Appointment, *, method: str, url: str, now: datetime) -> Event:
    is_over = method == CANCEL or visit.status == Appointment.Status.CANCELLED
    event = Event()
    event.add("uid", str(visit.uid))
    event.add("sequence", visit.sequence)
    event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", visit.starts_at.astimezone(UTC))
    event.add("dtend", visit.ends_at.astimezone(UTC))
    event.add("status", "CANCELLED" if is_over else "CONFIRMED")
    event.add("summary", summary(visit))
    event.add("location", location(visit))
    event.add("description", _description(visit, url))
    event["url"] = vUri(url)
    event.add("transp", "OPAQUE")
    event["organizer"] = _organizer(visit)
    if visit.email and method != PUBLISH:
        event.add("attendee", _attendee(visit))
    return event


def summary(visit: Appointment) -> str:
    if visit.is_surprise:
        return "Appointment"
    return f"{visit.service.name}, {settings.SITE_NAME}"


def location(visit: Appointment) -> str:
    """Where she has to be, without the house's name when it is a surprise."""
    if visit.service.place == Service.Place.VIDEO:
        return "By video"
    store = visit.store
    address = f"{store.street}, {store.city}"
    if visit.is_surprise:
        return address
    # A house may call its stores by their cities alone.
    name = settings.SITE_NAME if store.name == store.city else store.name
    return f"{name}, {address}"


def _description(visit: Appointment, url: str) -> str:
    look_after = f"To move or cancel it: {url}"
    if visit.is_surprise or visit.associate is None:
        return look_after
    return f"{visit.associate.name} receives you.\n{look_after}"


def _organizer(visit: Appointment) -> vCalAddress:
    sender = settings.DISCREET_FROM_EMAIL if visit.is_surprise else settings.DEFAULT_FROM_EMAIL
    name, address = parseaddr(sender)
    organizer = vCalAddress(f"mailto:{address}")
    organizer.params["CN"] = vText(name or settings.SITE_NAME)
    return organizer


def _attendee(visit: Appointment) -> vCalAddress:
    """She chose the time herself: nobody waits for her answer."""
    attendee = vCalAddress(f"mailto:{visit.email}")
    customer = visit.customer
    name = f"{customer.first_name} {customer.last_name}".strip() if customer else ""
    attendee.params["CN"] = vText(name or visit.email)
    attendee.params["ROLE"] = vText("REQ-PARTICIPANT")
    attendee.params["PARTSTAT"] = vText("ACCEPTED")
    attendee.params["RSVP"] = vText("FALSE")
    return attendee
