"""A sale without a till, from the code to the receipt, by keyboard, on a tablet and on a phone."""

import re
from decimal import Decimal

import pytest
from django.test import Client
from playwright.sync_api import expect

from jeweler import customers
from jeweler.models import Refund, Sale, StaffMember
from tests.browser.conftest import Visit
from tests.factories import counter
from tests.factories import pos_bridge as tills

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_code_becomes_a_sale_a_deposit_a_balance_a_hand_over_and_a_receipt(
    visit: Visit,
) -> None:
    page = visit.page
    store = tills.open_store(tax_pct=Decimal("8.875"))
    marisol = counter.member(store, StaffMember.Role.ASSOCIATE)
    clara = customers.identify(
        email="clara@example.com", first_name="Clara", last_name="Whitcombe", source="design",
        now=tills.NOW,
    )  # fmt: skip
    design = counter.design(clara)
    client = Client()
    client.force_login(marisol.user)
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": visit.shop}]
    )
    if visit.width == "1280":
        page.set_viewport_size({"width": 1024, "height": 768})  # the counter's tablet
    visit.go("/admin/counter/")

    expect(page.locator("[data-find]")).to_be_focused()
    page.keyboard.type(design.code)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Start the sale").press("Enter")
    expect(page.get_by_role("heading", name="Still due")).to_be_visible()
    visit.check("ticket")

    page.get_by_label("Taken now").fill("5,000.00")
    page.get_by_role("button", name="Write the payment down").press("Enter")
    expect(page.locator(".due")).to_have_text(re.compile(r"\$9,\d{3}"))
    page.get_by_label("Cash", exact=False).check()
    page.get_by_role("button", name="All").click()
    page.get_by_role("button", name="Write the payment down").click()
    page.get_by_role("button", name="Hand it over to her").press("Enter")
    expect(page.get_by_text("Handed over", exact=False).first).to_be_visible()
    visit.check("paid")

    page.keyboard.press("p")
    expect(page.get_by_role("article", name="Receipt")).to_contain_text("Paid in full")
    visit.check("receipt")
    sale = Sale.objects.get()
    assert sale.handed_over_at is not None
    assert sale.payments.count() == 2


def test_a_manager_is_asked_once_more_before_money_goes_back(visit: Visit) -> None:
    page = visit.page
    store = tills.open_store(tax_pct=Decimal("8.875"))
    manager = counter.member(store, StaffMember.Role.MANAGER)
    ticket = counter.ticket(manager, store, price="1000.00")
    counter.take(ticket, manager, "500.00")
    client = Client()
    client.force_login(manager.user)
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": visit.shop}]
    )
    visit.go(f"/admin/counter/tickets/{ticket.uid}/")

    page.get_by_text("Give money back").click()
    page.get_by_label("Amount").fill("120.00")
    page.get_by_label("By", exact=True).select_option("cash")
    page.get_by_label("Why", exact=True).last.fill("A scratch on the band")
    page.get_by_role("button", name="Give it back").click()
    expect(page.get_by_text("Give $120 back, by cash?")).to_be_visible()
    visit.check("asked")
    page.get_by_role("link", name="Leave it as it is").click()
    expect(page.get_by_text("Give $120 back, by cash?")).to_have_count(0)
    assert not Refund.objects.exists()

    page.get_by_text("Give money back").click()
    page.get_by_label("Amount").fill("120.00")
    page.get_by_label("By", exact=True).select_option("cash")
    page.get_by_label("Why", exact=True).last.fill("A scratch on the band")
    page.get_by_role("button", name="Give it back").press("Enter")
    page.get_by_role("button", name="$120 is given back").press("Enter")
    expect(page.get_by_text("−$120")).to_be_visible()
    visit.check("given-back")
    assert Refund.objects.get().reason == "A scratch on the band"
