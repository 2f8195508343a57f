"""Our own event format, for every till that can send Standard Webhooks (docs/webhooks.md)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from pos_bridge.providers import json_text, signatures
from pos_bridge.providers.contract import Delivery, Message
from pos_bridge.providers.fields import Fields, Malformed, Problem
from pos_bridge.records import (
    Cancellation,
    Closure,
    HandOver,
    PaymentReport,
    Person,
    Record,
    RefundReport,
    Ticket,
    TicketLine,
)

KINDS = ("merchandise", "service", "gift_card", "shipping")
MOST_LINES = 500
MOST_TENDERS = 50
NEWEST = 2**63 - 1
TELLS_PROBLEMS = True
FETCHES: frozenset[str] = frozenset()


def is_signed(delivery: Delivery, *, secrets: Sequence[str], now: datetime) -> bool:
    return signatures.verify(secrets=secrets, headers=delivery.headers, body=delivery.body, now=now)


def key_of(delivery: Delivery) -> str:
    return delivery.headers["webhook-id"]


def read(delivery: Delivery) -> Message:
    body = json_text.read(delivery.body)
    return Message(key=key_of(delivery), type=_type_of(body), about=_sale_id_of(body), body=body)


def parse(*, name: str, body: Any) -> tuple[Record, ...]:
    """The event in our words; its type stands in its body.

    Raises Malformed with all its problems.
    """
    if not isinstance(body, dict):
        raise Malformed([Problem(field="(body)", message="is a JSON object")])
    fields = Fields(values=body)
    kind = fields.choice("type", of=tuple(_READERS))
    fields.moment("occurred_at")
    record = _READERS[kind](fields) if kind else None
    if fields.problems or record is None:
        raise Malformed(fields.problems)
    return (record,)


def _type_of(body: Any) -> str:
    """What the event calls itself, for the list of what came; it may be anything."""
    value = body.get("type") if isinstance(body, dict) else None
    return value[:64] if isinstance(value, str) else ""


def _sale_id_of(body: Any) -> str:
    sale = body.get("sale") if isinstance(body, dict) else None
    value = sale.get("id") if isinstance(sale, dict) else None
    return value[:128] if isinstance(value, str) else ""


def _sale_id(fields: Fields) -> str:
    return fields.group("sale").text("id", longest=128, is_required=True)


def _ticket(fields: Fields) -> Ticket:
    sale = fields.group("sale")
    currency = sale.currency("currency")
    ticket = Ticket(
        sale_id=sale.text("id", longest=128, is_required=True),
        version=sale.whole("version", least=0, most=NEWEST),
        store=fields.text("store", longest=50),
        number=sale.text("number", longest=64),
        currency=currency,
        total=sale.amount("total", currency=currency),
        tax=sale.amount("tax", currency=currency, default=Decimal(0)),
        placed_at=sale.moment("placed_at"),
        note=sale.text("note", longest=2000),
        design_code=sale.text("design_code", longest=16),
        person=_person(fields.group("customer", is_required=False)),
        lines=tuple(_line(each, currency) for each in fields.each("lines", most=MOST_LINES)),
    )
    if not fields.problems:
        _check_sum(fields, ticket)
    return ticket


def _person(fields: Fields) -> Person:
    return Person(
        email=fields.text("email", longest=254),
        phone=fields.text("phone", longest=64),
        first_name=fields.text("first_name", longest=100),
        last_name=fields.text("last_name", longest=100),
    )


def _line(fields: Fields, currency: str) -> TicketLine:
    quantity = fields.whole("quantity", least=1, most=9999, default=1)
    price = fields.amount("price", currency=currency)
    return TicketLine(
        kind=fields.choice("kind", of=KINDS, default="merchandise"),
        sku=fields.text("sku", longest=64),
        description=fields.text("description", longest=200),
        quantity=quantity,
        price=price,
        net=fields.amount("net", currency=currency, default=price * quantity),
        design_code=fields.text("design_code", longest=16),
        report_number=fields.text("report_number", longest=32),
    )


def _check_sum(fields: Fields, ticket: Ticket) -> None:
    """The books must agree with the ticket to the cent, so the ticket must agree with itself."""
    found = sum((line.net for line in ticket.lines), ticket.tax)
    if found != ticket.total:
        fields.wrong("sale.total", f"is {ticket.total}, but the lines and the tax come to {found}")


def _payment(status: str) -> Callable[[Fields], PaymentReport]:
    def read(fields: Fields) -> PaymentReport:
        payment = fields.group("payment")
        currency = payment.currency("currency")
        return PaymentReport(
            sale_id=_sale_id(fields),
            payment_id=payment.text("id", longest=128, is_required=True),
            status=status,
            amount=_above_zero(payment, currency),
            currency=currency,
            tender=payment.text("tender", longest=32, is_required=True),
            reference=payment.text("reference", longest=64),
            at=fields.moment("occurred_at"),
        )

    return read


def _refund(fields: Fields) -> RefundReport:
    refund = fields.group("refund")
    currency = refund.currency("currency")
    amount = _above_zero(refund, currency)
    tax = refund.amount("tax", currency=currency, default=Decimal(0))
    if tax > amount:
        refund.wrong("tax", "is more than the amount, which it is part of")
    return RefundReport(
        sale_id=_sale_id(fields),
        refund_id=refund.text("id", longest=128, is_required=True),
        amount=amount,
        tax=tax,
        currency=currency,
        tender=refund.text("tender", longest=32),
        reason=refund.text("reason", longest=200),
        at=fields.moment("occurred_at"),
    )


def _above_zero(fields: Fields, currency: str) -> Decimal:
    known = len(fields.problems)
    amount = fields.amount("amount", currency=currency)
    if currency and not amount and len(fields.problems) == known:
        fields.wrong("amount", "is zero; send what was moved")
    return amount


def _hand_over(fields: Fields) -> HandOver:
    return HandOver(sale_id=_sale_id(fields), at=fields.moment("occurred_at"))


def _cancellation(fields: Fields) -> Cancellation:
    return Cancellation(sale_id=_sale_id(fields), at=fields.moment("occurred_at"))


def _closure(fields: Fields) -> Closure:
    """A tender may have given back more than it took, so that it says both, and neither is below zero."""
    closing = fields.group("closing")
    currency = closing.currency("currency")
    opened_at, closed_at = closing.moment("opened_at"), fields.moment("occurred_at")
    closure = Closure(
        closure_id=closing.text("id", longest=128, is_required=True),
        place=fields.text("store", longest=50),
        register=closing.text("register", longest=100),
        opened_at=opened_at,
        closed_at=closed_at,
        currency=currency,
        tenders=tuple(
            _counted(each, currency) for each in closing.each("tenders", most=MOST_TENDERS)
        ),
        is_counted_whole=closing.truth("counted_whole", default=True),
    )
    if not fields.problems and opened_at >= closed_at:
        closing.wrong("opened_at", "is not before occurred_at, when it was closed")
    return closure


def _counted(fields: Fields, currency: str) -> tuple[str, Decimal]:
    taken = fields.amount("taken", currency=currency)
    given_back = fields.amount("given_back", currency=currency, default=Decimal(0))
    return fields.text("tender", longest=32, is_required=True), taken - given_back


_READERS: dict[str, Callable[[Fields], Record]] = {
    "sale.recorded": _ticket,
    "payment.authorized": _payment("authorized"),
    "payment.captured": _payment("captured"),
    "payment.voided": _payment("voided"),
    "refund.recorded": _refund,
    "sale.handed_over": _hand_over,
    "sale.voided": _cancellation,
    "register.closed": _closure,
}
