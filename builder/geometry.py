"""A ring's shape in numbers: its description for drawing, and how much metal it takes.

`describe` makes the object of docs/algorithms/ring-spec.md. `metal_volume` adds up the same solids in cubic
millimeters (docs/algorithms/pricing.md). Both take anything that has the named attributes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Protocol

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


class MetalLike(Protocol):
    @property
    def code(self) -> str: ...
    @property
    def family(self) -> str: ...


class SettingLike(Protocol):
    @property
    def head_kind(self) -> str: ...
    @property
    def prongs(self) -> int: ...
    @property
    def head_metal(self) -> str: ...
    @property
    def min_width_mm(self) -> Decimal: ...
    @property
    def max_width_mm(self) -> Decimal: ...
    @property
    def rise_mm(self) -> Decimal: ...
    @property
    def shank_width_mm(self) -> Decimal: ...
    @property
    def top_width_mm(self) -> Decimal: ...
    @property
    def thickness_mm(self) -> Decimal: ...
    @property
    def profile(self) -> str: ...
    @property
    def accent_kind(self) -> str: ...
    @property
    def accent_mm(self) -> Decimal: ...
    @property
    def accent_count(self) -> int: ...
    @property
    def halo_mm(self) -> Decimal: ...
    @property
    def side_stone_mm(self) -> Decimal: ...


class StoneLike(Protocol):
    @property
    def shape(self) -> str: ...
    @property
    def length_mm(self) -> Decimal: ...
    @property
    def width_mm(self) -> Decimal: ...
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


@dataclass(frozen=True, kw_only=True)
class MetalVolume:
    """In cubic millimeters."""

    shank: float
    head: float


def describe(
    *,
    setting: SettingLike,
    metal: MetalLike,
    stone: StoneLike | None,
    ring_size: Decimal | None,
    engraving: str,
) -> dict[str, Any]:
    """The ring description, version 1; a size that is not chosen yet is drawn as US 6."""
    size = DEFAULT_SIZE if ring_size is None else ring_size
    accents = setting.accent_kind != "none"
    return {
        "version": 1,
        "finger": {"inner_diameter_mm": round(float(gemology.inner_diameter_mm(size)), 2)},
        "metal": {"code": metal.code, "family": metal.family},
        "head": {
            "kind": setting.head_kind,
            "prongs": setting.prongs,
            "metal": setting.head_metal or metal.family,
            "seat_height_mm": float(setting.thickness_mm + setting.rise_mm),
            "halo": _halo(setting, stone),
        },
        "shank": {
            "width_mm": float(setting.shank_width_mm),
            "top_width_mm": float(setting.top_width_mm),
            "thickness_mm": float(setting.thickness_mm),
            "profile": setting.profile,
        },
        "accents": {
            "kind": setting.accent_kind,
            "stone_mm": float(setting.accent_mm) if accents else 0.0,
            "count": setting.accent_count if accents else 0,
        },
        "side_stones": (
            {"shape": "round", "width_mm": float(setting.side_stone_mm)}
            if setting.side_stone_mm
            else None
        ),
        "stone": describe_stone(stone) if stone else None,
        "engraving": engraving,
    }


def halo_count(*, setting: SettingLike, stone: StoneLike | None) -> int:
    """How many melee go around the stone, a hair apart."""
    melee = float(setting.halo_mm)
    if not melee:
        return 0
    length, width = _outline(setting, stone)
    return max(8, round(_perimeter(length + melee, width + melee) / (melee * 1.06)))


def melee_carats(*, stone_mm: float, count: int) -> float:
    return float(CARATS_PER_CUBIC_MELEE_MM * stone_mm**3 * count)


def metal_volume(
    *, setting: SettingLike, stone: StoneLike | None, ring_size: Decimal | None
) -> MetalVolume:
    """The finished solids, without what casting and polishing lose."""
    return MetalVolume(shank=_shank(setting, ring_size), head=_head(setting, stone))


def grams(*, cubic_mm: float, density: Decimal) -> Decimal:
    """Weight to the hundredth, from g/cm³."""
    weight = Decimal(str(round(cubic_mm, 3))) * density / 1000
    return weight.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def _shank(setting: SettingLike, ring_size: Decimal | None) -> float:
    """The profile swept along the circle through its middle; width runs evenly from palm to top."""
    size = DEFAULT_SIZE if ring_size is None else ring_size
    thickness = float(setting.thickness_mm)
    width = float(setting.shank_width_mm + setting.top_width_mm) / 2
    around = math.pi * (float(gemology.inner_diameter_mm(size)) + thickness)
    seats = setting.accent_count * _SEAT_PART * float(setting.accent_mm) ** 3
    filled = _FILLED[setting.profile] * width * thickness * around
    return filled - (seats if setting.accent_kind != "none" else 0.0)


def _head(setting: SettingLike, stone: StoneLike | None) -> float:
    length, width = _outline(setting, stone)
    rise = float(setting.rise_mm)
    if setting.head_kind == "bezel":
        own = _perimeter(length, width) * _BEZEL_WALL_MM * (rise * 0.55 + _PRONG_OVER_GIRDLE_MM)
    else:
        prong = math.pi * (_PRONG_MM / 2) ** 2 * (rise + _PRONG_OVER_GIRDLE_MM)
        gallery = _perimeter(length * 0.6, width * 0.6) * math.pi * (_GALLERY_WIRE_MM / 2) ** 2
        own = setting.prongs * prong + gallery
    melee = float(setting.halo_mm)
    halo = _perimeter(length + melee, width + melee) * (melee + 0.3) * _HALO_PLATE_MM
    side = float(setting.side_stone_mm)
    baskets = 2 * (4 * math.pi * 0.4**2 * (side * 0.8 + 0.5) + math.pi * side * 0.6 * 0.5)
    return own + (halo if melee else 0.0) + (baskets if side else 0.0)


def _outline(setting: SettingLike, stone: StoneLike | None) -> tuple[float, float]:
    if stone is not None:
        return float(stone.length_mm), float(stone.width_mm)
    middle = float(setting.min_width_mm + setting.max_width_mm) / 2
    return middle, middle


def _perimeter(length: float, width: float) -> float:
    """Of the ellipse, after Ramanujan; within 4 % of every outline that is cut."""
    a, b = length / 2, width / 2
    return math.pi * (3 * (a + b) - math.sqrt((3 * a + b) * (a + 3 * b)))


def _halo(setting: SettingLike, stone: StoneLike | None) -> dict[str, float | int] | None:
    if not setting.halo_mm:
        return None
    return {
        "stone_mm": float(setting.halo_mm),
        "count": halo_count(setting=setting, stone=stone),
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
