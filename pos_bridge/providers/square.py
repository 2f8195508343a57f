"""Square: thin events that hint at an order, whole ones of payments, refunds, counts and customers.

A sale at its Point of Sale announces no order, so payments drive it: one whose order is not known parks and has it fetched. The
fetched order comes as a message of type `order`. Orders of the Point of Sale have no version, so the time of the last change is
the version of all. The address that was registered is signed together with the body.
"""

import base64
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from pos_bridge.providers import card_data, json_text, signatures, square_orders
from pos_bridge.providers.contract import Delivery, Message
from pos_bridge.providers.reading import group, moment, needed, number, rows, text, whole_object
from pos_bridge.providers.square_orders import paid, tender_of
from pos_bridge.records import (
    CustomerCard,
    CustomersJoined,
    ItemCard,
    PaymentReport,
    Person,
    Record,
    RefundReport,
    StockCount,
    Wanted,
)

TELLS_PROBLEMS = False
FETCHES = frozenset({"order", "payment", "refund", "customer", "item"})

_STATUSES = {
    "APPROVED": "authorized",
    "COMPLETED": "captured",
    "CANCELED": "voided",
    "FAILED": "voided",
}


def is_signed(delivery: Delivery, *, secrets: Sequence[str], now: datetime) -> bool:
    signed = delivery.address.encode() + delivery.body
    given = signatures.from_base64(delivery.headers.get("x-square-hmacsha256-signature", ""))
    return signatures.is_hmac(secrets=secrets, signed=signed, given=given)


def sign(body: bytes, *, secret: str, address: str) -> dict[str, str]:
    """A delivery's header, as Square makes it."""
    digest = signatures.digest(secret, address.encode() + body)
    return {"x-square-hmacsha256-signature": base64.b64encode(digest).decode()}


def key_of(delivery: Delivery) -> str:
    return delivery.fingerprint  # the event's id stands in its body


def read(delivery: Delivery) -> Message:
    body = json_text.read(delivery.body)
    said = body if isinstance(body, dict) else {}
    id_, kind = said.get("event_id"), said.get("type")
    return Message(
        key=id_ if isinstance(id_, str) and 0 < len(id_) <= 200 else delivery.fingerprint,
        type=kind[:64] if isinstance(kind, str) else "",
        about=_about(said),
        body=body,
    )


def parse(*, name: str, body: Any) -> tuple[Record, ...]:
    reader = _READERS.get(name)
    if reader is None:
        return ()
    said = whole_object(body)
    subject = group(group(said, "data"), "object") if "data" in said else said
    return reader(subject)


def _about(body: dict[str, Any]) -> str:
    """The order that it tells of, or the customer."""
    data = body.get("data")
    subject = data.get("object") if isinstance(data, dict) else None
    inner = next(iter(subject.values()), None) if isinstance(subject, dict) else None
    if not isinstance(inner, dict):
        return ""
    if "customer" in str(body.get("type")):
        return f"customer {inner.get('id')}"[:128]
    return str(inner.get("order_id") or "")[:128]


# Orders and money.


def _hint(name: str) -> Callable[[dict[str, Any]], tuple[Record, ...]]:
    def read_hint(subject: dict[str, Any]) -> tuple[Record, ...]:
        return (Wanted(kind="order", external_id=needed(group(subject, name), "order_id")),)

    return read_hint


def _order(subject: dict[str, Any]) -> tuple[Record, ...]:
    return square_orders.read(group(subject, "order"))


def _payment(subject: dict[str, Any]) -> tuple[Record, ...]:
    """A payment of no order is no sale: a transfer between tills, for instance."""
    payment = group(subject, "payment")
    status = _STATUSES.get(text(payment, "status"))
    order_id = text(payment, "order_id", longest=128)
    if status is None or not order_id:
        return ()
    total = paid(payment, "total_money" if "total_money" in payment else "amount_money")
    report = PaymentReport(
        sale_id=order_id,
        payment_id=needed(payment, "id"),
        status=status,
        amount=total.amount,
        currency=total.currency,
        tender=tender_of(payment, "source_type"),
        card_hash=text(group(payment, "card_details"), card_data.MARK, longest=64),
        at=moment(payment, "created_at"),
    )
    return (report,) if total.amount > 0 else ()


def _refund(subject: dict[str, Any]) -> tuple[Record, ...]:
    """The order that a refund names may be the return's own, so the payment it gives back says whose it is."""
    refund = group(subject, "refund")
    if text(refund, "status") != "COMPLETED":
        return ()
    given = paid(refund, "amount_money")
    report = RefundReport(
        sale_id=text(refund, "order_id", longest=128),
        refund_id=needed(refund, "id"),
        payment_id=text(refund, "payment_id", longest=128),
        amount=given.amount,
        tax=None,
        currency=given.currency,
        reason=text(refund, "reason"),
        at=moment(refund, "created_at"),
    )
    return (report,) if given.amount > 0 else ()


# Stock.


def _counts(subject: dict[str, Any]) -> tuple[Record, ...]:
    return tuple(
        StockCount(
            item_id=needed(row, "catalog_object_id"),
            place=needed(row, "location_id", longest=64),
            quantity=int(number(row, "quantity")),
            at=moment(row, "calculated_at"),
        )
        for row in rows(subject, "inventory_counts")
        if text(row, "state") == "IN_STOCK"
    )


def _item(subject: dict[str, Any]) -> tuple[Record, ...]:
    """A variation of the catalog, as its API answers; its SKU is the number on the label."""
    item = group(subject, "object")
    data = group(item, "item_variation_data")
    return (ItemCard(item_id=needed(item, "id"), sku=text(data, "sku", longest=64)),)


# People.


def _customer(subject: dict[str, Any]) -> tuple[Record, ...]:
    row = group(subject, "customer")
    person = Person(
        id=needed(row, "id"),
        email=text(row, "email_address", longest=254),
        phone=text(row, "phone_number", longest=64),
        first_name=text(row, "given_name", longest=100),
        last_name=text(row, "family_name", longest=100),
    )
    card = CustomerCard(person=person, at=moment(row, "updated_at"))
    return (card, *_joined(subject))


def _deleted(subject: dict[str, Any]) -> tuple[Record, ...]:
    """Its own house deletes a profile when it tidies up, too; what we know of her is not taken away for that."""
    return _joined(subject)


def _joined(subject: dict[str, Any]) -> tuple[Record, ...]:
    merge = group(group(subject, "event_context"), "merge")
    to_id = text(merge, "to_customer_id", longest=128)
    from_ids = [each for each in merge.get("from_customer_ids") or [] if isinstance(each, str)]
    from_ids = [each[:128] for each in from_ids if each != to_id]
    if not to_id or not from_ids:
        return ()
    return (CustomersJoined(from_ids=tuple(from_ids), to_id=to_id),)


_READERS: dict[str, Callable[[dict[str, Any]], tuple[Record, ...]]] = {
    "order.created": _hint("order_created"),
    "order.updated": _hint("order_updated"),
    "order.fulfillment.updated": _hint("order_fulfillment_updated"),
    "order": _order,
    "payment.created": _payment,
    "payment.updated": _payment,
    "payment": _payment,
    "refund.created": _refund,
    "refund.updated": _refund,
    "refund": _refund,
    "inventory.count.updated": _counts,
    "item": _item,
    "customer.created": _customer,
    "customer.updated": _customer,
    "customer.deleted": _deleted,
    "customer": _customer,
}
