"""A stone's place in the metal: its girdle and crown as the setter sees them, in mm round the girdle's middle, y up."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from builder import cuts

from .meshes import spaced

Floats = NDArray[np.floating[Any]]

UPRIGHT = np.array(
    [[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
)  # stone space to the head's
EMPTY_HEAD_MM = 6.5
# A small round brilliant: every melee stone, and the shape of a head that waits for its stone.
MELEE: dict[str, Any] = {
    "shape": "round", "length_mm": 1.0, "width_mm": 1.0, "depth_mm": 0.605, "table_pct": 57.0, "crown_angle": 34.5,
    "pavilion_angle": 40.8, "girdle_pct": 3.5, "measured": [], "kind": "diamond", "color": "F", "fancy_color": None,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Seat:
    """`half`: half the stone's width; `drop`: from the girdle's middle down to the shank's surface."""

    shape: str
    parts: list[cuts.Planes]
    half: float
    drop: float

    @property
    def ratio(self) -> float:
        """How far the girdle reaches toward z, in half widths."""
        return float(self.reach(np.array([np.pi / 2]))[0]) / self.half

    @property
    def stoutness(self) -> float:
        """Of wire for a stone of this size; 1 at 6.8 mm."""
        return float(min(1.15, max(0.5, (self.half / 3.4) ** 0.6)))

    def reach(self, angle: Floats, offset: float = 0.0) -> Floats:
        """The girdle's radius toward these angles (0 = x, 90° = z), moved outward by `offset` mm."""
        toward = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        best = np.zeros(np.shape(angle))
        for planes in self.parts:
            girdle = planes[np.abs(planes[:, 2]) < 1e-9]
            own = np.ones(np.shape(angle), dtype=bool)
            if len(self.parts) == 2:
                girdle = girdle[1:]
                own = toward[..., 0] * planes[0, 0] <= 1e-9
            rate = toward @ girdle[:, :2].T
            limit = (girdle[:, 3] + offset / self.half) / np.maximum(rate, 1e-6)
            radius = np.where(rate > 1e-6, limit, np.inf).min(axis=-1)
            best = np.where(own, np.maximum(best, radius), best)
        return np.asarray(best * self.half)

    def pavilion(self, angle: Floats, y: float) -> Floats:
        """The stone's radius toward these angles at a height below the girdle, 0 below its culet."""
        toward = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        best = np.zeros(np.shape(angle))
        for planes in self.parts:
            sides, own = planes, np.ones(np.shape(angle), dtype=bool)
            if len(self.parts) == 2:
                sides = planes[1:]
                own = toward[..., 0] * planes[0, 0] <= 1e-9
            rate = toward @ sides[:, :2].T
            room = sides[:, 3] - sides[:, 2] * y / self.half
            limit = np.where(rate > 1e-6, room / np.maximum(rate, 1e-6), np.inf)
            inside = np.all((rate > 1e-6) | (room >= 0), axis=-1)
            radius = np.where(inside, np.maximum(limit.min(axis=-1), 0), 0)
            best = np.where(own, np.maximum(best, radius), best)
        return np.asarray(best * self.half)

    def fullness(self, y: float) -> float:
        """How large the stone still is at a height below the girdle, as a share of its outline."""
        angle = np.linspace(0, 2 * np.pi, 120, endpoint=False)
        return float((self.pavilion(angle, y) / self.reach(angle)).max())

    def crown_height(self, angle: float, radius: float) -> float:
        """Of the crown's surface above the girdle's middle, at this place."""
        x, y = math.cos(angle) * radius / self.half, math.sin(angle) * radius / self.half
        part = self.parts[-1] if len(self.parts) == 2 and x < 0 else self.parts[0]
        up = part[part[:, 2] > 1e-9]
        return float(((up[:, 3] - up[:, 0] * x - up[:, 1] * y) / up[:, 2]).min() * self.half)

    def outline(self, *, scale: float = 1.0, offset: float = 0.0, steps: int = 140) -> Floats:
        """The girdle as an evenly spaced level line (steps, 3)."""
        angle = np.linspace(0, 2 * np.pi, 1440, endpoint=False)
        radius = self.reach(angle, offset) * scale
        line = np.stack(
            [np.cos(angle) * radius, np.zeros_like(angle), np.sin(angle) * radius], axis=1
        )
        return spaced(line, steps, closed=True)


def seat_for(stone: Mapping[str, Any] | None, *, drop: float) -> Seat:
    """The seat of this stone, or of none yet."""
    if stone is None:
        return Seat(shape="round", parts=cuts.facets(MELEE), half=EMPTY_HEAD_MM / 2, drop=drop)
    half = float(stone["width_mm"]) / 2
    return Seat(shape=str(stone["shape"]), parts=cuts.facets(stone), half=half, drop=drop)
