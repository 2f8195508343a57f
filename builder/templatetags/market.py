"""Where a stone's price stands among comparable stones, drawn: ticks for the middle half, a mark for this stone."""

from decimal import Decimal

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

from builder import market, pricing

register = template.Library()

LOW, HIGH = 0.25, 0.75  # where the middle half begins and ends on the line
LINE = (
    '<svg class="mk" viewBox="0 0 {wide:g} {tall:g}" fill="none" stroke="#16181d" role="img" aria-label="{words}">'
    '<path d="M0 {y:g}H{wide:g}M{low:g} {tick:g}v{half:g}M{high:g} {tick:g}v{half:g}" stroke="#8d867a"/>'
    '<path d="M{mark:.1f} 3v{most:g}" stroke-width="3"/></svg>'
)


@register.simple_tag
def market_line(position: market.Position, price: Decimal, mode: str) -> SafeString:
    """For a stone's own sheet, with the whole sentence for whoever cannot see it."""
    words = position.words(currency=_currency(mode))
    return _line(position, price, wide=240, tall=26, words=words)


def market_mark(position: market.Position, price: Decimal) -> SafeString:
    """For a row of the list, with as few words."""
    return _line(position, price, wide=150, tall=22, words=stands(position))


@register.filter
def stands(position: market.Position) -> str:
    """In a few words, as a jeweler would: "Lower than most like it"."""
    if position.of_100 >= 75:
        return "Lower than most like it"
    if position.of_100 <= 25:
        return "Higher than most like it"
    return "In the middle of its kind"


@register.simple_tag
def middle_half(position: market.Position, mode: str) -> str:
    """Between which prices half of them lie: " between $5,575 and $6,725"; empty where amounts are not told."""
    if not (currency := _currency(mode)):
        return ""
    return " between {} and {}".format(*position.middle_half(currency=currency))


def _currency(mode: str) -> str:
    return pricing.CURRENCY if mode == pricing.SHOWN else ""


def _line(
    position: market.Position, price: Decimal, *, wide: float, tall: float, words: str
) -> SafeString:
    """What lies farther out than half of the middle half's width again stands at the line's end."""
    at = LOW + (HIGH - LOW) * _share(position, float(price))
    return SafeString(
        LINE.format(
            wide=wide,
            tall=tall,
            y=tall / 2,
            tick=tall / 2 - 5,
            half=10,
            most=tall - 6,
            low=wide * LOW,
            high=wide * HIGH,
            mark=wide * min(max(at, 0.01), 0.99),
            words=conditional_escape(words),
        )
    )


def _share(position: market.Position, price: float) -> float:
    """0 at the middle half's low end, 1 at its high end."""
    width = position.high - position.low
    if width <= 0:
        return 0.5 if price == position.low else float(price > position.low)
    return (price - position.low) / width
