"""Her visit by its link: looking changes nothing, and every button does what it says."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from appointments import booking, links, looking, promises
from appointments.diary import Asked
from appointments.links import Purpose
from appointments.models import Appointment, Service, VisitTask
from builder.models import Stone
from jeweler.models import EmailMessage, Store
from tests.appointments.test_booking import ADA
from tests.appointments.test_views_booking import buttons, page_of, whole_ring
from tests.factories.appointments import ServiceFactory, open_showroom
from tests.factories.builder import DesignFactory, StoneFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def service() -> Service:
    return ServiceFactory()


@pytest.fixture
def store(service: Service) -> Store:
    return open_showroom()


def booked(store: Store, service: Service, *, stones: tuple[Stone, ...] = (), risk: str = "", **more: Any) -> Appointment:  # fmt: skip
    now = timezone.now()
    asked = Asked(service=service, store=store, stones=stones)
    start = looking.next_available(asked, now=now + timedelta(days=2))
    assert start is not None
    held = booking.reserve(asked=asked, starts_at=start, key=uuid.uuid4(), now=now, **more)
    return booking.confirm(uid=held.uid, contact=ADA, risk=risk, now=now)


def manage(visit: Appointment, purpose: Purpose = Purpose.MANAGE) -> str:
    name = {Purpose.MANAGE: "visits:manage", Purpose.VERIFY: "visits:verify"}[purpose]
    return reverse(name, args=[links.token(visit, purpose=purpose)])


def test_the_page_tells_all_of_the_visit_and_is_kept_by_nobody(
    client: Client, store: Store, service: Service
) -> None:
    stone = StoneFactory(store=store)
    visit = booked(store, service, stones=(stone,), designs=[DesignFactory(stone=stone)])
    answer = client.get(manage(visit))
    page = page_of(answer)
    assert stone.report_number in page
    assert "Promised to you; is there already" in page
    assert "New York time" in page
    assert store.street in page
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Referrer-Policy"] == "same-origin"
    before = Appointment.objects.values().get()
    client.head(manage(visit))
    assert Appointment.objects.values().get() == before


def test_a_visit_is_moved_by_the_same_month_and_cancelled_with_a_reason(
    client: Client, store: Store, service: Service
) -> None:
    visit = booked(store, service)
    move = f"{manage(visit)}move/"
    times = client.get(move)
    other = next(start for start in buttons(times) if start != visit.starts_at.isoformat())
    moved = client.post(move, {"start": other}, follow=True)
    assert "It is moved to" in page_of(moved)
    visit.refresh_from_db()
    assert visit.starts_at.isoformat() == other
    assert "Cancel this visit" in page_of(moved)
    gone = client.post(manage(visit), {"do": "cancel", "why": "time"}, follow=True)
    assert gone.status_code == 410
    assert "This visit was cancelled" in page_of(gone)
    assert "Book again" in page_of(gone)
    assert visit.events.get(kind="cancelled").said == "The time does not suit"
    assert client.get(move).status_code == 302


def test_a_move_to_a_time_that_has_gone_says_what_is_free_and_leaves_the_visit(
    client: Client, store: Store, service: Service
) -> None:
    visit = booked(store, service)
    taken = booked(store, service)
    answer = client.post(f"{manage(visit)}move/", {"start": taken.starts_at.isoformat()})
    assert answer.status_code == 409
    assert "Your visit stays as it was" in page_of(answer)
    assert "Near it are free" in page_of(answer)
    assert client.post(f"{manage(visit)}move/", {"start": "x"}).status_code == 400


def test_another_of_her_rings_is_added(client: Client, store: Store, service: Service) -> None:
    visit = booked(store, service)
    design = whole_ring(client, StoneFactory(store=store))
    assert design.code in page_of(client.get(manage(visit)))
    client.post(manage(visit), {"do": "bring", "design": design.code})
    assert visit.designs.get() == design
    refused = Client().post(manage(visit), {"do": "bring", "design": "OS-7K4Q-2M9"}, follow=True)
    assert "not on your list" in page_of(refused)


def test_a_stone_that_is_gone_is_replaced_by_one_click_and_by_nothing_that_was_not_offered(
    client: Client, store: Store, service: Service
) -> None:
    stone, twin = StoneFactory(store=store), StoneFactory(store=store)
    visit = booked(store, service, stones=(stone,), designs=[DesignFactory(stone=stone)])
    Stone.objects.filter(pk=stone.pk).update(status="sold", sold_at=timezone.now())
    promises.break_(stone=stone, why="It was sold", now=timezone.now(), cause="sold:1")
    page = page_of(client.get(manage(visit)))
    assert "A stone you meant to see is gone" in page
    (offered,) = set(re.findall(r'name="instead" value="([^"]+)"', page))
    hold, _, other = offered.partition("-")
    assert other == str(twin.pk)
    refused = client.post(manage(visit), {"do": "replace", "instead": f"{hold}-{stone.pk}"}, follow=True)  # fmt: skip
    assert "promised to another visit" in page_of(refused)
    done = client.post(manage(visit), {"do": "replace", "instead": offered}, follow=True)
    assert "will be on the tray instead" in page_of(done)
    assert visit.holds.get(state="promised").stone == twin
    assert VisitTask.objects.get().done_at is not None


def test_an_odd_visit_is_confirmed_by_the_link_of_its_mail_alone(
    client: Client, store: Store, service: Service
) -> None:
    visit = booked(store, service, risk="A throw-away address")
    assert "Please confirm it" in page_of(client.get(manage(visit)))
    verify = manage(visit, Purpose.VERIFY)
    client.get(verify)
    visit.refresh_from_db()
    assert visit.verified_at is None
    assert "It is booked" in page_of(client.post(verify, follow=True))
    visit.refresh_from_db()
    assert visit.verified_at is not None
    mails = EmailMessage.objects.filter(to="ada@example.com").order_by("pk")
    assert [mail.key.rpartition(":")[2] for mail in mails] == ["verify", "confirmed"]
    assert client.get(verify).status_code == 302


def test_the_calendar_file_is_the_visit_as_it_stands(
    client: Client, store: Store, service: Service
) -> None:
    visit = booked(store, service)
    answer = client.get(f"{manage(visit)}visit.ics")
    text = answer.content.decode()
    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert f"{visit.starts_at:DTSTART:%Y%m%dT%H%M%SZ}" in text
    assert "METHOD:PUBLISH" in text


def test_an_old_link_ends_with_a_clear_page(client: Client, store: Store, service: Service) -> None:
    visit = booked(store, service)
    old = manage(visit)
    Appointment.objects.update(link_version=1)
    for address in (old, f"{old}move/", f"{old}visit.ics", manage(visit, Purpose.VERIFY)):
        answer = client.get(address)
        assert answer.status_code == 410
        assert "no longer opens a visit" in page_of(answer)
    assert client.post(old, {"do": "cancel"}).status_code == 410
    assert Appointment.objects.get().status == "booked"
