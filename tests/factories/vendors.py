"""What the vendors' tills send, written by us in their formats: one ring, sold and paid for."""

import json
import uuid
from copy import deepcopy
from typing import Any

from django.conf import settings

from jeweler.models import Store
from pos_bridge import connections
from pos_bridge.connections import Opened
from pos_bridge.models import Connection
from pos_bridge.providers import shopify, square
from tests.factories.pos_bridge import NOW, open_store, send

SECRET = "a secret of the vendor's"
PLACE = "655441491"
ORDER = "6022498320664"
SQUARE_ORDER = "CAISENgvlJ6jLWAzERDzjyHVybY"
SQUARE_PAYMENT = "hYy9pRFVxpDsO1FB05SunFWUe9JZY"
AT = "2026-10-01T11:04:05-04:00"


def open_till(
    provider: Connection.Provider = Connection.Provider.SHOPIFY,
    *,
    code: str = "house",
    store: Store | None = None,
    place: str = PLACE,
    currency: str = "USD",
    api_token: str = "",
) -> Opened:
    """A vendor's way in, with one place that is our store in New York."""
    till = connections.open_connection(
        code=code,
        provider=provider,
        currency=currency,
        secret=SECRET,
        api_url="https://api.example.test" if api_token else "",
        api_token=api_token,
        now=NOW,
    )
    till.connection.places.create(external_id=place, store=store or open_store())
    return till


# Shopify.


def order(**more: Any) -> dict[str, Any]:
    """A ring at 4,850.00, less a friend's 50.00, with 288.00 of tax: 5,088.00, paid at the till and taken along."""
    said = {
        "id": int(ORDER),
        "name": "#1043",
        "currency": "USD",
        "source_name": "pos",
        "location_id": int(PLACE),
        "created_at": AT,
        "processed_at": AT,
        "updated_at": AT,
        "cancelled_at": None,
        "financial_status": "paid",
        "fulfillment_status": "fulfilled",
        "total_price": "5088.00",
        "total_tax": "288.00",
        "taxes_included": False,
        "test": False,
        "note": None,
        "email": None,
        "phone": None,
        "discount_codes": [{"code": "FRIEND-ANNA-50", "amount": "50.00", "type": "fixed_amount"}],
        "note_attributes": [],
        "fulfillments": [],
        "refunds": [],
        "shipping_lines": [],
        "line_items": [line()],
    }
    return {**said, **deepcopy(more)}


def line(**more: Any) -> dict[str, Any]:
    said = {
        "id": 14000000001,
        "name": "Solitaire ring",
        "sku": "RING-SOL-18KY-6",
        "quantity": 1,
        "current_quantity": 1,
        "price": "4850.00",
        "gift_card": False,
        "requires_shipping": True,
        "total_discount": "0.00",
        "discount_allocations": [{"amount": "50.00"}],
        "tax_lines": [{"price": "288.00", "rate": "0.06"}],
        "properties": [],
    }
    return {**said, **deepcopy(more)}


def transaction(number: int, kind: str, amount: str, **more: Any) -> dict[str, Any]:
    said = {
        "id": number,
        "order_id": int(ORDER),
        "kind": kind,
        "status": "success",
        "gateway": "shopify_payments",
        "amount": amount,
        "currency": "USD",
        "test": False,
        "parent_id": None,
        "created_at": AT,
        "processed_at": AT,
    }
    return {**said, **more}


def refund(number: int, amount: str, **more: Any) -> dict[str, Any]:
    said = {
        "id": number,
        "order_id": int(ORDER),
        "created_at": AT,
        "processed_at": AT,
        "note": None,
        "refund_line_items": [],
        "order_adjustments": [],
        "transactions": [transaction(number + 1, "refund", amount)],
    }
    return {**said, **more}


def tell(
    till: Opened, topic: str, body: Any, *, id_: str = "", secret: str = SECRET, **headers: str
) -> Any:
    """Signed as Shopify signs it."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    id_ = id_ or str(uuid.uuid4())
    signed = shopify.sign(raw, secret=secret, topic=topic, webhook_id=id_, shop="osmere.example")
    return send(till, raw, headers={**signed, **headers})


# Square.


def square_order(**more: Any) -> dict[str, Any]:
    """The same ring at Square, as its API answers."""
    said = {
        "id": SQUARE_ORDER,
        "location_id": PLACE,
        "state": "OPEN",
        "created_at": "2026-10-01T15:04:05Z",
        "updated_at": "2026-10-01T15:04:06.5Z",
        "total_money": _usd(508800),
        "total_tax_money": _usd(28800),
        "total_tip_money": _usd(0),
        "line_items": [
            {
                "name": "Solitaire ring",
                "quantity": "1",
                "catalog_object_id": "FGQ5JJWT2PYTHF35CKZ2DSKP",
                "base_price_money": _usd(485000),
                "gross_sales_money": _usd(485000),
                "total_discount_money": _usd(5000),
                "total_tax_money": _usd(28800),
                "total_money": _usd(508800),
            }
        ],
        "discounts": [{"name": "FRIEND-ANNA-50"}],
        "tenders": [],
    }
    return {"order": {**said, **deepcopy(more)}}


def square_tender(id_: str, cents: int, **more: Any) -> dict[str, Any]:
    said = {
        "id": id_,
        "payment_id": id_,
        "created_at": "2026-10-01T15:04:05Z",
        "amount_money": _usd(cents),
        "type": "CASH",
    }
    return {**said, **more}


def square_event(kind: str, subject: dict[str, Any], *, id_: str = "") -> dict[str, Any]:
    return {
        "event_id": id_ or str(uuid.uuid4()),
        "type": kind,
        "created_at": "2026-10-01T15:04:05Z",
        "data": {"object": subject},
    }


def square_payment(
    status: str, *, id_: str = SQUARE_PAYMENT, cents: int = 508800
) -> dict[str, Any]:
    payment = {
        "id": id_,
        "order_id": SQUARE_ORDER,
        "status": status,
        "total_money": _usd(cents),
        "source_type": "CARD",
        "created_at": "2026-10-01T15:04:05Z",
        "updated_at": "2026-10-01T15:04:07Z",
    }
    return square_event("payment.updated", {"payment": payment})


def square_refund(id_: str, cents: int, *, payment_id: str = SQUARE_PAYMENT) -> dict[str, Any]:
    given = {
        "id": id_,
        "order_id": "the return's own order",
        "payment_id": payment_id,
        "status": "COMPLETED",
        "amount_money": _usd(cents),
        "created_at": "2026-10-02T15:04:05Z",
    }
    return square_event("refund.updated", {"refund": given})


def square_customer(id_: str, *, merged: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    customer = {"id": id_, "updated_at": "2026-10-01T15:04:05Z", **more}
    subject: dict[str, Any] = {"customer": customer}
    if merged:
        merge = {"from_customer_ids": list(merged), "to_customer_id": id_}
        subject["event_context"] = {"merge": merge}
    return square_event("customer.created", subject)


def tell_square(till: Opened, body: Any, *, secret: str = SECRET) -> Any:
    """Signed as Square signs it, with the address that it was given."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    address = f"{settings.SITE_URL}{till.path}"
    return send(till, raw, headers=square.sign(raw, secret=secret, address=address))


def _usd(cents: int) -> dict[str, Any]:
    return {"amount": cents, "currency": "USD"}
