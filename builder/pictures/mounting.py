"""From a ring's description to its metal and its stones in place.

World space as in docs/algorithms/ring-spec.md: the finger hole round the origin, the table looks along +y, z along the
finger, millimeters. Metals are numbered: 0 the shank's, 1 the head's, 2 that of a wedding
band beside the ring.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from builder import cuts

from . import bands, gems, melee, shoulders
from .gems import Gem
from .heads import head
from .meshes import Mesh, placed
from .seats import MELEE, UPRIGHT, Seat, seat_for
from .shanks import shank

Description = Mapping[str, Any]
Floats = NDArray[np.floating[Any]]

SHANK, HEAD, BESIDE = 0, 1, 2
HALF_TURN = np.diag(
    [-1.0, 1.0, -1.0]
)  # so that a stone's (x, y, z) is the ring's (x, z, -y): docs/algorithms/facets.md
LEAN = 16.0  # degrees: how far the side stones look outward
REACH = {
    "princess": 1.45,
    "radiant": 1.35,
    "cushion": 1.3,
}  # corner to center, beside half the length


@dataclass(frozen=True, kw_only=True)
class Ring:
    """Everything there is to draw. `tube`: inner radius and half width of the shank."""

    metal: list[Mesh]
    gems: list[Gem]
    families: tuple[str, ...]
    tube: tuple[float, float]


def built(description: Description) -> Ring:
    """The ring's parts."""
    spec, band = description["head"], description["shank"]
    inner = float(description["finger"]["inner_diameter_mm"]) / 2
    outer = inner + float(band["thickness_mm"])
    seat = seat_for(description["stone"], drop=inner + float(spec["seat_height_mm"]) - outer)
    center = np.array([0.0, outer + seat.drop, 0.0])
    paved = description["accents"]["kind"] != "none"
    metal = [shank(band, inner=inner, paved=paved, metal=SHANK)]
    stones: list[Gem] = []
    for more_metal, more_stones in (
        _center(description, seat, center),
        _sides(description, seat, outer),
        _shoulders(description, seat, outer),
    ):
        metal += more_metal
        stones += more_stones
    families = [str(description["metal"]["family"]), str(spec["metal"])]
    if beside := description.get("beside"):
        more_metal, more_stones = bands.band(beside, band, inner=inner, metal=BESIDE)
        metal += more_metal
        stones += more_stones
        families.append(str(beside["metal"]))
    return Ring(
        metal=metal,
        gems=stones,
        families=tuple(families),
        tube=(inner, max(float(band["width_mm"]), float(band["top_width_mm"])) / 2),
    )


def _center(description: Description, seat: Seat, center: Floats) -> tuple[list[Mesh], list[Gem]]:
    spec, stone = description["head"], description["stone"]
    metal = head(spec, seat=seat, metal=HEAD)
    stones: list[Gem] = []
    if spec.get("halo"):
        ledge, stones = melee.halo(spec["halo"], seat=seat, metal=HEAD)
        metal += ledge
    if spec.get("hidden_halo"):
        collar, row = melee.hidden_halo(spec["hidden_halo"], seat=seat, metal=HEAD)
        metal += collar
        stones += row
    if stone is not None:
        stones.append(_gem(stone, seat, center=np.zeros(3), frame=UPRIGHT, bounces=6))
    return (
        [placed(mesh, turn=HALF_TURN, shift=center) for mesh in metal],
        [
            replace(gem, center=HALF_TURN @ gem.center + center, frame=HALF_TURN @ gem.frame)
            for gem in stones
        ],
    )


def _gem(
    stone: Mapping[str, Any], seat: Seat, *, center: Floats, frame: Floats, bounces: int
) -> Gem:
    ratio = max(1.0, float(stone["length_mm"]) / float(stone["width_mm"]))
    return Gem(
        planes=cuts.facets(stone, girdle_steps=32)[0],
        center=center,
        frame=frame,
        half=seat.half,
        reach=ratio * REACH.get(seat.shape, 1.15),
        seam=seat.shape == "heart",
        absorb=gems.absorption(stone),
        optics=gems.optics(stone),
        bounces=bounces,
        setting=HEAD,
    )


def _sides(description: Description, seat: Seat, outer: float) -> tuple[list[Mesh], list[Gem]]:
    """One stone on each side of the center, in a head of its own that leans outward; a point looks away from the center."""
    spec = description.get("side_stones")
    if not spec:
        return [], []
    width, length = float(spec["width_mm"]), _side_length(spec)
    stone = MELEE | {
        "shape": spec["shape"],
        "width_mm": width,
        "length_mm": length,
        "depth_mm": 0.61 * width,
        "measured": [],
    }
    rim = float(seat.reach(np.array([0.0]))[0])
    lean = math.radians(LEAN)
    x, y = rim + length / 2 * math.cos(lean) + 0.2, outer + seat.drop - 0.16 * width - 0.6
    fall = x * math.sin(lean) + y * math.cos(lean)  # the way down the stone's own axis to the shank
    own = seat_for(stone, drop=fall - math.sqrt(max(0.0, fall**2 - x * x - y * y + outer**2)))
    parts = head({"kind": "prong", "prongs": 4}, seat=own, metal=HEAD)
    metal: list[Mesh] = []
    stones: list[Gem] = []
    for way in (-1, 1):
        turn, center = melee.around(way * lean), np.array([way * x, y, 0.0])
        if length > width:
            turn = turn @ np.array([[0.0, 0.0, way], [0.0, 1.0, 0.0], [-way, 0.0, 0.0]])
        metal += [placed(mesh, turn=turn, shift=center) for mesh in parts]
        stones.append(_gem(stone, own, center=center, frame=turn @ UPRIGHT, bounces=5))
    return metal, stones


def _side_length(spec: Mapping[str, Any]) -> float:
    return float(spec.get("length_mm") or spec["width_mm"])


def _shoulders(description: Description, seat: Seat, outer: float) -> tuple[list[Mesh], list[Gem]]:
    """A cathedral's arches, and the stones along the band."""
    accents, sides, band = (
        description["accents"], description.get("side_stones"), description["shank"]
    )  # fmt: skip
    paved = accents["kind"] != "none" and int(accents.get("count") or 0) > 0
    width, rim = float(accents["stone_mm"]), float(seat.reach(np.array([0.0]))[0])
    metal: list[Mesh] = []
    if band.get("shoulder") == "cathedral" and not sides:
        arch = shoulders.arch_line(seat, outer=outer, below=_arch_below(description, seat))
        metal = shoulders.arches(arch, band, paved=paved, metal=SHANK)
        ridge = shoulders.over_the_arch(arch, outer=outer, after=0.30 * rim + width / 2)
    else:
        first = (0.42 * rim + width) / outer
        if sides:
            far = rim + _side_length(sides) * 0.7
            first = math.asin(min(0.9, far / outer)) + width / outer
        ridge = shoulders.on_the_shank(outer=outer, first=first)
    if not paved:
        return metal, []
    held, stones = melee.along(accents, ridge=ridge, metal=SHANK)
    return metal + held, stones


def _arch_below(description: Description, seat: Seat) -> float:
    """How far under the girdle an arch comes to the head: at its upper rail, or under a hidden halo."""
    hidden = description["head"].get("hidden_halo")
    under = 0.38 * seat.half + 0.05 + (float(hidden["stone_mm"]) * 0.8 if hidden else 0.0)
    return min(under, 0.7 * seat.drop)
