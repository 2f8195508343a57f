"""What a Square order says of a sale, and of the tenders that it was paid with.

Amounts are whole minor units. An order that takes things back nets them off: it is worth the difference, and what was given back
for them is a refund of the order that sold them.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from jeweler import money
from pos_bridge.providers import tickets
from pos_bridge.providers.reading import (
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
    wrong,
)
from pos_bridge.records import (
    Cancellation,
    HandOver,
    PaymentReport,
    Person,
    Record,
    Ticket,
    TicketLine,
)

DESIGN_NAMES = ("design_ref", "design_code", "design")
CODE_NAMES = ("referral_code", "code")
ONLINE = ("online", "e-commerce", "ecommerce", "weebly")
_TENDERS = {
    "CARD": "card",
    "CASH": "cash",
    "SQUARE_GIFT_CARD": "gift_card",
    "GIFT_CARD": "gift_card",
    "BANK_ACCOUNT": "bank",
    "WALLET": "wallet",
    "BUY_NOW_PAY_LATER": "installments",
}
_STATUSES = {"AUTHORIZED": "authorized", "VOIDED": "voided", "FAILED": "voided"}


@dataclass(frozen=True, kw_only=True)
class Paid:
    amount: Decimal
    currency: str


def read(order: dict[str, Any]) -> tuple[Record, ...]:
    """The ticket, its tenders, and what became of it; nothing of a draft, nor of an order that only takes back."""
    state = text(order, "state")
    if state == "DRAFT" or not rows(order, "line_items"):
        return ()
    ticket = _ticket(order)
    found: list[Record] = [ticket]
    found += [report for row in rows(order, "tenders") if (report := _tender(row, ticket.sale_id))]
    if state == "COMPLETED":
        at = maybe_moment(order, "closed_at") or moment(order, "updated_at")
        found.append(HandOver(sale_id=ticket.sale_id, at=at))
    if state == "CANCELED":
        at = maybe_moment(order, "closed_at") or moment(order, "updated_at")
        found.append(Cancellation(sale_id=ticket.sale_id, at=at))
    return tuple(found)


def paid(row: dict[str, Any], name: str) -> Paid:
    """An amount of money that is there; in whole minor units."""
    said = group(row, name)
    code = currency(said, "currency")
    return Paid(amount=_money(row, name, code), currency=code)


def tender_of(row: dict[str, Any], name: str) -> str:
    kind = text(row, name, longest=32)
    return _TENDERS.get(kind, kind.lower() or "other")


def _ticket(order: dict[str, Any]) -> Ticket:
    code = paid(order, "total_money").currency
    takes_back = bool(rows(order, "returns"))
    whole = group(order, "net_amounts") if takes_back else order
    names = ("total_money", "tax_money") if takes_back else ("total_money", "total_tax_money")
    total, tax = (max(Decimal(0), _money(whole, name, code)) for name in names)
    lines = [_line(row, code) for row in rows(order, "line_items")]
    lines += [_charge(row, code) for row in rows(order, "service_charges")]
    if tip := _money(order, "total_tip_money", code):
        lines.append(tickets.besides("Tip", net=tip))
    metadata = group(order, "metadata")
    tax = min(tax, total)
    source = text(group(order, "source"), "name").lower()
    return Ticket(
        sale_id=needed(order, "id"),
        version=version_at(moment(order, "updated_at")),
        is_online=any(word in source for word in ONLINE),
        store=text(order, "location_id", longest=64),
        number=text(order, "ticket_name", longest=64) or text(order, "reference_id", longest=64),
        currency=code,
        total=total,
        tax=tax,
        placed_at=moment(order, "created_at"),
        note=" ".join(filter(None, (text(order, name) for name in ("note", "reference_id")))),
        design_code=_first(metadata, DESIGN_NAMES)[:16],
        codes=_codes(order, metadata),
        person=Person(id=text(order, "customer_id", longest=128)),
        lines=tickets.balanced(lines, total=total, tax=tax, because="Returns and adjustments"),
    )


def _line(row: dict[str, Any], code: str) -> TicketLine:
    """Square says a line's tax whether its price holds it or not, so that net is what is left of its total."""
    pieces = quantity(row, "quantity")
    gross = _money(row, "gross_sales_money", code)
    total, tax = _money(row, "total_money", code), _money(row, "total_tax_money", code)
    charged = _money(row, "total_service_charge_money", code)
    net = total - tax - charged
    before = gross - _money(row, "total_discount_money", code)
    name = " - ".join(filter(None, (text(row, "name"), text(row, "variation_name"))))
    note = text(row, "note", longest=500)
    said = group(row, "metadata")
    price = money.rounded(gross / pieces, currency=code)
    return TicketLine(
        kind=_kind(row),
        sku=text(said, "sku", longest=64),
        description=name[:200],
        quantity=pieces,
        price=tickets.without_tax(price, net=net, gross=before, currency=code),
        net=net,
        design_code=(_first(said, DESIGN_NAMES) or design_in(note, name))[:16],
        report_number=report_in(note, name),
        item_id=text(row, "catalog_object_id", longest=128),
    )


def _kind(row: dict[str, Any]) -> str:
    return tickets.GIFT_CARD if text(row, "item_type") == "GIFT_CARD" else tickets.MERCHANDISE


def _charge(row: dict[str, Any], code: str) -> TicketLine:
    net = _money(row, "total_money", code) - _money(row, "total_tax_money", code)
    return tickets.besides(text(row, "name") or "Service charge", net=net)


def _tender(row: dict[str, Any], sale_id: str) -> PaymentReport | None:
    """Under its payment's id, as the payment's own events have it."""
    taken = paid(row, "amount_money")
    if taken.amount <= 0:
        return None
    status = text(group(row, "card_details"), "status")
    return PaymentReport(
        sale_id=sale_id,
        payment_id=text(row, "payment_id", longest=128) or needed(row, "id"),
        status=_STATUSES.get(status, "captured"),
        amount=taken.amount,
        currency=taken.currency,
        tender=tender_of(row, "type"),
        at=moment(row, "created_at"),
    )


def _codes(order: dict[str, Any], metadata: dict[str, Any]) -> tuple[str, ...]:
    """A discount is named by the code that was typed for it, where the till has one for codes."""
    named = [text(row, "name", longest=64) for row in rows(order, "discounts")]
    said = [text(metadata, name, longest=64) for name in CODE_NAMES]
    return tuple(dict.fromkeys(filter(None, (*named, *said))))


def _first(row: dict[str, Any], names: tuple[str, ...]) -> str:
    return next((found for name in names if (found := text(row, name))), "")


def _money(row: dict[str, Any], name: str, code: str) -> Decimal:
    said = group(row, name)
    if not said:
        return Decimal(0)
    minor = number(said, "amount")
    if text(said, "currency") not in {"", code} or minor != minor.to_integral_value():
        wrong(name, f"is no whole number of minor units of {code}")
    return money.from_minor(int(minor), currency=code)
