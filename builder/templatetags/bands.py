"""Wedding bands beside her ring, from above: ten units to the millimeter, and as high as her stone needs.

A straight band runs under the head; a curved one keeps clear of the prongs everywhere. The bands of one page share a
frame, so that their names stand on one line.
"""

import functools
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from builder import beside, descriptions, diagrams, quotes
from builder.models import Band, Design
from builder.pictures import heads, seats

register = template.Library()

SCALE = 10  # units to the millimeter
WIDE, HIGH = 240, 112
CENTER, MIDDLE = WIDE / 2, 46.0
PRONG = 4.0
WALL_MM = 0.35  # of a bezel
CALIPER_FROM_MM = 0.5  # a narrower gap is said, and cannot be drawn
BROADEST = 96  # half the width of a bow

Spots = tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class Head:
    """A stone in its head from above. `around` is what a band has to keep clear of."""

    facets: str
    outline: str
    prongs: Spots
    wall: Spots
    halo: Spots
    around: Spots


@dataclass(frozen=True, kw_only=True)
class Course:
    """Where a band runs: its near edge, how deep it is, and how it bows around the head."""

    edge: float
    deep: float
    bow: float
    half: float

    def near(self, x: float) -> float:
        return self.edge + _hump(x, bow=self.bow, half=self.half)

    def at(self, x: float, part: float) -> tuple[float, float]:
        """The point this part of the way across, straight away from the near edge."""
        away = abs(x - CENTER)
        inside = math.pi * away / self.half if away < self.half else 0.0
        slope = -self.bow * math.pi / (2 * self.half) * math.sin(inside)
        slope = math.copysign(slope, CENTER - x) if slope else 0.0
        across = self.deep * part / math.hypot(1, slope)
        return x - slope * across, self.near(x) + across


@register.simple_tag
def lies(design: Design, band: Band) -> SafeString:
    """How the band lies beside her ring, in words."""
    found = quotes.lies(design, band)
    if found.is_flush:
        return format_html('<span class="ok">Sits flush.</span> {}', found.sentence)
    return format_html('<b class="num">{} mm apart.</b> {}', found.gap_mm, found.sentence)


@register.simple_tag
def beside_drawings(design: Design, bands: Sequence[Band]) -> list[tuple[Band, SafeString]]:
    """Ring and band from above, the band shaded, for each band; all of them equally high."""
    head, half = _head(design), _top(design) / 2
    courses = [_course(design, band) for band in bands]
    top = min(0.0, *(y - 2 for _, y in head.around))
    low = max((course.at(CENTER, 1)[1] for course in courses), default=0.0)
    bottom = max(HIGH, low + 2, *(y + 2 for _, y in head.around))
    accents, drawn = _accents(design, head), _drawn(head)
    return [
        (
            band,
            format_html(
                '<svg viewBox="0 {t} {w} {h}" fill="none" stroke="#16181d" stroke-width=".9" '
                'stroke-linejoin="round" aria-hidden="true"><path d="{band}" fill="#ece5d8"/>{melee}'
                '<path d="M-2 {a}H242V{b}H-2z" fill="#f9f6f0"/>{accents}{caliper}{head}</svg>',
                t=math.floor(top),
                w=WIDE,
                h=math.ceil(bottom) - math.floor(top),
                band=_shape(course),
                melee=_melee(band.accent_kind, course),
                a=f"{MIDDLE - half:.1f}",
                b=f"{MIDDLE + half:.1f}",
                accents=accents,
                caliper=_caliper(MIDDLE + half, course.edge),
                head=drawn,
            ),
        )
        for band, course in zip(bands, courses, strict=True)
    ]


def _top(design: Design) -> float:
    mounting = quotes.mounting_of(design)
    return float(mounting.top_width_mm) * SCALE if mounting else 0.0


def _head(design: Design) -> Head:
    head = quotes.head_of(design)
    if design.setting is None or design.stone is None or head is None:
        raise ValueError("a head is drawn with its stone")
    described = json.dumps(descriptions.describe_stone(design.stone))
    return _measured(described, head.prongs, float(design.setting.mounting.width_at("halo")))


@functools.lru_cache(maxsize=256)
def _measured(described: str, prongs: int, halo_mm: float) -> Head:
    stone = json.loads(described)
    seat = seats.seat_for(stone, drop=0.0)
    facets, outline = diagrams.stone_lines(stone, scale=seat.half * SCALE, at=(CENTER, MIDDLE))
    turns = np.array([angle for angle, _ in heads.prong_angles(seat, prongs)] if prongs else [])
    reach = seat.reach(turns)
    claws = np.stack([np.cos(turns) * reach, np.sin(turns) * reach], axis=1)
    pave = seat.outline(offset=halo_mm / 2, steps=_count(seat, halo_mm))
    wall = seat.outline(offset=WALL_MM, steps=0 if prongs else 140)
    clear = seat.outline(offset=halo_mm + float(beside.PRONG_OUTSIDE))
    return Head(
        facets=facets,
        outline=outline,
        prongs=_placed((x, y) for x, y in claws),
        wall=_placed((x, y) for x, _, y in wall),
        halo=_placed((x, y) for x, _, y in pave),
        around=_placed((x, y) for x, _, y in clear),
    )


def _count(seat: seats.Seat, halo_mm: float) -> int:
    """How many stones of this size go around."""
    if not halo_mm:
        return 0
    return int(math.pi * (seat.half * (1 + seat.ratio) + halo_mm) / halo_mm)


def _placed(points: Iterable[tuple[float, float]]) -> Spots:
    return tuple((CENTER + SCALE * float(x), MIDDLE - SCALE * float(y)) for x, y in points)


def _course(design: Design, band: Band) -> Course:
    edge = MIDDLE + _top(design) / 2 + float(quotes.lies(design, band).gap_mm) * SCALE
    deep, bow, half = float(band.width_mm) * SCALE, 0.0, 1.0
    if band.profile == "curved":
        bow, half = _bow(_head(design).around, edge, deep)
    return Course(edge=edge, deep=deep, bow=bow, half=half)


@functools.lru_cache(maxsize=256)
def _bow(around: Spots, edge: float, deep: float) -> tuple[float, float]:
    """The lowest and then the narrowest bow that keeps clear of the head, and bends no tighter than its own depth."""
    met = [(x, y - edge) for x, y in around if y > edge]
    bow = max((y for _, y in met), default=0.0)

    def clears(half: float) -> bool:
        return all(_hump(x, bow=bow, half=half) >= y - 0.1 for x, y in met)

    while not clears(BROADEST):
        bow *= 1.04
    bent = math.ceil(math.pi * math.sqrt(0.4 * deep * bow))
    return bow, next((half for half in range(bent, BROADEST, 2) if clears(half)), BROADEST)


def _hump(x: float, *, bow: float, half: float) -> float:
    """A cosine's hump over the middle, `bow` high and `half` wide to either side."""
    away = abs(x - CENTER) / half
    return bow * (1 + math.cos(math.pi * away)) / 2 if away < 1 else 0.0


def _shape(course: Course) -> str:
    if not course.bow:
        return f"M-2 {course.edge:.1f}H242V{course.edge + course.deep:.1f}H-2z"
    steps = range(-2, WIDE + 3, 4)
    there = [course.at(x, 0) for x in steps]
    back = [course.at(x, 1) for x in reversed(steps)]
    return f"M{_line(there + back)}z"


def _line(points: Sequence[tuple[float, float]]) -> str:
    return "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _melee(kind: str, course: Course) -> SafeString | str:
    """The stones of the band itself, along its middle, one in the middle of all."""
    if kind == "none":
        return ""
    radius = min(course.deep * 0.32, 12)
    right, x = [], CENTER
    while x < WIDE + radius:
        right.append(course.at(x, 0.5))
        ahead = course.at(x + 1, 0.5)
        x += radius * 2.35 / math.dist(right[-1], ahead)
    spots = right + [(WIDE - x, y) for x, y in right[1:]]
    return _circles(spots, radius) + _circles(spots, radius * 0.55, weight=".4")


def _accents(design: Design, head: Head) -> SafeString | str:
    """The ring's own stones along its shank, left and right of the head."""
    mounting = quotes.mounting_of(design)
    if mounting is None or mounting.band is None:
        return ""
    radius = _top(design) * 0.36
    first = max(x for x, _ in head.around) + radius + 1
    right = takewhile(lambda x: x < WIDE + radius, (first + radius * 2.3 * k for k in range(40)))
    spots = [(at, MIDDLE) for x in right for at in (x, WIDE - x)]
    return _circles(spots, radius) + _circles(spots, radius * 0.55, weight=".4")


def _caliper(ring: float, band: float) -> SafeString | str:
    """The gap between ring and band, where there is one to be seen."""
    if band - ring < CALIPER_FROM_MM * SCALE:
        return ""
    path = f"M{WIDE - 20} {ring:.1f}V{band:.1f}M{WIDE - 24} {ring:.1f}h8m-8 {band - ring:.1f}h8"
    return format_html('<path d="{}" stroke-width="1.6"/>', path)


def _drawn(head: Head) -> SafeString:
    """The stone as large as it is, on its own ground, with what holds it."""
    claws = _circles(head.prongs, PRONG, weight=".9", fill="#f9f6f0")
    return format_html(
        '<path d="M{}z" fill="#f9f6f0" stroke="none"/>{}{}<path d="{}" stroke-width=".4" '
        'stroke-opacity=".7"/><path d="{}" stroke-width="1.1"/>{}',
        _line(head.around),
        format_html('<path d="M{}z"/>', _line(head.wall)) if head.wall else "",
        _circles(head.halo, _halo_radius(head.halo)),
        head.facets,
        head.outline,
        claws,
    )


def _halo_radius(spots: Spots) -> float:
    """Half of what lies between two neighbors."""
    return math.dist(spots[0], spots[1]) / 2.1 if len(spots) > 1 else 0.0


def _circles(
    spots: Sequence[tuple[float, float]], radius: float, *, weight: str = ".7", fill: str = "none"
) -> SafeString:
    rows = [(f"{x:.1f}", f"{y:.1f}", f"{radius:.1f}", weight, fill) for x, y in spots]
    return format_html_join(
        "", '<circle cx="{}" cy="{}" r="{}" stroke-width="{}" fill="{}"/>', rows
    )
