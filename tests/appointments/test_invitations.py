"""Invitations, read back by two libraries that know nothing of us."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
import vobject
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as how_often
from hypothesis import strategies as st
from icalendar import Calendar

from appointments import booking, bringing, invitations
from appointments.booking import Contact, Wishes
from appointments.diary import Asked
from appointments.models import Appointment
from jeweler.models import EmailMessage
from tests.factories.appointments import ServiceFactory, open_showroom
from tests.factories.builder import DesignFactory
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 15, tzinfo=UTC)
URL = "https://shop.example/visits/AAAA.BBBB/"


def booked(*, is_surprise: bool = False) -> Appointment:
    service = ServiceFactory()
    asked = Asked(service=service, store=open_showroom())
    held = booking.reserve(asked=asked, starts_at=MONDAY, key=uuid.uuid4(), now=NOW)
    ada = Contact(email="ada@example.com", first_name="Ada", last_name="Okafor")
    return booking.confirm(
        uid=held.uid, contact=ada, wishes=Wishes(is_surprise=is_surprise), now=NOW
    )


def told(visit: Appointment, method: str = "REQUEST") -> str:
    return invitations.calendar(visit, method=method, url=URL, now=NOW)


def test_two_libraries_read_the_same_visit() -> None:
    text = told(booked())
    [event] = Calendar.from_ical(text).walk("VEVENT")
    other = vobject.readOne(text)
    assert event["DTSTART"].dt == other.vevent.dtstart.value == MONDAY
    assert event["DTEND"].dt == other.vevent.dtend.value == MONDAY + timedelta(hours=1)
    assert event["DTSTAMP"].dt == NOW
    assert "DTSTART:20261123T150000Z\r\n" in text
    assert other.method.value == "REQUEST"
    assert event["STATUS"] == "CONFIRMED"
    assert event["URL"] == other.vevent.url.value == URL
    assert other.vevent.location.value.endswith("12 Lispenard Street, New York")
    assert event["ORGANIZER"] == "mailto:hello@osmere.example"
    assert other.vevent.attendee.value == "mailto:ada@example.com"
    assert event["ATTENDEE"].params["CN"] == "Ada Okafor"
    assert event["SUMMARY"] == f"Viewing, {settings.SITE_NAME}"


def test_from_booked_to_cancelled_it_stays_one_event_and_each_mail_is_newer() -> None:
    visit = booked()
    visit = booking.move(
        appointment=visit, starts_at=MONDAY + timedelta(hours=2), now=NOW + timedelta(minutes=1)
    )
    visit = bringing.bring(
        appointment=visit, design=DesignFactory(), now=NOW + timedelta(minutes=2)
    )
    booking.cancel(appointment=visit, now=NOW + timedelta(minutes=3))
    mails = EmailMessage.objects.exclude(calendar="").order_by("queued_at")
    read = [Calendar.from_ical(each.calendar) for each in mails]
    events = [each.walk("VEVENT")[0] for each in read]
    assert [event["SEQUENCE"] for event in events] == [0, 1, 2, 3]
    assert {str(event["UID"]) for event in events} == {str(visit.uid)}
    assert [str(each["METHOD"]) for each in read] == [each.calendar_method for each in mails]
    assert [str(each["METHOD"]) for each in read] == [*["REQUEST"] * 3, "CANCEL"]
    assert events[-1]["STATUS"] == "CANCELLED"
    assert {str(event["ORGANIZER"]) for event in events} == {"mailto:hello@osmere.example"}
    assert len({str(event["ATTENDEE"]) for event in events}) == 1
    assert events[1]["DTSTART"].dt == MONDAY + timedelta(hours=2)


def test_a_surprise_is_an_appointment_like_any_other() -> None:
    text = told(booked(is_surprise=True)).lower()
    for word in ("ring", "viewing", "diamond", settings.SITE_NAME.lower() + ","):
        assert word not in text.replace("string", "")
    assert "summary:appointment\r\n" in text


def test_a_store_that_is_called_by_its_city_is_found_by_the_houses_name() -> None:
    visit = booked()
    visit.store.name = visit.store.city
    [event] = Calendar.from_ical(told(visit)).walk("VEVENT")
    assert str(event["LOCATION"]) == f"{settings.SITE_NAME}, 12 Lispenard Street, New York"


@pytest.fixture
def visit() -> Appointment:
    return booked()


@how_often(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=200))
def test_whatever_a_store_is_called_lines_are_short_and_read_back(
    visit: Appointment, words: str
) -> None:
    visit.store.name = words
    text = told(visit)
    lines = text.split("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert max(len(line.encode()) for line in lines) <= 75
    [event] = Calendar.from_ical(text).walk("VEVENT")
    assert str(event["LOCATION"]) == f"{words}, 12 Lispenard Street, New York"
    assert vobject.readOne(text).vevent.location.value == str(event["LOCATION"])
