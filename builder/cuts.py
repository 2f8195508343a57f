"""The facets of a cut stone, as planes, built from a grading report's own numbers.

A part is an array of planes (k, 4): the rows are (nx, ny, nz, d) and the stone is where n · x <= d for all of them.
The unit is half the stone's width; x is the width, y the length, z up toward the table; z = 0 is the middle of the
girdle and the outline's bounding box is centered. Nine shapes are convex, one part; a heart is two mirrored halves whose
first plane is the seam x = 0. Plane order: table, crown, pavilion, girdle (after the seam).

It promises the report's width, length, depth, table and crown angle. Minor facets follow the trade's usual
proportions, for no report gives them all.
"""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from builder import outlines
from builder.outlines import Outline, Point

Planes = NDArray[np.float64]
Stone = Mapping[str, Any]

SHAPES = (
    "round", "oval", "cushion", "princess", "emerald", "asscher", "radiant", "pear", "marquise", "heart",
)  # fmt: skip

STAR = 0.5
# How far the lower halves reach from girdle to culet, and how much flatter than the straight line the pavilion mains
# lie, so that the halves bulge: fancy shapes keep weight there. Fitted to the carats of 60 listed stones of each shape.
PAVILIONS = {
    "round": (0.77, 0.0), "oval": (0.62, 0.32), "cushion": (0.50, 0.60), "pear": (0.68, 0.24),
    "marquise": (0.68, 0.24), "heart": (0.68, 0.18),
}  # fmt: skip
CUSHION_POWER = 4.0
GIRDLE_MIN, GIRDLE_MAX = 0.016, 0.16  # half widths
LEAST_PAVILION = 0.5  # of the depth
# Pairs of facets that are tried in one go. With all 2,628 of a brilliant the tables outgrow the memory that is kept
# between calls, and fetching fresh pages took four fifths of the time.
PAIRS_AT_ONCE = 1024


class UnknownShape(ValueError):
    """The shape is not one of the ten."""


@dataclass(frozen=True, kw_only=True)
class Proportions:
    """Of one stone, in half widths: `ratio` is length to width, `half_girdle` half the girdle's thickness."""

    ratio: float
    table: float
    half_girdle: float
    crown: float
    pavilion: float
    lower_half: float
    belly: float


def facets(stone: Stone, *, girdle_steps: int = 48) -> list[Planes]:
    """The stone's convex parts. `girdle_steps`: how many flats stand for a curved girdle (a multiple of 8)."""
    shape = str(stone["shape"])
    if shape not in SHAPES:
        raise UnknownShape(f"There is no cut named {shape!r}; use one of {', '.join(SHAPES)}.")
    p = proportions(stone)
    if shape in ("emerald", "asscher"):
        return [_step(p, corner=0.3 if shape == "emerald" else 0.46)]
    if shape in ("princess", "radiant"):
        return [_stretched(_chevron(p, corner=0.0 if shape == "princess" else 0.3), p.ratio)]
    if shape == "heart":
        half = _brilliant(
            outlines.heart(p.ratio), mains=5, closed=False, p=p, girdle_steps=girdle_steps
        )
        half = _moved(half, -outlines.heart_middle(p.ratio))
        half = np.vstack([[-1.0, 0.0, 0.0, 0.0], half])
        return [half, half * np.array([-1.0, 1.0, 1.0, 1.0])]
    if shape == "pear":
        planes = _brilliant(
            outlines.pear(p.ratio), mains=8, closed=True, p=p, girdle_steps=girdle_steps
        )
        return [_moved(planes, -(p.ratio - 1.0))]
    if shape == "marquise":
        return [
            _brilliant(
                outlines.marquise(p.ratio), mains=8, closed=True, p=p, girdle_steps=girdle_steps
            )
        ]
    outline = outlines.superellipse(CUSHION_POWER if shape == "cushion" else 2.0)
    planes = _brilliant(outline, mains=8, closed=True, p=p, girdle_steps=girdle_steps)
    return [_stretched(planes, p.ratio)]


def proportions(stone: Stone) -> Proportions:
    """What the report says, made to agree with itself: the millimeters win.

    A report rounds its angles, so crown + girdle + pavilion miss the measured depth by a little. On a round stone the
    girdle takes up the difference as far as a girdle can, and the pavilion the rest; on the other shapes, whose pavilion
    angle changes round the stone, the pavilion takes it all. (`frontend/ring/cuts.js` does the same.)
    """
    width = float(stone["width_mm"])
    if stone["shape"] == "round":
        width = (width + float(stone["length_mm"])) / 2
        ratio = 1.0
    else:
        ratio = max(1.0, float(stone["length_mm"]) / width)
    table = float(stone["table_pct"]) / 100
    depth = 2 * float(stone["depth_mm"]) / width
    crown = (1 - table) * math.tan(math.radians(float(stone["crown_angle"])))
    girdle = 2 * float(stone["girdle_pct"]) / 100
    crown = min(crown, depth * (1 - LEAST_PAVILION) - girdle)
    if stone["shape"] == "round" and "pavilion_angle" in stone["measured"]:
        pavilion = math.tan(math.radians(float(stone["pavilion_angle"])))
        girdle = min(GIRDLE_MAX, max(GIRDLE_MIN, depth - crown - pavilion))
    lower_half, belly = PAVILIONS.get(str(stone["shape"]), PAVILIONS["round"])
    return Proportions(
        ratio=ratio,
        table=table,
        half_girdle=girdle / 2,
        crown=crown,
        pavilion=depth - crown - girdle,
        lower_half=lower_half,
        belly=belly,
    )


def edges(planes: Planes) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The solid's edges as segments (m, 2, 3), and the two facets that meet in each (m, 2)."""
    first, second = np.triu_indices(len(planes), 1)
    found = [
        _edges(planes, first[at : at + PAIRS_AT_ONCE], second[at : at + PAIRS_AT_ONCE])
        for at in range(0, len(first), PAIRS_AT_ONCE)
    ]
    return np.concatenate([each[0] for each in found]), np.concatenate([each[1] for each in found])


def _edges(
    planes: Planes, first: NDArray[np.int64], second: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Those of these pairs of facets that do meet, with the segment in which they do."""
    normals, distances = planes[:, :3], planes[:, 3]
    a, b = normals[first], normals[second]
    along = np.cross(a, b)
    length = np.linalg.norm(along, axis=1)
    keep = length > 1e-7
    first, second, a, b, along = first[keep], second[keep], a[keep], b[keep], along[keep]
    along /= length[keep, None]
    cosine = np.sum(a * b, axis=1)
    da, db = distances[first], distances[second]
    scale = 1 / (1 - cosine**2)
    origin = ((da - db * cosine) * scale)[:, None] * a + ((db - da * cosine) * scale)[:, None] * b
    rate = along @ normals.T
    room = distances - origin @ normals.T
    rows = np.arange(len(first))
    for own in (first, second):
        rate[rows, own] = 0.0
        room[rows, own] = 1.0
    parallel = np.abs(rate) < 1e-9
    reach = room / np.where(parallel, 1.0, rate)
    end = np.where(rate > 1e-9, reach, np.inf).min(axis=1)
    start = np.where(rate < -1e-9, reach, -np.inf).max(axis=1)
    outside = np.any(parallel & (room < -1e-9), axis=1)
    real = (end - start > 1e-6) & ~outside
    segments = np.stack([origin + start[:, None] * along, origin + end[:, None] * along], axis=1)
    return segments[real], np.stack([first, second], axis=1)[real]


# Constructions


def _through(a: Point, b: Point, c: Point) -> Point:
    """The plane of three points, looking away from the origin."""
    # In plain numbers: on three of them numpy's own calls take five times as long as the sums.
    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = a.tolist(), b.tolist(), c.tolist()
    ux, uy, uz, vx, vy, vz = bx - ax, by - ay, bz - az, cx - ax, cy - ay, cz - az
    x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    length = math.sqrt(x * x + y * y + z * z)
    d = (x * ax + y * ay + z * az) / length
    if d < 0:
        length, d = -length, -d
    return np.array([x / length, y / length, z / length, d])


def _raised(point: Point, z: float) -> Point:
    return np.array([point[0], point[1], z])


def _brilliant(
    at: Outline, *, mains: int, closed: bool, p: Proportions, girdle_steps: int
) -> Planes:
    """Table, mains, stars and halves over any convex outline round the axis.

    All crown mains meet in one apex on the axis, all pavilion mains in the culet, so that both are the outline shrunk
    toward the axis. A star's foot and a lower half's head lie on the line in which two neighboring mains meet.
    """
    g, top = p.half_girdle, p.half_girdle + p.crown
    culet = np.array([0.0, 0.0, -g - p.pavilion])
    count = mains if closed else mains - 1
    crown, pavilion = [], []
    for k in range(mains):
        point, normal = at(float(k))
        reach = float(point @ normal)
        up = np.array([*(normal * p.crown), reach * (1 - p.table)])
        down = np.array([*(normal * p.pavilion), -reach * (1 + p.belly)])
        up, down = up / np.linalg.norm(up), down / np.linalg.norm(down)
        crown.append(np.append(up, up @ _raised(point, g)))
        pavilion.append(np.append(down, down @ culet))
    for k in range(count):
        (here, here_out), (there, there_out), (middle, _) = (
            at(float(k)),
            at(float(k + 1)),
            at(k + 0.5),
        )
        cross = np.linalg.solve(
            np.stack([here_out, there_out]), np.array([here @ here_out, there @ there_out])
        )
        span = there - here
        chord = (here[0] * span[1] - here[1] * span[0]) / (cross[0] * span[1] - cross[1] * span[0])
        rim = float(np.linalg.norm(middle) / np.linalg.norm(cross))
        foot = p.table * chord + STAR * (rim - p.table * chord)
        star = _raised(cross * foot, g + p.crown * (1 - foot) / (1 - p.table))
        head = (1 - p.lower_half) * rim
        low = _raised(cross * head, -g - p.pavilion * (1 - head / (1 + p.belly)))
        crown.append(_through(_raised(here * p.table, top), _raised(there * p.table, top), star))
        for end in (here, there):
            crown.append(_through(star, _raised(end, g), _raised(middle, g)))
            pavilion.append(_through(low, _raised(end, -g), _raised(middle, -g)))
    steps = np.arange(girdle_steps if closed else girdle_steps // 2 + 1)
    girdle = []
    for u in steps * count / (girdle_steps if closed else girdle_steps // 2):
        point, normal = at(float(u))
        girdle.append([normal[0], normal[1], 0.0, float(point @ normal)])
    return np.array([[0.0, 0.0, 1.0, top], *crown, *pavilion, *girdle])


# Down the middle of a side of a chevron-cut pavilion: how deep, and how far out it still is.
CHEVRONS = ((0.30, 0.87), (0.53, 0.655), (0.73, 0.42), (0.89, 0.182))
CHEVRON_BULGE = 0.10


def _chevron(p: Proportions, *, corner: float) -> Planes:
    """Princess (corner 0) and radiant: stars over the sides, chevrons that fan out from the corners."""
    g, top = p.half_girdle, p.half_girdle + p.crown
    culet = np.array([0.0, 0.0, -g - p.pavilion])
    crown, pavilion, girdle = [], [], []
    for quarter in range(4):
        c, s = math.cos(quarter * math.pi / 2), math.sin(quarter * math.pi / 2)
        turn = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])

        def at(x: float, y: float, z: float, turn: Point = turn) -> Point:
            return np.asarray(turn @ np.array([x, y, z]))

        e, t = 1 - corner, p.table
        star = at((1 + t) / 2, 0, g + p.crown * (0.5 + CHEVRON_BULGE))
        crown.append(_through(at(1, -e, g), at(1, e, g), star))
        crown.append(_through(at(t, -t * e, top), at(t, t * e, top), star))
        spine = [at(x, 0, -g - p.pavilion * f) for f, x in CHEVRONS] + [culet]
        pavilion.append(_through(at(1, -e, -g), at(1, e, -g), spine[0]))
        for y in (-e, e):
            crown.append(_through(at(1, y, g), at(t, t * y, top), star))
            for high, low in itertools.pairwise(spine):
                pavilion.append(_through(at(1, y, -g), high, low))
        girdle.append(np.append(at(1, 0, 0), 1.0))
        if corner:
            crown.append(_through(at(1, e, g), at(e, 1, g), at(t, t * e, top)))
            pavilion.append(_through(at(1, e, -g), at(e, 1, -g), culet))
            girdle.append(np.append(at(1, 1, 0) / math.sqrt(2), (1 + e) / math.sqrt(2)))
    return np.array([[0.0, 0.0, 1.0, top], *crown, *pavilion, *girdle])


STEP_CROWN = ((1 / 3, 1.28), (1 / 3, 1.0), (1 / 3, 0.72))  # share of the inset, steepness
STEP_PAVILION = ((0.42, 1.38), (0.33, 0.79), (0.25, 0.64))


def _step(p: Proportions, *, corner: float) -> Planes:
    """Emerald and asscher: three rows above and three below, parallel to an eight-sided girdle."""
    g, top = p.half_girdle, p.half_girdle + p.crown
    crown: list[Point] = []
    pavilion: list[Point] = []
    girdle = []
    for k in range(8):
        a = k * math.pi / 4
        out = np.array([math.cos(a), math.sin(a)])
        straight = k % 2 == 0
        reach = (1.0, p.ratio)[k // 2 % 2] if straight else (1 + p.ratio - corner) / math.sqrt(2)
        pace = (
            1.0 if straight else (2 - corner) / math.sqrt(2)
        )  # corners run to the ends of the keel
        girdle.append([out[0], out[1], 0.0, reach])
        for rows, inset_sum, height, side, made in (
            (STEP_CROWN, 1 - p.table, p.crown, 1.0, crown),
            (STEP_PAVILION, 1.0, p.pavilion, -1.0, pavilion),
        ):
            inset, z = 0.0, g
            for share, steepness in rows:
                run = share * inset_sum * pace
                rise = share * steepness * height
                normal = np.array([*(out * rise), side * run]) / math.hypot(run, rise)
                made.append(np.append(normal, normal @ _raised(out * (reach - inset), side * z)))
                inset, z = inset + run, z + rise
    return np.array([[0.0, 0.0, 1.0, top], *crown, *pavilion, *girdle])


def _stretched(planes: Planes, ratio: float) -> Planes:
    """Longer along y."""
    planes = planes / np.array([1.0, ratio, 1.0, 1.0])
    return np.asarray(planes / np.linalg.norm(planes[:, :3], axis=1, keepdims=True))


def _moved(planes: Planes, y: float) -> Planes:
    planes = planes.copy()
    planes[:, 3] += planes[:, 1] * y
    return planes
