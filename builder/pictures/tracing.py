"""A ray through a cut stone: in by Fresnel and Snell, from facet to facet, a part of it out at each, in three colors.

Everything is in the stone's own space, in half widths. At a heart's seam the ray goes on with x turned round (`side`).
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import hands
from .compiled import compiled
from .develop import toned
from .studio import texel

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]
Triple = tuple[float, float, float]

SPENT = 0.015  # a ray that has less of its light left is not followed
TURNED_WHOLLY = 0.999
LAST = 0.6  # of the light that is still inside after the last bounce
BRIGHTEST = 18.0
WORTH_SHARING = 4000  # samples; a smaller stone is drawn before another thread has heard of it
NEAREST = 1e-5  # a start on a facet counts as a little inside it


class Cut(NamedTuple):
    """A stone: `planes` (4, k), `spare` room for k numbers; `frame` from its space to the room's; `metal` the tint below
    its girdle; `absorb` per half width and `optics`, the refractive index, for each color."""

    planes: Floats
    spare: Floats
    has_seam: bool
    frame: Floats
    room: Floats
    metal: Floats
    absorb: Floats
    optics: Floats
    bounces: int
    boost: float


class Sight(NamedTuple):
    """Who looks: the `eye` and the camera's `axes` (ahead, right, up), both in the stone's space, the picture's `center`
    and focal length, and the `box` of columns and rows in which the stone may be; `half`: mm of a half width."""

    eye: Floats
    axes: Floats
    center: Floats
    box: Ints
    half: float


def trace(cut: Cut, sight: Sight, *, nearest: Floats, light: Floats) -> None:
    """Draw the stone into the frame, toned, wherever nothing is nearer."""
    mirror = np.array([-1.0, 1.0, 1.0])
    facing, turned = (
        (cut.planes[3] - eye @ cut.planes[:3]).astype(np.float32)
        for eye in (sight.eye, sight.eye * mirror)
    )

    def draw(hand: int, of: int = hands.COUNT) -> None:
        own = cut._replace(spare=np.empty_like(cut.spare))
        _trace(own, sight, facing, turned, nearest, light, hand, of)

    columns, rows = sight.box[1] - sight.box[0], sight.box[3] - sight.box[2]
    if columns * rows < WORTH_SHARING:
        draw(0, 1)
    else:
        hands.together(draw)


@compiled
def _trace(
    cut: Cut,
    sight: Sight,
    facing: Floats,
    turned: Floats,
    nearest: Floats,
    light: Floats,
    hand: int,
    of: int,
) -> None:
    """The rows of one hand of so many."""
    eye, axes, box = sight.eye, sight.axes, sight.box
    for row in range(box[2] + hand, box[3], of):
        v = (row + 0.5 - sight.center[1]) / sight.center[2]
        for column in range(box[0], box[1]):
            u = (column + 0.5 - sight.center[0]) / sight.center[2]
            x = axes[0, 0] + u * axes[1, 0] - v * axes[2, 0]
            y = axes[0, 1] + u * axes[1, 1] - v * axes[2, 1]
            z = axes[0, 2] + u * axes[1, 2] - v * axes[2, 2]
            side = 1.0
            reach, facet = _entered(cut.planes, facing, x, y, z)
            if cut.has_seam:
                other, its_facet = _entered(cut.planes, turned, -x, y, z)
                if facet < 0 or 0 <= other < reach:
                    reach, facet, side = other, its_facet, -1.0
            if facet < 0 or reach * sight.half >= nearest[row, column]:
                continue
            nearest[row, column] = reach * sight.half
            x *= side
            point = (eye[0] * side + x * reach, eye[1] + y * reach, eye[2] + z * reach)
            size = 1 / math.sqrt(x * x + y * y + z * z)
            red, green, blue = _seen(cut, point, (x * size, y * size, z * size), facet, side)
            (
                light[row, column, 0],
                light[row, column, 1],
                light[row, column, 2],
            ) = toned(red, green, blue)


@compiled
def _entered(planes: Floats, room: Floats, x: float, y: float, z: float) -> tuple[float, int]:
    """How far along a ray from the eye the solid begins, and by which plane; below 0: it is missed.

    `room` is each plane's distance less what the eye already spends of it: negative ones look at the eye.
    """
    near, far, facet = -1.0, 1e30, -1
    for k in range(len(room)):
        rate = planes[0, k] * x + planes[1, k] * y + planes[2, k] * z
        if room[k] < 0:
            if rate > -1e-9:
                return -1.0, -1
            reach = room[k] / rate
            if reach > near:
                near, facet = reach, k
        elif rate > 1e-9:
            reach = room[k] / rate
            if reach < far:
                far = reach
    if far <= near:
        return -1.0, -1
    return near, facet


@compiled
def _seen(cut: Cut, point: Triple, ray: Triple, facet: int, side: float) -> Triple:
    """The light toward the eye from where its ray (of unit length) meets a facet."""
    index = cut.optics[1]
    n = (cut.planes[0, facet], cut.planes[1, facet], cut.planes[2, facet])
    cosine = -_dot(ray, n)
    share = _thrown_back(cosine, 1.0, index)
    light = _plus((0.0, 0.0, 0.0), share, _sky(cut, _plus(ray, 2 * cosine, n), side))
    bend = cosine / index - math.sqrt(max(0.0, 1 - (1 - cosine * cosine) / (index * index)))
    ray = _plus((ray[0] / index, ray[1] / index, ray[2] / index), bend, n)
    left = (1 - share, 1 - share, 1 - share)
    for _ in range(cut.bounces):
        facet, rate = _left_by(cut, ray, point)
        reach = 1 / max(float(rate), 1e-6)
        point = _plus(point, reach, ray)
        if cut.absorb[2] > 0:
            left = _absorbed(cut, left, reach)
        n = (cut.planes[0, facet], cut.planes[1, facet], cut.planes[2, facet])
        cosine = _dot(ray, n)
        crosses = cut.has_seam and facet == 0
        back = 1.0 if crosses else _thrown_back(cosine, index, 1.0)
        if back < TURNED_WHOLLY:
            out = _left_behind(cut, ray, n, cosine, side)
            light = _plus(light, 1 - back, _times(out, left))
        left = (left[0] * back, left[1] * back, left[2] * back)
        ray = _plus(ray, -2 * cosine, n)
        if crosses:
            side = -side
        if max(left[0], left[1], left[2]) <= SPENT:
            break
    else:
        # What is still inside then leaves by the crown, sooner or later: the pavilion has held it so far.
        light = _plus(light, LAST, _times(left, _sky(cut, (ray[0], ray[1], abs(ray[2])), side)))
    return (
        min(light[0] * cut.boost, BRIGHTEST),
        min(light[1] * cut.boost, BRIGHTEST),
        min(light[2] * cut.boost, BRIGHTEST),
    )


@compiled
def _left_by(cut: Cut, ray: Triple, point: Triple) -> tuple[int, np.float32]:
    """The facet that a ray inside meets first, and one over the way to it. In single precision: twice as many at once."""
    planes, spare = cut.planes, cut.spare
    x, y, z = np.float32(ray[0]), np.float32(ray[1]), np.float32(ray[2])
    px, py, pz = np.float32(point[0]), np.float32(point[1]), np.float32(point[2])
    most = np.float32(-1.0)
    for k in range(len(spare)):
        rate = planes[0, k] * x + planes[1, k] * y + planes[2, k] * z
        slack = planes[3, k] - planes[0, k] * px - planes[1, k] * py - planes[2, k] * pz
        spare[k] = rate / max(slack, np.float32(NEAREST))
    for k in range(len(spare)):
        most = max(most, spare[k])
    for k in range(len(spare)):
        if spare[k] == most:
            return k, most
    return 0, most


@compiled
def _left_behind(cut: Cut, ray: Triple, n: Triple, cosine: float, side: float) -> Triple:
    """What each color sees where it leaves the stone through this facet."""
    red = _sky(cut, _bent_out(cut.optics[0], ray, n, cosine), side)[0]
    green = _sky(cut, _bent_out(cut.optics[1], ray, n, cosine), side)[1]
    blue = _sky(cut, _bent_out(cut.optics[2], ray, n, cosine), side)[2]
    return red, green, blue


@compiled
def _bent_out(index: float, ray: Triple, n: Triple, cosine: float) -> Triple:
    """Past the limit it grazes."""
    bent = math.sqrt(max(0.0, 1 - index * index * (1 - cosine * cosine))) - index * cosine
    return _plus((index * ray[0], index * ray[1], index * ray[2]), bent, n)


@compiled
def _thrown_back(cosine: float, inside: float, outside: float) -> float:
    """Fresnel: the share of unpolarized light that a surface reflects."""
    ratio = inside / outside
    squared = ratio * ratio * (1 - cosine * cosine)
    if squared >= 1:
        return 1.0
    bent = math.sqrt(1 - squared)
    a = (inside * cosine - outside * bent) / (inside * cosine + outside * bent + 1e-9)
    b = (inside * bent - outside * cosine) / (inside * bent + outside * cosine + 1e-9)
    return 0.5 * (a * a + b * b)


@compiled
def _sky(cut: Cut, ray: Triple, side: float) -> Triple:
    """The room in this direction; below the girdle light meets the setting first."""
    frame, room, metal = cut.frame, cut.room, cut.metal
    x, y, z = ray[0] * side, ray[1], ray[2]
    size = room.shape[0]
    spot = texel(
        size,
        frame[0, 0] * x + frame[0, 1] * y + frame[0, 2] * z,
        frame[1, 0] * x + frame[1, 1] * y + frame[1, 2] * z,
        frame[2, 0] * x + frame[2, 1] * y + frame[2, 2] * z,
    )
    light = room[spot // size, spot % size]
    down = min(1.0, max(0.0, (-0.15 - z) / 0.6))
    own = 1 - down
    return (
        light[0] * (own + down * 0.55 * metal[0]) + down * 0.02 * metal[0],
        light[1] * (own + down * 0.55 * metal[1]) + down * 0.02 * metal[1],
        light[2] * (own + down * 0.55 * metal[2]) + down * 0.02 * metal[2],
    )


@compiled
def _absorbed(cut: Cut, left: Triple, reach: float) -> Triple:
    return (
        left[0] * math.exp(-cut.absorb[0] * reach),
        left[1] * math.exp(-cut.absorb[1] * reach),
        left[2] * math.exp(-cut.absorb[2] * reach),
    )


@compiled
def _dot(a: Triple, b: Triple) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@compiled
def _plus(a: Triple, share: float, b: Triple) -> Triple:
    return a[0] + share * b[0], a[1] + share * b[1], a[2] + share * b[2]


@compiled
def _times(a: Triple, b: Triple) -> Triple:
    return a[0] * b[0], a[1] * b[1], a[2] * b[2]
