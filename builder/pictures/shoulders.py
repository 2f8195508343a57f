"""The way from the head down the ring: along the shank, or first along a cathedral's arches. Millimeters, in the plane z = 0."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .meshes import Mesh, spaced, surface
from .seats import Seat
from .shanks import PAVED, ROUNDNESS

Floats = NDArray[np.floating[Any]]

SPRING = math.radians(60)  # where an arch leaves the shank, from the top
RISE = math.radians(34)  # how steeply it comes to the head
STEPS = 900


@dataclass(frozen=True, kw_only=True)
class Ridge:
    """The metal's outer line on the side of +x, evenly spaced (n, 2) from the head to the palm."""

    line: Floats
    length: float

    def at(self, distance: float) -> tuple[Floats, float]:
        """A point and how far the surface there leans away from upright (radians)."""
        place = min(max(distance / self.length, 0.0), 1.0) * (len(self.line) - 1)
        k = min(int(place), len(self.line) - 2)
        along = self.line[k + 1] - self.line[k]
        return self.line[k] + along * (place - k), math.atan2(-along[1], along[0])


def on_the_shank(*, outer: float, first: float) -> Ridge:
    """A plain shoulder, beginning at this angle from the top."""
    theta = np.linspace(first, math.pi, STEPS)
    line = np.stack([np.sin(theta), np.cos(theta)], axis=1) * outer
    return Ridge(line=line, length=outer * (math.pi - first))


def over_the_arch(arch: Floats, *, outer: float, after: float) -> Ridge:
    """Down a cathedral's arch, beginning this far from the head, and on along the shank."""
    shank = on_the_shank(outer=outer, first=SPRING).line[1:]
    line = spaced(np.vstack([arch, shank]), STEPS)
    step = float(np.linalg.norm(line[1] - line[0]))
    kept = line[int(after / step) :]
    return Ridge(line=kept, length=step * (len(kept) - 1))


def arch_line(seat: Seat, *, outer: float, below: float) -> Floats:
    """The top of an arch on the side of +x, from the head to where it leaves the shank: (n, 2)."""
    rim = float(seat.reach(np.array([0.0]))[0])
    top = np.array([0.66 * rim, outer + seat.drop - below])
    foot = np.array([math.sin(SPRING), math.cos(SPRING)]) * (outer - 0.02)
    reach = float(np.linalg.norm(top - foot))
    inward = top + np.array([math.cos(RISE), -math.sin(RISE)]) * reach * 0.34
    along = foot + np.array([-math.cos(SPRING), math.sin(SPRING)]) * reach * 0.42
    t = np.linspace(0, 1, 80)[:, None]
    points = (
        (1 - t) ** 3 * top
        + 3 * (1 - t) ** 2 * t * inward
        + 3 * (1 - t) * t**2 * along
        + t**3 * foot
    )
    return spaced(points, 80)


def arches(arch: Floats, band: Mapping[str, Any], *, paved: bool, metal: int) -> list[Mesh]:
    """Both arches: bars that are thicker where they leave the shank, with daylight under them."""
    t = np.linspace(0, 1, len(arch))
    thickness = float(band["thickness_mm"]) * (0.62 + 0.3 * t**2)
    width = float(band["top_width_mm"]) * (0.86 + 0.1 * t)
    along = np.gradient(arch, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    out = np.stack([-along[:, 1], along[:, 0]], axis=1)
    angle = np.arange(48) * 2 * np.pi / 48
    c, s = np.cos(angle), np.sin(angle)
    roundness = ROUNDNESS[str(band["profile"])]
    power = np.where(c >= 0, 2 / (max(PAVED, roundness) if paved else roundness), 2 / 2.6)
    across = np.copysign(np.abs(s) ** power, s) * width[:, None] / 2
    rise = (np.copysign(np.abs(c) ** power, c) - 1) * thickness[:, None] / 2
    flat = arch[:, None] + out[:, None] * rise[..., None]
    middle = arch - out * thickness[:, None] / 2
    made = []
    for way in (-1, 1):
        points = np.stack([way * flat[..., 0], flat[..., 1], across], axis=2)
        spine = np.stack([way * middle[:, 0], middle[:, 1], np.zeros(len(arch))], axis=1)
        made.append(surface(points, spine=spine[:, None], closed=(False, True), metal=metal))
    return made
