"""The wedding band beside a ring, on the side of +z: straight, or bowed around the head.

The same course as the browser's scene draws (frontend/ring/beside.js). Millimeters.
"""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import melee
from .gems import Gem
from .meshes import Mesh, bead, surface
from .seats import UPRIGHT
from .shanks import shank

Floats = NDArray[np.floating[Any]]

GAP = 0.10  # between neighboring stones
APART = 0.02  # two polished rings never touch everywhere
PAVED = ("half_pave", "full_pave")


@dataclass(frozen=True, kw_only=True)
class Course:
    """Where the band's middle runs along the finger; `radius` is that of its own middle."""

    clear: float
    bow: float
    half: float
    radius: float

    def at(self, theta: float) -> tuple[float, float]:
        """Its z at an angle from the top, and how steeply it bows there."""
        away = math.atan2(math.sin(theta), math.cos(theta)) * self.radius
        if abs(away) >= self.half:
            return self.clear, 0.0
        turn = math.pi * away / self.half
        rise = self.bow * (1 + math.cos(turn)) / 2
        return self.clear + rise, -self.bow * math.pi * math.sin(turn) / (2 * self.half)


def course(beside: Mapping[str, Any], ring: Mapping[str, Any], *, inner: float) -> Course:
    """Beside a shank: off by its gap at the head, and clear of its width at the palm."""
    width = float(beside["width_mm"])
    edge = max(
        float(ring["top_width_mm"]) / 2 + float(beside["gap_mm"]), float(ring["width_mm"]) / 2
    )
    return Course(
        clear=edge + APART + width / 2,
        bow=float(beside.get("bow_mm") or 0),
        half=float(beside.get("bow_half_mm") or 1),
        radius=inner + float(beside["thickness_mm"]) / 2,
    )


def band(
    beside: Mapping[str, Any], ring: Mapping[str, Any], *, inner: float, metal: int
) -> tuple[list[Mesh], list[Gem]]:
    """The hoop along its course, and its stones with the beads that hold them."""
    way = course(beside, ring, inner=inner)
    spots = seats(beside, way, outer=inner + float(beside["thickness_mm"]))
    beads, stones = _paved(beside, way, spots, inner=inner, metal=metal)
    return [_hoop(beside, way, inner=inner, paved=bool(spots), metal=metal), *beads], stones


def seats(beside: Mapping[str, Any], way: Course, *, outer: float) -> list[float]:
    """The stones' angles from the top, evenly along the course; an odd number has one in the middle."""
    accent = beside["accent"]
    count, step = int(accent["count"]), float(accent["stone_mm"]) + GAP
    if accent["kind"] not in PAVED or count < 1:
        return []
    right: list[float] = []
    theta = 0.0 if count % 2 else step / 2 / (outer * math.hypot(1, way.at(0)[1]))
    while len(right) < -(-count // 2) and theta < math.pi - step / 2 / outer:
        right.append(theta)
        theta += step / (outer * math.hypot(1, way.at(theta)[1]))
    return [-each for each in reversed(right) if each > 0] + right


def _hoop(beside: Mapping[str, Any], way: Course, *, inner: float, paved: bool, metal: int) -> Mesh:
    width, thickness = float(beside["width_mm"]), float(beside["thickness_mm"])
    straight = shank(
        {
            "width_mm": width,
            "top_width_mm": width,
            "thickness_mm": thickness,
            "profile": beside["section"],
        },
        inner=inner,
        paved=paved,
        metal=metal,
    )
    points = straight.vertices.reshape(360, -1, 3).copy()
    runs = np.array([way.at(row * math.tau / 360) for row in range(360)])
    points[..., 2] = runs[:, :1] + points[..., 2] * np.hypot(1, runs[:, 1:])
    spine = points.mean(axis=1, keepdims=True)
    return surface(points, spine=spine, closed=(True, True), metal=metal)


def _paved(
    beside: Mapping[str, Any], way: Course, spots: list[float], *, inner: float, metal: int
) -> tuple[list[Mesh], list[Gem]]:
    wide, outer = float(beside["accent"]["stone_mm"]), inner + float(beside["thickness_mm"])

    def at(theta: float, out: float, across: float = 0.0) -> Floats:
        z, slope = way.at(theta)
        lean = math.hypot(1, slope)
        turned = theta - across * slope / lean / outer
        radius = outer + out
        return np.array([math.sin(turned) * radius, math.cos(turned) * radius, z + across / lean])

    stones = [
        melee.small(
            at(theta, 0.04),
            melee.around(theta) @ UPRIGHT,
            width=wide,
            number=k,
            setting=metal,
        )
        for k, theta in enumerate(spots)
    ]
    beads = [
        bead(at((a + b) / 2, -0.02, side * wide * 0.36), 0.132 * wide, metal=metal)
        for a, b in itertools.pairwise(spots)
        for side in (-1, 1)
    ]
    return beads, stones
