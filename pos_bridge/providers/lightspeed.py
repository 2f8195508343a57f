"""Lightspeed X-Series (once Vend): whole objects as JSON in a form's field, signed over the raw form.

A webhook's sale is written as its older API writes it and a pulled one as the newer does, so both spellings are read. Amounts are
decimals without tax, with more places than there are coins, and in the one currency that the retailer has, which is not said:
they are rounded when they are booked. A return is a sale of its own that names the one it is for. Lightspeed guarantees no delivery and asks to
be polled.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

from pos_bridge.providers import json_text, signatures, tickets
from pos_bridge.providers.contract import Delivery, Message
from pos_bridge.providers.reading import (
    design_in,
    group,
    maybe_moment,
    moment,
    needed,
    number,
    quantity,
    report_in,
    rows,
    text,
    version_at,
    whole_object,
)
from pos_bridge.records import (
    Cancellation,
    CustomerCard,
    HandOver,
    ItemCard,
    PaymentReport,
    Person,
    Record,
    RefundReport,
    StockCount,
    Ticket,
    TicketLine,
)

TELLS_PROBLEMS = False
FETCHES = frozenset({"order", "customer", "item"})

MOST_FIELDS = 20
# What stands on a ticket that is not sold yet: an open, a parked or a quoted one.
_NOT_YET = frozenset({"OPEN", "SAVED", "QUOTE", "PENDING"})
_TAKEN_ALONG = frozenset(
    {"CLOSED", "LAYBY_CLOSED", "ONACCOUNT_CLOSED", "DISPATCHED_CLOSED", "PICKED_UP_CLOSED"}
)
_THOUSANDTH = Decimal("0.001")


def is_signed(delivery: Delivery, *, secrets: Sequence[str], now: datetime) -> bool:
    """`X-Signature: signature=<hex>, algorithm=HMAC-SHA256`; another algorithm is none of ours."""
    parts = (part.partition("=") for part in delivery.headers.get("x-signature", "").split(",")[:8])
    said = {name.strip().lower(): value.strip() for name, _, value in parts}
    if said.get("algorithm", "HMAC-SHA256").upper() != "HMAC-SHA256":
        return False
    given = signatures.from_hex(said.get("signature", ""))
    return signatures.is_hmac(secrets=secrets, signed=delivery.body, given=given)


def key_of(delivery: Delivery) -> str:
    return delivery.fingerprint


def read(delivery: Delivery) -> Message:
    """The field `payload`; its type stands beside it, or shows in what it says."""
    try:
        form = parse_qs(
            delivery.body.decode("utf-8"), max_num_fields=MOST_FIELDS, strict_parsing=True
        )
    except ValueError as error:
        raise json_text.NotReadable("The body is no form in UTF-8") from error
    if len(form.get("payload", [])) != 1:
        raise json_text.NotReadable("The form has no field `payload`, or several")
    body = json_text.read(form["payload"][0].encode())
    kind = form.get("type", [""])[0] or _type_of(body)
    is_sale = kind == "sale.update" and isinstance(body, dict)
    return Message(
        key=delivery.fingerprint,
        type=kind[:64],
        about=str(body.get("id") or "")[:128] if is_sale else "",
        body=body,
    )


def parse(*, name: str, body: Any) -> tuple[Record, ...]:
    reader = _READERS.get(name)
    return reader(whole_object(body)) if reader else ()


def _type_of(body: Any) -> str:
    said = body if isinstance(body, dict) else {}
    signs = (
        ("sale.update", ("register_sale_products", "register_sale_payments", "line_items")),
        ("inventory.update", ("outlet_id", "product_id")),
        ("product.update", ("handle", "sku")),
        ("customer.update", ("customer_code",)),
    )
    return next((kind for kind, names in signs if any(each in said for each in names)), "")


def _sale(sale: dict[str, Any]) -> tuple[Record, ...]:
    status = text(sale, "status").upper()
    if status in _NOT_YET:
        return ()
    payments = rows(sale, "payments") or rows(sale, "register_sale_payments")
    if original := text(sale, "return_for", longest=128):
        return tuple(_refunds(sale, original, payments))
    ticket = _ticket(sale)
    found: list[Record] = [ticket]
    found += [report for row in payments if (report := _payment(row, ticket))]
    if status in _TAKEN_ALONG:
        found.append(HandOver(sale_id=ticket.sale_id, at=_changed_at(sale)))
    if status == "VOIDED" or sale.get("deleted_at"):
        found.append(Cancellation(sale_id=ticket.sale_id, at=_changed_at(sale)))
    return tuple(found)


def _ticket(sale: dict[str, Any]) -> Ticket:
    net, tax = _exact(sale, "total_price"), _exact(sale, "total_tax")
    total = max(Decimal(0), net + tax)
    tax = min(max(tax, Decimal(0)), total)
    lines = rows(sale, "line_items") or rows(sale, "register_sale_products")
    return Ticket(
        sale_id=needed(sale, "id"),
        version=version_at(_changed_at(sale)),
        store=text(sale, "outlet_id", longest=64) or text(sale, "register_id", longest=64),
        number=text(sale, "invoice_number", longest=64),
        currency="",
        total=total,
        tax=tax,
        placed_at=moment(sale, "sale_date"),
        note=text(sale, "note", longest=2000),
        design_code="",
        person=_buyer(sale),
        lines=tickets.balanced(
            [_line(row) for row in lines if text(row, "status").upper() != "VOIDED"],
            total=total,
            tax=tax,
            because="Rounding and adjustments",
        ),
    )


def _line(row: dict[str, Any]) -> TicketLine:
    pieces = quantity(row, "quantity")
    price = _exact(row, "price")
    net = _exact(row, "price_total") if "price_total" in row else price * number(row, "quantity")
    notes = [text(each, "value") for each in rows(row, "attributes")] + [text(row, "note")]
    sku, name = text(row, "sku", longest=64), text(row, "name")
    return TicketLine(
        kind=tickets.MERCHANDISE,
        sku=sku,
        description=name,
        quantity=pieces,
        price=price + _exact(row, "discount"),
        net=net,
        design_code=design_in(*notes, name)[:16],
        report_number=report_in(*notes, sku, name),
        item_id=text(row, "product_id", longest=128),
    )


def _payment(row: dict[str, Any], ticket: Ticket) -> PaymentReport | None:
    """Below zero is the rounding of cash, which took no money."""
    amount = _exact(row, "amount")
    if amount <= 0:
        return None
    return PaymentReport(
        sale_id=ticket.sale_id,
        payment_id=needed(row, "id"),
        status="captured",
        amount=amount,
        currency="",
        tender=text(row, "name", longest=32).lower() or "other",
        at=maybe_moment(row, "payment_date") or ticket.placed_at,
    )


def _refunds(sale: dict[str, Any], original: str, payments: list[dict[str, Any]]) -> list[Record]:
    """One for each payment that goes back."""
    return [
        RefundReport(
            sale_id=original,
            refund_id=needed(row, "id"),
            amount=-_exact(row, "amount"),
            tax=None,
            currency="",
            reason=text(sale, "note"),
            at=maybe_moment(row, "payment_date") or moment(sale, "sale_date"),
        )
        for row in payments
        if _exact(row, "amount") < 0
    ]


def _buyer(sale: dict[str, Any]) -> Person:
    told = group(sale, "customer")
    return _person(told) if told else Person(id=text(sale, "customer_id", longest=128))


def _person(row: dict[str, Any]) -> Person:
    return Person(
        id=text(row, "id", longest=128),
        email=text(row, "email", longest=254),
        phone=text(row, "mobile", longest=64) or text(row, "phone", longest=64),
        first_name=text(row, "first_name", longest=100),
        last_name=text(row, "last_name", longest=100),
    )


def _customer(row: dict[str, Any]) -> tuple[Record, ...]:
    return (CustomerCard(person=_person(row), at=moment(row, "updated_at")),)


def _product(row: dict[str, Any]) -> tuple[Record, ...]:
    sku = text(row, "sku", longest=64)
    report = report_in(sku, text(row, "name"), text(row, "description", longest=2000))
    return (ItemCard(item_id=needed(row, "id"), sku=sku, report_number=report),)


def _inventory(row: dict[str, Any]) -> tuple[Record, ...]:
    name = next(
        (each for each in ("current_amount", "inventory_level", "count") if each in row), ""
    )
    at = maybe_moment(row, "updated_at") or maybe_moment(group(row, "product"), "updated_at")
    if not name or at is None:
        return ()  # which of two counts is the newer could not be told
    count = StockCount(
        item_id=needed(row, "product_id"),
        place=needed(row, "outlet_id", longest=64),
        quantity=int(number(row, name)),
        at=at,
    )
    return (count,)


def _changed_at(sale: dict[str, Any]) -> datetime:
    return maybe_moment(sale, "updated_at") or moment(sale, "sale_date")


def _exact(row: dict[str, Any], name: str) -> Decimal:
    """As it is written, but for what no coin is of."""
    return number(row, name).quantize(_THOUSANDTH)


_READERS: dict[str, Callable[[dict[str, Any]], tuple[Record, ...]]] = {
    "sale.update": _sale,
    "customer.update": _customer,
    "product.update": _product,
    "inventory.update": _inventory,
}
