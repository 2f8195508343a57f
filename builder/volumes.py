"""How much metal a ring takes, in cubic millimeters (docs/algorithms/pricing.md).

The same solids as are drawn, finished: without what casting and polishing lose.
"""

import math
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from builder import gemology, geometry

# The part of width × thickness that a profile fills.
_FILLED = {"round": 0.86, "flat": 0.98, "knife": 0.72}
_PRONG_MM = 0.95
_PRONG_OVER_GIRDLE_MM = 0.6
_GALLERY_WIRE_MM = 0.9
_BEZEL_WALL_MM = 0.5
_SEAT_PART = 0.45  # of a melee's cube: what its drilled seat takes out of the metal
_HALO_PLATE_MM = 0.8
_SHOULDER_MM = 1.1  # how thick a cathedral's arch is
_SHOULDER_RUN = 1.15  # how far along the shank it comes down, in rises


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
            head += section * geometry.perimeter(length * scale + beyond, width * scale + beyond)
        return MetalVolume(self.shank, head)


def solids(
    *, setting: geometry.Mounting, head: geometry.HeadLike, ring_size: Decimal | None
) -> Solids:
    own, hoop = _head(head)
    return Solids(
        shank=_shank(setting, ring_size) + _shoulders(setting, head),
        head=own + _baskets(setting),
        hoops=(hoop, *_halos(setting)),
    )


def band_volume(*, band: geometry.BandLike, ring_size: Decimal | None) -> float:
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
    return weight.quantize(geometry.HUNDREDTH, rounding=ROUND_HALF_UP)


def _shank(setting: geometry.Mounting, ring_size: Decimal | None) -> float:
    """The profile swept along the circle through its middle; width runs evenly from palm to top."""
    width = float(setting.shank_width_mm + setting.top_width_mm) / 2
    swept = _swept(
        width=width, thickness=setting.thickness_mm, section=setting.profile, ring_size=ring_size
    )
    band = setting.band
    return swept - (_seats(count=band.count, stone_mm=band.width_mm) if band else 0.0)


def _swept(*, width: float, thickness: Decimal, section: str, ring_size: Decimal | None) -> float:
    size = geometry.DEFAULT_SIZE if ring_size is None else ring_size
    around = math.pi * (float(gemology.inner_diameter_mm(size)) + float(thickness))
    return _FILLED[section] * width * float(thickness) * around


def _seats(*, count: int, stone_mm: Decimal) -> float:
    """What the drilled seats of melee take out of the metal."""
    return count * _SEAT_PART * float(stone_mm) ** 3


def _shoulders(setting: geometry.Mounting, head: geometry.HeadLike) -> float:
    """A cathedral's two arches, from the shank up to two thirds of the rise: triangles, half of them open."""
    if setting.shoulder != "cathedral":
        return 0.0
    rise = float(head.rise_mm) * 2 / 3
    return 2 * 0.5 * (rise * _SHOULDER_RUN * rise / 2) * _SHOULDER_MM


def _head(head: geometry.HeadLike) -> tuple[float, Hoop]:
    """Its prongs and its gallery wire, or a bezel's wall."""
    rise = float(head.rise_mm)
    if head.kind == "bezel":
        wall = _BEZEL_WALL_MM * (rise * 0.55 + _PRONG_OVER_GIRDLE_MM)
        return 0.0, Hoop(scale=1.0, beyond=0.0, section=wall)
    prong = math.pi * (_PRONG_MM / 2) ** 2 * (rise + _PRONG_OVER_GIRDLE_MM)
    wire = math.pi * (_GALLERY_WIRE_MM / 2) ** 2
    return head.prongs * prong, Hoop(scale=0.6, beyond=0.0, section=wire)


def _halos(setting: geometry.Mounting) -> list[Hoop]:
    """The plates under halos: one around the stone, one under its edge."""
    plates = []
    for place, sign in (("halo", 1), ("hidden_halo", -1)):
        if found := setting.at(place):
            melee = float(found.width_mm)
            plates.append(
                Hoop(scale=1.0, beyond=sign * melee, section=(melee + 0.3) * _HALO_PLATE_MM)
            )
    return plates


def _baskets(setting: geometry.Mounting) -> float:
    """A side stone's four prongs and its rail, for each of them."""
    sides = setting.at("sides")
    if sides is None:
        return 0.0
    side = float(sides.width_mm)
    return sides.count * (4 * math.pi * 0.4**2 * (side * 0.8 + 0.5) + math.pi * side * 0.6 * 0.5)
