"""Bringing in a feed in a real browser: upload, progress, report and columns, at every width, and accessible."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from builder import imports
from builder.feeds import applying, progress
from builder.models import FeedImport, Supplier
from jeweler.models import StaffMember
from tests.browser.conftest import Visit
from tests.builder.test_catalog import HEADER, feed, line, take_in
from tests.factories.builder import SupplierFactory
from tests.factories.jeweler import NOW, StaffMemberFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media")]


@pytest.fixture
def office(visit: Visit) -> Visit:
    """The owner, logged in."""
    client = Client()
    client.force_login(StaffMemberFactory(role=StaffMember.Role.OWNER).user)
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": visit.shop}
    visit.page.context.add_cookies([session])
    return visit


def csv(*lines: str) -> dict[str, Any]:
    return {"name": "north-2026-11.csv", "mimeType": "text/csv", "buffer": feed(*lines)}


def page_of(name: str, pk: int) -> str:
    return reverse(f"admin:builder_{name}", args=[pk])


def test_the_owner_uploads_a_feed_watches_it_and_reads_the_report(office: Visit) -> None:
    supplier = SupplierFactory(name="North Sea Diamonds")
    take_in(feed(*[line(number) for number in range(12)]), supplier=supplier)
    page = office.page
    office.go(page_of("supplier_upload_feed", supplier.pk))
    office.check()

    page.get_by_label("The supplier's file").set_input_files(
        csv(
            *[line(number, total="6500") for number in range(4)],
            *[line(number) for number in range(4, 11)],
            line(20, carat="12.00", mm="14.60x14.70x9.00", total="900000"),
            line(21, shape="Trapeze"), line(22, cut="Stellar"), line(23, report="1.04075E+11"),
        )
    )  # fmt: skip
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    office.check("waiting")

    FeedImport.objects.filter(state=FeedImport.State.WAITING).update(
        state=FeedImport.State.APPLYING, step=5, read_rows=15
    )
    expect(page.get_by_text(f"step 5 of {len(progress.STEPS)}")).to_be_visible()
    office.check("applying")

    imports.run_due(now=NOW)
    expect(page.get_by_role("heading", name="Words nobody here understands")).to_be_visible()
    expect(page.get_by_text("fit no setting of the house")).to_be_visible()
    office.check("report")

    page.get_by_label("What Trapeze means").select_option("emerald")
    page.get_by_role("row", name="Trapeze").get_by_role("button", name="Add").click()
    expect(page.get_by_text("Trapeze means emerald")).to_be_visible()


def test_a_feed_that_stopped_says_why_and_what_to_do(office: Visit) -> None:
    supplier = SupplierFactory()
    take_in(feed(*[line(number) for number in range(10)]), supplier=supplier)
    with pytest.raises(applying.FeedWouldShrink):
        take_in(feed(line(1)), supplier=supplier)
    office.go(page_of("feedimport_change", FeedImport.objects.latest("id").pk))
    expect(office.page.get_by_text("lacks 9 of the 10")).to_be_visible()
    office.check("stopped")


def test_the_owner_says_which_column_is_what(office: Visit) -> None:
    supplier = SupplierFactory()
    page = office.page
    office.go(page_of("supplier_map_columns", supplier.pk))
    office.check()

    strange = feed(line(1), header=HEADER.replace("Total Price", "Price").replace("Shape", "Form"))
    page.get_by_label("A file of this supplier").set_input_files(
        {"name": "a.csv", "mimeType": "text/csv", "buffer": strange}
    )
    page.get_by_role("button", name="Show its columns").click()
    page.get_by_label("Shape").select_option("Form")
    page.get_by_role("button", name="Keep these columns").click()
    expect(page.get_by_text("Choose a column for price_total or price_per_carat")).to_be_visible()
    office.check("columns")

    page.get_by_label("Price of the stone").select_option("Price")
    page.get_by_role("button", name="Keep these columns").click()
    expect(page.get_by_text("The columns are kept")).to_be_visible()
    supplier = Supplier.objects.get()
    assert (supplier.columns["shape"], supplier.columns["price_total"]) == ("Form", "Price")
