"""The associate's counter in a real browser: by keyboard alone, at every width, and accessible."""

import pytest
from django.test import Client
from playwright.sync_api import expect

from builder import descriptions
from builder.models import Design, DesignLookup, Stone
from jeweler import customers
from jeweler.models import Customer, StaffMember
from tests.browser.conftest import Visit
from tests.factories import pos_bridge as tills
from tests.factories.jeweler import StaffMemberFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clara() -> Customer:
    return customers.identify(
        email="clara@example.com", phone="+12125550142", first_name="Clara",
        last_name="Whitcombe", source="design", now=tills.NOW,
    )  # fmt: skip


@pytest.fixture
def design(clara: Customer) -> Design:
    made = tills.saved_design(customer=clara, versions=[{"engraving": "first"}, {}])
    for version in made.versions.all():
        version.description = descriptions.describe(
            setting=version.setting.mounting, head=version.setting.rules.heads[0],
            metal=version.metal, stone=version.stone,
            ring_size=version.ring_size, engraving=version.engraving,
        )  # fmt: skip
        version.save(update_fields=["description"])
    return made


@pytest.fixture
def counter(visit: Visit) -> Visit:
    """Marisol of New York, logged in and standing at the counter."""
    marisol = StaffMemberFactory(role=StaffMember.Role.ASSOCIATE, stores=[tills.open_store()])
    client = Client()
    client.force_login(marisol.user)
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": visit.shop}
    visit.page.context.add_cookies([session])
    visit.go("/admin/counter/")
    return visit


def test_an_address_is_typed_and_the_design_opened_by_keyboard(
    counter: Visit, design: Design
) -> None:
    page = counter.page
    counter.check()

    expect(page.get_by_label("Find a design")).to_be_focused()
    page.keyboard.type("clara@example.com")
    page.keyboard.press("Enter")
    expect(page.get_by_role("cell", name="C. W.").first).to_be_visible()
    counter.check("found")

    page.get_by_role("link", name=design.code).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="The Alba, 1.52 ct round")).to_be_visible()
    expect(page.get_by_role("heading", name="Clara Whitcombe")).to_be_visible()
    expect(page.get_by_role("img", name=f"QR code of {design.code}")).to_be_visible()
    counter.check()
    assert DesignLookup.objects.get().key == "email"

    page.get_by_role("link", name="Version 1").click()
    expect(page.get_by_text("first", exact=True)).to_be_visible()
    page.get_by_role("button", name="Show in full").click()
    expect(page.get_by_text("clara@example.com")).to_be_visible()
    counter.check("in-full")


def test_a_scanner_types_the_address_of_the_qr_and_the_design_is_there(
    counter: Visit, design: Design
) -> None:
    page = counter.page

    page.keyboard.type(f"{counter.shop}/admin/counter/?q={design.code}&key=qr")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="The Alba, 1.52 ct round")).to_be_visible()
    assert DesignLookup.objects.get().key == "qr"


def test_what_was_not_found_says_what_to_do(counter: Visit) -> None:
    counter.page.keyboard.type("nobody")
    counter.page.keyboard.press("Enter")

    expect(counter.page.get_by_role("status")).to_contain_text("Type the whole e-mail address")
    counter.check("nothing")


def test_a_secret_and_a_sold_stone_are_said_first(counter: Visit, design: Design) -> None:
    Design.objects.filter(pk=design.pk).update(is_discreet=True)
    Stone.objects.filter(pk=design.stone_id).update(status=Stone.Status.SOLD, sold_at=tills.NOW)
    counter.go(f"/admin/counter/{design.code}/")

    expect(counter.page.get_by_role("alert")).to_contain_text("say nothing on the telephone")
    expect(counter.page.get_by_text("The stone was sold on 21 November 2026.")).to_be_visible()
    counter.check("secret")
