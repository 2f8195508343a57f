"""Who may book how often, and which visit has to be confirmed by its mail."""

from datetime import timedelta

import pytest
from django.test import Client

from appointments import booking, risk
from appointments.booking import Contact
from appointments.models import Appointment, Service
from builder import allowances
from jeweler.models import EmailMessage, Store
from tests.appointments.test_booking import DAY, MONDAY, book, reserve
from tests.appointments.test_views_booking import ADA, form_of, held, hold, page_of
from tests.factories.appointments import ServiceFactory, open_showroom
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def service() -> Service:
    return ServiceFactory()


@pytest.fixture
def store(service: Service) -> Store:
    return open_showroom()


def test_a_throw_away_address_is_booked_and_let_go_when_nobody_confirms_it(
    store: Store, service: Service
) -> None:
    assert risk.judge(email="ada@example.com") == ""
    why = risk.judge(email="ada@Mailinator.com")
    assert why == "A throw-away address"
    contact = Contact(email="ada@mailinator.com", first_name="Ada")
    odd, proved = (
        booking.confirm(
            uid=reserve(store, service, MONDAY + days * DAY).uid, contact=contact, risk=why, now=NOW
        )
        for days in range(2)
    )
    risk.verify(appointment=proved, now=NOW)
    assert risk.is_unverified(odd)
    assert risk.let_go_unverified(now=NOW + timedelta(hours=2) - timedelta(seconds=1)) == 0
    assert risk.let_go_unverified(now=NOW + timedelta(hours=2)) == 1
    odd.refresh_from_db()
    proved.refresh_from_db()
    assert (odd.status, proved.status) == ("cancelled", "booked")
    told = EmailMessage.objects.latest("pk")
    assert told.key.endswith(":lapsed")
    assert "heard nothing" in told.text
    assert told.calendar == ""  # none was ever sent one
    assert risk.let_go_unverified(now=NOW + DAY) == 0


def test_whoever_never_came_is_asked_to_confirm(store: Store, service: Service) -> None:
    for days in range(2):
        book(store, service, MONDAY + days * DAY)
    Appointment.objects.update(status="missed")
    assert risk.judge(email="ada@example.com") == "Did not come 2 times before"
    Appointment.objects.filter(pk=Appointment.objects.latest("pk").pk).update(status="attended")
    assert risk.judge(email="ada@example.com") == ""


def test_a_contact_has_three_visits_at_once(store: Store, service: Service) -> None:
    for days in range(3):
        book(store, service, MONDAY + days * DAY)
    with pytest.raises(risk.TooManyVisits):
        risk.take_booking(network="192.0.2.1", email="ada@example.com", now=NOW)
    risk.take_booking(network="192.0.2.1", email="ada@example.com", now=MONDAY + 4 * DAY)


def test_a_network_holds_as_many_times_as_an_office_needs(store: Store, service: Service) -> None:
    for _ in range(risk.HOLDS.most):
        risk.take_hold(network="192.0.2.1", now=NOW)
    with pytest.raises(allowances.TooMany):
        risk.take_hold(network="192.0.2.1", now=NOW)
    risk.take_hold(network="192.0.2.2", now=NOW)


def test_an_odd_booking_is_sent_to_its_inbox_and_not_to_the_visit(
    client: Client, store: Store
) -> None:
    hold(client)
    answer = client.post(form_of(held()), ADA | {"email": "ada@mailinator.com"}, follow=True)
    assert "One step more" in page_of(answer)
    assert held().risk
    assert "One step more" in page_of(client.get(form_of(held())))
