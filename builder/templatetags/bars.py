"""The bars above the filters. A page has more than a hundred, too many for a template's own loops."""

import math
from collections.abc import Sequence
from typing import Protocol

from django import template
from django.utils.safestring import SafeString, mark_safe

from builder.search import FacetValue

register = template.Library()

SHORT = {"Excellent": "Exc.", "Very good": "V. good", "Lab-grown": "Lab", "Very strong": "V. str."}


class Bar(Protocol):
    """A bar of builder.views.histograms: numbers as a drawing writes them."""

    @property
    def at(self) -> str: ...
    @property
    def x(self) -> str: ...
    @property
    def y(self) -> str: ...
    @property
    def height(self) -> str: ...
    @property
    def is_in(self) -> bool: ...


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
def spread_bars(bars: Sequence[Bar]) -> SafeString:
    """The bars of one measure; those within the filter are marked."""
    drawn = [
        f'<rect data-at="{bar.at}" x="{bar.x}" y="{bar.y}" width="3" height="{bar.height}"'
        + (' class="in"/>' if bar.is_in else "/>")
        for bar in bars
    ]
    return mark_safe("".join(drawn))  # noqa: S308  numbers only
