"""From the ring to a booked visit on a phone, moved by its mail and met at the door; booked and cancelled without scripts."""

import re

import pytest
from django.test import Client
from playwright.sync_api import expect
from pytest_playwright import CreateContextCallback

from appointments.models import Appointment, PieceHold
from builder.models import Stone
from jeweler.models import EmailMessage, Store
from tests.browser.conftest import Visit, rounds, visiting
from tests.factories.appointments import ServiceFactory, open_showroom
from tests.factories.jeweler import StaffMemberFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def showroom(shop: str) -> Store:
    """Boston receives visitors; its first stone lies there."""
    ServiceFactory(promise="The stones you chose, in your hand.")
    ServiceFactory(code="video", name="By video", place="video", takes_room=False, position=1)
    boston = Store.objects.get(city="Boston")
    open_showroom(boston.code, rooms=2, associates=2)
    Stone.objects.filter(pk=rounds()[0].pk).update(store=boston)
    return boston


@pytest.mark.parametrize("visit", [390], indirect=True, ids=["phone"])
def test_from_the_ring_to_the_lookbook_another_time_and_the_door_of_the_showroom(
    visit: Visit, elsewhere: Visit, showroom: Store, new_context: CreateContextCallback
) -> None:
    page = visit.page
    design = visit.take_up()
    visit.go("/ring/summary/")
    page.locator("#visit").scroll_into_view_if_needed()
    expect(page.locator("#visit .seen")).to_contain_text("It is here now; first time")
    visit.go("/ring/")
    page.get_by_role("link", name="See it in person").click()
    expect(page.get_by_role("heading", name="See it in person")).to_be_visible()
    visit.check()
    page.get_by_role("link", name="Later").click()
    expect(page).to_have_url(re.compile("month="))
    page.locator(".days a").nth(4).click()
    expect(page).to_have_url(re.compile("day="))
    page.locator(".times button").first.click()

    expect(page.get_by_text("Kept for you")).to_be_visible()
    expect(page.locator("#left")).to_have_text("for 10 more minutes.")
    page.get_by_text("What should we know?").click()
    visit.check()
    page.get_by_label("Your name").fill("Ada Okafor")
    page.get_by_label("Your e-mail").fill("ada@example.com")
    page.get_by_role("button", name="Book it").click()
    expect(page.get_by_text("It is booked.")).to_be_visible()
    expect(page.get_by_text("Promised to you; is there already")).to_be_visible()
    visit.check("booked")
    booked = Appointment.objects.get(status="booked")
    assert list(booked.designs.all()) == [design]

    # Weeks later, elsewhere: the lookbook leads to her visit, and opening it changes nothing.
    lookbook = EmailMessage.objects.get(kind="appointments/lookbook")
    found = re.search(r"https?://[^/]+(/visits/\S+/)", lookbook.text)
    assert found
    assert "1.52 ct" in lookbook.text
    visiting(elsewhere.page, visit.shop).go(found[1])
    page = elsewhere.page
    page.get_by_role("link", name="Move it").click()
    elsewhere.check()
    page.locator(".times button").last.click()
    expect(page.get_by_text("It is moved to")).to_be_visible()
    booked.refresh_from_db()
    assert (booked.status, booked.sequence) == ("booked", 1)

    day = f"{booked.starts_at.astimezone(showroom.zone):%Y-%m-%d}"
    staff = staff_page(visit, new_context, store=showroom)
    staff.go(f"/admin/visits/{showroom.code}/{day}/")
    staff.page.get_by_role("button", name=re.compile("Check in.*Okafor")).click()
    expect(staff.page.get_by_text("Ada Okafor is here.")).to_be_visible()
    booked.refresh_from_db()
    assert booked.status == "arrived"


def staff_page(visit: Visit, new_context: CreateContextCallback, *, store: Store) -> Visit:
    """An associate of the store, logged in on the shop's own computer."""
    client = Client()
    client.force_login(StaffMemberFactory(stores=[store]).user)
    context = new_context(viewport={"width": 1280, "height": 844})
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": visit.shop}])
    return visiting(context.new_page(), visit.shop)


@pytest.mark.usefixtures("showroom")
@pytest.mark.parametrize("visit", [1280], indirect=True, ids=["desk"])
def test_a_call_takes_her_own_clock_and_without_scripts_a_visit_is_booked_all_the_same(
    visit: Visit, new_context: CreateContextCallback
) -> None:
    visit.go("/visits/book/?service=video")
    visit.check("video")
    page = visit.page
    context = new_context(viewport=page.viewport_size, timezone_id="Asia/Tokyo")
    hers = visiting(context.new_page(), visit.shop)
    hers.go("/visits/book/?service=video")
    expect(hers.page).to_have_url(re.compile("zone=Asia%2FTokyo"))
    expect(hers.page.locator("#times")).to_contain_text("Tokyo time")

    plain = visiting(new_context(java_script_enabled=False).new_page(), visit.shop)
    plain.go("/visits/book/")
    plain.page.get_by_role("link", name="Later").click()
    plain.page.locator(".days a").first.click()
    plain.page.locator(".times button").first.click()
    plain.page.get_by_label("Your name").fill("Bo Berg")
    plain.page.get_by_label("Your e-mail").fill("bo@example.com")
    plain.page.get_by_role("button", name="Book it").click()
    expect(plain.page.get_by_text("It is booked.")).to_be_visible()
    plain.page.get_by_text("Cancel it").click()
    plain.page.get_by_label("Would you tell us why?").select_option("time")
    plain.page.get_by_role("button", name="Cancel this visit").click()
    expect(plain.page.get_by_text("This visit was cancelled")).to_be_visible()
    assert Appointment.objects.get(email="bo@example.com").status == "cancelled"
    assert not PieceHold.objects.filter(state__in=PieceHold.ACTIVE).exists()
