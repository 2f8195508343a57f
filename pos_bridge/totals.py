"""What a ticket comes to: lines, discount, tax and total, so that every sum adds up to the cent.

Prices are as the store tells them: without tax where it is added, with tax where it is included. The discount lies on
merchandise and services in proportion, the last of them taking what rounding leaves. Tax is rounded once, on the sum of what is
taxed; where it is included, the largest taxed line takes what rounding line by line leaves. Cash that has no coin for the last
digit is rounded to its smallest coin. Values in, values out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from jeweler import money

NOTHING = Decimal(0)
DISCOUNTED = frozenset({"merchandise", "service"})
# The smallest coin, where it is larger than the currency's smallest unit.
COINS = {
    "AUD": "0.05", "CAD": "0.05", "CHF": "0.05", "NZD": "0.10", "DKK": "0.50", "NOK": "1", "SEK": "1", "CZK": "1", "HUF": "5",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Rung:
    """A position as it was rung up; `price` each."""

    kind: str
    quantity: int = 1
    price: Decimal
    is_taxed: bool = True


@dataclass(frozen=True, kw_only=True)
class Worked:
    """The same position on the sale: `list_price` each and `net_total` without tax."""

    list_price: Decimal
    net_total: Decimal


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How the store charges. `typed_tax` counts where there is no rate."""

    currency: str
    tax_pct: Decimal
    is_included: bool
    typed_tax: Decimal = NOTHING


@dataclass(frozen=True, kw_only=True)
class Totals:
    """`total` is with tax. `lines` come in the order of what was rung up; their net and the tax are the total."""

    lines: tuple[Worked, ...]
    tax: Decimal
    total: Decimal


def add_up(rung: Sequence[Rung], *, discount: Decimal = NOTHING, rules: Rules) -> Totals:
    """The discount may not be more than `discountable`."""
    off = _spread(rung, discount, currency=rules.currency)
    paid = [line.price * line.quantity - less for line, less in zip(rung, off, strict=True)]
    taxed = sum((amount for line, amount in zip(rung, paid, strict=True) if line.is_taxed), NOTHING)
    tax = _tax(taxed, rules)
    net = _net(rung, paid, tax=tax, rules=rules)
    total = sum(paid, NOTHING) if rules.is_included else sum(paid, NOTHING) + tax
    lines = tuple(
        Worked(list_price=_list_price(line, less, amount, rules), net_total=amount)
        for line, less, amount in zip(rung, off, net, strict=True)
    )
    return Totals(lines=lines, tax=tax, total=total)


def discountable(rung: Sequence[Rung]) -> Decimal:
    """What a discount may lie on, as the store tells prices."""
    return sum((line.price * line.quantity for line in rung if line.kind in DISCOUNTED), NOTHING)


def in_cash(amount: Decimal, *, currency: str) -> Decimal:
    """The amount as coins can pay it."""
    coin = Decimal(COINS.get(currency, "0"))
    if not coin:
        return amount
    return money.rounded((amount / coin).quantize(1, ROUND_HALF_UP) * coin, currency=currency)


def amiss(amount: Decimal, *, currency: str, is_cash: bool) -> str:
    """What is wrong with an amount that is taken or given back, with the way out; empty: nothing."""
    if amount <= 0 or money.rounded(amount, currency=currency) != amount:
        return f"{amount} is no amount in {currency}. Type one such as {money.in_words(Decimal(1500), currency=currency)}."
    coined = in_cash(amount, currency=currency)
    if is_cash and coined != amount:
        return f"There is no coin for {amount}; in cash it is {coined}."
    return ""


def _spread(rung: Sequence[Rung], discount: Decimal, *, currency: str) -> list[Decimal]:
    """Cumulatively, so that the parts are the whole and none is more than its line."""
    whole, before, given = discountable(rung), NOTHING, NOTHING
    parts = []
    for line in rung:
        if line.kind not in DISCOUNTED or not whole:
            parts.append(NOTHING)
            continue
        before += line.price * line.quantity
        until = money.rounded(discount * before / whole, currency=currency)
        parts.append(until - given)
        given = until
    return parts


def _tax(taxed: Decimal, rules: Rules) -> Decimal:
    if not rules.tax_pct:
        return rules.typed_tax
    over = Decimal(100) + rules.tax_pct if rules.is_included else Decimal(100)
    return money.rounded(taxed * rules.tax_pct / over, currency=rules.currency)


def _net(
    rung: Sequence[Rung], paid: Sequence[Decimal], *, tax: Decimal, rules: Rules
) -> list[Decimal]:
    if not rules.is_included:
        return list(paid)
    net = [
        _without_tax(amount, rules) if line.is_taxed else amount
        for line, amount in zip(rung, paid, strict=True)
    ]
    taxed = [place for place, line in enumerate(rung) if line.is_taxed]
    if taxed:
        largest = max(taxed, key=lambda place: paid[place])
        net[largest] += sum(paid, NOTHING) - tax - sum(net, NOTHING)
    return net


def _without_tax(amount: Decimal, rules: Rules) -> Decimal:
    return money.rounded(amount * 100 / (100 + rules.tax_pct), currency=rules.currency)


def _list_price(line: Rung, less: Decimal, net: Decimal, rules: Rules) -> Decimal:
    """A line without discount is at its list price exactly, whatever rounding left on it."""
    if not less:
        return (net / line.quantity).quantize(Decimal("0.001"), ROUND_DOWN)
    is_in_it = rules.is_included and line.is_taxed
    return _without_tax(line.price, rules) if is_in_it else line.price
