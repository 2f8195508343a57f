"""BigCommerce: a web shop whose hooks only hint, under a password of ours that they carry in a header.

The hinted order is fetched and comes as a message of type `order`, its transactions and refunds as messages of their own.
Every order is from the web.
"""

import hmac
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

from pos_bridge.providers import json_text, tickets
from pos_bridge.providers.contract import Delivery, Message
from pos_bridge.providers.reading import (
    amount,
    currency,
    design_in,
    group,
    moment,
    needed,
    number,
    quantity,
    report_in,
    rounded,
    rows,
    text,
    version_at,
    whole_object,
    wrong,
)
from pos_bridge.records import (
    Cancellation,
    CustomerCard,
    HandOver,
    PaymentReport,
    Person,
    Record,
    RefundReport,
    Ticket,
    TicketLine,
    Wanted,
)

TELLS_PROBLEMS = False
FETCHES = frozenset({"order", "transactions", "refunds", "customer"})
HEADER = "x-hook-secret"

_NO_SALE = frozenset({"incomplete", "pending", "awaiting payment", "manual verification required"})
_VOID = frozenset({"cancelled", "declined"})
_EVENTS = {
    "purchase": "captured",
    "capture": "captured",
    "settled": "captured",
    "authorization": "authorized",
    "void": "voided",
}
_TENDERS = {"credit_card": "card", "gift_certificate": "gift_card", "store_credit": "store_credit"}


def is_signed(delivery: Delivery, *, secrets: Sequence[str], now: datetime) -> bool:
    """No signature, but a password: whoever has read one delivery can send any."""
    given = delivery.headers.get(HEADER, "").encode("utf-8", "surrogatepass")
    matches = [hmac.compare_digest(secret.encode(), given) for secret in secrets if secret]
    return any(matches)


def key_of(delivery: Delivery) -> str:
    return delivery.fingerprint  # with the second in which it was made


def read(delivery: Delivery) -> Message:
    body = json_text.read(delivery.body)
    said = body if isinstance(body, dict) else {}
    scope = said.get("scope")
    data = said["data"] if isinstance(said.get("data"), dict) else {}
    is_order = isinstance(scope, str) and scope.startswith("store/order/")
    return Message(
        key=delivery.fingerprint,
        type=scope[:64] if isinstance(scope, str) else "",
        about=str(data.get("id") or data.get("order_id") or "")[:128] if is_order else "",
        body=body,
    )


def parse(*, name: str, body: Any) -> tuple[Record, ...]:
    said = whole_object(body)
    if name.startswith(("store/order/", "store/customer/")):
        return _hint(said, kind=name.split("/")[1])
    reader = _READERS.get(name)
    return reader(said) if reader else ()


def _hint(body: dict[str, Any], *, kind: str) -> tuple[Record, ...]:
    """Deeper hooks (a message, an address) name their order or customer beside their own id."""
    data = group(body, "data")
    id_ = text(data, f"{kind}_id", longest=128) or (
        text(data, "id", longest=128) if text(data, "type") in {kind, ""} else ""
    )
    return (Wanted(kind=kind, external_id=id_),) if id_ else ()


def _order(order: dict[str, Any]) -> tuple[Record, ...]:
    status = text(order, "status").lower()
    if status in _NO_SALE:
        return ()
    ticket = _ticket(order)
    found: list[Record] = [ticket]
    at = _written(order, "date_modified")
    if status == "completed":
        found.append(HandOver(sale_id=ticket.sale_id, at=at))
    if status in _VOID or order.get("is_deleted") is True:
        found.append(Cancellation(sale_id=ticket.sale_id, at=at))
    return tuple(found)


def _ticket(order: dict[str, Any]) -> Ticket:
    name = "currency_code" if order.get("currency_code") else "default_currency_code"
    code = currency(order, name)
    total = amount(order, "total_inc_tax", currency=code)
    tax = min(amount(order, "total_tax", currency=code), total)
    lines = [_line(row, code) for row in _items(order)]
    if shipping := rounded(order, "shipping_cost_ex_tax", currency=code):
        lines.append(tickets.besides("Shipping", net=shipping, kind=tickets.SHIPPING))
    note = " ".join(
        filter(None, (text(order, each) for each in ("customer_message", "staff_notes")))
    )
    return Ticket(
        sale_id=needed(order, "id"),
        version=version_at(_written(order, "date_modified")),
        is_online=True,
        store="",
        number=needed(order, "id", longest=64),
        currency=code,
        total=total,
        tax=tax,
        placed_at=_written(order, "date_created"),
        note=note,
        design_code=design_in(note)[:16],
        codes=_codes(order),
        person=_buyer(order),
        lines=tickets.balanced(lines, total=total, tax=tax, because="Discounts and adjustments"),
    )


def _items(order: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Wherever they are going."""
    products = order.get("products")
    if isinstance(products, list):
        yield from rows(order, "products")
        return
    for parcels in group(order, "consignments").values():
        for parcel in parcels if isinstance(parcels, list) else [parcels]:
            if isinstance(parcel, dict):
                yield from rows(parcel, "line_items")


def _line(row: dict[str, Any], code: str) -> TicketLine:
    taken_off = sum(
        (rounded(each, "amount", currency=code) for each in rows(row, "applied_discounts")),
        Decimal(0),
    )
    options = [
        f"{text(each, 'display_name')} {text(each, 'display_value')}"
        for each in rows(row, "product_options")
    ]
    kind = tickets.GIFT_CARD if text(row, "type") == "giftcertificate" else tickets.MERCHANDISE
    return TicketLine(
        kind=kind,
        sku=text(row, "sku", longest=64),
        description=text(row, "name"),
        quantity=quantity(row, "quantity"),
        price=rounded(row, "price_ex_tax", currency=code),
        net=rounded(row, "total_ex_tax", currency=code) - taken_off,
        design_code=design_in(*options)[:16],
        report_number=report_in(*options, text(row, "sku"), text(row, "name")),
        item_id=text(row, "product_id", longest=128),
    )


def _codes(order: dict[str, Any]) -> tuple[str, ...]:
    named = [
        text(each, "code", longest=64)
        for row in _items(order)
        for each in rows(row, "applied_discounts")
    ]
    coupons = order.get("coupons")
    if isinstance(coupons, list):
        named += [text(each, "code", longest=64) for each in rows(order, "coupons")]
    return tuple(dict.fromkeys(filter(None, named)))


def _buyer(order: dict[str, Any]) -> Person:
    """A guest has the customer 0."""
    address, id_ = group(order, "billing_address"), text(order, "customer_id", longest=128)
    return _person(address, id_="" if id_ == "0" else id_)


def _person(row: dict[str, Any], *, id_: str) -> Person:
    return Person(
        id=id_,
        email=text(row, "email", longest=254),
        phone=text(row, "phone", longest=64),
        first_name=text(row, "first_name", longest=100),
        last_name=text(row, "last_name", longest=100),
    )


def _transaction(row: dict[str, Any]) -> tuple[Record, ...]:
    """Refunds have messages of their own. What settles or undoes another transaction names it."""
    status = _EVENTS.get(text(row, "event"))
    if status is None or text(row, "status") not in {"ok", ""} or row.get("test") is True:
        return ()
    code = currency(row, "currency")
    taken = amount(row, "amount", currency=code)
    earlier = text(row, "reference_transaction_id", longest=128)
    names_earlier = text(row, "event") in {"void", "settled"} and earlier not in {"", "0"}
    method = text(row, "method", longest=32)
    report = PaymentReport(
        sale_id=needed(row, "order_id"),
        payment_id=earlier if names_earlier else needed(row, "id"),
        status=status,
        amount=taken,
        currency=code,
        tender=_TENDERS.get(method, method or "other"),
        at=_written(row, "date_created"),
    )
    return (report,) if taken > 0 else ()


def _refund(row: dict[str, Any]) -> tuple[Record, ...]:
    given = sum(
        (
            number(each, "amount")
            for each in rows(row, "payments")
            if each.get("is_declined") is not True
        ),
        Decimal(0),
    ).quantize(Decimal("0.001"))
    report = RefundReport(
        sale_id=needed(row, "order_id"),
        refund_id=needed(row, "id"),
        amount=given,
        tax=None,
        currency="",
        reason=text(row, "reason"),
        at=_written(row, "created"),
    )
    return (report,) if given > 0 else ()


def _customer(row: dict[str, Any]) -> tuple[Record, ...]:
    return (
        CustomerCard(person=_person(row, id_=needed(row, "id")), at=_written(row, "date_modified")),
    )


def _written(row: dict[str, Any], name: str) -> datetime:
    """The older half of its API writes times as mails do."""
    value = text(row, name)
    if value[:1].isdigit():
        return moment(row, name)
    try:
        return parsedate_to_datetime(value)
    except ValueError:
        wrong(name, "is no time")


_READERS: dict[str, Callable[[dict[str, Any]], tuple[Record, ...]]] = {
    "order": _order,
    "transaction": _transaction,
    "refund": _refund,
    "customer": _customer,
}
