"""From a ring's description to its metal and its stones in place.

World space as in docs/algorithms/ring-spec.md: the finger hole round the origin, the table looks along +y, z along the
finger. Metals are numbered 0 for the shank's and 1 for the head's.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from builder import cuts

from . import gems
from .gems import Gem
from .meshes import Floats, Mesh, bead, hoop, placed, smooth_path, spaced, surface, wire

Description = Mapping[str, Any]

SHANK, HEAD = 0, 1
EMPTY_HEAD_MM = 6.5
UPRIGHT = np.array(
    [[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
)  # stone space to the head's
MELEE = {
    "shape": "round", "length_mm": 1.0, "width_mm": 1.0, "depth_mm": 0.605, "table_pct": 57.0, "crown_angle": 34.5,
    "pavilion_angle": 40.8, "girdle_pct": 3.5, "measured": [], "kind": "diamond", "color": "F", "fancy_color": None,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Ring:
    """Everything there is to draw."""

    metal: list[Mesh]
    gems: list[Gem]
    families: tuple[str, str]
    tube: tuple[float, float]  # inner radius and half width of the shank, mm


@dataclass(frozen=True, kw_only=True)
class Seat:
    """A head's stone as the metal sees it, in mm round the girdle's middle, y up."""

    parts: list[cuts.Planes]
    half: float
    drop: float  # from the girdle's middle down to the shank's surface

    def reach(self, angle: Floats, offset: float = 0.0) -> Floats:
        """The girdle's radius toward these angles (0 = x, 90° = z), moved outward by `offset` mm."""
        toward = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        best = np.zeros(np.shape(angle))
        for planes in self.parts:
            girdle = planes[np.abs(planes[:, 2]) < 1e-9]
            girdle = girdle[1:] if len(self.parts) == 2 else girdle
            rate = toward @ girdle[:, :2].T
            radius = np.where(
                rate > 1e-6, (girdle[:, 3] + offset / self.half) / np.maximum(rate, 1e-6), np.inf
            )
            own = np.ones(np.shape(angle), dtype=bool)
            if len(self.parts) == 2:
                own = toward[..., 0] * planes[0, 0] <= 1e-9
            best = np.where(own, np.maximum(best, radius.min(axis=-1)), best)
        return np.asarray(best * self.half)

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


def built(description: Description) -> Ring:
    """The ring's parts."""
    head, shank = description["head"], description["shank"]
    inner = float(description["finger"]["inner_diameter_mm"]) / 2
    stone = description["stone"]
    seat = _seat(stone, drop=float(head["seat_height_mm"]) - float(shank["thickness_mm"]))
    center = np.array([0.0, inner + float(head["seat_height_mm"]), 0.0])
    metal = [_shank(description, inner)]
    stones: list[Gem] = []
    metal += [placed(m, turn=np.eye(3), shift=center) for m in _head(head, seat, _shape(stone))]
    if stone is not None:
        stones.append(_gem(stone, seat, center=center, frame=UPRIGHT))
    if head.get("halo"):
        more_metal, more_stones = _halo(head["halo"], seat)
        metal += [placed(m, turn=np.eye(3), shift=center) for m in more_metal]
        stones += [replace(g, center=g.center + center) for g in more_stones]
    if description.get("side_stones"):
        more_metal, more_stones = _sides(description, seat, inner)
        metal += more_metal
        stones += more_stones
    more_metal, more_stones = _accents(description, seat, inner)
    return Ring(
        metal=metal + more_metal,
        gems=stones + more_stones,
        families=(str(description["metal"]["family"]), str(head["metal"])),
        tube=(inner, max(float(shank["width_mm"]), float(shank["top_width_mm"])) / 2),
    )


def _shape(stone: Mapping[str, Any] | None) -> str:
    return "round" if stone is None else str(stone["shape"])


def _seat(stone: Mapping[str, Any] | None, *, drop: float) -> Seat:
    if stone is None:
        return Seat(parts=cuts.facets(MELEE), half=EMPTY_HEAD_MM / 2, drop=drop)
    return Seat(parts=cuts.facets(stone), half=float(stone["width_mm"]) / 2, drop=drop)


def _gem(
    stone: Mapping[str, Any],
    seat: Seat,
    *,
    center: Floats,
    frame: Floats,
    bounces: int = 6,
    setting: int = HEAD,
) -> Gem:
    ratio = max(1.0, float(stone["length_mm"]) / float(stone["width_mm"]))
    return Gem(
        planes=cuts.facets(stone, girdle_steps=32)[0],
        center=center,
        frame=frame,
        half=seat.half,
        reach=ratio * (1.45 if stone["shape"] in ("princess", "radiant", "cushion") else 1.15),
        seam=stone["shape"] == "heart",
        absorb=gems.absorption(stone),
        optics=gems.optics(stone),
        bounces=bounces,
        setting=setting,
    )


# The shank


def _profile(theta: Floats, description: Description) -> tuple[Floats, Floats]:
    """Width and flatness of the shank at angles from the head (0) to the palm (pi)."""
    shank = description["shank"]
    up = 0.5 + 0.5 * np.cos(theta)
    width = (
        float(shank["width_mm"]) + (float(shank["top_width_mm"]) - float(shank["width_mm"])) * up
    )
    paved = description["accents"]["kind"] != "none"
    flat = np.clip((up - 0.35) / 0.3, 0, 1) if paved else np.zeros_like(theta)
    return width, flat


def _shank(description: Description, inner: float) -> Mesh:
    shank = description["shank"]
    thickness = float(shank["thickness_mm"])
    theta = np.arange(360) * 2 * np.pi / 360
    width, flat = _profile(theta, description)
    power = {"round": 2.35, "flat": 7.0, "knife": 1.35}[str(shank["profile"])]
    angle = np.arange(88) * 2 * np.pi / 88
    c, s = np.cos(angle), np.sin(angle)
    outside = np.clip(2 / (power + (4.2 - power) * flat), 0, 2)[:, None]
    exponent = np.where(c >= 0, outside, 2 / 3.4)
    across = np.copysign(np.abs(s) ** exponent, s) * width[:, None] / 2
    rise = np.copysign(np.abs(c) ** exponent, c)
    share = np.where(c >= 0, 0.60, 0.40)
    radius = inner + thickness * 0.40 + rise * share * thickness
    sin, cos = np.sin(theta)[:, None], np.cos(theta)[:, None]
    points = np.stack([sin * radius, cos * radius, across], axis=2)
    middle = inner + thickness * 0.40
    spine = np.stack([sin * middle, cos * middle, np.zeros_like(sin)], axis=2)
    return surface(points, spine=spine, closed=(True, True), metal=SHANK)


# Heads


def _head(head: Mapping[str, Any], seat: Seat, shape: str, metal: int = HEAD) -> list[Mesh]:
    if head["kind"] == "bezel":
        return _bezel(seat, metal)
    places = _prong_angles(shape, int(head.get("prongs") or 4), seat)
    made = [mesh for angle, vee in places for mesh in _prong(seat, angle, vee, metal)]
    return made + _gallery(seat, metal)


def _prong_angles(shape: str, prongs: int, seat: Seat) -> list[tuple[float, bool]]:
    """Angles of the prongs, and which of them guard a point."""
    planes = seat.parts[0]
    ratio = float(seat.reach(np.array([np.pi / 2]))[0]) / seat.half
    if shape == "princess":
        return [(math.atan2(y * ratio, x), True) for x in (1, -1) for y in (1, -1)]
    if shape == "marquise":
        sides = [(math.atan2(y * 0.42 * ratio, 0.84 * x), False) for x in (1, -1) for y in (1, -1)]
        return [*sides, (math.pi / 2, True), (-math.pi / 2, True)]
    if shape == "pear":
        return [(math.pi / 2, True), *((math.radians(a), False) for a in (12, 168, -52, -128))]
    if shape == "heart":
        return [(-math.pi / 2, True), *((math.radians(a), False) for a in (52, 128, -18, -162))]
    if shape in ("emerald", "asscher", "radiant"):
        corner = planes[
            (np.abs(planes[:, 2]) < 1e-9) & (np.abs(planes[:, 0] * planes[:, 1]) > 1e-6)
        ][0]
        cut = (1 + ratio) - corner[3] / abs(corner[0])
        return [
            (math.atan2(y * (ratio - cut / 2), x * (1 - cut / 2)), False)
            for x in (1, -1)
            for y in (1, -1)
        ]
    step = 360 / prongs
    first = 45.0 if prongs == 4 else 30.0
    turns = [math.radians(first + k * step) for k in range(prongs)]
    return [(math.atan2(ratio * math.sin(a), math.cos(a)), False) for a in turns]


def _prong(seat: Seat, angle: float, vee: bool, metal: int) -> list[Mesh]:
    """A claw from the shank up past the girdle and over the crown; two beside a point."""
    if vee:
        spread = 0.42 / float(seat.reach(np.array([angle]))[0])
        return [_claw(seat, angle + d, metal, stout=0.8, over=0.10) for d in (-spread, 0.0, spread)]
    return [_claw(seat, angle, metal)]


def _claw(seat: Seat, angle: float, metal: int, *, stout: float = 1.0, over: float = 0.14) -> Mesh:
    o = float(seat.reach(np.array([angle]))[0])
    thick = 0.36 * min(1.15, max(0.55, (seat.half / 3.4) ** 0.6)) * stout
    low, tip = -seat.drop - 0.35, o - max(over * seat.half, thick * 1.5)
    over_girdle = seat.crown_height(angle, o - 0.02 * seat.half)

    def at(radius: float, y: float) -> tuple[float, float, float]:
        return (math.cos(angle) * radius, y, math.sin(angle) * radius)

    path = smooth_path(
        [
            at(0.10 * o, low),
            at(0.34 * o, low + 0.34 * (-low)),
            at(0.74 * o, -0.34 * seat.half - 0.12),
            at(o * 0.95 + 0.10, -0.14 * seat.half),
            at(o + thick * 0.42, over_girdle + 0.02),
            at((o + tip) / 2 + thick * 0.2, seat.crown_height(angle, (o + tip) / 2) + thick * 0.85),
            at(tip, seat.crown_height(angle, tip) + thick * 0.55),
        ],
        84,
    )
    along = np.linspace(0, 1, 84)
    radius = thick * (
        1.08 - 0.08 * np.clip(along / 0.6, 0, 1) - 0.16 * np.clip((along - 0.78) / 0.22, 0, 1)
    )
    return wire(
        path, radius=radius, side=np.array([-math.sin(angle), 0.0, math.cos(angle)]), metal=metal
    )


def _gallery(seat: Seat, metal: int) -> list[Mesh]:
    """The two rails under the girdle that hold the prongs together."""
    thick = 0.25 * min(1.15, max(0.5, (seat.half / 3.4) ** 0.6))
    made = []
    for scale, y in ((0.46, -seat.drop * 0.80), (0.76, -0.36 * seat.half - 0.10)):
        line = seat.outline(scale=scale) + np.array([0.0, y, 0.0])
        made.append(hoop(line, radius=thick, metal=metal))
    return made


def _bezel(seat: Seat, metal: int) -> list[Mesh]:
    """A cup whose rim folds over the girdle."""
    wall, lip = 0.42, seat.crown_height(0.0, seat.half * 0.93) + 0.10
    steps = 160
    section = [
        (0.44, 0.0, -seat.drop - 0.25), (0.58, 0.02, -seat.drop * 0.72), (0.82, 0.08, -0.45 * seat.half),
        (0.97, wall * 0.8, -0.22 * seat.half), (1.0, wall, -0.08 * seat.half), (1.0, wall, lip * 0.55),
        (1.0, wall * 0.88, lip * 0.88), (1.0, wall * 0.55, lip), (1.0, wall * 0.1, lip * 1.02), (1.0, -0.16, lip * 0.98),
        (1.0, -0.24, lip * 0.80), (1.0, -0.20, 0.0),
    ]  # fmt: skip
    rows = [
        seat.outline(scale=scale, offset=offset, steps=steps) + np.array([0.0, y, 0.0])
        for scale, offset, y in section
    ]
    coarse = np.stack(rows)
    fine = np.stack([smooth_path(coarse[:, k], 48) for k in range(steps)], axis=1)
    spine = seat.outline(scale=0.9, steps=steps)[None] + np.array([0.0, 0.1, 0.0])
    return [surface(fine, spine=spine, closed=(False, True), metal=metal)]


# Small stones


def _small(center: Floats, frame: Floats, width: float, setting: int) -> Gem:
    seat = Seat(parts=[], half=width / 2, drop=0.0)
    planes = cuts.facets(MELEE, girdle_steps=16)[0]
    return replace(
        _gem(MELEE, seat, center=center, frame=frame, bounces=4, setting=setting), planes=planes
    )


def _halo(halo: Mapping[str, Any], seat: Seat) -> tuple[list[Mesh], list[Gem]]:
    """Small stones on a ledge round the center's girdle, a bead between each two on either side."""
    width, count = float(halo["stone_mm"]), int(halo["count"])
    away = 0.22 + width / 2
    level = 0.10 * width
    places = seat.outline(offset=away, steps=count)
    between = np.stack([(places + np.roll(places, -1, axis=0)) / 2])[0]
    line = seat.outline(offset=away, steps=200)
    tangent = np.roll(line, -1, axis=0) - np.roll(line, 1, axis=0)
    outward = np.stack([tangent[:, 2], 0 * tangent[:, 0], -tangent[:, 0]], axis=1)
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    angle = np.arange(28) * 2 * np.pi / 28
    c = np.copysign(np.abs(np.cos(angle)) ** 0.55, np.cos(angle)) * (width / 2 + 0.12)
    s = np.copysign(np.abs(np.sin(angle)) ** 0.55, np.sin(angle)) * 0.34
    points = line[:, None] + outward[:, None] * c[:, None] + np.array([0.0, 1.0, 0.0]) * s[:, None]
    lift = np.array([0.0, level - 0.34, 0.0])
    metal = [surface(points + lift, spine=(line + lift)[:, None], closed=(True, True), metal=HEAD)]
    room = np.linalg.norm(places - np.roll(places, -1, axis=0), axis=1).mean()
    fit = min(width, room * 0.97)
    stones = [
        _small(p + np.array([0.0, level, 0.0]), UPRIGHT @ _spin(k * 0.7), fit, HEAD)
        for k, p in enumerate(places)
    ]
    side = np.roll(places, -1, axis=0) - places
    normal = np.stack([side[:, 2], 0 * side[:, 0], -side[:, 0]], axis=1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    for way in (-1, 1):
        spots = between + normal * way * width * 0.40 + np.array([0.0, level + 0.05, 0.0])
        metal += [bead(p, 0.13 * width + 0.02, metal=HEAD) for p in spots]
    return metal, stones


def _spin(angle: float) -> Floats:
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def _around(theta: float) -> Floats:
    """The rotation that brings the top of the ring to this angle."""
    c, s = math.cos(theta), math.sin(theta)
    return np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])


def _sides(description: Description, seat: Seat, inner: float) -> tuple[list[Mesh], list[Gem]]:
    """One stone on each side of the center, in a head of its own that leans outward."""
    spec, shank = description["side_stones"], description["shank"]
    width = float(spec["width_mm"])
    stone = MELEE | {
        "shape": spec["shape"], "width_mm": width, "length_mm": float(spec.get("length_mm", width)),
        "depth_mm": 0.61 * width,
    }  # fmt: skip
    outer = inner + float(shank["thickness_mm"])
    drop = max(1.2, 0.62 * seat.drop)
    theta = math.asin(
        min(0.8, (float(seat.reach(np.array([0.0]))[0]) + width / 2 + 0.25) / (outer + drop))
    )
    own = _seat(stone, drop=drop)
    metal: list[Mesh] = []
    stones: list[Gem] = []
    for way in (-1, 1):
        turn = _around(theta * way)
        center = turn @ np.array([0.0, outer + drop, 0.0])
        parts = _head({"kind": "prong", "prongs": 4}, own, str(spec["shape"]))
        metal += [placed(m, turn=turn, shift=center) for m in parts]
        stones.append(_gem(stone, own, center=center, frame=turn @ UPRIGHT, bounces=5))
    return metal, stones


def _accents(description: Description, seat: Seat, inner: float) -> tuple[list[Mesh], list[Gem]]:
    """Pavé along the shank: half of it from the head down both shoulders, or all the way to the palm."""
    accents = description["accents"]
    if accents["kind"] == "none" or not accents.get("count"):
        return [], []
    width, each = float(accents["stone_mm"]), max(1, int(accents["count"]) // 2)
    outer = inner + float(description["shank"]["thickness_mm"])
    step = (width + 0.10) / outer
    first = _first_accent(description, seat, outer, width)
    metal: list[Mesh] = []
    stones: list[Gem] = []
    for way in (-1, 1):
        for k in range(each):
            theta = way * (first + k * step)
            turn = _around(theta)
            stones.append(
                _small(
                    turn @ np.array([0.0, outer + 0.04, 0.0]),
                    turn @ UPRIGHT @ _spin(k * 0.7),
                    width,
                    SHANK,
                )
            )
            ends = (0.5, -0.5) if k == 0 else (0.5,)
            for end in ends:
                turn = _around(theta + way * step * end)
                metal += [
                    bead(
                        turn @ np.array([0.0, outer - 0.02, z * width * 0.36]),
                        0.132 * width,
                        metal=SHANK,
                    )
                    for z in (-1, 1)
                ]
    return metal, stones


def _first_accent(description: Description, seat: Seat, outer: float, width: float) -> float:
    if description.get("side_stones"):
        side = float(description["side_stones"]["width_mm"])
        reach = float(seat.reach(np.array([0.0]))[0]) + side * 0.8
        return math.asin(min(0.9, reach / outer)) + width / outer
    return (0.42 * float(seat.reach(np.array([0.0]))[0]) + width) / outer
