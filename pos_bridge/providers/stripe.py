"""Stripe: what was paid and given back on our invoices' payment pages.

Signed like nobody else: `Stripe-Signature: t=…,v1=…`, hex, over "t.body", with the secret verbatim; older than five minutes is
no. A payment is known by its payment intent, which both the finished page and the payment itself name, so that the two are one
fact. Amounts are in Stripe's minor units, which are ISO's but for the Icelandic króna and the Ugandan shilling.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from jeweler import money
from pos_bridge.providers import json_text
from pos_bridge.providers.contract import Delivery, Message
from pos_bridge.providers.fields import Fields, Malformed
from pos_bridge.records import PaymentReport, Record, RefundReport

TELLS_PROBLEMS = False
FETCHES: frozenset[str] = frozenset()
INVOICE = "invoice"  # in the metadata, and the source of the sale
TOLERANCE = 300
_HUNDREDTHS = {"isk", "ugx"}  # Stripe counts them in hundredths all the same
_TIME = re.compile(r"[0-9]{1,12}", re.ASCII)
_PAID = {"checkout.session.completed", "checkout.session.async_payment_succeeded"}


def is_signed(delivery: Delivery, *, secrets: Sequence[str], now: datetime) -> bool:
    said = [
        part.partition("=") for part in delivery.headers.get("stripe-signature", "").split(",")[:16]
    ]
    seconds = next((value for name, _, value in said if name == "t"), "")
    if not _TIME.fullmatch(seconds) or abs(now.timestamp() - int(seconds)) > TOLERANCE:
        return False
    given = [value.encode("utf-8", "surrogatepass") for name, _, value in said if name == "v1"]
    signed = seconds.encode() + b"." + delivery.body
    made = [
        hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode()
        for secret in secrets
        if secret
    ]
    matches = [hmac.compare_digest(one, other) for one in made for other in given]
    return any(matches)


def key_of(delivery: Delivery) -> str:
    return delivery.fingerprint


def read(delivery: Delivery) -> Message:
    body = json_text.read(delivery.body)
    event = body if isinstance(body, dict) else {}
    name, key = event.get("type"), event.get("id")
    return Message(
        key=key[:200] if isinstance(key, str) and key else delivery.fingerprint,
        type=name[:64] if isinstance(name, str) else "",
        about=_intent_of(name, _object(event)),
        body=body,
    )


def parse(*, name: str, body: Any) -> tuple[Record, ...]:
    """Payments and refunds of invoices; everything else that the account does is not ours."""
    found = _object(body if isinstance(body, dict) else {})
    fields = Fields(values=found, path="data.object.")
    records: tuple[Record, ...] = ()
    if name in _PAID and _invoice_of(found) and found.get("payment_status") == "paid":
        records = (_payment(fields, body, amount="amount_total", intent="payment_intent"),)
    elif name == "payment_intent.succeeded" and _invoice_of(found):
        records = (_payment(fields, body, amount="amount_received", intent="id"),)
    elif name in {"refund.created", "refund.updated"} and found.get("status") == "succeeded":
        records = (_refund(fields),)
    if fields.problems:
        raise Malformed(fields.problems)
    return records


def minor_units(amount: Decimal, *, currency: str) -> int:
    """What Stripe is to be told."""
    if currency.lower() in _HUNDREDTHS:
        return int(amount * 100)
    return money.to_minor(amount, currency=currency)


def _payment(fields: Fields, body: dict[str, Any], *, amount: str, intent: str) -> PaymentReport:
    currency = _currency(fields)
    return PaymentReport(
        sale_source=INVOICE,
        sale_id=_invoice_of(fields.values),
        payment_id=fields.text(intent, longest=128, is_required=True),
        status="captured",
        amount=_amount(fields, amount, currency),
        currency=currency,
        tender="card",
        at=_moment(body.get("created")),
    )


def _refund(fields: Fields) -> RefundReport:
    """A refund names its payment, not its invoice."""
    currency = _currency(fields)
    return RefundReport(
        sale_id="",
        payment_id=fields.text("payment_intent", longest=128, is_required=True),
        refund_id=fields.text("id", longest=128, is_required=True),
        amount=_amount(fields, "amount", currency),
        tax=None,  # Stripe does not know what of it was tax
        currency=currency,
        reason=fields.text("reason", longest=200),
        at=_moment(fields.values.get("created")),
    )


def _amount(fields: Fields, name: str, currency: str) -> Decimal:
    minor = fields.whole(name, least=1, most=10**11)
    if not currency:
        return Decimal(0)
    if currency.lower() in _HUNDREDTHS:
        return Decimal(minor) / 100
    return money.from_minor(minor, currency=currency)


def _currency(fields: Fields) -> str:
    said = fields.values.get("currency")
    upper = Fields(
        values={"currency": said.upper() if isinstance(said, str) else said},
        path=fields.path,
        problems=fields.problems,
    )
    return upper.currency("currency")


def _object(body: dict[str, Any]) -> dict[str, Any]:
    data = body.get("data")
    found = data.get("object") if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def _invoice_of(found: dict[str, Any]) -> str:
    metadata = found.get("metadata")
    value = metadata.get(INVOICE) if isinstance(metadata, dict) else None
    return value if isinstance(value, str) and len(value) <= 64 else ""


def _intent_of(name: Any, found: dict[str, Any]) -> str:
    """Whatever is said of one payment waits for each other."""
    value = found.get("id" if name == "payment_intent.succeeded" else "payment_intent")
    return value[:128] if isinstance(value, str) else ""


def _moment(seconds: Any) -> datetime:
    whole = seconds if isinstance(seconds, int) and 0 < seconds < 10**10 else 0
    return datetime.fromtimestamp(whole, tz=UTC)
