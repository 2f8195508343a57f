"""The small stones: pavé on the shank and a halo, each with the beads that hold it."""

import functools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from builder import cuts

from .gems import Gem, absorption
from .meshes import Mesh, bead, surface
from .seats import MELEE, UPRIGHT, Seat

Floats = NDArray[np.floating[Any]]

GAP = 0.10  # mm between neighbors
UP = np.array([0.0, 1.0, 0.0])
LEDGE = 0.34  # half the height of a halo's ledge, mm


def around(theta: float) -> Floats:
    """The rotation that brings the top of the ring to this angle."""
    c, s = math.cos(theta), math.sin(theta)
    return np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])


@functools.cache
def _planes() -> cuts.Planes:
    return cuts.facets(MELEE, girdle_steps=16)[0]


def _small(center: Floats, frame: Floats, *, width: float, number: int, setting: int) -> Gem:
    """A melee stone; each is turned a little further than the last, as by hand."""
    c, s = math.cos(number * 0.7), math.sin(number * 0.7)
    return Gem(
        planes=_planes(),
        center=center,
        frame=frame @ np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]),
        half=width / 2,
        reach=1.15,
        absorb=absorption(MELEE),
        bounces=4,
        setting=setting,
    )


def pave(
    accents: Mapping[str, Any], *, outer: float, first: float, metal: int
) -> tuple[list[Mesh], list[Gem]]:
    """Stones on both shoulders of a shank of this outer radius, the first at this angle from the head."""
    width = float(accents["stone_mm"])
    step = (width + GAP) / outer
    each = min(int(accents["count"]) // 2, int((math.pi - first) / step))
    beads: list[Mesh] = []
    stones: list[Gem] = []
    for way in (-1, 1):
        for k in range(each):
            turn = around(way * (first + k * step))
            center = turn @ (UP * (outer + 0.04))
            stones.append(_small(center, turn @ UPRIGHT, width=width, number=k, setting=metal))
        for k in range(each + 1):
            turn = around(way * (first + (k - 0.5) * step))
            spots = [turn @ np.array([0.0, outer - 0.02, z * width * 0.36]) for z in (-1, 1)]
            beads += [bead(spot, 0.132 * width, metal=metal) for spot in spots]
    return beads, stones


def halo(spec: Mapping[str, Any], *, seat: Seat, metal: int) -> tuple[list[Mesh], list[Gem]]:
    """Stones on a ledge round the center's girdle, in mm round the girdle's middle."""
    wanted, count = float(spec["stone_mm"]), int(spec["count"])
    away, level = 0.16 + wanted / 2, 0.10 * wanted
    places = seat.outline(offset=away, steps=count) + UP * level
    room = float(np.linalg.norm(places - np.roll(places, -1, axis=0), axis=1).min())
    width = min(wanted * 1.2, room * 0.95)  # a fixed count closes its ring
    stones = [
        _small(place, UPRIGHT, width=width, number=k, setting=metal)
        for k, place in enumerate(places)
    ]
    between = (places + np.roll(places, -1, axis=0)) / 2 + UP * 0.05
    out = _outward(places, ahead=1)
    beads = [
        bead(spot, 0.13 * width + 0.02, metal=metal)
        for way in (-1, 1)
        for spot in between + out * way * width * 0.42
    ]
    return [
        _ledge(seat, away=away, half=max(wanted, width) / 2 + 0.08, top=level, metal=metal),
        *beads,
    ], stones


def _ledge(seat: Seat, *, away: float, half: float, top: float, metal: int) -> Mesh:
    line = seat.outline(offset=away, steps=220) + UP * (top - LEDGE)
    out = _outward(line, ahead=1)
    angle = np.arange(32) * 2 * np.pi / 32
    across = np.copysign(np.abs(np.cos(angle)) ** 0.5, np.cos(angle)) * half
    rise = np.copysign(np.abs(np.sin(angle)) ** 0.5, np.sin(angle)) * LEDGE
    points = line[:, None] + out[:, None] * across[:, None] + UP * rise[:, None]
    return surface(points, spine=line[:, None], closed=(True, True), metal=metal)


def _outward(line: Floats, *, ahead: int) -> Floats:
    """Level normals of a closed line that runs from x toward z."""
    along = np.roll(line, -ahead, axis=0) - line
    out = np.stack([along[:, 2], 0 * along[:, 0], -along[:, 0]], axis=1)
    return np.asarray(out / np.linalg.norm(out, axis=1, keepdims=True))
