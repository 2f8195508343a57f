"""The light: a photographer's tent of softboxes and black flags, looked up by direction.

Two rooms, since metal and diamonds want different light: metal shows long soft edges, a diamond shows small lamps in
a darker room. Each is worked out once per process on an octahedral map.
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .compiled import compiled

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, kw_only=True)
class Card:
    """A lit or black rectangle that faces the ring. `soft`: the width of its edge as a share of its size."""

    size: tuple[float, float]
    at: tuple[float, float, float]
    light: tuple[float, float, float]
    soft: float = 0.12


def _white(k: float) -> tuple[float, float, float]:
    return (k, k, k)


TENT = (
    Card(size=(13, 9), at=(0, 14, 3), light=_white(5.6), soft=0.30),
    Card(size=(3.2, 15), at=(-13, 3, 5), light=(7.2, 6.7, 6.1), soft=0.35),
    Card(size=(2.2, 13), at=(13, 4, 2), light=(7.4, 7.7, 8.0), soft=0.35),
    Card(size=(9, 4), at=(3, 3, -14), light=_white(3.8), soft=0.25),
    Card(size=(5, 3), at=(5, 6, 13), light=(3.2, 3.0, 2.8), soft=0.30),
    Card(size=(4, 16), at=(-9, 0, 11), light=(0.014, 0.012, 0.010), soft=0.45),
    Card(size=(3.4, 16), at=(10.5, 0, 8), light=(0.012, 0.012, 0.015), soft=0.45),
    Card(size=(16, 2.2), at=(0, 8.5, 11), light=_white(0.02), soft=0.45),
    Card(size=(5, 9), at=(-12, -1, -8), light=_white(0.02), soft=0.4),
)


def _ring(
    count: int, *, rise: float, first: float, size: tuple[float, float], lights: Sequence[float]
) -> list[Card]:
    """Cards all round the ring at one height, in degrees, that take turns in brightness."""
    made = []
    for k in range(count):
        turn, up = math.radians(first + k * 360 / count), math.radians(rise)
        at = (
            15 * math.cos(up) * math.sin(turn),
            15 * math.sin(up),
            15 * math.cos(up) * math.cos(turn),
        )
        made.append(Card(size=size, at=at, light=_white(lights[k % len(lights)])))
    return made


_LAMPS = (
    (-6, 13, 6), (7, 12, 5), (2, 14, -6), (-9, 9, -7), (11, 8, 8), (-12, 7, 9), (0, 9, 14), (9, 13, -3), (-3, 15, 3),
    (13, 4, -6), (-14, 3, -2), (4, 6, 15), (3, 15, 5), (-2, 12, 10), (-10, 12, 0), (5, 10, -11),
)  # fmt: skip
SPARKLE = (
    *_ring(9, rise=14, first=12, size=(5.2, 3.4), lights=(1.5, 0.34, 2.2)),
    *_ring(8, rise=38, first=0, size=(5.0, 4.6), lights=(2.6, 1.4, 2.4, 0.06)),
    *_ring(5, rise=64, first=30, size=(4.4, 3.8), lights=(2.0, 0.05, 1.3, 1.7, 0.05)),
    Card(size=(4.4, 4.0), at=(0.4, 14.4, 4.4), light=_white(0.06)),  # the photographer's own head
    *(
        Card(size=(0.7, 0.7), at=at, light=(30, 30, 30) if k % 3 else (30, 28, 25), soft=0.3)
        for k, at in enumerate(_LAMPS)
    ),
)


@functools.cache
def tent() -> Floats:
    """The room that the metal sees, (384, 384, 3)."""
    return _room(
        384, TENT, ground=(0.82, 0.783, 0.733), middle=(0.37, 0.355, 0.34), sky=(0.72, 0.71, 0.70)
    )


@functools.cache
def sparkle() -> Floats:
    """The room that the stones see, (512, 512, 3)."""
    return _room(
        512,
        SPARKLE,
        ground=(0.30, 0.295, 0.29),
        middle=(0.37, 0.38, 0.40),
        sky=(0.60, 0.62, 0.65),
    )


def _room(
    size: int,
    cards: Sequence[Card],
    *,
    ground: tuple[float, float, float],
    middle: tuple[float, float, float],
    sky: tuple[float, float, float],
) -> Floats:
    d = _directions(size)
    height = (d[..., 1:2] * 0.5 + 0.5).astype(np.float32)
    light = _mix(np.array(ground), np.array(middle), _step(0.22, 0.56, height))
    light = _mix(light, np.array(sky), _step(0.62, 1.0, height))
    for card in sorted(cards, key=lambda c: -math.hypot(*c.at)):
        light = _mix(light, np.array(card.light), _cover(card, d)[..., None])
    return np.ascontiguousarray(light, dtype=np.float32)


def _cover(card: Card, d: Floats) -> Floats:
    """How much of each direction the card fills, 0 to 1."""
    at = np.array(card.at, dtype=np.float32)
    away = at / np.linalg.norm(at)
    right = np.cross(np.array([0.0, 1.0, 0.0]), away)
    right = right / np.linalg.norm(right)
    up = np.cross(away, right)
    ahead = d @ away
    safe = np.maximum(ahead, 1e-3)
    reach = np.linalg.norm(at) / safe
    u, v = np.abs(d @ right * reach) * 2 / card.size[0], np.abs(d @ up * reach) * 2 / card.size[1]
    edge = card.soft
    cover = (1 - _step(1 - edge, 1 + edge, u)) * (1 - _step(1 - edge, 1 + edge, v))
    return np.where(ahead > 1e-3, cover, 0.0).astype(np.float32)


def _step(low: float, high: float, value: Floats) -> Floats:
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def _mix(a: Floats, b: Floats, share: Floats) -> Floats:
    return np.asarray(a + (b - a) * share)


def _directions(size: int) -> Floats:
    """The direction of every texel of an octahedral map, y up."""
    axis = (np.arange(size, dtype=np.float32) + 0.5) / size * 2 - 1
    x, z = np.meshgrid(axis, axis)
    y = 1 - np.abs(x) - np.abs(z)
    under = y < 0
    fx = np.where(under, (1 - np.abs(z)) * np.sign(x), x)
    fz = np.where(under, (1 - np.abs(x)) * np.sign(z), z)
    d = np.stack([fx, y, fz], axis=-1)
    return np.asarray(d / np.linalg.norm(d, axis=-1, keepdims=True), dtype=np.float32)


@compiled
def placed(size: int, x: float, y: float, z: float) -> tuple[float, float]:
    """Where a direction of any length falls on an octahedral map of this size: column and row, in texels."""
    scale = 1 / max(abs(x) + abs(y) + abs(z), 1e-9)
    u, v = x * scale, z * scale
    if y < 0:
        u, v = math.copysign(1 - abs(v), u), math.copysign(1 - abs(u), v)
    return (u + 1) * size / 2, (v + 1) * size / 2


@compiled
def texel(size: int, x: float, y: float, z: float) -> int:
    """The number of the texel in this direction, row by row."""
    column, row = placed(size, x, y, z)
    return min(size - 1, int(row)) * size + min(size - 1, int(column))


@compiled
def smooth(room: Floats, x: float, y: float, z: float) -> tuple[float, float, float]:
    """The light from this direction, between texels."""
    size = room.shape[0]
    across, down = placed(size, x, y, z)
    across = min(max(across - 0.5, 0.0), size - 1.001)
    down = min(max(down - 0.5, 0.0), size - 1.001)
    column, row = int(across), int(down)
    s, t = across - column, down - row
    a, b, c, d = (1 - s) * (1 - t), s * (1 - t), (1 - s) * t, s * t
    one, two, three, four = (
        room[row, column], room[row, column + 1], room[row + 1, column], room[row + 1, column + 1]
    )  # fmt: skip
    return (
        a * one[0] + b * two[0] + c * three[0] + d * four[0],
        a * one[1] + b * two[1] + c * three[1] + d * four[1],
        a * one[2] + b * two[2] + c * three[2] + d * four[2],
    )
