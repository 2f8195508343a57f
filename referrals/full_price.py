"""What of a sale can be paid by store credit: merchandise at its full price, and nothing else.

Pure. The one rule for every door: the till's hold, the counter, and the sale as it was reported. Amounts are without tax,
which another tender pays: credit is a tender and never lessens what is taxed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

MERCHANDISE = "merchandise"


class Line(Protocol):
    """A position of a sale: `list_price` each, before discounts, `net_total` of the line after them."""

    @property
    def kind(self) -> str: ...
    @property
    def quantity(self) -> int: ...
    @property
    def list_price(self) -> Decimal: ...
    @property
    def net_total(self) -> Decimal: ...


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A line as somebody who asks for credit says it."""

    kind: str = MERCHANDISE
    quantity: int = 1
    list_price: Decimal
    net_total: Decimal


@dataclass(frozen=True, kw_only=True)
class Eligible:
    """`total` can be paid by credit; `reasons` say of each line by its place, from 1, why not, or ""."""

    total: Decimal
    reasons: tuple[str, ...]

    def in_words(self) -> str:
        said = [
            f"Line {place}: {reason}." for place, reason in enumerate(self.reasons, 1) if reason
        ]
        return " ".join(said)


def eligible(lines: Iterable[Line]) -> Eligible:
    """How much of these lines credit can pay."""
    judged = [(line, why_not(line)) for line in lines]
    return Eligible(
        total=sum((line.net_total for line, reason in judged if not reason), Decimal(0)),
        reasons=tuple(reason for _, reason in judged),
    )


def why_not(line: Line) -> str:
    """Why credit cannot pay this line, "" when it can."""
    if line.kind != MERCHANDISE:
        return "credit pays for jewelry only, not for services, gift cards or shipping"
    if line.net_total <= 0:
        return "there is nothing to pay"
    if line.net_total < line.list_price * line.quantity:
        return "it is reduced, and credit pays at full price only"
    return ""
