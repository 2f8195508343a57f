"""Staff bring in feeds, map columns and set markups in the back office, each by her role."""

import json
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from builder import imports
from builder.models import FeedImport, MarkupRule, Stone, Supplier
from jeweler.access import Role
from jeweler.models import AuditEntry
from jeweler.uploads import FORM_BYTES
from tests.builder.test_catalog import HEADER, feed, line, take_in
from tests.factories.builder import SupplierFactory
from tests.factories.jeweler import NOW, StaffMemberFactory, StoreFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


def staff(role: str) -> Client:
    client = Client()
    client.force_login(StaffMemberFactory(role=role, stores=[StoreFactory(code="nyc")]).user)
    return client


def page(name: str, pk: int) -> str:
    return reverse(f"admin:builder_{name}", args=[pk])


def upload(client: Client, supplier: Supplier, data: bytes, **changes: Any) -> HttpResponse:
    form = {"file": SimpleUploadedFile("north.csv", data), "feed_format": "generic", **changes}
    answer: Any = client.post(page("supplier_upload_feed", supplier.pk), form)
    return answer


# Who may.

PAGES: list[tuple[str, str, set[str]]] = [
    ("supplier_upload_feed", "supplier", {Role.MANAGER, Role.OWNER}),
    ("supplier_map_columns", "supplier", {Role.OWNER}),
    ("feedimport_change", "record", {Role.MANAGER, Role.OWNER}),
    ("feedimport_progress", "record", {Role.MANAGER, Role.OWNER}),
    ("feedimport_refused", "record", {Role.MANAGER, Role.OWNER}),
]


@pytest.mark.parametrize(("name", "of", "roles"), PAGES)
def test_a_feeds_page_is_opened_by_its_roles_alone(name: str, of: str, roles: set[str]) -> None:
    record = take_in(feed(line(1), line(2, report="12")))
    pk = record.supplier.pk if of == "supplier" else record.pk
    assert Client().get(page(name, pk)).status_code == 302
    for role in Role:
        answer = staff(role).get(page(name, pk))
        assert (answer.status_code == 200) == (role in roles), role
        assert answer.status_code in {200, 302, 403}
    nobody = Client()
    nobody.force_login(UserFactory())
    assert nobody.get(page(name, pk)).status_code in {302, 403}


@pytest.mark.parametrize("role", [Role.ASSOCIATE, Role.MARKETER, Role.MANAGER])
def test_only_the_owner_says_what_a_word_means_or_maps_columns(role: str) -> None:
    record = take_in(feed(line(1)))
    form = {"field": "shape", "word": "R", "meaning": "round"}
    assert staff(role).post(page("feedimport_alias", record.pk), form).status_code == 403
    columns = page("supplier_map_columns", record.supplier.pk)
    assert staff(role).post(columns, {"header": "[]"}).status_code == 403
    assert Supplier.objects.get().aliases == {}


def test_a_report_is_never_changed_by_hand() -> None:
    record = take_in(feed(line(1)))
    assert staff(Role.OWNER).post(page("feedimport_change", record.pk), {}).status_code == 403


# Importing.


def test_a_manager_uploads_a_feed_and_sees_what_it_did() -> None:
    supplier, manager = SupplierFactory(), staff(Role.MANAGER)
    asked = upload(manager, supplier, feed(line(1), line(2, cut="Stellar"), line(3, carat="no")))
    record = FeedImport.objects.get()
    assert (asked.status_code, asked.headers["Location"]) == (
        302,
        page("feedimport_change", record.pk),
    )
    waiting = manager.get(page("feedimport_change", record.pk)).content.decode()
    assert "Waiting for a worker" in waiting
    assert 'data-over="no"' in waiting
    imports.run_due(now=NOW)
    told = manager.get(page("feedimport_change", record.pk)).content.decode()
    for words in ("The weight is no number", "Stellar", "N-1", "1.01 ct round", 'data-over="yes"'):
        assert words in told
    assert "<pre>" not in told
    assert 'name="meaning"' not in told  # the owner's


def test_a_trial_says_that_it_changed_nothing() -> None:
    supplier, manager = SupplierFactory(), staff(Role.MANAGER)
    upload(manager, supplier, feed(line(1)), is_trial="on")
    imports.run_due(now=NOW)
    told = manager.get(page("feedimport_change", FeedImport.objects.get().pk)).content.decode()
    assert "a trial, nothing is changed" in told
    assert not Stone.objects.exists()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04 xl/workbook.xml", "Excel workbook"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"\0\0\0", "NUL"),
        (b"", "empty"),
    ],
)
def test_what_is_no_feed_is_refused_on_the_page(data: bytes, words: str) -> None:
    answer = upload(staff(Role.MANAGER), SupplierFactory(), data)
    assert (answer.status_code, words in answer.content.decode()) == (200, True)
    assert not FeedImport.objects.exists()


def test_an_upload_beyond_the_bound_is_refused_before_it_is_read(settings: Any) -> None:
    settings.FEED_LARGEST_BYTES = 1000
    supplier = SupplierFactory()
    small = upload(staff(Role.MANAGER), supplier, b"a,b\n" + b"x" * 5000)
    assert "uploads may have" in small.content.decode()
    large = upload(staff(Role.MANAGER), supplier, b"x" * (FORM_BYTES + 100_000))
    assert large.status_code == 400
    stranger = Client(enforce_csrf_checks=True)
    assert upload(stranger, supplier, b"x" * 1_100_000).status_code == 403
    assert not FeedImport.objects.exists()


def test_the_refused_rows_are_downloaded_as_csv() -> None:
    record = take_in(feed(line(1, report="12")))
    answer = staff(Role.MANAGER).get(page("feedimport_refused", record.pk))
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "line 2,bad_report_number" in answer.content.decode()


def test_the_owner_says_what_a_word_means_and_the_next_import_knows_it() -> None:
    record = take_in(feed(line(1, shape="R")))
    owner = staff(Role.OWNER)
    assert 'value="round"' in owner.get(page("feedimport_change", record.pk)).content.decode()
    form = {"field": "shape", "word": "R", "meaning": "round"}
    owner.post(page("feedimport_alias", record.pk), form)
    owner.post(page("feedimport_alias", record.pk), form | {"meaning": "ruond", "word": "Q"})
    supplier = Supplier.objects.get()
    assert supplier.aliases == {"shape": {"R": "round"}}
    assert AuditEntry.objects.filter(action="supplier.alias").count() == 1
    assert take_in(feed(line(1, shape="R")), supplier=supplier).report["new"] == 1


# Mapping columns.


def show_sample(client: Client, supplier: Supplier, data: bytes) -> str:
    url = page("supplier_map_columns", supplier.pk)
    return client.post(url, {"file": SimpleUploadedFile("s.csv", data)}).content.decode()


def test_a_sample_shows_its_columns_with_the_usual_ones_chosen() -> None:
    header = HEADER.replace("Total Price", "Price")
    shown = show_sample(staff(Role.OWNER), SupplierFactory(), feed(line(1), header=header))
    assert '<option value="Weight" selected>' in shown
    assert "2116281001" in shown
    assert '<option value="Price" selected>' not in shown


def test_mapped_columns_are_kept_and_used() -> None:
    supplier, owner = SupplierFactory(), staff(Role.OWNER)
    header = HEADER.replace("Total Price", "Price").replace("Shape", "Form")
    chosen = {
        "header": json.dumps([header.split(",")]), "shape": "Form", "carat": "Weight", "clarity": "Clarity", "color": "Color",
        "lab": "Lab", "report_number": "Report #", "measurements": "Measurements", "growth": "=lab", "stock_number": "Stock #",
    }  # fmt: skip
    url = page("supplier_map_columns", supplier.pk)
    missing = owner.post(url, chosen).content.decode()
    assert "Choose a column for price_total or price_per_carat" in missing
    assert owner.post(url, chosen | {"price_total": "Price"}).status_code == 302
    supplier.refresh_from_db()
    assert (supplier.columns["price_total"], supplier.columns["growth"]) == ("Price", "=lab")
    take_in(feed(line(1), header=header), supplier=supplier)
    assert Stone.objects.get().growth == "lab"


@pytest.mark.parametrize("header", ["", "[", "{}", "[1]", '["a"]', "null", "[[]]"])
def test_a_tampered_sample_is_no_error_of_ours(header: str) -> None:
    url = page("supplier_map_columns", SupplierFactory().pk)
    assert staff(Role.OWNER).post(url, {"header": header, "shape": "x"}).status_code == 200


def test_a_sample_that_is_no_table_says_what_it_is() -> None:
    shown = show_sample(staff(Role.OWNER), SupplierFactory(), b'{"diamonds": []}')
    assert "looks like JSON" in shown


# Markup rules.


def save_rules(supplier: Supplier, *rules: dict[str, Any], known: int = 0) -> HttpResponse:
    form: dict[str, Any] = {
        "code": supplier.code, "name": supplier.name, "feed_format": "generic", "markup": str(supplier.markup),
        "delivery_days": str(supplier.delivery_days), "aliases": "{}", "columns": "{}",
        "markup_rules-TOTAL_FORMS": str(len(rules)), "markup_rules-INITIAL_FORMS": str(known),
    }  # fmt: skip
    for place, rule in enumerate(rules):
        form |= {f"markup_rules-{place}-{name}": value for name, value in rule.items()}
    answer: Any = staff(Role.OWNER).post(page("supplier_change", supplier.pk), form)
    return answer


def rule(cost_from: str, cost_below: str, factor: str, **changes: Any) -> dict[str, Any]:
    told = {"growth": "natural", "cost_from": cost_from, "cost_below": cost_below, "factor": factor}
    return told | changes


def test_saved_rules_give_the_supplier_s_stones_other_prices() -> None:
    supplier = SupplierFactory()
    take_in(feed(line(1), line(2, total="3000")), supplier=supplier)
    assert save_rules(supplier, rule("0", "5000", "2"), rule("5000", "", "1.5")).status_code == 302
    assert set(Stone.objects.values_list("price", flat=True)) == {Decimal(9000), Decimal(6000)}


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (rule("4000", "", "1.5"), "natural from 0 to below 5,000 (× 2), and natural from 4,000 on"),
        (rule("6000", "5500", "1.5"), "must be more than 6000"),
        (rule("5000", "", "0"), "more than 0"),
        (rule("-5", "0", "2"), "It must not be less than 0."),
    ],
)
def test_rules_that_overlap_or_make_no_sense_are_refused_in_words(
    second: dict[str, Any], words: str
) -> None:
    answer = save_rules(SupplierFactory(), rule("0", "5000", "2"), second)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not MarkupRule.objects.exists()


def test_two_rules_may_trade_their_bounds_in_one_save() -> None:
    supplier = SupplierFactory()
    save_rules(supplier, rule("0", "1000", "2"), rule("1000", "", "1.5"))
    low, high = MarkupRule.objects.order_by("cost_from")
    answer = save_rules(
        supplier,
        rule("0", "3000", "2", id=low.pk, supplier=supplier.pk),
        rule("3000", "", "1.5", id=high.pk, supplier=supplier.pk),
        known=2,
    )
    assert answer.status_code == 302
    assert [each.cost_from for each in MarkupRule.objects.order_by("cost_from")] == [0, 3000]


def test_lab_grown_and_natural_stones_may_have_rules_for_the_same_costs() -> None:
    both = rule("0", "", "2"), rule("0", "", "3", growth="lab")
    assert save_rules(SupplierFactory(), *both).status_code == 302
