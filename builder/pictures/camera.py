"""Where the photographer stands: a view's camera, and how points land on the picture."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, kw_only=True)
class View:
    """`turn`: the ring round its upright axis; `rise`: the camera above the table; degrees."""

    turn: float
    rise: float
    fill: float = 0.78


VIEWS = {
    "three_quarter": View(turn=35.5, rise=21.0),
    "front": View(turn=0.0, rise=9.0),
    "side": View(turn=90.0, rise=9.0),
    "above": View(turn=14.0, rise=72.0),
}
DISTANCE = 98.0  # mm: a long lens, so that the ring keeps its proportions


class UnknownView(ValueError):
    """Nobody has set up a camera under that name."""


def view_named(name: str) -> View:
    """The view of that name."""
    if name not in VIEWS:
        raise UnknownView(f"There is no view {name!r}; use one of {', '.join(VIEWS)}.")
    return VIEWS[name]


def turned(view: View) -> Floats:
    """The rotation that stands the ring on the table as this view shows it."""
    c, s = math.cos(math.radians(view.turn)), math.sin(math.radians(view.turn))
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


@dataclass(frozen=True, kw_only=True)
class Camera:
    """Pixel = center + focal * (right, up) / depth, y down."""

    eye: Floats
    right: Floats
    up: Floats
    ahead: Floats
    focal: float
    center: tuple[float, float]

    def project(self, points: Floats) -> tuple[Floats, Floats, Floats]:
        """x, y in pixels and the depth in mm."""
        seen = points - self.eye
        depth = seen @ self.ahead
        x = self.center[0] + self.focal * (seen @ self.right) / depth
        y = self.center[1] - self.focal * (seen @ self.up) / depth
        return x, y, depth

    def rays(self, x: Floats, y: Floats) -> Floats:
        """Directions through pixels, one millimeter deep (not of unit length)."""
        return np.asarray(
            self.ahead
            + ((x - self.center[0]) / self.focal)[..., None] * self.right
            - ((y - self.center[1]) / self.focal)[..., None] * self.up
        )


def framed(points: Floats, *, view: View, width: int, height: int) -> Camera:
    """A camera that shows these points in the middle, filling the view's share of the frame."""
    rise = math.radians(view.rise)
    toward = np.array([0.0, math.sin(rise), math.cos(rise)])
    right = np.array([1.0, 0.0, 0.0])
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    camera = Camera(
        eye=middle + toward * DISTANCE,
        right=right,
        up=np.cross(-toward, right) * -1.0,
        ahead=-toward,
        focal=1.0,
        center=(0.0, 0.0),
    )
    x, y, _ = camera.project(points)
    focal = view.fill * min(width / np.ptp(x), height / np.ptp(y))
    return Camera(
        eye=camera.eye,
        right=camera.right,
        up=camera.up,
        ahead=camera.ahead,
        focal=float(focal),
        center=(
            float(width / 2 - focal * (x.max() + x.min()) / 2),
            float(height * 0.48 - focal * (y.max() + y.min()) / 2),
        ),
    )
