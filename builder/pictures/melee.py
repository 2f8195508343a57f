"""The small stones: along the shank, round the center or under its edge, each with the metal that holds it."""

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
from .shoulders import Ridge

Floats = NDArray[np.floating[Any]]
Path = tuple[Floats, Floats, Floats]

GAP, CHANNEL_GAP = 0.10, 0.03  # mm between neighbors
WALL = 0.34  # mm: a channel's
UP = np.array([0.0, 1.0, 0.0])
LEDGE = 0.34  # half the height of a halo's ledge, mm


def around(theta: float) -> Floats:
    """The rotation that brings the top of the ring to this angle."""
    c, s = math.cos(theta), math.sin(theta)
    return np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])


@functools.cache
def _planes() -> cuts.Planes:
    return cuts.facets(MELEE, girdle_steps=16)[0]


def small(center: Floats, frame: Floats, *, width: float, number: int, setting: int) -> Gem:
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


def along(accents: Mapping[str, Any], *, ridge: Ridge, metal: int) -> tuple[list[Mesh], list[Gem]]:
    """Stones down both sides of the ring, held by beads (pavé) or between two walls (channel)."""
    width = float(accents["stone_mm"])
    in_channel = accents.get("mount") == "channel"
    step = width + (CHANNEL_GAP if in_channel else GAP)
    each = min(int(accents["count"]) // 2, int(ridge.length / step))
    stones: list[Gem] = []
    beads: list[Mesh] = []
    for way in (-1, 1):
        for k in range(each):
            turn, spot = _spot(ridge, k * step, way=way)
            center = spot + turn @ UP * (0.10 if in_channel else 0.04)
            stones.append(small(center, turn @ UPRIGHT, width=width, number=k, setting=metal))
        for k in range(0 if in_channel else each + 1):
            turn, spot = _spot(ridge, (k - 0.5) * step, way=way)
            spots = [spot + turn @ np.array([0.0, -0.02, z * width * 0.36]) for z in (-1, 1)]
            beads += [bead(each_spot, 0.132 * width, metal=metal) for each_spot in spots]
    if in_channel and each:
        beads = _walls(ridge, last=(each - 1) * step, width=width, metal=metal)
    return beads, stones


def _spot(ridge: Ridge, distance: float, *, way: int) -> tuple[Floats, Floats]:
    """The rotation and the place at this distance from the first stone; a little before it, straight on."""
    point, lean = ridge.at(max(distance, 0.0))
    if distance < 0:
        point = point + np.array([math.cos(lean), -math.sin(lean)]) * distance
    return around(way * lean), np.array([way * point[0], point[1], 0.0])


def _walls(ridge: Ridge, *, last: float, width: float, metal: int) -> list[Mesh]:
    """A channel's wall on either side: it rises out of the metal at the head, runs down beside the stones, closes round the
    last of them and runs up again. Where the ring's two channels meet at the palm, it stays open."""
    middle = width / 2 + WALL * 0.42
    first, end = -0.5 * width - 1.0, last + 0.1
    down = np.linspace(first, end, 84)
    bend = np.linspace(0, math.pi, 21)[1:-1]
    straight = [
        (down, middle + 0 * down, 0 * down),
        (down[::-1], -middle + 0 * down, math.pi + 0 * down),
    ]
    around_it = (end + middle * np.sin(bend), middle * np.cos(bend), bend)
    is_open = end + middle + WALL / 2 + width / 2 > ridge.length
    paths = straight if is_open else [_joined(straight[0], around_it, straight[1])]
    return [
        _wall(ridge, path, first=first, way=way, metal=metal) for way in (-1, 1) for path in paths
    ]


def _joined(*parts: Path) -> Path:
    along, across, turn = (np.concatenate(each) for each in zip(*parts, strict=True))
    return along, across, turn


def _wall(ridge: Ridge, path: Path, *, first: float, way: int, metal: int) -> Mesh:
    """A rounded bar along a path on the ring's outside: mm down the ridge, mm along the finger, and which way it looks there."""
    angle = np.arange(20) * 2 * np.pi / 20
    across = np.copysign(np.abs(np.cos(angle)) ** 0.6, np.cos(angle)) * WALL / 2
    up = np.copysign(np.abs(np.sin(angle)) ** 0.6, np.sin(angle)) * 0.3
    rows, spine = [], []
    for distance, z, turned in zip(*path, strict=True):
        turn, spot = _spot(ridge, float(distance), way=way)
        sunk = 0.8 * max(0.0, 1 - (distance - first) / 1.1) ** 2 + 0.08
        local = [way * across * math.sin(turned), up - sunk, z + across * math.cos(turned)]
        rows.append(spot + np.stack(local, axis=1) @ turn.T)
        spine.append(spot + turn @ np.array([0.0, -sunk, z]))
    return surface(
        np.array(rows), spine=np.array(spine)[:, None], closed=(False, True), metal=metal
    )


def hidden_halo(spec: Mapping[str, Any], *, seat: Seat, metal: int) -> tuple[list[Mesh], list[Gem]]:
    """A row under the girdle that looks outward, on a collar of its own."""
    wanted, count = float(spec["stone_mm"]), int(spec["count"])
    inward = -min(0.3, 0.09 * seat.half)
    places = seat.outline(offset=inward, steps=count) - UP * (0.30 + wanted / 2)
    room = float(np.linalg.norm(places - np.roll(places, -1, axis=0), axis=1).min())
    width = min(wanted * 1.15, room * 0.96)
    out = (_outward(places, ahead=1) + np.roll(_outward(places, ahead=1), 1, axis=0)) / 2
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    tilted = out - UP * 0.18
    tilted /= np.linalg.norm(tilted, axis=1, keepdims=True)
    stones = [
        small(place, _facing(look), width=width, number=k, setting=metal)
        for k, (place, look) in enumerate(zip(places, tilted, strict=True))
    ]
    between = (places + np.roll(places, -1, axis=0)) / 2 + _outward(places, ahead=1) * 0.03
    beads = [
        bead(spot + UP * way * width * 0.42, 0.12 * width, metal=metal)
        for way in (-1, 1)
        for spot in between
    ]
    collar = _ledge(
        seat, away=inward - 0.24, half=0.26, top=float(places[0, 1]), metal=metal,
        height=width / 2 + 0.07, center=True,
    )  # fmt: skip
    return [collar, *beads], stones


def _facing(look: Floats) -> Floats:
    """From the stone's frame to one whose table looks this way."""
    side = np.cross(UP, look)
    side /= np.linalg.norm(side)
    return np.stack([side, np.cross(look, side), look], axis=1)


def halo(spec: Mapping[str, Any], *, seat: Seat, metal: int) -> tuple[list[Mesh], list[Gem]]:
    """Stones on a ledge round the center's girdle, in mm round the girdle's middle."""
    wanted, count = float(spec["stone_mm"]), int(spec["count"])
    away, level = 0.16 + wanted / 2, 0.10 * wanted
    places = seat.outline(offset=away, steps=count) + UP * level
    room = float(np.linalg.norm(places - np.roll(places, -1, axis=0), axis=1).min())
    width = min(wanted * 1.2, room * 0.95)  # a fixed count closes its ring
    stones = [
        small(place, UPRIGHT, width=width, number=k, setting=metal)
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


def _ledge(
    seat: Seat,
    *,
    away: float,
    half: float,
    top: float,
    metal: int,
    height: float = LEDGE,
    center: bool = False,
) -> Mesh:
    """A rim round the stone; `height` is half of its own, and `top` its upper side, or its middle."""
    line = seat.outline(offset=away, steps=220) + UP * (top if center else top - height)
    out = _outward(line, ahead=1)
    angle = np.arange(32) * 2 * np.pi / 32
    across = np.copysign(np.abs(np.cos(angle)) ** 0.5, np.cos(angle)) * half
    rise = np.copysign(np.abs(np.sin(angle)) ** 0.5, np.sin(angle)) * height
    points = line[:, None] + out[:, None] * across[:, None] + UP * rise[:, None]
    return surface(points, spine=line[:, None], closed=(True, True), metal=metal)


def _outward(line: Floats, *, ahead: int) -> Floats:
    """Level normals of a closed line that runs from x toward z."""
    along = np.roll(line, -ahead, axis=0) - line
    out = np.stack([along[:, 2], 0 * along[:, 0], -along[:, 0]], axis=1)
    return np.asarray(out / np.linalg.norm(out, axis=1, keepdims=True))
