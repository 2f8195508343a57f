"""Shopify and Shopify POS: whole objects, signed over the body alone, in any order and for ever.

Nothing in a signature is of its moment, so a captured request verifies for ever: what comes twice is known by its webhook's id,
and by the ids of what it tells of. (The event's id is shared by all that one deed of the shop set off, so it is no key.)

Orders tell what was sold, `order_transactions` and `refunds` what was paid and given back. A sale is worth what it was before
returns, less what was exchanged for something else on it: money that moved is a fact of its own. Test orders are left out, and
so is the change that a drawer gives.
"""

import base64
import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from pos_bridge.providers import json_text, shopify_orders, signatures
from pos_bridge.providers.contract import Delivery, Message
from pos_bridge.providers.reading import (
    amount,
    currency,
    group,
    maybe_moment,
    moment,
    needed,
    rows,
    text,
    whole_object,
)
from pos_bridge.records import (
    CustomerCard,
    CustomerErased,
    CustomersJoined,
    ItemCard,
    Notice,
    PaymentReport,
    Person,
    Record,
    RefundReport,
    StockCount,
    Wanted,
)

TELLS_PROBLEMS = False
FETCHES = frozenset({"order", "customer", "item", "transactions"})

_STATUSES = {
    "authorization": "authorized",
    "capture": "captured",
    "sale": "captured",
    "void": "voided",
}
_TENDERS = {"cash": "cash", "gift_card": "gift_card", "shopify_store_credit": "store_credit"}


def is_signed(delivery: Delivery, *, secrets: Sequence[str], now: datetime) -> bool:
    given = signatures.from_base64(_header(delivery, "hmac-sha256"))
    return signatures.is_hmac(secrets=secrets, signed=delivery.body, given=given)


def sign(body: bytes, *, secret: str, topic: str, webhook_id: str, shop: str) -> dict[str, str]:
    """A delivery's headers, as Shopify makes them."""
    digest = signatures.digest(secret, body)
    return {
        "x-shopify-hmac-sha256": base64.b64encode(digest).decode(),
        "x-shopify-topic": topic,
        "x-shopify-webhook-id": webhook_id,
        "x-shopify-shop-domain": shop,
    }


def key_of(delivery: Delivery) -> str:
    """The webhook's id, of its shop and topic; hashed, where a sender makes it too long to keep."""
    id_ = _header(delivery, "webhook-id")
    if not id_:
        return delivery.fingerprint
    key = f"{_header(delivery, 'shop-domain')} {_header(delivery, 'topic')} {id_}"
    return key if len(key) <= 200 else f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"


def read(delivery: Delivery) -> Message:
    topic = _header(delivery, "topic")[:64]
    body = json_text.read(delivery.body)
    if isinstance(body, dict) and topic in _WITHOUT_TIME:
        body = {**body, "_triggered_at": _header(delivery, "triggered-at")[:40]}
    return Message(key=key_of(delivery), type=topic, about=_about(topic, body), body=body)


def parse(*, name: str, body: Any) -> tuple[Record, ...]:
    reader = _READERS.get(name)
    return reader(whole_object(body)) if reader else ()


def _header(delivery: Delivery, name: str) -> str:
    """Shopify's newer deliveries leave the X off."""
    headers = delivery.headers
    return headers.get(f"x-shopify-{name}") or headers.get(f"shopify-{name}") or ""


def _about(topic: str, body: Any) -> str:
    """The order that it tells of, or the customer."""
    if not isinstance(body, dict):
        return ""
    kind = topic.partition("/")[0]
    if kind in {"orders", "customers"} and isinstance(body.get("id"), int | str):
        return str(body["id"])[:128] if kind == "orders" else f"customer {body['id']}"[:128]
    return str(body.get("order_id") or "")[:128]


# Orders and money.


def _order(body: dict[str, Any]) -> tuple[Record, ...]:
    return shopify_orders.read(body)


def _transaction(body: dict[str, Any]) -> tuple[Record, ...]:
    """Money that moved. A capture stands beside its authorization, since there may be several; a void undoes what it names."""
    status = _STATUSES.get(text(body, "kind"))
    if status is None or text(body, "status") != "success" or body.get("test"):
        return ()
    money_of = currency(body, "currency")
    taken = amount(body, "amount", currency=money_of)
    undone = needed(body, "parent_id") if status == "voided" else ""
    gateway = text(body, "gateway", longest=32)
    report = PaymentReport(
        sale_id=needed(body, "order_id"),
        payment_id=undone or needed(body, "id"),
        status=status,
        amount=taken,
        currency=money_of,
        tender=_TENDERS.get(gateway, "card" if "payments" in gateway else gateway or "other"),
        at=maybe_moment(body, "processed_at") or moment(body, "created_at"),
    )
    return (report,) if taken > 0 else ()


def _refund(body: dict[str, Any]) -> tuple[Record, ...]:
    """One for all its transactions; none where goods came back and no money went."""
    moved = shopify_orders.money_back(body)
    if not moved:
        return ()
    codes = {currency(each, "currency") for each in moved}
    code = codes.pop()
    total = sum((amount(each, "amount", currency=code) for each in moved), Decimal(0))
    tax = sum(
        (amount(each, "total_tax", currency=code) for each in rows(body, "refund_line_items")),
        Decimal(0),
    )
    report = RefundReport(
        sale_id=needed(body, "order_id"),
        refund_id=needed(body, "id"),
        amount=total,
        tax=min(tax, total) if tax else None,
        currency=code,
        reason=text(body, "note"),
        at=maybe_moment(body, "processed_at") or moment(body, "created_at"),
    )
    return (report,) if total > 0 else ()


def _fulfillment(body: dict[str, Any]) -> tuple[Record, ...]:
    """Whether the whole order was handed over only the order itself can say."""
    return (Wanted(kind="order", external_id=needed(body, "order_id")),)


# Stock.


def _level(body: dict[str, Any]) -> tuple[Record, ...]:
    if body.get("available") is None:
        return ()  # the item is not counted there
    count = StockCount(
        item_id=needed(body, "inventory_item_id"),
        place=needed(body, "location_id", longest=64),
        quantity=int(amount(body, "available", currency="JPY")),
        at=moment(body, "updated_at"),
    )
    return (count,)


def _item(body: dict[str, Any]) -> tuple[Record, ...]:
    sku = text(body, "sku", longest=64)
    return (ItemCard(item_id=needed(body, "id"), sku=sku),)


# People.


def _customer(body: dict[str, Any]) -> tuple[Record, ...]:
    return (CustomerCard(person=_person(body), at=moment(body, "updated_at")),)


def _joined(body: dict[str, Any]) -> tuple[Record, ...]:
    kept, gone = (
        needed(body, f"admin_graphql_api_customer_{which}_id").rpartition("/")[2]
        for which in ("kept", "deleted")
    )
    if text(body, "status") not in {"", "success"} or kept == gone:
        return ()
    return (CustomersJoined(from_ids=(gone,), to_id=kept),)


def _erased(body: dict[str, Any]) -> tuple[Record, ...]:
    return (
        CustomerErased(person=_person(group(body, "customer")), at=moment(body, "_triggered_at")),
    )


def _asked_for_hers(body: dict[str, Any]) -> tuple[Record, ...]:
    id_ = text(group(body, "customer"), "id", longest=64)
    detail = (
        f"Customer {id_} of the shop asked what is kept of her. Export it from her page in the back office and send it "
        "within 30 days."
    )
    return (Notice(kind="data_request", subject=id_, detail=detail),)


def _uninstalled(body: dict[str, Any]) -> tuple[Record, ...]:
    detail = "The app was removed from the shop, so nothing comes from it any more. Install it again, or close this way in."
    return (Notice(kind="not_subscribed", subject="app", detail=detail),)


def _shop_redacted(body: dict[str, Any]) -> tuple[Record, ...]:
    detail = "Shopify asks to erase all that came from this shop, 48 hours after the app was removed from it."
    return (Notice(kind="erasure", subject="shop", detail=detail),)


def _person(row: dict[str, Any]) -> Person:
    return Person(
        id=text(row, "id", longest=128),
        email=text(row, "email", longest=254),
        phone=text(row, "phone", longest=64),
        first_name=text(row, "first_name", longest=100),
        last_name=text(row, "last_name", longest=100),
    )


_WITHOUT_TIME = frozenset({"customers/redact"})
_READERS: dict[str, Callable[[dict[str, Any]], tuple[Record, ...]]] = {
    "orders/create": _order,
    "orders/updated": _order,
    "orders/paid": _order,
    "orders/cancelled": _order,
    "orders/fulfilled": _order,
    "order_transactions/create": _transaction,
    "refunds/create": _refund,
    "fulfillments/create": _fulfillment,
    "fulfillments/update": _fulfillment,
    "inventory_levels/update": _level,
    "inventory_items/create": _item,
    "inventory_items/update": _item,
    "customers/create": _customer,
    "customers/update": _customer,
    "customers/merge": _joined,
    "customers/redact": _erased,
    "customers/data_request": _asked_for_hers,
    "app/uninstalled": _uninstalled,
    "shop/redact": _shop_redacted,
}
