"""The color of polished metal: the tent's reflection, tinted by the alloy."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import studio
from .compiled import compiled

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]

DEEPENING = 0.45
GLANCING = 0.65
HEAD_SHADE = 0.6


def polished(
    point: Floats,
    normal: Floats,
    *,
    eye: Floats,
    colors: Floats,
    metal: Ints,
    tube: tuple[float, float],
    to_ring: Floats,
) -> Floats:
    """Light toward the eye (n, 3). `colors`: a tint for each number in `metal`; `tube`: inner radius and half width of the shank.

    What looks into the finger hole sees the ring's own inside in its reflection, once; everything else sees the tent.
    """
    light = np.empty((len(point), 3), dtype=np.float32)
    _reflect(point, normal, eye, colors, metal, *tube, to_ring, studio.tent(), light)
    return light


@compiled
def _reflect(
    point: Floats,
    normal: Floats,
    eye: Floats,
    colors: Floats,
    metal: Ints,
    inner: float,
    half: float,
    to_ring: Floats,
    room: Floats,
    light: Floats,
) -> None:
    for k in range(len(point)):
        x, y, z = point[k, 0], point[k, 1], point[k, 2]
        nx, ny, nz = normal[k, 0], normal[k, 1], normal[k, 2]
        vx, vy, vz = x - eye[0], y - eye[1], z - eye[2]
        over = 1 / math.sqrt(vx * vx + vy * vy + vz * vz)
        vx, vy, vz = vx * over, vy * over, vz * over
        cosine = vx * nx + vy * ny + vz * nz
        rx, ry, rz = vx - 2 * cosine * nx, vy - 2 * cosine * ny, vz - 2 * cosine * nz
        red, green, blue = studio.smooth(room, rx + x / 60, ry + y / 60, rz + z / 60)
        color = colors[metal[k]]
        px, py, pz = _turned(to_ring, x, y, z)
        if math.hypot(px, py) < inner * 1.03:
            ray = _turned(to_ring, rx, ry, rz)
            share, dx, dy, dz = _met_again(px, py, pz, ray, inner, half)
            if share > 0:
                dx, dy, dz = _turned(to_ring.T, dx, dy, dz)
                twice = studio.smooth(room, dx, dy, dz)
                red += (twice[0] * color[0] - red) * share
                green += (twice[1] * color[1] - green) * share
                blue += (twice[2] * color[2] - blue) * share
        # What is dim has often been reflected by the ring before.
        dim = DEEPENING * min(1.0, max(0.0, 1 - green))
        glance = GLANCING * (1 - min(abs(cosine), 1.0)) ** 5
        left = _under_head(px, py, pz, inner)
        for channel, its in enumerate((red, green, blue)):
            tone = color[channel]
            light[k, channel] = its * left * (tone * (1 - dim * (1 - tone)) + glance * (1 - tone))


@compiled
def _turned(turn: Floats, x: float, y: float, z: float) -> tuple[float, float, float]:
    """A row vector times a rotation."""
    return (
        x * turn[0, 0] + y * turn[1, 0] + z * turn[2, 0],
        x * turn[0, 1] + y * turn[1, 1] + z * turn[2, 1],
        x * turn[0, 2] + y * turn[1, 2] + z * turn[2, 2],
    )


@compiled
def _under_head(x: float, y: float, z: float, inner: float) -> float:
    """The head shades the shank on which it stands: the share of light left, in the ring's own space."""
    above = min(1.0, max(0.0, (y - inner * 0.9) / inner / 0.1))
    lifted = min(1.0, max(0.0, 1 - (math.hypot(x, y) - inner - 1.4) / 1.2))
    return 1 - HEAD_SHADE * math.exp(-(x * x + z * z) / 3.2) * above * lifted


@compiled
def _met_again(
    x: float, y: float, z: float, ray: tuple[float, float, float], inner: float, half: float
) -> tuple[float, float, float, float]:
    """Where a ray off the inside goes after it met the inside once more, and how much of it does; in the ring's space."""
    rx, ry, rz = ray
    reach = -2 * (x * rx + y * ry) / max(rx * rx + ry * ry, 1e-6)
    mx, my, mz = x + rx * reach, y + ry * reach, z + rz * reach
    if reach <= 0.05 or abs(mz) >= half:
        return 0.0, 0.0, 0.0, 0.0
    nx, ny = -mx / inner, -my / inner
    twice = 2 * (rx * nx + ry * ny)
    share = min(1.0, max(0.0, (half - abs(mz)) / (0.5 * half)))
    return share, rx - twice * nx, ry - twice * ny, rz
