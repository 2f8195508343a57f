"""The hoop round the finger."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .meshes import Mesh, surface

# Of the section's outer half: 1 is a knife edge, 2 a half circle, more is flatter.
ROUNDNESS = {"round": 2.35, "flat": 7.0, "knife": 1.35}
PAVED, INSIDE = 4.2, 3.4
BELOW = 0.40  # share of the thickness that lies inside the section's widest place


def shank(spec: Mapping[str, Any], *, inner: float, paved: bool, metal: int) -> Mesh:
    """A closed sweep; its outside is flattened over the shoulders where stones sit."""
    thickness = float(spec["thickness_mm"])
    theta = np.arange(360) * 2 * np.pi / 360
    upward = 0.5 + 0.5 * np.cos(theta)
    width = (
        float(spec["width_mm"]) + (float(spec["top_width_mm"]) - float(spec["width_mm"])) * upward
    )
    flat = np.clip((upward - 0.35) / 0.3, 0, 1) if paved else np.zeros_like(theta)
    roundness = ROUNDNESS[str(spec["profile"])]
    angle = np.arange(88) * 2 * np.pi / 88
    c, s = np.cos(angle), np.sin(angle)
    outside = 2 / (roundness + (max(PAVED, roundness) - roundness) * flat)
    power = np.where(c >= 0, outside[:, None], 2 / INSIDE)
    across = np.copysign(np.abs(s) ** power, s) * width[:, None] / 2
    rise = np.copysign(np.abs(c) ** power, c) * np.where(c >= 0, 1 - BELOW, BELOW)
    radius = inner + thickness * (BELOW + rise)
    sin, cos = np.sin(theta)[:, None], np.cos(theta)[:, None]
    points = np.stack([sin * radius, cos * radius, across], axis=2)
    middle = inner + thickness * BELOW
    spine = np.stack([sin * middle, cos * middle, np.zeros_like(sin)], axis=2)
    return surface(points, spine=spine, closed=(True, True), metal=metal)
