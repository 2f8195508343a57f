"""What a ring costs, line by line (docs/algorithms/pricing.md).

Each line is rounded once, to the whole unit of the house's currency, and the total is the sum of the lines: what is
shown adds up. Values in, values out; grams come from `geometry`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CURRENCY = "USD"  # the house's own


@dataclass(frozen=True, kw_only=True)
class MetalPart:
    """A part of the ring and the metal it is made of."""

    name: str
    grams: Decimal
    price_per_gram: Decimal


@dataclass(frozen=True, kw_only=True)
class SettingCost:
    name: str
    labor: Decimal
    accents_label: str
    accents_note: str
    accents: Decimal


@dataclass(frozen=True, kw_only=True)
class StoneCost:
    label: str
    note: str
    price: Decimal


@dataclass(frozen=True, kw_only=True)
class PriceLine:
    """`amount` is None where the price includes it."""

    label: str
    note: str
    amount: Decimal | None


@dataclass(frozen=True, kw_only=True)
class PriceBreakdown:
    lines: list[PriceLine]
    total: Decimal


def price_ring(
    *,
    stone: StoneCost | None,
    setting: SettingCost | None,
    metal: Sequence[MetalPart],
    size_in_words: str,
    included: str,
) -> PriceBreakdown:
    """The lines of what is chosen so far. `included` names what costs nothing; empty: no such line."""
    lines: list[PriceLine] = []
    if stone:
        lines.append(PriceLine(label=stone.label, note=stone.note, amount=whole(stone.price)))
    if setting:
        lines.append(
            PriceLine(
                label=setting.name, note="Made and set at our bench", amount=whole(setting.labor)
            )
        )
    if metal:
        lines.append(_metal_line(metal, size_in_words=size_in_words))
    if setting and setting.accents:
        lines.append(
            PriceLine(
                label=setting.accents_label,
                note=setting.accents_note,
                amount=whole(setting.accents),
            )
        )
    if included:
        lines.append(PriceLine(label=included, note="", amount=None))
    return PriceBreakdown(lines=lines, total=sum_of(lines))


def sum_of(lines: Sequence[PriceLine]) -> Decimal:
    return sum((line.amount for line in lines if line.amount is not None), Decimal(0))


def whole(amount: Decimal) -> Decimal:
    """To the whole unit, halves up."""
    return amount.quantize(Decimal(1), rounding=ROUND_HALF_UP)


def _metal_line(parts: Sequence[MetalPart], *, size_in_words: str) -> PriceLine:
    grams = [f"{part.grams:.1f} g{_of(part, parts)}" for part in parts]
    return PriceLine(
        label=parts[0].name[:1].upper() + parts[0].name[1:],
        note=f"{' and '.join(grams)}{size_in_words}",
        amount=whole(sum((part.grams * part.price_per_gram for part in parts), Decimal(0))),
    )


def _of(part: MetalPart, parts: Sequence[MetalPart]) -> str:
    return "" if part is parts[0] else f" {part.name} for the head"
