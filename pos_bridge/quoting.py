"""What a saved design comes to, line by line: for a counter's ticket and for an invoice alike.

It is sold as it was saved. While its promise stands, at the promised price, or at today's where that is lower; afterwards
at today's. Prices are as the house tells them; what tax does to them is `totals`'. A design in another currency than its
store's, one that is not complete, and one whose stone is sold are refused in words: nothing is converted or guessed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from builder import alike, pricing, quotes
from builder.models import DesignVersion, Stone
from jeweler.models import Store


class CannotQuote(ValueError):
    """It cannot be sold as it is; the text says what can be done."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A position as it stands on a ticket. `report_number`: of the stone, on the first line."""

    description: str
    amount: Decimal
    report_number: str = ""


def lines(*, version: DesignVersion, store: Store, now: datetime) -> list[Line]:
    """Raises CannotQuote."""
    design, stone = version.design, version.stone
    if store.currency != pricing.CURRENCY:
        raise CannotQuote(
            f"{design} is priced in {pricing.CURRENCY}, and {store} sells in {store.currency}. Amounts are never "
            "converted: ring it up as a line with the price you agree on."
        )
    if stone is not None and stone.status == Stone.Status.SOLD:
        raise CannotQuote(f"{stone} is sold. The design’s page has the nearest stones.")
    priced = [line for line in _priced(version, store, now=now) if line.amount]
    return [
        Line(
            description=_described(line),
            amount=line.amount or Decimal(0),
            report_number=stone.report_number if stone and position == 0 else "",
        )
        for position, line in enumerate(priced)
    ]


def _priced(version: DesignVersion, store: Store, *, now: datetime) -> Sequence[pricing.PriceLine]:
    quoted = quotes.quote(alike.as_design(version, of=version.design), now=now)
    if quoted.missing:
        missing = ", ".join(quoted.missing)
        raise CannotQuote(f"{version.design} is not complete: {missing} is to be chosen.")
    refusal = quoted.unpriced or quoted.outdated
    until = version.price_until_date
    if until is not None and quotes.day_of(store, now=now) <= until:
        promised = quotes.lines_of(version)
        is_lower = not refusal and quoted.total < _sum(promised)
        return quoted.lines if is_lower else promised
    if refusal:
        raise CannotQuote(refusal)
    return quoted.lines


def _sum(priced: Sequence[pricing.PriceLine]) -> Decimal:
    return sum((line.amount for line in priced if line.amount), Decimal(0))


def _described(line: pricing.PriceLine) -> str:
    note = line.note
    if note[1:2].islower():  # a word, no abbreviation
        note = f"{note[:1].lower()}{note[1:]}"
    return ", ".join(filter(None, [line.label, note]))[:200]
