"""The store's side as pages: who sees what, what is written down, and what a refusal says."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from appointments import booking, promises
from appointments.booking import Contact, Wishes
from appointments.diary import Asked
from appointments.models import Appointment, PieceHold, Service, VisitTask
from builder import inventory
from builder.models import Design
from jeweler.models import AuditEntry, Store
from tests.factories.appointments import ServiceFactory, open_showroom
from tests.factories.builder import DesignFactory, SettingFactory, StoneFactory
from tests.factories.jeweler import NOW, SaleFactory, SaleLineFactory, StaffMemberFactory

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 15, tzinfo=UTC)  # 10:00 on the wall in New York
DAY = "/admin/visits/nyc-lispenard/2026-11-23/"
NOON = MONDAY + timedelta(hours=2)


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def service() -> Service:
    return ServiceFactory()


@pytest.fixture
def store(service: Service) -> Store:
    return open_showroom(associates=2, rooms=2)


@pytest.fixture
def marisol(store: Store) -> Client:
    client = Client()
    client.force_login(StaffMemberFactory(stores=[store]).user)
    return client


def booked(
    store: Store,
    service: Service,
    starts_at: datetime = MONDAY,
    *,
    ring: Design | None = None,
    name: str = "Okafor",
    **wishes: Any,
) -> Appointment:
    stones = [ring.stone] if ring and ring.stone else []
    held = booking.reserve(
        asked=Asked(service=service, store=store, stones=stones), starts_at=starts_at,
        key=uuid.uuid4(), designs=[ring] if ring else [], now=NOW,
    )  # fmt: skip
    contact = Contact(email=f"{name.lower()}@example.com", first_name="Ada", last_name=name)
    return booking.confirm(uid=held.uid, contact=contact, wishes=Wishes(**wishes), now=NOW)


def page(answer: Any) -> str:
    text: str = answer.content.decode()
    return text


def test_the_day_shows_who_comes_what_to_bring_and_what_was_sold(
    marisol: Client, store: Store, service: Service
) -> None:
    ring = DesignFactory(setting=SettingFactory(), stone=StoneFactory(store=store))
    came = booked(store, service, ring=ring)
    booked(store, service, NOON + timedelta(hours=1), name="Lindqvist")
    for do in ("arrived", "seen"):
        marisol.post(reverse("floor:step", args=[came.pk]), {"do": do})
    marisol.post(
        reverse("floor:complete", args=[came.pk]), {"outcome": "ordered", "tried": ring.pk}
    )
    sale = SaleFactory(store=store, customer=came.customer, placed_at=NOON)
    SaleLineFactory(sale=sale, description="Solitaire")
    shown = page(marisol.get(DAY))
    for words in (
        "Monday, 23 November", "Okafor", "sold 4,700", "Lindqvist", "Sold, before tax", "4,700.00",
        "Solitaire", "1.52 ct round", "Shown", "12:00", "Two visits",
    ):  # fmt: skip
        assert words in shown, words
    assert came.visit_designs.get().was_tried
    assert came.holds.get().state == "kept"


def test_a_step_that_is_not_hers_to_take_says_why_and_changes_nothing(
    marisol: Client, store: Store, service: Service
) -> None:
    visit = booked(store, service, NOON + timedelta(hours=1))
    answer = marisol.post(reverse("floor:step", args=[visit.pk]), {"do": "missed"}, follow=True)
    assert "The visit has not begun; it can be cancelled, not missed." in page(answer)
    visit.refresh_from_db()
    assert visit.status == "booked"
    address = reverse("floor:cancel", args=[visit.pk])
    assert "Say in a few words why" in page(marisol.post(address, {"said": " "}))
    assert marisol.post(address, {"said": "She is ill"}).status_code == 302
    assert visit.events.get(kind="cancelled").said == "She is ill"


def test_a_store_that_is_not_hers_does_not_exist(store: Store, service: Service) -> None:
    visit = booked(store, service, ring=DesignFactory(stone=StoneFactory(store=store)))
    hold = visit.holds.get()
    task = VisitTask.objects.create(store=store, key="a", text="Call her", created_at=NOW)
    client = Client()
    client.force_login(StaffMemberFactory(stores=[open_showroom("boston-newbury")]).user)
    assert client.get(DAY).status_code == 404
    assert client.get(reverse("floor:visit", args=[visit.pk])).status_code == 404
    for name, key in (
        ("step", visit.pk), ("move", visit.pk), ("cancel", visit.pk), ("reach", visit.pk),
        ("tick", hold.pk), ("count_in", hold.pk), ("send", hold.pk), ("instead", hold.pk),
        ("settle", task.pk),
    ):  # fmt: skip
        assert client.post(reverse(f"floor:{name}", args=[key])).status_code == 404, name


def test_who_walks_in_is_written_down_by_name_alone_and_is_here(
    marisol: Client, store: Store, service: Service
) -> None:
    form = {"key": str(uuid.uuid4()), "last_name": "Haddad", "service": service.pk}
    for _ in range(2):
        marisol.post(f"{DAY}walk-in/", form)
    visit = Appointment.objects.get()
    assert (visit.status, visit.source, visit.starts_at) == ("arrived", "walk_in", NOON)
    assert visit.customer is not None
    assert visit.customer.contact_points.count() == 0
    assert "here since 12:00" in page(marisol.get(DAY))
    nobody = marisol.post(f"{DAY}walk-in/", {**form, "key": str(uuid.uuid4()), "last_name": ""})
    assert nobody.status_code == 409
    assert "Write her name" in page(nobody)
    tomorrow = marisol.post("/admin/visits/nyc-lispenard/2026-11-24/walk-in/", form)
    assert "Write the time: this is not today’s page." in page(tomorrow)


def test_a_refused_walk_in_says_why_and_what_is_free_and_keeps_what_was_typed(
    marisol: Client, store: Store, service: Service
) -> None:
    booked(store, service, NOON)
    booked(store, service, NOON, name="Lindqvist")
    form = {"key": str(uuid.uuid4()), "last_name": "Haddad", "service": service.pk, "at": "12:30"}
    shown = page(marisol.post(f"{DAY}walk-in/", form))
    assert "Everybody is taken then, until 13:15. Free next to it: 13:15" in shown
    assert 'value="Haddad"' in shown
    late = page(marisol.post(f"{DAY}walk-in/", {**form, "at": "17:30"}))
    assert "it closes at 18:00, and this takes 75 minutes" in late


def test_a_dragged_visit_moves_or_says_why_it_stays(
    marisol: Client, store: Store, service: Service
) -> None:
    visit = booked(store, service, NOON + timedelta(hours=1))
    other = booked(store, service, NOON + timedelta(hours=3), name="Lindqvist")
    address = reverse("floor:move", args=[visit.pk])
    drag = {"day": "2026-11-23", "at": "15:30", "associate": other.associate_id}
    json = {"accept": "application/json"}
    refused = marisol.post(address, drag, headers=json)
    assert refused.status_code == 409
    assert "is taken then, until 16:15" in refused.json()["said"]
    moved = marisol.post(address, {"at": "13:35"}, headers=json)
    assert moved.json() == {"said": "Ada Okafor comes on 23 November at 13:35."}
    visit.refresh_from_db()
    assert visit.starts_at == NOON + timedelta(minutes=95)
    passed = marisol.post(address, {"day": "2026-11-23", "at": "09:00"})
    assert "09:00 has passed" in page(passed)


def test_a_sold_stone_alerts_with_twins_and_one_is_held_in_one_click(
    marisol: Client, store: Store, service: Service
) -> None:
    ring = DesignFactory(setting=SettingFactory(), stone=StoneFactory(store=store))
    assert ring.stone is not None
    visit = booked(store, service, NOON + timedelta(hours=3), ring=ring)
    twin = StoneFactory(store=store)
    sale = SaleFactory(store=open_showroom("boston-newbury"), placed_at=NOON)
    SaleLineFactory(sale=sale, report_number=ring.stone.report_number)
    inventory.sell(stone=ring.stone, sale_id=sale.pk, at=NOON, now=NOON)
    promises.break_(stone=ring.stone, why=f"{ring.stone} was sold", now=NOON, cause="sold:1")
    shown = page(marisol.get(DAY))
    assert "promised for 15:00 was sold in Osmere boston-newbury at 12:00" in shown
    assert "At 12:15 our mail offers her it, unless you tell her first." in shown
    hold = visit.holds.get()
    address = reverse("floor:instead", args=[hold.pk])
    assert marisol.post(address, {"stone": twin.pk}).status_code == 302
    assert PieceHold.objects.get(state="promised").stone == twin
    shown = page(marisol.get(DAY))
    assert "promised for 15:00" not in shown
    assert ", instead" in shown
    assert VisitTask.objects.get().done_at == NOON


def test_a_visit_s_page_covers_how_to_reach_her_until_somebody_asks(
    marisol: Client, store: Store, service: Service
) -> None:
    ring = DesignFactory(setting=SettingFactory(), stone=StoneFactory(store=store))
    visit = booked(store, service, ring=ring, is_surprise=True, note="Say nothing to Jo")
    address = reverse("floor:visit", args=[visit.pk])
    shown = page(marisol.get(address))
    assert "A surprise: call her mobile only." in shown
    assert "Say nothing to Jo" in shown
    assert reverse("counter-design", args=[ring.code]) in shown
    assert "okafor@example.com" not in shown
    assert "okafor@example.com" in page(marisol.post(reverse("floor:reach", args=[visit.pk])))
    assert AuditEntry.objects.get(action="customer.uncovered").detail == {"visit": visit.pk}
    marisol.post(reverse("floor:note", args=[visit.pk]), {"said": "Likes it low"})
    assert "Likes it low" in page(marisol.get(address))


def test_a_label_that_is_scanned_ticks_its_piece(
    marisol: Client, store: Store, service: Service
) -> None:
    ring = DesignFactory(setting=SettingFactory(), stone=StoneFactory(store=store))
    visit = booked(store, service, NOON + timedelta(hours=1), ring=ring)
    scanned = f"https://osmere.example/admin/counter/?q={ring.code}&key=qr"
    answer = marisol.post(f"{DAY}tray/scan/", {"text": scanned}, follow=True)
    assert "is on the tray." in page(answer)
    assert visit.holds.get().brought_at == NOON
    unknown = marisol.post(f"{DAY}tray/scan/", {"text": "123"}, follow=True)
    assert "No visit of this day needs 123." in page(unknown)


def test_the_day_asks_a_fixed_number_of_queries(
    marisol: Client, store: Store, service: Service, django_assert_max_num_queries: Any
) -> None:
    for hour in range(0, 6, 2):
        ring = DesignFactory(setting=SettingFactory(), stone=StoneFactory(store=store))
        booked(store, service, MONDAY + timedelta(hours=hour), name=f"Guest{hour}", ring=ring)
        SaleLineFactory(sale=SaleFactory(store=store, placed_at=NOON))
    with django_assert_max_num_queries(20):
        marisol.get(DAY)
