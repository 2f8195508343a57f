"""Light inside a cut stone, traced exactly against its facet planes.

A ray enters by Fresnel and Snell, runs from facet to facet, leaves a part of itself at each and turns wholly where the
angle is too flat. The three colors leave by three refractive indices, which makes the fire.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from builder import cuts

from . import tracing
from .camera import Camera

Floats = NDArray[np.floating[Any]]

INDEX, DISPERSION = 2.417, 0.034
BOOST = 1.6

# Absorption per half width for each channel: body color in words to what the stone takes out of white light.
COLORLESS = (0.0, 0.0, 0.0)
FANCY = {
    "yellow": (0.02, 0.07, 0.62), "pink": (0.02, 0.30, 0.17), "blue": (0.42, 0.22, 0.05), "green": (0.30, 0.05, 0.28),
    "orange": (0.02, 0.26, 0.85), "brown": (0.22, 0.42, 0.70), "red": (0.05, 0.95, 0.80), "purple": (0.18, 0.42, 0.10),
    "violet": (0.26, 0.36, 0.06), "gray": (0.26, 0.25, 0.23), "black": (2.2, 2.2, 2.2), "champagne": (0.10, 0.20, 0.38),
}  # fmt: skip
COLORED_STONES = {
    "sapphire": (1.25, 0.80, 0.16), "ruby": (0.07, 1.6, 1.15), "emerald": (1.9, 0.42, 1.05),
    "morganite": (0.02, 0.24, 0.20),
}  # fmt: skip
INDICES = {
    "sapphire": (1.768, 0.012),
    "ruby": (1.77, 0.012),
    "emerald": (1.58, 0.010),
    "morganite": (1.58, 0.010),
}


@dataclass(frozen=True, kw_only=True)
class Gem:
    """A stone in its place: facet planes in half widths, `frame` from stone to world (rotation), `half` in mm."""

    planes: cuts.Planes
    center: Floats
    frame: Floats
    half: float
    reach: float  # half of its longest measure, in half widths
    seam: bool = False
    absorb: tuple[float, float, float] = COLORLESS
    optics: tuple[float, float] = (INDEX, DISPERSION)
    bounces: int = 6
    setting: int = 0  # number of the metal that holds it


def absorption(stone: Mapping[str, Any]) -> tuple[float, float, float]:
    """What the stone's color takes out of white light."""
    if stone.get("kind") in COLORED_STONES:
        return COLORED_STONES[str(stone["kind"])]
    if stone.get("fancy_color"):
        words = str(stone["fancy_color"]).lower().split()
        return next((FANCY[word] for word in reversed(words) if word in FANCY), COLORLESS)
    color = str(stone.get("color") or "D")[:1].upper()
    warmth = max(0, ord(color) - ord("F")) / 20 if "D" <= color <= "Z" else 0.0
    return (0.015 * warmth, 0.06 * warmth, 0.34 * warmth)


def optics(stone: Mapping[str, Any]) -> tuple[float, float]:
    """Refractive index and its spread over the spectrum."""
    return INDICES.get(str(stone.get("kind")), (INDEX, DISPERSION))


def draw(
    gem: Gem, *, camera: Camera, metal: Floats, room: Floats, nearest: Floats, light: Floats
) -> None:
    """Draw the stone into the frame's `light` wherever it is nearer than what is there.

    `metal`: the tint of what surrounds it below its girdle; `room`: an octahedral map.
    """
    index, dispersion = gem.optics
    planes = np.ascontiguousarray(gem.planes.T, dtype=np.float32)
    cut = tracing.Cut(
        planes=planes,
        spare=np.empty(planes.shape[1], dtype=np.float32),
        has_seam=gem.seam,
        frame=np.ascontiguousarray(gem.frame, dtype=np.float64),
        room=room,
        metal=metal.astype(np.float32),
        absorb=np.array(gem.absorb),
        optics=np.array([index - dispersion, index, index + dispersion]),
        bounces=gem.bounces,
        boost=BOOST,
    )
    sight = tracing.Sight(
        eye=((camera.eye - gem.center) @ gem.frame) / gem.half,
        axes=np.stack([camera.ahead, camera.right, camera.up]) @ gem.frame,
        center=np.array([*camera.center, camera.focal]),
        box=_box(gem, camera, height=nearest.shape[0], width=nearest.shape[1]),
        half=float(gem.half),
    )
    tracing.trace(cut, sight, nearest=nearest, light=light)


def _box(gem: Gem, camera: Camera, *, width: int, height: int) -> NDArray[np.int64]:
    """The columns and the rows, each from and to, outside of which the stone is not."""
    up, down = gem.planes[gem.planes[:, 2] > 1e-6], gem.planes[gem.planes[:, 2] < -1e-6]
    top, culet = (up[:, 3] / up[:, 2]).min(), 1.25 * (down[:, 3] / down[:, 2]).max()
    corners = np.array(
        list(itertools.product((-1.02, 1.02), (-gem.reach, gem.reach), (culet, top + 0.05)))
    )
    x, y, _ = camera.project(gem.center + (corners * gem.half) @ gem.frame.T)
    columns = np.clip([x.min() - 1, x.max() + 2], 0, width)
    rows = np.clip([y.min() - 1, y.max() + 2], 0, height)
    return np.array([*columns, *rows], dtype=np.int64)
