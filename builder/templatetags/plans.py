"""Stones from above at one scale, so that an eye can compare their millimeters.

A list's stones are drawn from few cuts: the shape's, at a table and a length within what a thumb's breadth can show, stretched
to the stone's own millimeters. Two stones side by side are each cut from their own report.
"""

import functools
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from builder import descriptions, diagrams, gemology
from builder.models import Stone

register = template.Library()

HALF = 50.0  # units of a drawing to half the stone's width
LEAST_FIELD_MM = 8.0  # small stones are not blown up
MARGIN = 1.06
TABLE_STEP, RATIO_STEP = 5, 0.2
DASHES = ("", "7 3", "2 2.5", "9 2.5 2 2.5")  # an outline for each stone of four


class Cut(NamedTuple):
    """What of a stone a small drawing shows."""

    shape: str
    ratio: float
    table_pct: int

    @property
    def name(self) -> str:
        return f"cut-{self.shape}-{round(self.ratio * 10)}-{self.table_pct}"


def cut_of(stone: Stone) -> Cut:
    law = gemology.LAWS[stone.shape]
    table_pct = float(stone.table_pct or law.table_pct)
    ratio = float(stone.length_mm / stone.width_mm)
    return Cut(
        stone.shape,
        round(max(1.0, RATIO_STEP * round(ratio / RATIO_STEP)), 1),
        min(80, max(45, TABLE_STEP * round(table_pct / TABLE_STEP))),
    )


def field_mm(stones: Sequence[Stone]) -> float:
    """The side of a square that holds each of them."""
    longest = max((float(stone.length_mm) for stone in stones), default=0.0)
    return MARGIN * max(longest, LEAST_FIELD_MM)


@register.simple_tag
def cuts_drawn(stones: Sequence[Stone]) -> SafeString:
    """The drawings that a page's stones are made of, each once; `plan_to_scale` uses them by name."""
    drawn = [_symbol(cut) for cut in sorted({cut_of(stone) for stone in stones})]
    return mark_safe(  # noqa: S308  numbers only
        f'<svg width="0" height="0" class="vh" aria-hidden="true"><defs>{"".join(drawn)}</defs></svg>'
    )


@register.simple_tag
def field_of(stones: Sequence[Stone]) -> float:
    return field_mm(stones)


@register.simple_tag
def plan_to_scale(stone: Stone, field: float) -> SafeString:
    """The stone in a square of so many millimeters; it says nothing that the words beside it do not."""
    return _plan_to_scale(cut_of(stone), float(stone.length_mm), float(stone.width_mm), field)


@functools.lru_cache(maxsize=4096)
def _plan_to_scale(cut: Cut, length_mm: float, width_mm: float, field: float) -> SafeString:
    wide = width_mm / (2 * HALF)
    tall = length_mm / (2 * HALF * cut.ratio)
    half = field / 2
    return format_html(
        '<svg class="plan" viewBox="{} {} {} {}" fill="none" stroke="currentColor" stroke-linejoin="round" '
        'aria-hidden="true"><use href="#{}" transform="scale({} {})"/></svg>',
        f"{-half:.3f}", f"{-half:.3f}", f"{field:.3f}", f"{field:.3f}", cut.name, f"{wide:.5f}", f"{tall:.5f}",
    )  # fmt: skip


@functools.cache
def _symbol(cut: Cut) -> str:
    crown, outline = diagrams.stone_lines(_typical(cut), scale=HALF, at=(0.0, 0.0))
    return (
        f'<g id="{cut.name}"><path d="{crown}" stroke-width=".55" stroke-opacity=".7" vector-effect="non-scaling-stroke"/>'
        f'<path d="{outline}" stroke-width="1.1" vector-effect="non-scaling-stroke"/></g>'
    )


def _typical(cut: Cut) -> dict[str, Any]:
    """The cut 100 mm wide."""
    law = gemology.LAWS[cut.shape]
    return {
        "shape": cut.shape, "width_mm": 2 * HALF, "length_mm": 2 * HALF * cut.ratio, "depth_mm": law.depth_pct * HALF / 50,
        "table_pct": cut.table_pct, "crown_angle": law.crown_angle, "pavilion_angle": law.pavilion_angle,
        "girdle_pct": law.girdle_pct, "measured": [],
    }  # fmt: skip


# Side by side, and one over the other.


@register.simple_tag
def own_plan(stone: Stone, field: float) -> SafeString:
    """The stone from above as its own report has it, in a square of so many millimeters."""
    crown, outline, scale = _own_lines(stone)
    said = f"{stone.length_mm} by {stone.width_mm} millimeters"
    return mark_safe(  # noqa: S308  numbers only
        f'{_opened("plan", field, f"{said}, from above at the scale of the others")}<g transform="scale({scale:.5f})">'
        f'<path d="{crown}" stroke-width=".55" stroke-opacity=".7" vector-effect="non-scaling-stroke"/>'
        f'<path d="{outline}" stroke-width="1.1" vector-effect="non-scaling-stroke"/></g></svg>'
    )


@register.simple_tag
def outlines_laid(stones: Sequence[Stone], field: float) -> SafeString:
    """Their outlines over each other on one center, each in a line of its own."""
    drawn = []
    for stone, dash in zip(stones, DASHES, strict=False):
        _, outline, scale = _own_lines(stone)
        drawn.append(
            f'<path d="{outline}" transform="scale({scale:.5f})" stroke-width="1.2" stroke-dasharray="{dash}" '
            'vector-effect="non-scaling-stroke"/>'
        )
    said = "; ".join(f"{stone.length_mm} by {stone.width_mm} millimeters" for stone in stones)
    words = f"Their outlines over each other: {said}"
    return mark_safe(f"{_opened('outlines', field, words)}{''.join(drawn)}</svg>")  # noqa: S308  numbers only


@register.simple_tag
def line_of(place: int) -> SafeString:
    """The line in which the stone at this place is drawn among the others, for the words beneath."""
    return format_html(
        '<svg class="key" width="34" height="8" viewBox="0 0 34 8" aria-hidden="true">'
        '<path d="M0 4H34" stroke="currentColor" stroke-width="1.4" stroke-dasharray="{}"/></svg>',
        DASHES[place % len(DASHES)],
    )


def _opened(name: str, field: float, words: str) -> str:
    return (
        f'<svg class="{name}" viewBox="{-field / 2:.3f} {-field / 2:.3f} {field:.3f} {field:.3f}" fill="none" '
        f'stroke="currentColor" stroke-linejoin="round" role="img" aria-label="{words}">'
    )


def _own_lines(stone: Stone) -> tuple[str, str, float]:
    """Crown, outline, and the millimeters of one of their units."""
    crown, outline = _lines(json.dumps(descriptions.describe_stone(stone)))
    return crown, outline, float(stone.width_mm) / (2 * HALF)


@functools.lru_cache(maxsize=1024)
def _lines(described: str) -> tuple[str, str]:
    return diagrams.stone_lines(json.loads(described), scale=HALF, at=(0.0, 0.0))
