"""Stripe's events, beside its own library, which is the oracle for their signature."""

import hashlib
import hmac
import json
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import stripe as oracle
from hypothesis import given, settings
from hypothesis import strategies as st

from pos_bridge.providers import stripe
from pos_bridge.providers.contract import Delivery
from pos_bridge.providers.fields import Malformed
from pos_bridge.records import PaymentReport, RefundReport

SECRET = "whsec_of_a_test"
UID = "0" * 31 + "7"


def signed(body: bytes, *, at: int, secret: str = SECRET) -> str:
    made = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={made}"


def delivery(body: bytes, header: str) -> Delivery:
    return Delivery(headers={"stripe-signature": header}, body=body, address="")


def is_signed(body: bytes, header: str, *, at: int) -> bool:
    now = datetime.fromtimestamp(at, tz=UTC)
    return stripe.is_signed(delivery(body, header), secrets=[SECRET], now=now)


def said(kind: str, **found: Any) -> dict[str, Any]:
    values = {"metadata": {"invoice": UID}, "currency": "usd", **found}
    return {"id": "evt_1", "type": kind, "created": 1763800000, "data": {"object": values}}


@settings(max_examples=30)
@given(body=st.text(max_size=60).map(lambda text: json.dumps({"note": text}).encode()))
def test_what_the_library_accepts_is_accepted(body: bytes) -> None:
    at = int(time.time())
    header = signed(body, at=at)

    assert oracle.WebhookSignature.verify_header(body.decode(), header, SECRET, tolerance=300)
    assert is_signed(body, header, at=at)
    assert not is_signed(body + b" ", header, at=at)


@pytest.mark.parametrize(
    ("late", "is_good"), [(299, True), (301, False), (-299, True), (-301, False)]
)
def test_a_delivery_is_good_for_five_minutes(late: int, is_good: bool) -> None:
    assert is_signed(b"{}", signed(b"{}", at=1_763_800_000), at=1_763_800_000 + late) is is_good


@pytest.mark.parametrize(
    "header",
    ["", "t=,v1=", "v1=abc", "t=1763800000", "t=x,v1=é\udcff", "t=1763800000,v0=abc", "=,=,"],
)
def test_a_malformed_signature_is_a_clear_no(header: str) -> None:
    assert not is_signed(b"{}", header, at=1_763_800_000)


def test_no_secret_is_a_no() -> None:
    header = signed(b"{}", at=1_763_800_000, secret="")
    now = datetime.fromtimestamp(1_763_800_000, tz=UTC)
    assert not stripe.is_signed(delivery(b"{}", header), secrets=[""], now=now)
    assert not stripe.is_signed(delivery(b"{}", header), secrets=[], now=now)


def test_the_finished_page_and_its_payment_are_one_fact() -> None:
    page = said(
        "checkout.session.completed",
        payment_status="paid",
        payment_intent="pi_1",
        amount_total=465000,
    )
    intent = said("payment_intent.succeeded", id="pi_1", amount_received=465000)

    (of_page,) = stripe.parse(name=page["type"], body=page)
    (of_intent,) = stripe.parse(name=intent["type"], body=intent)

    assert of_page == of_intent
    assert isinstance(of_page, PaymentReport)
    assert (of_page.payment_id, of_page.amount, of_page.sale_source) == (
        "pi_1",
        Decimal("4650.00"),
        "invoice",
    )


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("checkout.session.completed", {"payment_status": "unpaid", "payment_intent": "pi_1"}),
        ("checkout.session.completed", {"payment_status": "paid", "metadata": {}}),
        ("refund.created", {"status": "pending", "payment_intent": "pi_1"}),
        ("customer.created", {}),
    ],
)
def test_what_is_no_money_of_ours_says_nothing(kind: str, found: dict[str, Any]) -> None:
    assert stripe.parse(name=kind, body=said(kind, **found)) == ()


def test_a_refund_names_its_payment() -> None:
    event = said(
        "refund.updated",
        id="re_1",
        status="succeeded",
        payment_intent="pi_1",
        amount=1000,
        created=5,
    )
    (refund,) = stripe.parse(name="refund.updated", body=event)
    assert isinstance(refund, RefundReport)
    assert (refund.sale_id, refund.payment_id, refund.amount) == ("", "pi_1", Decimal(10))


@pytest.mark.parametrize(
    ("currency", "minor", "amount"),
    [("jpy", 1234, "1234"), ("kwd", 1234, "1.234"), ("isk", 123400, "1234")],
)
def test_minor_units_are_stripes(currency: str, minor: int, amount: str) -> None:
    event = said("payment_intent.succeeded", id="pi_1", amount_received=minor, currency=currency)
    (payment,) = stripe.parse(name=event["type"], body=event)
    assert isinstance(payment, PaymentReport)
    assert payment.amount == Decimal(amount)
    assert stripe.minor_units(Decimal(amount), currency=currency.upper()) == minor


def test_money_without_an_amount_is_malformed() -> None:
    event = said("payment_intent.succeeded", id="pi_1")
    with pytest.raises(Malformed, match="amount_received"):
        stripe.parse(name=event["type"], body=event)
