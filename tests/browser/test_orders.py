"""A custom order: written at the counter, looked at on her phone, and said yes to."""

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from builder.models import DesignVersion
from jeweler.models import StaffMember, Store
from pos_bridge import invoices
from tests.browser.conftest import Visit
from tests.factories.jeweler import StaffMemberFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("visit", [390], indirect=True, ids=["phone"])
def test_she_looks_at_the_drawing_on_her_phone_and_says_yes(visit: Visit) -> None:
    visit.take_up()
    visit.go("/ring/save/")
    visit.page.get_by_label("Your e-mail", exact=True).fill("ada@example.com")
    visit.page.get_by_role("button", name="Send it to me").click()
    expect(visit.page.get_by_role("heading", name="It is kept")).to_be_visible()
    version = DesignVersion.objects.get()
    store = Store.objects.order_by("pk")[0]
    seller: StaffMember = StaffMemberFactory(stores=[store])
    now = timezone.now()
    total = invoices.amounts(version=version, store=store, now=now).total
    invoice = invoices.write(
        version=version,
        store=store,
        stages=[invoices.Stage(title="The drawing")],
        parts=[invoices.Part(title="In full", amount=total, after=1)],
        good_until=now.date(),
        by=seller.user,
        now=now,
    )
    drawing = invoice.stages.get()
    invoices.show(stage=drawing, words="Six claws.", picture=None, by=seller.user, now=now)
    visit.go(f"/invoices/{invoices.token(invoice)}/")
    visit.check()

    visit.page.get_by_role("button", name="Yes, like this").click()

    expect(visit.page.get_by_text("You said yes on")).to_be_visible()
    expect(visit.page.get_by_text("Due now")).to_be_visible()
    assert Client().get(f"/invoices/{invoices.token(invoice)}/").status_code == 200
