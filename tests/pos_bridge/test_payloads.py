"""The vendors' own payloads, applied end to end, and what comes of each. They are no part of the house's code: without them, skipped."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from jeweler import sales
from jeweler.models import Customer, Payment, Sale
from pos_bridge.connections import Opened
from pos_bridge.models import Connection, Fetch, InboxEvent, StockLevel, TillCustomer
from pos_bridge.providers import json_text, known, shopify, square, standard, stripe
from pos_bridge.providers.contract import Delivery
from tests.factories import pos_bridge as tills
from tests.factories import vendors

SAMPLES = Path(settings.BASE_DIR).parent / "shared" / "data" / "pos"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"The vendors' payloads are not at {SAMPLES}"),
]


def sample(name: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text())
    return said


def told_by_shopify(name: str, **more: Any) -> Opened:
    said = sample(name)
    till = vendors.open_till()
    topic = said["headers"]["X-Shopify-Topic"]
    vendors.tell(till, topic, {**said["payload"], **more})
    tills.work_off()
    return till


def told_by_square(name: str) -> Opened:
    said = sample(name)["payload"]
    place = _place(said)
    till = vendors.open_till(Connection.Provider.SQUARE, place=place, api_token="its token")
    if "event_id" in said:
        vendors.tell_square(till, said)
    else:
        kind = next(iter(said))
        about = said[kind]["id"] if kind == "order" else said[kind]["order_id"]
        tills.keep(till, type_=kind, about=about, body=said)
    tills.work_off()
    return till


def _place(value: Any) -> str:
    """The location that a payload names, wherever it does."""
    text = json.dumps(value)
    return text.partition('"location_id": "')[2].partition('"')[0] or vendors.PLACE


def done() -> bool:
    return set(InboxEvent.objects.values_list("state", flat=True)) == {"done"}


def test_a_ring_paid_at_shopify_pos() -> None:
    told_by_shopify("shopify_orders_paid_pos")

    sale = Sale.objects.get()
    assert done()
    assert (sale.number, sale.channel, sale.store and sale.store.code) == (
        "#1043",
        "store",
        "nyc-lispenard",
    )
    assert (sale.total, sale.tax, sale.codes) == (Decimal(5088), Decimal(288), ["FRIEND-ANNA-50"])
    line = sale.lines.get()
    assert (line.list_price, line.net_total) == (Decimal(4850), Decimal(4800))
    assert (line.design_code, line.report_number) == ("D-7Q2K9M", "2141438171")
    assert sale.handed_over_at == sale.placed_at
    points = Customer.objects.get().contact_points.values_list("canonical", flat=True)
    assert set(points) == {"bob.norman@mail.example.com", "+557734881234"}


def test_a_deposit_at_shopify_pos_is_due_for_its_rest() -> None:
    till = told_by_shopify("shopify_orders_updated_pos_partially_paid")
    deposit = sample("shopify_order_transactions_create_pos_deposit")["payload"]
    vendors.tell(till, "order_transactions/create", deposit)
    tills.work_off()
    sale = Sale.objects.get()
    assert not Payment.objects.exists()  # the sample is a test transaction, as its gateway's are

    vendors.tell(till, "order_transactions/create", {**deposit, "test": False})
    tills.work_off()

    assert done()
    assert sale.handed_over_at is None
    assert (Payment.objects.get().amount, Payment.objects.get().tender) == (Decimal(1000), "cash")
    assert sales.due(sale) == Decimal("4088.00")


@pytest.mark.parametrize(
    ("name", "is_test"),
    [
        ("shopify_order_transactions_create_original", True),
        ("shopify_tender_transactions_create", False),
    ],
)
def test_what_is_a_test_or_told_elsewhere_does_nothing(name: str, is_test: bool) -> None:
    told_by_shopify(name)

    assert sample(name)["payload"]["test"] is is_test
    assert done()
    assert not Payment.objects.exists()


def test_shopifys_whole_order_with_its_refunds_agrees_with_itself() -> None:
    order = sample("shopify_order_full_rest_original")["payload"]
    till = vendors.open_till()
    vendors.tell(till, "orders/updated", {**order, "test": False})
    tills.work_off()

    sale = Sale.objects.get()
    assert done()
    assert (sale.channel, sale.store) == ("web", None)
    assert sum(line.net_total for line in sale.lines.all()) + sale.tax == sale.total


def test_a_refund_at_shopify_pos_is_exact_and_leaves_no_card_data() -> None:
    told_by_shopify("shopify_refunds_create_pos_real_redacted")
    parked = InboxEvent.objects.get()
    assert (parked.state, parked.reason) == ("parked", "sale_unknown")
    kept = json.dumps(parked.body)
    for leaked in (
        "TEST/CARDHOLDER",
        "application_cryptogram",
        "emv_auth_data",
        "credit_card_bin",
        "iin",
    ):
        assert leaked not in kept

    (report,) = shopify.parse(name="refunds/create", body=parked.body)
    assert (report.amount, report.tax, report.currency) == (
        Decimal("161.25"),
        Decimal("17.28"),
        "CAD",
    )  # type: ignore[union-attr]


def test_shopifys_refund_of_two_lines() -> None:
    raw = (SAMPLES / "shopify_refunds_create_original.json").read_bytes()
    body = json_text.read(raw)["payload"]  # amounts are floats there, and read as they are written

    (report,) = shopify.parse(name="refunds/create", body=body)

    assert (report.amount, report.tax, report.reason) == (  # type: ignore[union-attr]
        Decimal("209.00"), Decimal("7.96"), "it broke during shipping",
    )  # fmt: skip


def test_a_count_at_shopify() -> None:
    told_by_shopify("shopify_inventory_levels_update")

    assert done()
    assert StockLevel.objects.get().quantity == 6


@pytest.mark.parametrize("name", ["order_created", "order_updated", "order_fulfillment_updated"])
def test_squares_thin_events_have_their_order_fetched(name: str) -> None:
    told_by_square(f"square_{name}")

    assert done()
    assert (Fetch.objects.get().kind, Fetch.objects.get().external_id) == (
        "order", "eA3vssLHKJrv9H0IdJCM3gNqfdcZY",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["square_payment_created", "square_payment_updated"])
def test_squares_payments_drive_the_sale(name: str) -> None:
    told_by_square(name)

    parked, wanted = InboxEvent.objects.get(), Fetch.objects.get()
    assert (parked.state, parked.reason) == ("parked", "sale_unknown")
    assert (wanted.kind, wanted.external_id) == ("order", parked.sale_external_id)
    assert "fingerprint" not in json.dumps(parked.body)
    told = known.of(parked.connection).parse(name=parked.type, body=parked.body)
    assert re.fullmatch(r"[0-9a-f]{64}", told[0].card_hash)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "reason"),
    [("square_refund_created", ""), ("square_refund_updated", "payment_unknown")],
)
def test_squares_refunds_count_once_they_are_completed(name: str, reason: str) -> None:
    told_by_square(name)

    assert InboxEvent.objects.get().reason == reason


def test_an_order_of_square_with_a_discount_on_all() -> None:
    told_by_square("square_get_order_response")

    sale = Sale.objects.get()
    assert done()
    assert (sale.total, sale.codes) == (Decimal("5.50"), ["50% Off"])
    assert [line.net_total for line in sale.lines.order_by("position")] == [
        Decimal("2.50"),
        Decimal("3.00"),
    ]


def test_a_deposit_at_square() -> None:
    told_by_square("square_order_pos_deposit_open")

    sale = Sale.objects.get()
    assert done()
    assert sales.due(sale) == Decimal("4088.00")
    assert (sale.codes, sale.handed_over_at) == (["FRIEND-ANNA-50"], None)
    assert Fetch.objects.get().external_id == "QPTXM8PQNX3Q726ZYHPMNP46XC"


def test_an_order_of_square_that_two_tenders_paid() -> None:
    told_by_square("square_pay_order_response")

    sale = Sale.objects.get()
    assert done()
    assert Payment.objects.filter(status="captured").count() == 2
    assert sales.due(sale) == 0
    assert sale.handed_over_at is not None


def test_a_payment_that_square_was_asked_for() -> None:
    told_by_square("square_get_payment_response")

    assert InboxEvent.objects.get().reason == "sale_unknown"


def test_a_count_at_square() -> None:
    told_by_square("square_inventory_count_updated")

    assert StockLevel.objects.get().quantity == 10


def test_a_customer_of_square() -> None:
    till = told_by_square("square_customer_created")
    vendors.tell_square(till, sample("square_customer_deleted")["payload"])
    tills.work_off()

    assert done()
    assert TillCustomer.objects.get().customer == Customer.objects.get()


@pytest.mark.parametrize(
    "name", ["square_gift_card_activity_created", "square_invoice_payment_made"]
)
def test_what_is_told_by_payments_too_does_nothing_and_keeps_no_card(name: str) -> None:
    told_by_square(name)

    assert done()
    assert "7783320007480908" not in json.dumps(InboxEvent.objects.get().body)


def test_events_that_square_was_asked_for_are_read_as_they_came() -> None:
    (said,) = sample("square_search_events_response")["payload"]["events"]

    assert square.parse(name=said["type"], body=said) == ()


CHECKS: dict[str, Callable[[dict[str, Any], Delivery], bool]] = {
    "shopify": lambda said, sent: shopify.is_signed(sent, secrets=[said["secret"]], now=tills.NOW),
    "square": lambda said, sent: square.is_signed(sent, secrets=[said["secret"]], now=tills.NOW),
    "standard-webhooks": lambda said, sent: standard.is_signed(
        sent,
        secrets=[said["secret"]],
        now=tills.NOW.fromtimestamp(said["timestamp"], tz=tills.NOW.tzinfo),
    ),
    "stripe-style": lambda said, sent: stripe.is_signed(
        sent,
        secrets=[said["secret"]],
        now=tills.NOW.fromtimestamp(said["timestamp"], tz=tills.NOW.tzinfo),
    ),
}


@pytest.mark.parametrize("number", range(6))
def test_each_signature_vector_is_judged_as_published(number: int) -> None:
    said = json.loads((SAMPLES / "signature_vectors.json").read_text())[number]
    headers = {said.get("header", "webhook-signature").lower(): said["signature"]}
    headers |= {
        "webhook-id": said.get("id", ""),
        "webhook-timestamp": str(said.get("timestamp", "")),
    }
    sent = Delivery(
        headers=headers, body=said["body"].encode(), address=said.get("notification_url", "")
    )

    assert CHECKS[said["provider"]](said, sent) is said.get("valid", True)
    changed = Delivery(headers=headers, body=sent.body + b" ", address=sent.address)
    assert not CHECKS[said["provider"]](said, changed)
