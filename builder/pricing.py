"""What a ring costs, line by line, and how a price is told (docs/algorithms/pricing.md).

Each line is rounded once, to the whole unit of the house's currency, and the total is the sum of the lines: what is
shown adds up. Values in, values out; `costing` finds the values. What is made anew for every price is a named tuple,
which takes a quarter of a frozen dataclass's time to make.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import NamedTuple

from jeweler import money

CURRENCY = "USD"  # the house's own

SHOWN, RANGE, ON_REQUEST = MODES = ("shown", "range", "on_request")
ADDED, INCLUDED = "added", "included"
IN_WORDS_ON_REQUEST = "Price on request"

_NOTHING = Decimal(0)
_WHOLE = Decimal(1)
_CENT = Decimal("0.01")
_HUNDRED = Decimal(100)
# How wide the range is in which a price lies: below which price, and how much.
_STEPS = ((Decimal(10_000), Decimal(500)), (Decimal(50_000), Decimal(1_000)))
_WIDEST_STEP = Decimal(5_000)


class NotPriced(Exception):
    """Something of the ring has no price. The message names it and the way out; it is for staff."""


class MetalPart(NamedTuple):
    """A part of the ring and the metal it is made of. `waste_pct` of its weight is lost in making it."""

    name: str
    grams: Decimal
    price_per_gram: Decimal
    waste_pct: Decimal = Decimal(0)

    @property
    def amount(self) -> Decimal:
        return self.grams * self.price_per_gram * (_HUNDRED + self.waste_pct) / _HUNDRED


class MeleePart(NamedTuple):
    """The small diamonds of one place: `pieces`, each for `stone_price` and `setting_fee`."""

    label: str
    note: str
    pieces: int
    stone_price: Decimal
    setting_fee: Decimal

    @property
    def amount(self) -> Decimal:
        return self.pieces * (self.stone_price + self.setting_fee)


class MeleeRow(NamedTuple):
    """What one small diamond costs from so many millimeters to below so many."""

    from_mm: Decimal
    below_mm: Decimal
    stone_price: Decimal
    setting_fee: Decimal


class Cost(NamedTuple):
    """A part with a price of its own: a stone, labor, a head, an engraving."""

    label: str
    note: str
    price: Decimal


class PriceLine(NamedTuple):
    """`amount` is None where the price includes it."""

    label: str
    note: str
    amount: Decimal | None


class PriceBreakdown(NamedTuple):
    lines: list[PriceLine]
    total: Decimal


@dataclass(frozen=True, kw_only=True)
class BillLine:
    """A line as a shopper sees it: "$1,480", "Included", or no amount at all."""

    label: str
    note: str
    amount: str


@dataclass(frozen=True, kw_only=True)
class Tax:
    """How tax is worded: `display` is added or included; `pct` 0: the till works it out."""

    display: str
    pct: Decimal


def price_ring(
    *,
    stone: Cost | None,
    labor: Cost | None,
    metal: Sequence[MetalPart],
    center: Sequence[Cost],
    melee: Sequence[MeleePart],
    engraving: Cost | None,
    size_in_words: str,
    included: str,
) -> PriceBreakdown:
    """The lines of what is chosen so far. `included` names what costs nothing; empty: no such line.

    `center` is what setting the center stone and its head cost. Of the parts only those with a price have
    a line, but for the stone, the labor and the metal, which always have one.
    """
    lines = [_line(part) for part in (stone, labor) if part]
    if metal:
        lines.append(_metal_line(metal, size_in_words=size_in_words))
    lines += [_line(part) for part in center if part.price]
    lines += [_melee_line(part) for part in melee if part.pieces]
    if engraving and engraving.price:
        lines.append(_line(engraving))
    if included:
        lines.append(PriceLine(label=included, note="", amount=None))
    return PriceBreakdown(lines=lines, total=sum_of(lines))


def price_band(
    *,
    labor: Cost,
    metal: Sequence[MetalPart],
    melee: Sequence[MeleePart],
    size_in_words: str,
) -> PriceBreakdown:
    """A wedding band: the lines of a ring without a center stone."""
    return price_ring(
        stone=None,
        labor=labor,
        metal=metal,
        center=[],
        melee=melee,
        engraving=None,
        size_in_words=size_in_words,
        included="",
    )


def sum_of(lines: Sequence[PriceLine]) -> Decimal:
    return sum([line.amount for line in lines if line.amount is not None], _NOTHING)


def whole(amount: Decimal) -> Decimal:
    """To the whole unit, halves up."""
    return amount.quantize(_WHOLE, ROUND_HALF_UP)


def melee_row(rows: Sequence[MeleeRow], *, mm: Decimal) -> MeleeRow | None:
    """The row that covers this size; rows never overlap, so there is at most one."""
    return next((row for row in rows if row.from_mm <= mm < row.below_mm), None)


# How a price is told.


def told(amount: Decimal, *, mode: str, currency: str = CURRENCY) -> str:
    """ "$12,480", "$12,000 to $13,000" or "Price on request"."""
    if mode == ON_REQUEST:
        return IN_WORDS_ON_REQUEST
    if mode == SHOWN:
        return money.in_words(amount, currency=currency)
    low, high = ends(amount)
    if not low:
        return f"Up to {money.in_words(high, currency=currency)}"
    return f"{money.in_words(low, currency=currency)} to {money.in_words(high, currency=currency)}"


def ends(amount: Decimal) -> tuple[Decimal, Decimal]:
    """The range that a price is told in: low ≤ amount < high, by the amount alone."""
    step = next((step for below, step in _STEPS if amount < below), _WIDEST_STEP)
    low = (amount / step).to_integral_value(rounding=ROUND_FLOOR) * step
    return low, low + step


def bill(lines: Sequence[PriceLine], *, mode: str, currency: str = CURRENCY) -> list[BillLine]:
    """The lines as they are told. Only shown prices have amounts: others would add up to the price."""
    return [
        BillLine(label=line.label, note=line.note, amount=_amount_told(line, mode, currency))
        for line in lines
    ]


def _amount_told(line: PriceLine, mode: str, currency: str) -> str:
    if line.amount is None:
        return "Included"
    return money.in_words(line.amount, currency=currency) if mode == SHOWN else ""


def tax_told(tax: Tax, *, total: Decimal, mode: str, currency: str = CURRENCY) -> str:
    """What stands beside a total: "plus 8.875 % sales tax, about $1,302". Empty when the price is on request."""
    if mode == ON_REQUEST:
        return ""
    if not tax.pct:
        return (
            "tax included" if tax.display == INCLUDED else "plus sales tax, worked out at the till"
        )
    pct = percent(tax.pct)
    if tax.display == INCLUDED:
        part = (total * tax.pct / (_HUNDRED + tax.pct)).quantize(_CENT, rounding=ROUND_HALF_UP)
        words = f"includes {pct} VAT"
        return f"{words}: {money.in_words(part, currency=currency)}" if mode == SHOWN else words
    words = f"plus {pct} sales tax"
    about = money.in_words(whole(total * tax.pct / _HUNDRED), currency=currency)
    return f"{words}, about {about}" if mode == SHOWN else words


@functools.lru_cache(maxsize=64)
def percent(pct: Decimal) -> str:
    """8.8750 is said "8.875 %"."""
    return f"{pct.normalize():f} %"


# Lines.


def _line(part: Cost) -> PriceLine:
    return PriceLine(part.label, part.note, whole(part.price))


def _melee_line(part: MeleePart) -> PriceLine:
    return PriceLine(part.label, part.note, whole(part.amount))


def _metal_line(parts: Sequence[MetalPart], *, size_in_words: str) -> PriceLine:
    grams = [f"{part.grams:.1f} g{_of(part, parts)}" for part in parts]
    return PriceLine(
        parts[0].name[:1].upper() + parts[0].name[1:],
        f"{' and '.join(grams)}{size_in_words}",
        whole(sum([part.amount for part in parts], _NOTHING)),
    )


def _of(part: MetalPart, parts: Sequence[MetalPart]) -> str:
    return "" if part is parts[0] else f" {part.name} for the head"
