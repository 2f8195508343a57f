"""The drawings beside the words, each made from the ring's and the stone's own numbers."""

import functools
import json
import math

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from builder import beside, diagrams, geometry
from builder.models import Band, Design, Setting, Stone

register = template.Library()

SCALE = 10  # units of a drawing to the millimeter
WIDE, HIGH = 240, 112
GLYPH_SIDE, GLYPH_STONE = 46, 39  # units of a glyph: its side, and the stone in it


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
def fit_drawing(setting: Setting, stone: Stone | None, fits: bool) -> SafeString:
    """The stone in its head: the head in the ink of what is true for her, or of what is not."""
    drawn = _head(_described(stone) if stone else "null", setting.head_kind, fits)
    return mark_safe(drawn)  # noqa: S308  numbers only


@functools.lru_cache(maxsize=1024)
def _head(described: str, kind: str, fits: bool) -> str:
    return diagrams.fit_icon(json.loads(described), kind=kind, fits=fits)


@register.simple_tag
def band_drawing(setting: Setting) -> SafeString:
    """The band's upper half with the stones it carries."""
    return mark_safe(diagrams.band_icon(setting.accent_kind))  # noqa: S308  drawn by us


@register.simple_tag
def lies(design: Design, band: Band) -> SafeString:
    """How the band lies beside her ring, in words."""
    found = _beside(design, band)
    if found.is_flush:
        return format_html('<span class="ok">Sits flush.</span> {}', found.sentence)
    return format_html('<b class="num">{} mm apart.</b> {}', found.gap_mm, found.sentence)


@register.simple_tag
def beside_drawing(design: Design, band: Band) -> SafeString:
    """Ring and band from above, ten units to the millimeter, the band shaded."""
    ring = _ring(design)
    top = float(ring.top_width) * SCALE
    middle = 46.0
    edge = middle + top / 2 + float(_beside(design, band).gap_mm) * SCALE
    deep = float(band.width_mm) * SCALE
    bow = (
        max(0.0, float(ring.stone_length / 2 + beside.PRONG_OUTSIDE) * SCALE + middle - edge)
        if band.profile == "curved"
        else 0.0
    )
    return format_html(
        '<svg viewBox="0 0 {w} {h}" fill="none" stroke="#16181d" stroke-width=".9" '
        'aria-hidden="true"><path d="{band}" fill="#ece5d8"/>{melee}'
        '<path d="M-2 {a}H242V{b}H-2z" fill="#f9f6f0"/>{accents}'
        '<ellipse cx="120" cy="{m}" rx="{rx}" ry="{ry}" fill="#f9f6f0" stroke="none"/>{stone}</svg>',
        w=WIDE,
        h=HIGH,
        band=_bow(edge, deep=deep, bow=bow),
        melee=_melee(band.accent_kind, edge=edge, deep=deep, bow=bow),
        a=f"{middle - top / 2:.1f}",
        b=f"{middle + top / 2:.1f}",
        accents=_row(middle, radius=top * 0.36, clear=float(ring.stone_width) * SCALE / 2 + 8)
        if design.setting and design.setting.accent_kind != "none"
        else "",
        m=middle,
        rx=f"{float(ring.stone_width) * SCALE / 2 + 1.5:.1f}",
        ry=f"{float(ring.stone_length) * SCALE / 2 + 1.5:.1f}",
        stone=_placed(design, middle=middle),
    )


def _ring(design: Design) -> beside.Ring:
    if design.setting is None or design.stone is None:
        raise ValueError("a band is laid beside a ring with its stone")
    return beside.Ring(
        stone_length=design.stone.length_mm,
        stone_width=design.stone.width_mm,
        rise=design.setting.rise_mm,
        top_width=design.setting.top_width_mm,
        thickness=design.setting.thickness_mm,
    )


def _beside(design: Design, band: Band) -> beside.Beside:
    return beside.lie(
        ring=_ring(design),
        width=band.width_mm,
        thickness=band.thickness_mm,
        is_curved=band.profile == "curved",
    )


def _curve(y: float, *, bow: float) -> str:
    """From left to right at this height, around the head where it bows."""
    if not bow:
        return f"-2 {y:.1f}H242"
    low = y + bow
    return f"-2 {y:.1f}H52C76 {y:.1f} 80 {low:.1f} 120 {low:.1f}S164 {y:.1f} 188 {y:.1f}H242"


def _bow(edge: float, *, deep: float, bow: float) -> str:
    near, far = edge, edge + deep
    if not bow:
        return f"M-2 {near:.1f}H242V{far:.1f}H-2z"
    low = far + bow
    back = f"V{far:.1f}H196C174 {far:.1f} 166 {low:.1f} 120 {low:.1f}S66 {far:.1f} 44 {far:.1f}H-2z"
    return f"M{_curve(near, bow=bow)}{back}"


def _row(y: float, *, radius: float, clear: float) -> SafeString:
    """Accent stones along the shank, left and right of the head."""
    step = radius * 2.3
    at = [120 + side * (clear + radius + step * i) for side in (-1, 1) for i in range(12)]
    spots = [(f"{x:.1f}", f"{y:.1f}", f"{radius:.1f}") for x in at if -radius < x < 240 + radius]
    return format_html_join("", '<circle cx="{}" cy="{}" r="{}" stroke-width=".7"/>', spots)


def _melee(kind: str, *, edge: float, deep: float, bow: float) -> SafeString | str:
    """The stones of the band itself; around the bow they follow a cosine."""
    if kind == "none":
        return ""
    radius = min(deep * 0.32, 12)
    spots = []
    x = 4.0
    while x < 240:
        t = min(1.0, abs(x - 120) / 68)
        drop = bow * (1 + math.cos(math.pi * t)) / 2
        spots.append((f"{x:.1f}", f"{edge + deep / 2 + drop:.1f}", f"{radius:.1f}"))
        slope = bow * math.pi / 136 * math.sin(math.pi * t) if t < 1 else 0.0
        x += radius * 2.35 / math.hypot(1, slope)
    return format_html_join("", '<circle cx="{}" cy="{}" r="{}" stroke-width=".7"/>', spots)


def _placed(design: Design, *, middle: float) -> SafeString:
    """The shape's outline and facets, as large as her stone."""
    if design.stone is None:
        return mark_safe("")
    side = float(design.stone.length_mm) * SCALE * GLYPH_SIDE / GLYPH_STONE
    place = format_html(
        '<svg x="{}" y="{}" width="{}" height="{}" ',
        f"{WIDE / 2 - side / 2:.1f}",
        f"{middle - side / 2:.1f}",
        f"{side:.1f}",
        f"{side:.1f}",
    )
    drawn = _glyph(design.stone.shape).replace("<svg ", place, 1)
    return mark_safe(drawn)  # noqa: S308  drawn by us, from numbers
