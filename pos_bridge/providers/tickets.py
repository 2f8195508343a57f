"""What the vendors' tickets have in common: lines without tax, and a ticket that agrees with itself to the cent."""

import dataclasses
from collections.abc import Iterable
from decimal import Decimal

from jeweler import money
from pos_bridge.records import Ticket, TicketLine

MERCHANDISE, SERVICE, GIFT_CARD, SHIPPING = "merchandise", "service", "gift_card", "shipping"


def without_tax(price: Decimal, *, net: Decimal, gross: Decimal, currency: str) -> Decimal:
    """A price that holds tax, in the proportion in which its line does."""
    return money.rounded(price * net / gross, currency=currency) if gross else price


def besides(description: str, *, net: Decimal, kind: str = SERVICE) -> TicketLine:
    """What is on the ticket and is no piece: a tip, a fee, the rounding of cash."""
    return TicketLine(
        kind=kind,
        sku="",
        description=description[:200],
        quantity=1,
        price=net,
        net=net,
        design_code="",
        report_number="",
    )


def in_currency(ticket: Ticket, code: str) -> Ticket:
    """A ticket that says no currency, in the one that its till has: rounded to its coins, and agreeing with itself again."""
    if ticket.currency:
        return ticket
    lines = (
        dataclasses.replace(
            line,
            price=money.rounded(line.price, currency=code),
            net=money.rounded(line.net, currency=code),
        )
        for line in ticket.lines
    )
    total = money.rounded(ticket.total, currency=code)
    tax = money.rounded(ticket.tax, currency=code)
    whole = balanced(lines, total=total, tax=tax, because="Rounding")
    return dataclasses.replace(ticket, currency=code, total=total, tax=tax, lines=whole)


def balanced(
    lines: Iterable[TicketLine], *, total: Decimal, tax: Decimal, because: str
) -> tuple[TicketLine, ...]:
    """The lines, and one more for what the ticket's total has beyond them."""
    known = tuple(lines)
    left = total - tax - sum((line.net for line in known), Decimal(0))
    return (*known, besides(because, net=left)) if left else known
