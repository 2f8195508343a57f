"""The marketer's pages in a real browser: at every width, by keyboard, and accessible."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from attribution import conversions
from jeweler.models import StaffMember
from tests.browser.conftest import Visit
from tests.factories.attribution import AdSpendFactory, TouchpointFactory
from tests.factories.jeweler import (
    CustomerFactory,
    PaymentFactory,
    RefundFactory,
    SaleFactory,
    SaleLineFactory,
    StaffMemberFactory,
    StoreFactory,
    VisitorFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sold() -> int:
    """A ring that an ad on a phone and a mail on a computer led to, partly given back."""
    ada, at = CustomerFactory(), timezone.now() - timedelta(days=10)
    for days, device, said in (
        (40, "phone", {}),
        (12, "computer", {"channel": "email", "source": "our mail", "medium": "email", "term": ""}),
    ):
        TouchpointFactory(
            visitor=VisitorFactory(customer=ada, device=device),
            occurred_at=at - timedelta(days=days),
            **said,
        )
    sale = SaleFactory(customer=ada, placed_at=at, store=StoreFactory(), number="NY 20418")
    SaleLineFactory(sale=sale, net_total=Decimal("4700.00"))
    PaymentFactory(sale=sale, paid_at=at, amount=Decimal("2000.00"))
    PaymentFactory(sale=sale, paid_at=at + timedelta(days=4), amount=Decimal("3088.00"))
    RefundFactory(sale=sale, refunded_at=at + timedelta(days=6), amount=Decimal("50.00"))
    AdSpendFactory(date=at.date())
    conversions.rebuild_all(now=timezone.now())
    return int(sale.conversion.pk)


@pytest.fixture
def marketer(visit: Visit, sold: int) -> Visit:
    ines = StaffMemberFactory(
        role=StaffMember.Role.MARKETER, sees_all_stores=True, user__password="correct horse"
    )
    visit.go("/admin/login/?next=/admin/attribution/")
    visit.page.get_by_label("Username").fill(ines.user.username)
    visit.page.get_by_label("Password").fill("correct horse")
    visit.page.keyboard.press("Enter")
    expect(visit.page.get_by_role("heading", name="What the advertising returned")).to_be_visible()
    visit.page.wait_for_load_state("load")  # its keys answer once its script has run
    return visit


def test_from_the_figures_to_the_journey_behind_one(marketer: Visit) -> None:
    page = marketer.page
    expect(page.get_by_text("Difference 0.00")).to_be_visible()
    marketer.check()
    page.get_by_role("group", name="The balance to the cent").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Credited to channels")).to_be_visible()
    marketer.check()
    page.get_by_role("link", name="NY 20418").click()
    expect(page.get_by_role("heading", name="Sale NY 20418, 4,700.00")).to_be_visible()
    expect(page.get_by_text("Clicked “oval engagement ring nyc”")).to_be_visible()
    marketer.check()


def test_a_row_opens_and_closes_by_keyboard(marketer: Visit) -> None:
    page = marketer.page
    page.locator("#scope-model").select_option("first")
    expect(page.get_by_role("button", name="Paid search")).to_have_attribute(
        "aria-expanded", "true"
    )
    term = page.get_by_role("row", name="oval engagement ring nyc")
    expect(term).to_be_hidden()
    campaign = page.get_by_role("button", name="Engagement rings, New York")
    campaign.focus()
    page.keyboard.press("ArrowRight")
    expect(term).to_be_visible()
    marketer.check("opened")
    page.get_by_role("button", name="Paid search").focus()
    page.keyboard.press("ArrowLeft")
    expect(term).to_be_hidden()
    expect(campaign).to_be_hidden()


def test_the_rooms_are_two_keys_or_one_menu_away(marketer: Visit) -> None:
    page = marketer.page
    if page.viewport_size and page.viewport_size["width"] < 1180:
        page.get_by_text("Menu").click()
        marketer.check("menu")
        page.get_by_role("navigation", name="Rooms, menu").get_by_role(
            "link", name="Journeys"
        ).click()
    else:
        page.keyboard.type("gj")  # in one go: the second key must follow within 1.5 s
    expect(page.get_by_role("heading", name="Every sale")).to_be_visible()
