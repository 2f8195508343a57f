"""The bars above the filters. A page has more than a hundred, too many for a template's own loops."""

import functools
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from django import template
from django.utils.safestring import SafeString, mark_safe

from builder.search import FacetValue

register = template.Library()

SHORT = {
    "Excellent": "Exc.", "Very good": "V. good", "Lab-grown": "Lab", "Very strong": "V. str.", "Very light": "V. light",
    "Fancy light": "F. light", "Fancy intense": "Intense", "Fancy vivid": "Vivid", "Fancy dark": "Dark",
    "Fancy deep": "Deep",
}  # fmt: skip


HIGH = 50.0  # units of a range's drawing


class Spread(Protocol):
    """One of builder.views.histograms."""

    @property
    def stones(self) -> tuple[int, ...]: ...
    @property
    def is_logarithmic(self) -> bool: ...
    @property
    def least(self) -> Decimal: ...
    @property
    def most(self) -> Decimal: ...
    @property
    def low(self) -> Decimal | None: ...
    @property
    def high(self) -> Decimal | None: ...


@register.simple_tag
def grade_boxes(head: str, name: str, values: Sequence[FacetValue]) -> SafeString:
    """A box to tick for each value, under its bar of up to 36 units by the square root of the count."""
    tallest = max((value.count for value in values), default=0) or 1
    drawn = [_box(head, name, value, tallest=tallest) for value in values]
    return mark_safe("".join(drawn))  # noqa: S308  every word is from the lists of builder.search


def _box(head: str, name: str, value: FacetValue, *, tallest: int) -> str:
    height = max(1.5, 36 * math.sqrt(value.count / tallest)) if value.count else 0
    few = f"{value.count / 1000:.1f}k" if value.count >= 1000 else str(value.count)
    checked = " checked" if value.selected else ""
    return (
        f'<label><input type="checkbox" name="{name}" value="{value.value}" '
        f'id="{name}-{value.value}"{checked} '
        f'aria-label="{head} {value.label}, {value.count:,} stones">'
        '<svg viewBox="0 0 20 40" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect x="5.5" y="{40 - height:.1f}" width="9" height="{height:.1f}"/></svg>'
        f"<span>{SHORT.get(value.label, value.label)}<em>{few}</em></span></label>"
    )


@register.simple_tag
def spread_bars(spread: Spread) -> SafeString:
    """The bars of one measure; those within the filter are marked."""
    limits = (_place(spread, spread.low, 0.0), _place(spread, spread.high, 1.0))
    return _bars(spread.stones, *limits)


def _place(spread: Spread, value: Decimal | None, missing: float) -> float:
    """Where a value stands between the ends, 0 to 1."""
    least, most = float(spread.least), float(spread.most)
    if value is None or most <= least:
        return missing
    if not spread.is_logarithmic:
        return (float(value) - least) / (most - least)
    return math.log(max(float(value), 1e-9) / least) / math.log(most / least)


@functools.lru_cache(maxsize=512)
def _bars(stones: tuple[int, ...], low: float, high: float) -> SafeString:
    """Heights go by the square root, so that a few large stones can still be seen."""
    tallest = math.sqrt(max(stones))
    drawn = []
    for place, count in enumerate(stones):
        at = (place + 0.5) / len(stones)
        height = max(1.0, HIGH * math.sqrt(count) / tallest) if count else 0.0
        marked = ' class="in"' if low <= at <= high else ""
        drawn.append(
            f'<rect data-at="{at:.4f}" x="{200 * at - 1.5:.1f}" y="{HIGH + 2 - height:.1f}" width="3" '
            f'height="{height:.1f}"{marked}/>'
        )
    return mark_safe("".join(drawn))  # noqa: S308  numbers only
