"""The outline of a cut stone, seen from above.

An outline is a function of u that gives a point of the curve and the outward normal there; main facets sit at the whole
numbers. The unit is half the stone's width, x is the width and y the length.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Point = NDArray[np.float64]
Outline = Callable[[float], tuple[Point, Point]]

LOBE_CENTER, LOBE_RADIUS, HEART_CULET = 0.47, 0.53, 0.22


def superellipse(power: float) -> Outline:
    def at(u: float) -> tuple[Point, Point]:
        c, s = math.cos(u * math.pi / 4), math.sin(u * math.pi / 4)
        x = math.copysign(abs(c) ** (2 / power), c)
        y = math.copysign(abs(s) ** (2 / power), s)
        normal = np.array(
            [math.copysign(abs(x) ** (power - 1), x), math.copysign(abs(y) ** (power - 1), y)]
        )
        return np.array([x, y]), normal / np.linalg.norm(normal)

    return at


def marquise(ratio: float) -> Outline:
    def at(u: float) -> tuple[Point, Point]:
        u %= 8
        if abs(u % 4 - 2) < 1e-9:  # a tip: its main facet lies straight across
            sign = 1.0 if u < 4 else -1.0
            return np.array([0.0, sign * ratio]), np.array([0.0, sign])
        quarter, within = divmod(u, 2)
        part = within / 2 if quarter % 2 == 0 else 1 - within / 2
        return _mirrored(
            _wing(part, ratio), 1 if quarter in (0, 3) else -1, 1 if quarter < 2 else -1
        )

    return at


def pear(ratio: float) -> Outline:
    tip = 2 * ratio - 1

    def at(u: float) -> tuple[Point, Point]:
        u %= 8
        if abs(u - 2) < 1e-9:
            return np.array([0.0, tip]), np.array([0.0, 1.0])
        if u > 4:
            angle = u * math.pi / 4
            point = np.array([math.cos(angle), math.sin(angle)])
            return point, point
        if u > 2:
            return _mirrored(_wing((4 - u) / 2, tip), -1, 1)
        return _wing(u / 2, tip)

    return at


def heart(ratio: float) -> Outline:
    """The right half, from the cleft (u = 0) round the lobe and the widest point (2) to the tip (4)."""
    tip = 2 * ratio - LOBE_RADIUS
    cleft = math.acos(-LOBE_CENTER / LOBE_RADIUS)

    def at(u: float) -> tuple[Point, Point]:
        if u >= 4 - 1e-9:
            return np.array([0.0, HEART_CULET - tip]), np.array([0.0, -1.0])
        if u > 2:
            point, normal = _mirrored(_wing((u - 2) / 2, tip), 1, -1)
        else:
            angle = cleft * (1 - u / 2)
            normal = np.array([math.cos(angle), math.sin(angle)])
            point = np.array([LOBE_CENTER, 0.0]) + LOBE_RADIUS * normal
        return point + np.array([0.0, HEART_CULET]), normal

    return at


def heart_middle(ratio: float) -> float:
    return HEART_CULET + LOBE_RADIUS - ratio


def _wing(part: float, tip: float) -> tuple[Point, Point]:
    """On the arc that leaves (1, 0) upright and ends at (0, tip), at this part of its length."""
    radius = (1 + tip * tip) / 2
    angle = part * math.asin(min(1.0, tip / radius))
    if radius < 1:  # blunter than a half circle: the arc goes past the quarter turn
        angle = part * (math.pi - math.asin(tip / radius))
    c, s = math.cos(angle), math.sin(angle)
    return np.array([1 - radius + radius * c, radius * s]), np.array([c, s])


def _mirrored(at: tuple[Point, Point], x: float, y: float) -> tuple[Point, Point]:
    flip = np.array([x, y])
    return at[0] * flip, at[1] * flip
