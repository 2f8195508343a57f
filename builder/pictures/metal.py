"""The color of polished metal: the tent's reflection, tinted by the alloy."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import studio

Floats = NDArray[np.floating[Any]]

FAMILIES = {
    "yellow": (1.0, 0.74, 0.335), "rose": (0.98, 0.66, 0.52), "white": (0.93, 0.90, 0.85), "platinum": (0.86, 0.85, 0.83),
}  # fmt: skip

DEEPENING = 0.45
GLANCING = 0.65
HEAD_SHADE = 0.6


class UnknownMetal(ValueError):
    """The description names a metal family that no ring is made of."""


def tint(family: str) -> Floats:
    """What a family of alloys reflects, head on."""
    if family not in FAMILIES:
        raise UnknownMetal(
            f"There is no metal family {family!r}; use one of {', '.join(FAMILIES)}."
        )
    return np.array(FAMILIES[family])


def polished(
    point: Floats,
    normal: Floats,
    view: Floats,
    *,
    color: Floats,
    tube: tuple[float, float],
    to_ring: Floats,
) -> Floats:
    """Light toward the camera (n, 3). `view` runs from the camera; `tube`: inner radius and half width of the shank.

    What looks into the finger hole sees the ring's own inside in its reflection, once; everything else sees the tent.
    """
    room = studio.tent()
    cosine = np.einsum("ij,ij->i", view, normal)[:, None]
    ray = view - 2 * cosine * normal
    light = studio.seen_smoothly(room, ray + point / 60)
    here = point @ to_ring
    _inside_out(light, here, ray @ to_ring, color, tube, room, to_ring)
    dim = np.clip(
        1 - light[:, 1:2], 0, 1
    )  # what is dim has often been reflected by the ring before
    deep = color * (1 - DEEPENING * dim * (1 - color))
    glance = deep + GLANCING * (1 - color) * (1 - np.minimum(np.abs(cosine), 1)) ** 5
    return np.asarray(light * glance * _under_head(here, tube)[:, None], dtype=np.float32)


def _under_head(point: Floats, tube: tuple[float, float]) -> Floats:
    """The head shades the shank on which it stands: the share of light left, in the ring's own space."""
    apart = point[:, 0] ** 2 + point[:, 2] ** 2
    above = np.clip((point[:, 1] - tube[0] * 0.9) / tube[0] / 0.1, 0, 1)
    lifted = np.clip(1 - (np.hypot(point[:, 0], point[:, 1]) - tube[0] - 1.4) / 1.2, 0, 1)
    return np.asarray(1 - HEAD_SHADE * np.exp(-apart / 3.2) * above * lifted)


def _inside_out(
    light: Floats,
    point: Floats,
    ray: Floats,
    color: Floats,
    tube: tuple[float, float],
    room: Floats,
    to_ring: Floats,
) -> None:
    """Replace what the inner surface reflects of itself, in the ring's own space."""
    inner, half = tube
    radius = np.hypot(point[:, 0], point[:, 1])
    own = np.flatnonzero(radius < inner * 1.03)
    p, r = point[own], ray[own]
    flat = np.maximum(r[:, 0] ** 2 + r[:, 1] ** 2, 1e-6)
    reach = -2 * (p[:, 0] * r[:, 0] + p[:, 1] * r[:, 1]) / flat
    met = p + r * reach[:, None]
    again = (reach > 0.05) & (np.abs(met[:, 2]) < half)
    own, met, r = own[again], met[again], r[again]
    normal = -met / inner
    normal[:, 2] = 0
    bounced = r - 2 * np.einsum("ij,ij->i", r, normal)[:, None] * normal
    edge = np.clip((half - np.abs(met[:, 2])) / (0.5 * half), 0, 1)[:, None]
    twice = studio.seen_smoothly(room, bounced @ to_ring.T) * color[own]
    light[own] += (twice - light[own]) * edge
