"""The drawings beside the words, each made from the ring's and the stone's own numbers."""

import functools
import json
from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from builder import compatibility, descriptions, diagrams
from builder.models import Stone
from builder.templatetags.ring import SWATCHES

register = template.Library()

PROPORTIONS = {
    "table_pct": "table",
    "crown_angle": "crown angle",
    "pavilion_angle": "pavilion angle",
    "girdle_pct": "girdle",
}


@register.simple_tag
def glyph(shape: str) -> SafeString:
    """A shape from above, in outline and facets; its drawing can be used again by its name."""
    drawn = _glyph(shape).replace(">", f'><g id="glyph-{shape}">', 1)
    return mark_safe(drawn.replace("</svg>", "</g></svg>"))  # noqa: S308  drawn by us, from a list


@register.simple_tag
def glyph_again(shape: str) -> SafeString:
    """The same drawing on a page that already has it: a row of a list weighs nothing."""
    return format_html(
        '<svg viewBox="0 0 46 46" fill="none" stroke="currentColor" stroke-linejoin="round" '
        'aria-hidden="true"><use href="#glyph-{}"/></svg>',
        shape,
    )


@functools.cache
def _glyph(shape: str) -> str:
    return diagrams.shape_glyph(shape)


@register.simple_tag
def plan(stone: Stone) -> SafeString:
    """The stone from above, with its caliper."""
    return mark_safe(_twin(_described(stone))[0])  # noqa: S308  numbers only


@register.simple_tag
def profile(stone: Stone) -> SafeString:
    """The stone from the side, with table, angles and depth."""
    return mark_safe(_twin(_described(stone))[1])  # noqa: S308  numbers only


def _described(stone: Stone) -> str:
    return json.dumps(descriptions.describe_stone(stone))


@functools.lru_cache(maxsize=1024)
def _twin(described: str) -> tuple[str, str]:
    """Plan and profile of one description; the first takes some milliseconds, which lists would feel."""
    return diagrams.twin(json.loads(described))


@register.filter
def proportions(stone: Stone) -> str:
    """Which of the drawn proportions its report gives, and which are only the shape's usual ones."""
    measured = descriptions.describe_stone(stone)["measured"]
    reported = [word for name, word in PROPORTIONS.items() if name in measured]
    usual = [word for name, word in PROPORTIONS.items() if name not in measured]
    if not usual:
        return "All proportions are from its report."
    if not reported:
        return "Its report gives no proportions: they are drawn as usual for the shape."
    return f"{_listed(reported).capitalize()} from its report; {_listed(usual)} as usual for the shape."


def _listed(words: list[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


@register.simple_tag
def fit_drawing(head: compatibility.Head | None, stone: Stone | None, fits: bool) -> SafeString:
    """The stone in its head: the head in the ink of what is true for her, or of what is not."""
    kind = head.kind if head else "prong"
    drawn = _head(_described(stone) if stone else "null", kind, fits)
    return mark_safe(drawn)  # noqa: S308  numbers only


@functools.lru_cache(maxsize=1024)
def _head(described: str, kind: str, fits: bool) -> str:
    return diagrams.fit_icon(json.loads(described), kind=kind, fits=fits)


@register.simple_tag
def accents_drawing(accents: str) -> SafeString:
    """The band's upper half with the stones it carries: none, half or full."""
    kind = accents if accents == "none" else f"{accents}_pave"
    return mark_safe(diagrams.band_icon(kind))  # noqa: S308  drawn by us


@register.simple_tag
def width_drawing(width: Decimal) -> SafeString:
    """A band of this width from above, five units to the millimeter, with its measure's ticks."""
    half = float(width) * 2.5
    return format_html(
        '<svg width="60" height="32" viewBox="0 0 60 32" fill="none" stroke="currentColor" stroke-width="1" '
        'aria-hidden="true"><path d="M12 {a}H60M12 {b}H60"/>'
        '<path d="M4 {a}V{b}M1 {a}h6M1 {b}h6" stroke-width=".8"/></svg>',
        a=f"{16 - half:.1f}",
        b=f"{16 + half:.1f}",
    )


@register.simple_tag
def engraving_drawing(text: str, family: str) -> SafeString:
    """The inside of the band, opposite the head, with her words in it; filled in anew as she types."""
    return format_html(
        '<svg class="inside" viewBox="0 0 400 74" data-engraving role="img" aria-label="Inside the band: {label}" '
        'fill="none"><path d="M2 6C96 40 304 40 398 6V34C304 68 96 68 2 34z" fill="{metal}" fill-opacity=".22"/>'
        '<path d="M2 6C96 40 304 40 398 6M2 34C96 68 304 68 398 34" stroke="#8d867a" stroke-width=".8"/>'
        '<path id="engraved-along" d="M2 27C96 61 304 61 398 27"/>'
        '<text text-anchor="middle"><textPath href="#engraved-along" startOffset="50%">{text}</textPath></text></svg>',
        label=text or "plain",
        metal=SWATCHES[family],
        text=text,
    )
