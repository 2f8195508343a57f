"""Who waits for a time, and to whom one that came free is offered."""

import re
from datetime import date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from appointments import booking, links, looking, waitlist
from appointments.links import Purpose
from appointments.models import Appointment, Service, WaitlistEntry
from jeweler import outbox
from jeweler.models import EmailMessage, Store
from tests.appointments.test_booking import DAY, MONDAY, book, starts
from tests.appointments.test_views_booking import page_of
from tests.factories.appointments import ServiceFactory, open_showroom
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db

THAT_DAY = MONDAY.date()


@pytest.fixture
def service() -> Service:
    return ServiceFactory(most_per_day=1)


@pytest.fixture
def store(service: Service) -> Store:
    return open_showroom()


def wait(store: Store, service: Service, email: str, day: date = THAT_DAY) -> WaitlistEntry:
    return waitlist.join(
        store=store, service=service, email=email, name="Bo Berg", since_date=day, until_date=day, now=NOW
    )  # fmt: skip


def states() -> list[str]:
    return list(WaitlistEntry.objects.order_by("pk").values_list("state", flat=True))


def cancel(visit: Appointment, now: datetime = NOW) -> None:
    booking.cancel(appointment=visit, now=now)
    outbox.deliver_due(now=now)


def test_a_freed_time_is_kept_for_whoever_waits_longest_and_for_nobody_else(
    store: Store, service: Service
) -> None:
    visit = book(store, service)
    for email in ("bo@example.com", "cy@example.com"):
        wait(store, service, email)
    assert waitlist.offer(now=NOW) == 0
    cancel(visit)
    assert states() == ["offered", "waiting"]
    offer = WaitlistEntry.objects.earliest("pk").offer
    assert offer is not None
    assert offer.starts_at == MONDAY
    assert offer.expires_at == NOW + timedelta(hours=4)
    assert starts(store, service, MONDAY) == []
    assert EmailMessage.objects.filter(to="bo@example.com").count() == 1
    assert waitlist.offer(now=NOW) == 0


def test_a_time_not_taken_goes_to_the_next_and_then_to_everybody(
    store: Store, service: Service
) -> None:
    visit = book(store, service)
    for email in ("bo@example.com", "cy@example.com"):
        wait(store, service, email)
    cancel(visit)
    waitlist.offer(now=NOW + timedelta(hours=4))
    assert states() == ["ended", "offered"]
    waitlist.offer(now=NOW + timedelta(hours=7))
    assert states() == ["ended", "offered"]
    assert starts(store, service, MONDAY) == []
    waitlist.offer(now=NOW + timedelta(hours=8))
    assert states() == ["ended", "ended"]
    asked = booking.Asked(service=service, store=store)
    later = NOW + timedelta(hours=8)
    assert MONDAY in looking.slots(asked, since=MONDAY, until=MONDAY + DAY, now=later)


def test_an_offer_of_the_evening_is_kept_until_the_morning(store: Store, service: Service) -> None:
    visit = book(store, service)
    wait(store, service, "bo@example.com")
    evening = NOW + timedelta(hours=10)  # eight o'clock in New York
    cancel(visit, evening)
    offer = WaitlistEntry.objects.get().offer
    assert offer is not None
    assert offer.expires_at == NOW + DAY - timedelta(hours=1)


def test_nobody_is_written_to_at_night_nor_for_another_day(store: Store, service: Service) -> None:
    visit = book(store, service, MONDAY + DAY)
    wait(store, service, "bo@example.com", (MONDAY + DAY).date())
    night = NOW.replace(hour=4) + DAY
    cancel(visit, night)
    assert states() == ["waiting"]
    other = wait(store, service, "cy@example.com", (MONDAY - 2 * DAY).date())
    assert other.since_date == NOW.date()
    assert waitlist.offer(now=night.replace(hour=15)) == 1
    assert states()[0] == "offered"
    waitlist.tidy(now=NOW + 3 * DAY)
    assert states()[1] == "ended"


def test_a_time_that_a_moved_visit_leaves_is_offered(store: Store, service: Service) -> None:
    visit = book(store, service)
    wait(store, service, "bo@example.com")
    booking.move(appointment=visit, starts_at=MONDAY + DAY, now=NOW)
    outbox.deliver_due(now=NOW)
    assert states() == ["offered"]


def test_the_offer_is_taken_by_its_button_and_declined_by_the_other(
    client: Client, service: Service, store: Store
) -> None:
    wait(store, service, "bo@example.com", timezone.now().date() + timedelta(days=3))
    day = timezone.now().replace(hour=17) + DAY
    WaitlistEntry.objects.update(since_date=day.date(), until_date=day.date() + 3 * DAY)
    assert waitlist.offer(now=day) == 1
    offer = WaitlistEntry.objects.get().offer
    assert offer is not None
    Appointment.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    address = reverse("visits:offered", args=[links.token(offer, purpose=Purpose.OFFER)])
    assert "Yes, book it" in page_of(client.get(address))
    assert states() == ["offered"]
    taken = page_of(client.post(address, follow=True))
    assert "It is booked" in taken
    assert states() == ["booked"]
    assert client.get(address).status_code == 302
    Appointment.objects.update(status="held", expires_at=timezone.now() + timedelta(hours=1))
    WaitlistEntry.objects.update(state="offered")
    client.post(address, {"do": "decline"})
    assert states() == ["ended"]
    assert client.get(address).status_code == 410


def test_she_joins_from_a_full_day_and_waits_once(
    client: Client, service: Service, store: Store
) -> None:
    address = (
        f"{reverse('visits:waiting')}?store={store.code}&service={service.code}&day=2030-01-02"
    )
    assert 'value="2030-01-02"' in page_of(client.get(address))
    said = {"name": "Bo Berg", "email": "bo@example.com", "since_date": "2030-01-05", "until_date": "2030-01-02"}  # fmt: skip
    refused = client.post(address, said)
    assert refused.status_code == 400
    assert "before the first one" in page_of(refused)
    today = timezone.now().date()
    days = {"since_date": f"{today}", "until_date": f"{today + timedelta(days=4)}"}
    for _ in range(2):
        assert "You are on the list" in page_of(client.post(address, said | days))
    assert states() == ["waiting"]
    assert re.search("bo@example.com", WaitlistEntry.objects.get().email)


def test_whoever_did_not_take_an_offer_is_told_once_that_it_went_to_the_next(
    store: Store, service: Service
) -> None:
    visit = book(store, service)
    wait(store, service, "bo@example.com")
    declined = wait(store, service, "cy@example.com")
    cancel(visit)
    for _ in range(2):
        waitlist.offer(now=NOW + timedelta(hours=4))
    over = EmailMessage.objects.get(key__endswith=":offer_over")
    assert over.to == "bo@example.com"
    assert f"/visits/waiting/?store={store.code}&service={service.code}" in over.text
    declined.refresh_from_db()
    assert declined.offer is not None
    waitlist.decline(appointment=declined.offer, now=NOW + timedelta(hours=5))
    waitlist.offer(now=NOW + timedelta(hours=9))
    assert EmailMessage.objects.filter(key__endswith=":offer_over").count() == 1
