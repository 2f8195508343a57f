"""Where a stone's price stands among comparable stones, drawn: ticks for the middle half, a mark for this stone."""

from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from builder import market

register = template.Library()

WIDE = 240.0  # units of the drawing
LOW, HIGH = 0.25, 0.75  # where the middle half begins and ends on it


@register.simple_tag
def market_line(position: market.Position, price: Decimal) -> SafeString:
    """What lies farther out than half of the middle half's width again stands at the line's end."""
    at = LOW + (HIGH - LOW) * _share(position, float(price))
    mark = WIDE * min(max(at, 0.01), 0.99)
    return format_html(
        '<svg class="mk" viewBox="0 0 240 26" fill="none" stroke="#16181d" role="img" aria-label="{}">'
        '<path d="M0 13H240" stroke="#8d867a"/><path d="M{low} 8v10M{high} 8v10" stroke="#8d867a"/>'
        '<path d="M{mark} 3v20" stroke-width="3"/></svg>',
        position.words,
        low=f"{WIDE * LOW:.1f}",
        high=f"{WIDE * HIGH:.1f}",
        mark=f"{mark:.1f}",
    )


@register.filter
def stands(position: market.Position) -> str:
    """In a few words, as a jeweler would: "Lower than most like it"."""
    if position.of_100 >= 75:
        return "Lower than most like it"
    if position.of_100 <= 25:
        return "Higher than most like it"
    return "In the middle of its kind"


def _share(position: market.Position, price: float) -> float:
    """0 at the middle half's low end, 1 at its high end."""
    width = position.high - position.low
    if width <= 0:
        return 0.5 if price == position.low else float(price > position.low)
    return (price - position.low) / width
