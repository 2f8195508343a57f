"""A ring as it is drawn: the object of docs/algorithms/ring-spec.md, which every picture, the scene and the workshop read.

Metals, heads, stones and wedding bands are anything that has the named attributes.
"""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Protocol

from builder import gemology, geometry

_HELD_MM = 0.45  # outside the stone: its prongs, or its rim
_BENT = 0.4  # a band bows no tighter than this part of its width allows
_BROADEST_MM = 9.6
# How full the corners of a stone's outline are: 2 is an ellipse, more comes nearer to a rectangle.
_CORNERS = {"cushion": 3.0, "radiant": 5.0, "asscher": 5.0, "emerald": 7.0, "princess": 9.0}


class MetalLike(Protocol):
    @property
    def code(self) -> str: ...
    @property
    def family(self) -> str: ...


class StoneLike(geometry.OutlineLike, Protocol):
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


class DrawnBandLike(geometry.BandLike, Protocol):
    @property
    def profile(self) -> str: ...
    @property
    def accent_kind(self) -> str: ...


def describe(
    *,
    setting: geometry.Mounting,
    head: geometry.HeadLike,
    metal: MetalLike,
    stone: StoneLike | None,
    ring_size: Decimal | None,
    engraving: str,
) -> dict[str, Any]:
    """The ring description, version 1; a size that is not chosen yet is drawn as US 6.

    What a plain ring does not have is not named, so that a ring keeps its content hash when new words are learned.
    """
    size = geometry.DEFAULT_SIZE if ring_size is None else ring_size
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


def describe_band(
    *,
    band: DrawnBandLike,
    gap_mm: Decimal,
    setting: geometry.Mounting,
    head: geometry.HeadLike,
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
    length, width = geometry.outline(head=head, stone=stone)
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


def _around(
    setting: geometry.Mounting, head: geometry.HeadLike, stone: StoneLike | None, *, place: str
) -> dict[str, float | int] | None:
    found = setting.at(place)
    if found is None:
        return None
    return {
        "stone_mm": float(found.width_mm),
        "count": geometry.stone_count(found, head=head, stone=stone),
    }


def _hidden_halo(
    setting: geometry.Mounting, head: geometry.HeadLike, stone: StoneLike | None
) -> dict[str, dict[str, float | int] | None]:
    hidden = _around(setting, head, stone, place="hidden_halo")
    return {"hidden_halo": hidden} if hidden else {}


def _accents(setting: geometry.Mounting) -> dict[str, Any]:
    band = setting.band
    if band is None:
        return {"kind": "none", "stone_mm": 0.0, "count": 0}
    return {
        "kind": setting.band_kind,
        "stone_mm": float(band.width_mm),
        "count": band.count,
        **({"mount": band.mount} if band.mount != "pave" else {}),
    }


def _side_stones(setting: geometry.Mounting) -> dict[str, Any] | None:
    sides = setting.at("sides")
    if sides is None:
        return None
    is_round = sides.length_mm == sides.width_mm
    return {
        "shape": sides.shape,
        "width_mm": float(sides.width_mm),
        **({} if is_round else {"length_mm": float(sides.length_mm)}),
    }


def _hue(fancy_color: str) -> str | None:
    """The last word names the hue: "fancy deep yellowish brown" is brown."""
    words = fancy_color.lower().split()
    return words[-1] if words else None
