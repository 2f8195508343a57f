"""What holds the stone: prongs with their gallery, or a bezel. In mm round the girdle's middle, y up."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from .meshes import Mesh, hoop, smooth_path, surface, wire
from .seats import Seat

PRONG_RADIUS = 0.33
RAIL_RADIUS = 0.235
BEZEL_WALL = 0.42


def head(spec: Mapping[str, Any], *, seat: Seat, metal: int) -> list[Mesh]:
    """The head that the description names, made for this stone."""
    if spec["kind"] == "bezel":
        return [_bezel(seat, metal)]
    prongs = prong_angles(seat, int(spec.get("prongs") or 4))
    return [mesh for angle, vee in prongs for mesh in _prong(seat, angle, vee, metal)] + _gallery(
        seat, metal
    )


def prong_angles(seat: Seat, prongs: int) -> list[tuple[float, bool]]:
    """Angles of the prongs, and which of them guard a point."""
    ratio = seat.ratio
    if seat.shape == "princess":
        return [(math.atan2(y * ratio, x), True) for x in (1, -1) for y in (1, -1)]
    if seat.shape == "marquise":
        sides = [(math.atan2(y * 0.42 * ratio, 0.84 * x), False) for x in (1, -1) for y in (1, -1)]
        return [*sides, (math.pi / 2, True), (-math.pi / 2, True)]
    if seat.shape == "pear":
        return [(math.pi / 2, True), *((math.radians(a), False) for a in (12, 168, -52, -128))]
    if seat.shape == "heart":
        return [(-math.pi / 2, True), *((math.radians(a), False) for a in (52, 128, -18, -162))]
    if seat.shape in ("emerald", "asscher", "radiant"):
        cut = _cut_corner(seat)
        return [
            (math.atan2(y * (ratio - cut), x * (1 - cut)), False) for x in (1, -1) for y in (1, -1)
        ]
    first = 45.0 if prongs == 4 else 30.0
    turns = [math.radians(first + k * 360 / prongs) for k in range(prongs)]
    return [(math.atan2(ratio * math.sin(a), math.cos(a)), False) for a in turns]


def _cut_corner(seat: Seat) -> float:
    """From the corner that was cut off to the middle of the cut, along either side, in half widths."""
    planes = seat.parts[0]
    slanted = planes[(np.abs(planes[:, 2]) < 1e-9) & (planes[:, 0] > 1e-6) & (planes[:, 1] > 1e-6)][
        0
    ]
    return float((slanted[0] + slanted[1] * seat.ratio - slanted[3]) / (slanted[0] + slanted[1]))


def _prong(seat: Seat, angle: float, vee: bool, metal: int) -> list[Mesh]:
    """A claw, or the two arms of a V round a point."""
    if not vee:
        return [claw(seat, angle, metal)]
    spread = 0.27 * seat.stoutness / float(seat.reach(np.array([angle]))[0])
    return [claw(seat, angle + d, metal, stout=0.9, over=0.16) for d in (-spread, spread)]


def claw(seat: Seat, angle: float, metal: int, *, stout: float = 1.0, over: float = 0.15) -> Mesh:
    """From inside the shank up past the girdle and over the crown."""
    rim = float(seat.reach(np.array([angle]))[0])
    thick = PRONG_RADIUS * seat.stoutness * stout
    low, tip = -seat.drop - 0.8, rim - max(over * seat.half, thick * 1.3)
    shoulder, upper = rim + thick * 0.22, (rim + tip) / 2

    def at(radius: float, y: float) -> tuple[float, float, float]:
        return (math.cos(angle) * radius, y, math.sin(angle) * radius)

    def outside(radius: float, y: float) -> tuple[float, float, float]:
        """Around a pavilion that is fuller than most."""
        clear = float(seat.pavilion(np.array([angle]), y)[0]) + thick * 0.5
        return at(max(radius, clear), y)

    path = smooth_path(
        [
            at(0.02 * rim, low),
            outside(0.30 * seat.half, -seat.drop * 0.74),
            outside(0.30 * seat.half + 0.52 * (rim - 0.30 * seat.half), -seat.drop * 0.42),
            at(rim * 0.93, -0.17 * seat.half),
            at(shoulder, seat.crown_height(angle, rim) * 0.6),
            at(upper + thick * 0.22, seat.crown_height(angle, upper) + thick * 0.72),
            at(tip, seat.crown_height(angle, tip) + thick * 0.50),
        ],
        84,
    )
    along = np.linspace(0, 1, len(path))
    taper = 1.06 - 0.06 * np.clip(along / 0.6, 0, 1) - 0.14 * np.clip((along - 0.8) / 0.2, 0, 1)
    side = np.array([-math.sin(angle), 0.0, math.cos(angle)])
    return wire(path, radius=thick * taper, side=side, metal=metal)


def _gallery(seat: Seat, metal: int) -> list[Mesh]:
    """The two rails under the girdle that hold the prongs together."""
    rails = ((0.36, -seat.drop * 0.74), (0.72, -0.38 * seat.half - 0.08))
    return [
        hoop(
            seat.outline(scale=max(scale, seat.fullness(y) + 0.02)) + np.array([0.0, y, 0.0]),
            radius=RAIL_RADIUS * seat.stoutness,
            metal=metal,
        )
        for scale, y in rails
    ]


def _around(seat: Seat, scale: float, y: float) -> float:
    """A cup is nowhere narrower than the stone in it."""
    return scale if y > -0.2 * seat.half else min(1.0, max(scale, seat.fullness(y) + 0.06))


def _bezel(seat: Seat, metal: int) -> Mesh:
    """A cup whose rim folds over the girdle."""
    lip = seat.crown_height(0.0, seat.half * 0.93) + 0.08
    section = [
        (0.30, 0.0, -seat.drop - 0.5), (0.46, 0.02, -seat.drop * 0.78),
        (0.62, 0.05, -0.24 * seat.half - 0.39 * seat.drop), (0.80, 0.08, -0.48 * seat.half),
        (0.96, BEZEL_WALL * 0.8, -0.22 * seat.half), (1.0, BEZEL_WALL, -0.08 * seat.half), (1.0, BEZEL_WALL, lip * 0.5),
        (1.0, BEZEL_WALL * 0.90, lip * 0.88), (1.0, BEZEL_WALL * 0.58, lip), (1.0, BEZEL_WALL * 0.1, lip * 1.02),
        (1.0, -0.16, lip * 0.98), (1.0, -0.24, lip * 0.80), (1.0, -0.20, 0.0),
    ]  # fmt: skip
    steps = 160
    rows = [
        seat.outline(scale=_around(seat, scale, y), offset=offset, steps=steps)
        + np.array([0.0, y, 0.0])
        for scale, offset, y in section
    ]
    coarse = np.stack(rows)
    fine = np.stack([smooth_path(coarse[:, k], 48) for k in range(steps)], axis=1)
    spine = seat.outline(scale=0.9, steps=steps)[None] + np.array([0.0, 0.1, 0.0])
    return surface(fine, spine=spine, closed=(False, True), metal=metal)
