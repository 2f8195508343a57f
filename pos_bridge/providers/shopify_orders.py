"""What a Shopify order says of a sale: its lines without tax, what it is worth, whether it was handed over.

An exchange happens on the order itself: new lines come, old ones go back, and money moves for the difference alone. So an order is
worth its total before returns, less the worth of what came back beyond the money that went back, and less what was written off.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from jeweler import money
from pos_bridge.providers import tickets
from pos_bridge.providers.reading import (
    amount,
    currency,
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
)
from pos_bridge.records import Cancellation, HandOver, Person, Record, Ticket, TicketLine

DESIGN_NAMES = frozenset({"design", "design_ref", "design_code", "design code"})
REPORT_NAMES = frozenset({"stone_cert", "report_number", "report", "certificate", "cert"})


def read(order: dict[str, Any]) -> tuple[Record, ...]:
    """The ticket, and what became of the sale as a whole; nothing of a test order."""
    if order.get("test"):
        return ()
    ticket = _ticket(order)
    found: list[Record] = [ticket]
    if at := _handed_over_at(order, is_online=ticket.is_online):
        found.append(HandOver(sale_id=ticket.sale_id, at=at))
    if at := maybe_moment(order, "cancelled_at"):
        found.append(Cancellation(sale_id=ticket.sale_id, at=at))
    return tuple(found)


def money_back(refund: dict[str, Any]) -> list[dict[str, Any]]:
    """The transactions that give money back. One that is on its way counts; Shopify does not tell when it arrives."""
    return [
        each
        for each in rows(refund, "transactions")
        if text(each, "kind") == "refund"
        and text(each, "status") in {"success", "pending"}
        and not each.get("test")
    ]


def _ticket(order: dict[str, Any]) -> Ticket:
    code = currency(order, "currency")
    exchanged = max(Decimal(0), _returned(order, code) - _given_back(order, code))
    rounding = _shop_amount(order, "total_cash_rounding_payment_adjustment_set", code)
    total = max(Decimal(0), amount(order, "total_price", currency=code) + rounding - exchanged)
    kept = [
        _line(each, order, code, is_exchanged=exchanged > 0) for each in rows(order, "line_items")
    ]
    lines = [*(line for line in kept if line), *_shipping(order, code)]
    if rounding:
        lines.append(tickets.besides("Cash rounding", net=rounding))
    tax = min(_tax(order, code, is_exchanged=exchanged > 0), total)
    is_online = text(order, "source_name") != "pos"
    attributes = _named(order, "note_attributes")
    return Ticket(
        sale_id=needed(order, "id"),
        version=_version(order),
        is_online=is_online,
        store="" if is_online else needed(order, "location_id", longest=64),
        number=text(order, "name", longest=64),
        currency=code,
        total=total,
        tax=tax,
        placed_at=maybe_moment(order, "processed_at") or moment(order, "created_at"),
        note=text(order, "note", longest=2000),
        design_code=_first(attributes, DESIGN_NAMES)[:16],
        codes=tuple(
            filter(None, (text(each, "code", longest=64) for each in rows(order, "discount_codes")))
        ),
        person=_person(order),
        lines=tickets.balanced(
            lines, total=total, tax=tax, because="Returns, duties and adjustments"
        ),
    )


def _version(order: dict[str, Any]) -> int:
    """Of the last change. Shopify writes whole seconds, so within one the order that has more to tell is the newer."""
    at = version_at(moment(order, "updated_at"))
    parts = ("line_items", "refunds", "fulfillments", "discount_codes", "shipping_lines")
    told = sum(len(rows(order, name)) for name in parts)
    ends = sum(bool(order.get(name)) for name in ("cancelled_at", "closed_at"))
    return at + min(told + ends, 999) if at % 1_000_000 == 0 else at


def _line(
    row: dict[str, Any], order: dict[str, Any], code: str, *, is_exchanged: bool
) -> TicketLine | None:
    """Its discounts are what was allocated to it. What went back in an exchange is on the ticket no more."""
    pieces = quantity(row, "quantity")
    price = amount(row, "price", currency=code)
    taken_off = _discount(row, code)
    tax = _taxes(row, code)
    holds_tax = bool(order.get("taxes_included"))
    gross = price * pieces - taken_off
    net = gross - tax if holds_tax else gross
    left = (
        int(number(row, "current_quantity"))
        if is_exchanged and "current_quantity" in row
        else pieces
    )
    if left <= 0:
        return None
    properties = _named(row, "properties")
    note = " ".join((text(row, "sku"), *properties.values()))
    return TicketLine(
        kind=_kind(row),
        sku=text(row, "sku", longest=64),
        description=text(row, "name") or text(row, "title"),
        quantity=left,
        price=tickets.without_tax(price, net=net, gross=gross, currency=code)
        if holds_tax
        else price,
        net=money.rounded(net * left / pieces, currency=code),
        design_code=(_first(properties, DESIGN_NAMES) or design_in(note))[:16],
        report_number=_report(properties) or report_in(note),
    )


def _kind(row: dict[str, Any]) -> str:
    """What needs no shipping is no piece: a repair, an engraving, a tip."""
    if row.get("gift_card"):
        return tickets.GIFT_CARD
    if row.get("tip_payment_gateway") or row.get("requires_shipping") is False:
        return tickets.SERVICE
    return tickets.MERCHANDISE


def _discount(row: dict[str, Any], code: str) -> Decimal:
    allocated = rows(row, "discount_allocations")
    if not allocated:
        return amount(row, "total_discount", currency=code)
    return sum((amount(each, "amount", currency=code) for each in allocated), Decimal(0))


def _taxes(row: dict[str, Any], code: str) -> Decimal:
    return sum(
        (amount(each, "price", currency=code) for each in rows(row, "tax_lines")), Decimal(0)
    )


def _shipping(order: dict[str, Any], code: str) -> list[TicketLine]:
    found = []
    for row in rows(order, "shipping_lines"):
        net = amount(row, "price", currency=code) - _discount(row, code)
        if order.get("taxes_included"):
            net -= _taxes(row, code)
        if net and not row.get("is_removed"):
            found.append(
                tickets.besides(text(row, "title") or "Shipping", net=net, kind=tickets.SHIPPING)
            )
    return found


def _tax(order: dict[str, Any], code: str, *, is_exchanged: bool) -> Decimal:
    """After an exchange, of what is left."""
    name = "current_total_tax" if is_exchanged and "current_total_tax" in order else "total_tax"
    return amount(order, name, currency=code)


def _returned(order: dict[str, Any], code: str) -> Decimal:
    """The worth of what came back. An adjustment says by how much Shopify was told to give more or less for it."""
    found = Decimal(0)
    for refund in rows(order, "refunds"):
        for row in rows(refund, "refund_line_items"):
            found += amount(row, "subtotal", currency=code) + amount(
                row, "total_tax", currency=code
            )
        for row in rows(refund, "order_adjustments"):
            found -= amount(row, "amount", currency=code) + amount(row, "tax_amount", currency=code)
    return found


def _given_back(order: dict[str, Any], code: str) -> Decimal:
    moved = [each for refund in rows(order, "refunds") for each in money_back(refund)]
    return sum((amount(each, "amount", currency=code) for each in moved), Decimal(0))


def _shop_amount(order: dict[str, Any], name: str, code: str) -> Decimal:
    return amount(group(group(order, name), "shop_money"), "amount", currency=code)


def _handed_over_at(order: dict[str, Any], *, is_online: bool) -> datetime | None:
    """When the last of it went: at the till as it was fulfilled there, else as the carrier delivered it."""
    if text(order, "fulfillment_status") != "fulfilled":
        return None
    parcels = [each for each in rows(order, "fulfillments") if text(each, "status") == "success"]
    if not parcels:
        return None if is_online else maybe_moment(order, "processed_at")
    moments = [_arrived_at(each, is_online=is_online) for each in parcels]
    return None if None in moments else max(at for at in moments if at)


def _arrived_at(parcel: dict[str, Any], *, is_online: bool) -> datetime | None:
    if text(parcel, "shipment_status") == "delivered":
        return moment(parcel, "updated_at")
    is_sent = is_online or bool(text(parcel, "tracking_number"))
    return None if is_sent else moment(parcel, "created_at")


def _person(order: dict[str, Any]) -> Person:
    """As typed for this order, and else as the shop knows her."""
    known = group(order, "customer")
    return Person(
        id=text(known, "id", longest=128),
        email=text(order, "email", longest=254) or text(known, "email", longest=254),
        phone=text(order, "phone", longest=64) or text(known, "phone", longest=64),
        first_name=text(known, "first_name", longest=100),
        last_name=text(known, "last_name", longest=100),
    )


def _named(row: dict[str, Any], name: str) -> dict[str, str]:
    """A list of {name, value}; an underscore before a name only hides it from the shopper."""
    return {
        text(each, "name").lstrip("_").lower(): value
        for each in rows(row, name)
        if isinstance(value := each.get("value"), str)
    }


def _first(values: dict[str, str], names: frozenset[str]) -> str:
    return next((value.strip() for name, value in values.items() if name in names), "")


def _report(properties: dict[str, str]) -> str:
    """Written with its laboratory or without it."""
    said = _first(properties, REPORT_NAMES)
    return report_in(said) or (said[:32] if any(map(str.isdigit, said)) else "")
