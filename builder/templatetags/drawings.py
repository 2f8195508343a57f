"""The drawings beside the words, each made from the ring's and the stone's own numbers."""

import functools
import json

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from builder import compatibility, diagrams, geometry
from builder.models import Setting, Stone

register = template.Library()


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
    return json.dumps(geometry.describe_stone(stone))


@functools.lru_cache(maxsize=1024)
def _twin(described: str) -> tuple[str, str]:
    """Plan and profile of one description; the first takes some milliseconds, which lists would feel."""
    return diagrams.twin(json.loads(described))


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
def band_drawing(setting: Setting) -> SafeString:
    """The band's upper half with the stones it carries."""
    return mark_safe(diagrams.band_icon(setting.mounting.band_kind))  # noqa: S308  drawn by us
