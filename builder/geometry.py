"""A ring's shape in numbers: its description for drawing, and how much metal it takes.

`describe` makes the object of docs/algorithms/ring-spec.md. `metal_volume` adds up the same solids in cubic
millimeters (docs/algorithms/pricing.md). `Mounting` is a setting's shape; heads, metals, stones and wedding bands are
anything that has the named attributes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from builder import gemology

DEFAULT_SIZE = Decimal(6)  # drawn and priced until she has chosen hers
CARATS_PER_CUBIC_MELEE_MM = 0.00365  # a full-cut round of 6.5 mm weighs 1 ct

# The part of width × thickness that a profile fills.
_FILLED = {"round": 0.86, "flat": 0.98, "knife": 0.72}
_PRONG_MM = 0.95
_PRONG_OVER_GIRDLE_MM = 0.6
_GALLERY_WIRE_MM = 0.9
_BEZEL_WALL_MM = 0.5
_SEAT_PART = 0.45  # of a melee's cube: what its drilled seat takes out of the metal
_HALO_PLATE_MM = 0.8
_SHOULDER_MM = 1.1  # how thick a cathedral's arch is
_HUNDREDTH = Decimal("0.01")
_SHOULDER_RUN = 1.15  # how far along the shank it comes down, in rises

_HELD_MM = 0.45  # outside the stone: its prongs, or its rim
_BENT = 0.4  # a band bows no tighter than this part of its width allows
_BROADEST_MM = 9.6

# How full the corners of a stone's outline are: 2 is an ellipse, more comes nearer to a rectangle.
_CORNERS = {"cushion": 3.0, "radiant": 5.0, "asscher": 5.0, "emerald": 7.0, "princess": 9.0}

_BAND_KINDS = {"half_band": "half_pave", "full_band": "full_pave"}
_BAND_PLACES = {"half": "half_band", "full": "full_band"}
# How far accents run down each side of the head, and what lies between two of them: as the scene lays them.
_ACCENTED_MM = {"half": Decimal(13), "full": Decimal(25)}
_APART_MM = {"pave": Decimal("0.1"), "channel": Decimal("0.03")}


class MetalLike(Protocol):
    @property
    def code(self) -> str: ...
    @property
    def family(self) -> str: ...


class HeadLike(Protocol):
    """What holds the center stone, such as `compatibility.Head`."""

    @property
    def kind(self) -> str: ...
    @property
    def prongs(self) -> int: ...
    @property
    def metal_family(self) -> str: ...
    @property
    def min_width_mm(self) -> Decimal: ...
    @property
    def max_width_mm(self) -> Decimal: ...
    @property
    def rise_mm(self) -> Decimal: ...


@dataclass(frozen=True, kw_only=True)
class Location:
    """Where a setting holds other stones than the center. `count` 0: as many as go around the chosen stone."""

    place: str
    count: int
    width_mm: Decimal
    length_mm: Decimal
    shape: str = "round"
    mount: str = "pave"


@dataclass(frozen=True, kw_only=True)
class Mounting:
    """A setting's shape besides its head."""

    shank_width_mm: Decimal
    top_width_mm: Decimal
    thickness_mm: Decimal
    profile: str
    shoulder: str = "plain"
    locations: Sequence[Location] = ()

    def at(self, *places: str) -> Location | None:
        return next((each for each in self.locations if each.place in places), None)

    @cached_property
    def band(self) -> Location | None:
        """The stones along the band."""
        return self.at(*_BAND_KINDS)

    @cached_property
    def band_kind(self) -> str:
        """As drawings and descriptions call it: none, half_pave or full_pave."""
        return _BAND_KINDS[self.band.place] if self.band else "none"

    def width_at(self, place: str) -> Decimal:
        """Of the stones there, 0 where there are none."""
        found = self.at(place)
        return found.width_mm if found else Decimal(0)

    @cached_property
    def accents(self) -> str:
        """The band's small stones as they are chosen: none, half or full."""
        return self.band_kind.removesuffix("_pave")

    def varied(
        self, *, width_mm: Decimal | None, accents: str, accent_mm: Decimal | None
    ) -> "Mounting":
        """With another width at the palm, or other stones along the band; None and "" leave it as it is.

        The band narrows toward the head in the same proportion. Stones are as large as those it has, or `accent_mm`.
        """
        varied = self
        if width_mm is not None and width_mm != self.shank_width_mm:
            top = (self.top_width_mm * width_mm / self.shank_width_mm).quantize(_HUNDREDTH)
            varied = replace(varied, shank_width_mm=width_mm, top_width_mm=top)
        if accents and accents != self.accents:
            others = [each for each in self.locations if each is not self.band]
            varied = replace(varied, locations=(*others, *self._accented(accents, accent_mm)))
        return varied

    def _accented(self, accents: str, accent_mm: Decimal | None) -> list[Location]:
        mm = self.band.width_mm if self.band else accent_mm
        if accents == "none" or not mm:
            return []
        mount = self.band.mount if self.band else "pave"
        step = mm + _APART_MM.get(mount, _APART_MM["pave"])
        count = 2 * int(_ACCENTED_MM[accents] / step)
        return [
            Location(
                place=_BAND_PLACES[accents], count=count, width_mm=mm, length_mm=mm, mount=mount
            )
        ]


class OutlineLike(Protocol):
    """How much room a stone takes, seen from above."""

    @property
    def length_mm(self) -> Decimal: ...
    @property
    def width_mm(self) -> Decimal: ...


class StoneLike(OutlineLike, Protocol):
    @property
    def shape(self) -> str: ...
    @property
    def depth_mm(self) -> Decimal: ...
    @property
    def table_pct(self) -> Decimal | None: ...
    @property
    def crown_angle(self) -> Decimal | None: ...
    @property
    def pavilion_angle(self) -> Decimal | None: ...
    @property
    def girdle_pct(self) -> Decimal | None: ...
    @property
    def color(self) -> str: ...
    @property
    def fancy_color(self) -> str: ...


class BandLike(Protocol):
    @property
    def width_mm(self) -> Decimal: ...
    @property
    def thickness_mm(self) -> Decimal: ...
    @property
    def section(self) -> str: ...
    @property
    def accent_mm(self) -> Decimal: ...
    @property
    def accent_count(self) -> int: ...


class DrawnBandLike(BandLike, Protocol):
    @property
    def profile(self) -> str: ...
    @property
    def accent_kind(self) -> str: ...


class MetalVolume(NamedTuple):
    """In cubic millimeters."""

    shank: float
    head: float


class Hoop(NamedTuple):
    """Metal that runs around the stone: its outline × `scale` and `beyond` mm larger, with a section in mm²."""

    scale: float
    beyond: float
    section: float


class Solids(NamedTuple):
    """A ring's metal as far as its stone does not change it, and the hoops that grow with the stone."""

    shank: float
    head: float
    hoops: tuple[Hoop, ...]

    def around(self, *, length: float, width: float) -> MetalVolume:
        """With a stone of this outline."""
        head = self.head
        for scale, beyond, section in self.hoops:
            head += section * _perimeter(length * scale + beyond, width * scale + beyond)
        return MetalVolume(self.shank, head)


def describe(
    *,
    setting: Mounting,
    head: HeadLike,
    metal: MetalLike,
    stone: StoneLike | None,
    ring_size: Decimal | None,
    engraving: str,
) -> dict[str, Any]:
    """The ring description, version 1; a size that is not chosen yet is drawn as US 6.

    What a plain ring does not have is not named, so that a ring keeps its content hash when new words are learned.
    """
    size = DEFAULT_SIZE if ring_size is None else ring_size
    return {
        "version": 1,
        "finger": {"inner_diameter_mm": round(float(gemology.inner_diameter_mm(size)), 2)},
        "metal": {"code": metal.code, "family": metal.family},
        "head": {
            "kind": head.kind,
            "prongs": head.prongs,
            "metal": head.metal_family or metal.family,
            "seat_height_mm": float(setting.thickness_mm + head.rise_mm),
            "halo": _around(setting, head, stone, place="halo"),
            **_hidden_halo(setting, head, stone),
        },
        "shank": {
            "width_mm": float(setting.shank_width_mm),
            "top_width_mm": float(setting.top_width_mm),
            "thickness_mm": float(setting.thickness_mm),
            "profile": setting.profile,
            **({"shoulder": setting.shoulder} if setting.shoulder != "plain" else {}),
        },
        "accents": _accents(setting),
        "side_stones": _side_stones(setting),
        "stone": describe_stone(stone) if stone else None,
        "engraving": engraving,
    }


def describe_band(
    *,
    band: DrawnBandLike,
    gap_mm: Decimal,
    setting: Mounting,
    head: HeadLike,
    stone: StoneLike | None,
    metal: MetalLike,
) -> dict[str, Any]:
    """A ring description's `beside`: the wedding band as far off as `beside.lie` said; a curved one bows around the head."""
    described = {
        "width_mm": float(band.width_mm),
        "thickness_mm": float(band.thickness_mm),
        "section": band.section,
        "profile": band.profile,
        "gap_mm": float(gap_mm),
        "accent": {
            "kind": band.accent_kind,
            "stone_mm": float(band.accent_mm),
            "count": band.accent_count,
        },
        "metal": metal.family,
    }
    if band.profile != "curved":
        return described
    length, width = outline(head=head, stone=stone)
    held = _HELD_MM + float(setting.width_at("halo"))
    bow, half = _bow(
        long=length / 2 + held,
        wide=width / 2 + held,
        corners=_CORNERS.get(stone.shape, 2.0) if stone else 2.0,
        edge=float(setting.top_width_mm) / 2,
        deep=float(band.width_mm),
    )
    return {**described, "bow_mm": round(bow, 2), "bow_half_mm": round(half, 2)}


def _bow(
    *, long: float, wide: float, corners: float, edge: float, deep: float
) -> tuple[float, float]:
    """How high and, to either side, how wide a cosine's hump must be to keep clear of a held stone's outline."""
    met = []
    for step in range(60):
        x = wide * step / 60
        reach = long * (1 - (x / wide) ** corners) ** (1 / corners) - edge
        if reach > 0:
            met.append((x, reach))
    bow = max((reach for _, reach in met), default=0.0)

    def clears(half: float) -> bool:
        return all(hump(x, bow=bow, half=half) >= reach - 0.01 for x, reach in met)

    while not clears(_BROADEST_MM):
        bow *= 1.04
    least = math.ceil(math.pi * math.sqrt(_BENT * deep * bow) * 10)
    halves = (tenths / 10 for tenths in range(least, int(_BROADEST_MM * 10), 2))
    return bow, next((half for half in halves if clears(half)), _BROADEST_MM)


def hump(x: float, *, bow: float, half: float) -> float:
    """A cosine's hump over the middle, `bow` high and `half` wide to either side."""
    return bow * (1 + math.cos(math.pi * x / half)) / 2 if abs(x) < half else 0.0


def stone_count(location: Location, *, head: HeadLike, stone: OutlineLike | None) -> int:
    """How many stones the location holds: its own number, or as many as go around the center, a hair apart."""
    length, width = outline(head=head, stone=stone)
    return count_around(location, length=length, width=width)


def count_around(location: Location, *, length: float, width: float) -> int:
    """`stone_count` around an outline."""
    if location.count:
        return location.count
    melee = float(location.width_mm)
    beyond = -melee if location.place == "hidden_halo" else melee
    return max(8, round(_perimeter(length + beyond, width + beyond) / (melee * 1.06)))


def melee_carats(*, stone_mm: float, count: int) -> float:
    return float(CARATS_PER_CUBIC_MELEE_MM * stone_mm**3 * count)


def metal_volume(
    *, setting: Mounting, head: HeadLike, stone: OutlineLike | None, ring_size: Decimal | None
) -> MetalVolume:
    """The finished solids, without what casting and polishing lose."""
    length, width = outline(head=head, stone=stone)
    return solids(setting=setting, head=head, ring_size=ring_size).around(
        length=length, width=width
    )


def solids(*, setting: Mounting, head: HeadLike, ring_size: Decimal | None) -> Solids:
    own, hoop = _head(head)
    return Solids(
        shank=_shank(setting, ring_size) + _shoulders(setting, head),
        head=own + _baskets(setting),
        hoops=(hoop, *_halos(setting)),
    )


def outline(*, head: HeadLike, stone: OutlineLike | None) -> tuple[float, float]:
    """The stone's length and width; without one the middle of what the head takes."""
    if stone is not None:
        return float(stone.length_mm), float(stone.width_mm)
    middle = float(head.min_width_mm + head.max_width_mm) / 2
    return middle, middle


def band_volume(*, band: BandLike, ring_size: Decimal | None) -> float:
    """A wedding band's metal in cubic millimeters: its section swept around the finger, less its stones' seats."""
    swept = _swept(
        width=float(band.width_mm),
        thickness=band.thickness_mm,
        section=band.section,
        ring_size=ring_size,
    )
    return swept - _seats(count=band.accent_count, stone_mm=band.accent_mm)


def grams(*, cubic_mm: float, density: Decimal) -> Decimal:
    """Weight to the hundredth, from g/cm³."""
    weight = Decimal(str(round(cubic_mm, 3))) * density / 1000
    return weight.quantize(_HUNDREDTH, rounding=ROUND_HALF_UP)


def _shank(setting: Mounting, ring_size: Decimal | None) -> float:
    """The profile swept along the circle through its middle; width runs evenly from palm to top."""
    width = float(setting.shank_width_mm + setting.top_width_mm) / 2
    swept = _swept(
        width=width, thickness=setting.thickness_mm, section=setting.profile, ring_size=ring_size
    )
    band = setting.band
    return swept - (_seats(count=band.count, stone_mm=band.width_mm) if band else 0.0)


def _swept(*, width: float, thickness: Decimal, section: str, ring_size: Decimal | None) -> float:
    size = DEFAULT_SIZE if ring_size is None else ring_size
    around = math.pi * (float(gemology.inner_diameter_mm(size)) + float(thickness))
    return _FILLED[section] * width * float(thickness) * around


def _seats(*, count: int, stone_mm: Decimal) -> float:
    """What the drilled seats of melee take out of the metal."""
    return count * _SEAT_PART * float(stone_mm) ** 3


def _shoulders(setting: Mounting, head: HeadLike) -> float:
    """A cathedral's two arches, from the shank up to two thirds of the rise: triangles, half of them open."""
    if setting.shoulder != "cathedral":
        return 0.0
    rise = float(head.rise_mm) * 2 / 3
    return 2 * 0.5 * (rise * _SHOULDER_RUN * rise / 2) * _SHOULDER_MM


def _head(head: HeadLike) -> tuple[float, Hoop]:
    """Its prongs and its gallery wire, or a bezel's wall."""
    rise = float(head.rise_mm)
    if head.kind == "bezel":
        wall = _BEZEL_WALL_MM * (rise * 0.55 + _PRONG_OVER_GIRDLE_MM)
        return 0.0, Hoop(scale=1.0, beyond=0.0, section=wall)
    prong = math.pi * (_PRONG_MM / 2) ** 2 * (rise + _PRONG_OVER_GIRDLE_MM)
    wire = math.pi * (_GALLERY_WIRE_MM / 2) ** 2
    return head.prongs * prong, Hoop(scale=0.6, beyond=0.0, section=wire)


def _halos(setting: Mounting) -> list[Hoop]:
    """The plates under halos: one around the stone, one under its edge."""
    plates = []
    for place, sign in (("halo", 1), ("hidden_halo", -1)):
        if found := setting.at(place):
            melee = float(found.width_mm)
            plates.append(
                Hoop(scale=1.0, beyond=sign * melee, section=(melee + 0.3) * _HALO_PLATE_MM)
            )
    return plates


def _baskets(setting: Mounting) -> float:
    """A side stone's four prongs and its rail, for each of them."""
    sides = setting.at("sides")
    if sides is None:
        return 0.0
    side = float(sides.width_mm)
    return sides.count * (4 * math.pi * 0.4**2 * (side * 0.8 + 0.5) + math.pi * side * 0.6 * 0.5)


def _perimeter(length: float, width: float) -> float:
    """Of the ellipse, after Ramanujan; within 4 % of every outline that is cut."""
    a, b = length / 2, width / 2
    return math.pi * (3 * (a + b) - math.sqrt((3 * a + b) * (a + 3 * b)))


def _around(
    setting: Mounting, head: HeadLike, stone: StoneLike | None, *, place: str
) -> dict[str, float | int] | None:
    found = setting.at(place)
    if found is None:
        return None
    return {
        "stone_mm": float(found.width_mm),
        "count": stone_count(found, head=head, stone=stone),
    }


def _hidden_halo(
    setting: Mounting, head: HeadLike, stone: StoneLike | None
) -> dict[str, dict[str, float | int] | None]:
    hidden = _around(setting, head, stone, place="hidden_halo")
    return {"hidden_halo": hidden} if hidden else {}


def _accents(setting: Mounting) -> dict[str, Any]:
    band = setting.band
    if band is None:
        return {"kind": "none", "stone_mm": 0.0, "count": 0}
    return {
        "kind": setting.band_kind,
        "stone_mm": float(band.width_mm),
        "count": band.count,
        **({"mount": band.mount} if band.mount != "pave" else {}),
    }


def _side_stones(setting: Mounting) -> dict[str, Any] | None:
    sides = setting.at("sides")
    if sides is None:
        return None
    is_round = sides.length_mm == sides.width_mm
    return {
        "shape": sides.shape,
        "width_mm": float(sides.width_mm),
        **({} if is_round else {"length_mm": float(sides.length_mm)}),
    }


def describe_stone(stone: StoneLike) -> dict[str, Any]:
    law = gemology.LAWS[stone.shape]
    proportions = {
        "table_pct": (stone.table_pct, law.table_pct),
        "crown_angle": (stone.crown_angle, law.crown_angle),
        "pavilion_angle": (stone.pavilion_angle, law.pavilion_angle),
        "girdle_pct": (stone.girdle_pct, law.girdle_pct),
    }
    measured: Sequence[str] = [
        name for name, (reported, _) in proportions.items() if reported is not None
    ]
    return {
        "shape": stone.shape,
        "length_mm": float(stone.length_mm),
        "width_mm": float(stone.width_mm),
        "depth_mm": float(stone.depth_mm),
        **{
            name: float(usual if reported is None else reported)
            for name, (reported, usual) in proportions.items()
        },
        "measured": measured,
        "kind": "diamond",
        "color": stone.color,
        "fancy_color": _hue(stone.fancy_color),
    }


def _hue(fancy_color: str) -> str | None:
    """The last word names the hue: "fancy deep yellowish brown" is brown."""
    words = fancy_color.lower().split()
    return words[-1] if words else None
