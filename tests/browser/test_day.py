"""A store's day in a real browser: checked in by a click, the tray by keyboard, moved by dragging, and who walks in."""

import re
import uuid
from datetime import date, datetime, time, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from appointments import booking, promises
from appointments.booking import Contact, Wishes
from appointments.diary import Asked
from appointments.models import Appointment, Service
from builder import inventory
from builder.models import Design, Setting, Stone
from jeweler.models import StaffMember, Store
from tests.browser.conftest import Visit, rounds
from tests.factories.appointments import ServiceFactory, open_showroom
from tests.factories.builder import DesignFactory
from tests.factories.jeweler import StaffMemberFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def service() -> Service:
    return ServiceFactory()


@pytest.fixture
def store(service: Service) -> Store:
    """Open day and night, so that it is open whenever the test runs."""
    return open_showroom(rooms=4, associates=3, opens=time(0, 1), closes=time(0, 0))


@pytest.fixture
def on(store: Store) -> date:
    """Tomorrow: nothing of it has passed."""
    return timezone.now().astimezone(store.zone).date() + timedelta(days=1)


def booked(
    store: Store,
    service: Service,
    on: date,
    hour: int,
    *,
    name: str,
    stone: Stone,
    **wishes: object,
) -> Appointment:
    ring = DesignFactory(setting=Setting.objects.get(code="alba"), stone=stone)
    held = booking.reserve(
        asked=Asked(service=service, store=store, stones=[stone]), key=uuid.uuid4(),
        starts_at=datetime.combine(on, time(hour), tzinfo=store.zone), designs=[ring],
        now=timezone.now(),
    )  # fmt: skip
    contact = Contact(email=f"{name.lower()}@example.com", first_name="Ada", last_name=name)
    return booking.confirm(
        uid=held.uid, contact=contact, wishes=Wishes(**wishes), now=timezone.now()  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.fixture
def floor(visit: Visit, store: Store, service: Service, on: date) -> Visit:
    """Marisol's day: three visits, the stone of one of them sold."""
    here = list(rounds()[:8])
    Stone.objects.filter(pk__in=[stone.pk for stone in here]).update(store=store)
    # The visits are of the associates' shifts, from 8 to 22.
    booked(store, service, on, 10, name="Whitcombe", stone=rounds()[0])
    booked(store, service, on, 12, name="Raman", stone=rounds()[3])
    booked(store, service, on, 16, name="Abbott", stone=rounds()[6], is_surprise=True)
    sold = rounds()[3]
    inventory.sell(stone=sold, sale_id=1, at=timezone.now(), now=timezone.now())
    promises.break_(stone=sold, why=f"{sold} was sold", now=timezone.now(), cause="sold:1")
    client = Client()
    client.force_login(StaffMemberFactory(role=StaffMember.Role.MANAGER, stores=[store]).user)
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": visit.shop}
    visit.page.context.add_cookies([session])
    return visit


def test_a_day_from_the_alert_to_who_walks_in(floor: Visit, store: Store, on: date) -> None:
    page = floor.page
    floor.go(f"/admin/visits/{store.code}/{on}/")
    expect(page.get_by_role("alert")).to_contain_text("promised for 12:00 was sold")
    floor.check("alert")
    page.get_by_role("button", name="Hold for 12:00").first.click()
    expect(page.get_by_text("is held for her in its place.")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)

    box = page.get_by_role("checkbox", name="1.52 ct round").first
    box.focus()
    with page.expect_response(lambda answer: "/tick/" in answer.url):
        page.keyboard.press("Space")
    expect(page.get_by_text("On the counter").first).to_be_visible()
    expect(box).to_be_focused()
    assert Appointment.objects.get(customer__last_name="Whitcombe").holds.get().brought_at

    page.get_by_role("button", name=re.compile("Check in.*Whitcombe")).click()
    expect(page.get_by_text("Ada Whitcombe is here.")).to_be_visible()

    form = page.locator("#walk-in")
    form.get_by_label("Last name").fill("Haddad")
    form.get_by_label("At", exact=True).fill("10:30")
    form.get_by_role("button", name="Write it down").click()
    expect(page.get_by_role("link", name="Haddad", exact=True)).to_be_visible()
    floor.check()

    page.get_by_role("link", name="Print the tray list").click()
    expect(page.get_by_role("heading", name="Whitcombe")).to_be_visible()
    floor.check()
    page.go_back()
    page.get_by_role("link", name="Ada Whitcombe").click()
    page.get_by_role("radio", name="Ordered").check()
    floor.check("here")
    page.get_by_role("button", name="Write it down").click()
    expect(page.get_by_text("has left, and it is written down.")).to_be_visible()
    assert Design.objects.filter(appointments__status="attended").count() == 1
    floor.go("/admin/visits/figures/")
    floor.check()


@pytest.mark.width(1280)
def test_a_dragged_visit_moves_and_a_refused_one_snaps_back(
    floor: Visit, store: Store, on: date
) -> None:
    page = floor.page
    floor.go(f"/admin/visits/{store.code}/{on}/")
    abbott = Appointment.objects.get(customer__last_name="Abbott")
    box = page.locator(f"[data-visit='{abbott.pk}'] rect")
    box.scroll_into_view_if_needed()
    minute = page.evaluate("document.querySelector('[data-lanes]').getScreenCTM().a * document.querySelector('[data-lanes]').dataset.minute")  # fmt: skip

    def drag(minutes: int) -> None:
        at = box.bounding_box()
        assert at
        x, y = at["x"] + 10, at["y"] + at["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + minutes * minute / 2, y)
        page.mouse.move(x + minutes * minute, y)
        with page.expect_response(lambda answer: "/move/" in answer.url):
            page.mouse.up()

    drag(-15)
    expect(page.locator(f"[data-visit='{abbott.pk}']")).to_have_attribute(
        "aria-label", "15:45 Abbott"
    )
    drag(7 * 60)
    expect(page.locator("[data-said]")).to_contain_text("does not work here then")
    expect(page.locator(f"[data-visit='{abbott.pk}']")).not_to_have_attribute("transform", "")
    abbott.refresh_from_db()
    assert abbott.starts_at == datetime.combine(on, time(15, 45), tzinfo=store.zone)
