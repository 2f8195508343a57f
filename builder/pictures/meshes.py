"""Metal surfaces as grids of small quadrilaterals: sweeps along a path, loops round a stone, beads.

Millimeters. Every mesh carries outward normals, so that what faces away can be left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, kw_only=True)
class Mesh:
    """`vertices` and `normals` (v, 3), `quads` (q, 4) of vertex numbers, `metal` (q,) the metal of each quad."""

    vertices: Floats
    normals: Floats
    quads: NDArray[np.int64]
    metal: NDArray[np.int64]


def join(meshes: Sequence[Mesh]) -> Mesh:
    """One mesh of many."""
    starts = np.cumsum([0, *(len(m.vertices) for m in meshes)])
    return Mesh(
        vertices=np.vstack([m.vertices for m in meshes]),
        normals=np.vstack([m.normals for m in meshes]),
        quads=np.vstack([m.quads + start for m, start in zip(meshes, starts, strict=False)]),
        metal=np.concatenate([m.metal for m in meshes]),
    )


def placed(mesh: Mesh, *, turn: Floats, shift: Floats) -> Mesh:
    """The mesh turned by a rotation (3, 3) and then moved."""
    return Mesh(
        vertices=mesh.vertices @ turn.T + shift,
        normals=mesh.normals @ turn.T,
        quads=mesh.quads,
        metal=mesh.metal,
    )


def surface(points: Floats, *, spine: Floats, closed: tuple[bool, bool], metal: int) -> Mesh:
    """A grid of points (u, v, 3). `spine` is a point inside, per row, from which the normals look away."""
    rows, columns = points.shape[:2]
    normals = np.cross(_slope(points, 0, closed[0]), _slope(points, 1, closed[1]))
    length = np.linalg.norm(normals, axis=2, keepdims=True)
    away = points - spine
    normals = np.where(length > 1e-12, normals / np.maximum(length, 1e-12), away)
    facing = np.sum(normals * away, axis=2, keepdims=True)
    normals *= np.where(np.sum(facing) < 0, -1.0, 1.0)
    number = np.arange(rows * columns).reshape(rows, columns)
    number = np.concatenate([number, number[:1]]) if closed[0] else number
    number = np.concatenate([number, number[:, :1]], axis=1) if closed[1] else number
    quads = np.stack([number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]], axis=-1)
    quads = quads.reshape(-1, 4)
    return Mesh(
        vertices=points.reshape(-1, 3),
        normals=normals.reshape(-1, 3),
        quads=quads,
        metal=np.full(len(quads), metal),
    )


def _slope(points: Floats, axis: int, closed: bool) -> Floats:
    if closed:
        return np.asarray(np.roll(points, -1, axis) - np.roll(points, 1, axis))
    return np.asarray(np.gradient(points, axis=axis))


def smooth_path(points: Sequence[Sequence[float]] | Floats, steps: int) -> Floats:
    """A centripetal Catmull-Rom curve through the points, evenly spaced (steps, 3)."""
    p = np.asarray(points, dtype=float)
    p = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    knots = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(p, axis=0), axis=1) ** 0.5)])
    spans = np.arange(len(p) - 3)[:, None] + np.arange(
        4
    )  # four points and their knots for each piece
    k = knots[spans][..., None, None]
    t = k[:, 1] + (k[:, 2] - k[:, 1]) * np.linspace(0, 1, 24)[:, None]
    return spaced(_catmull_rom(p[spans][:, :, None], k, t).reshape(-1, p.shape[1]), steps)


def _catmull_rom(p: Floats, k: Floats, t: Floats) -> Floats:
    """Every piece (first axis) at each of its places `t`, by four points and their knots (second axis)."""

    def mix(a: Floats, b: Floats, low: Floats, high: Floats) -> Floats:
        return np.asarray(((high - t) * a + (t - low) * b) / (high - low))

    a = [mix(p[:, i], p[:, i + 1], k[:, i], k[:, i + 1]) for i in range(3)]
    b = [mix(a[i], a[i + 1], k[:, i], k[:, i + 2]) for i in range(2)]
    return mix(b[0], b[1], k[:, 1], k[:, 2])


def spaced(points: Floats, steps: int, *, closed: bool = False) -> Floats:
    """The same line with evenly spaced points; a closed one does not repeat its first point."""
    if closed:
        points = np.vstack([points, points[:1]])
    at = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    wanted = np.linspace(0, at[-1], steps, endpoint=not closed)
    return np.stack([np.interp(wanted, at, points[:, k]) for k in range(points.shape[1])], axis=1)


def wire(
    path: Floats, *, radius: Floats | float, side: Floats, metal: int, sides: int = 20
) -> Mesh:
    """A round wire along an open path in one plane, domed at its end. `side` is the plane's normal."""
    radii = np.broadcast_to(np.asarray(radius, dtype=float), len(path))
    tangent = _unit(np.gradient(path, axis=0))
    bend = np.linspace(0, np.pi / 2 * 0.98, 8)[1:, None]
    dome = path[-1] + tangent[-1] * radii[-1] * np.sin(bend)
    spine = np.vstack([path, dome])
    radii = np.concatenate([radii, radii[-1] * np.cos(bend[:, 0])])
    tangent = np.vstack([tangent, np.repeat(tangent[-1:], len(dome), axis=0)])
    across = np.broadcast_to(side, tangent.shape)
    up = _unit(np.cross(across, tangent))
    return surface(
        _tube(spine, radii, across, up, sides),
        spine=spine[:, None],
        closed=(False, True),
        metal=metal,
    )


def hoop(path: Floats, *, radius: float, metal: int, sides: int = 18) -> Mesh:
    """A round wire along a closed level path."""
    tangent = _unit(np.roll(path, -1, axis=0) - np.roll(path, 1, axis=0))
    up = np.broadcast_to(np.array([0.0, 1.0, 0.0]), tangent.shape)
    points = _tube(path, np.full(len(path), radius), np.cross(tangent, up), up, sides)
    return surface(points, spine=path[:, None], closed=(True, True), metal=metal)


def _tube(spine: Floats, radii: Floats, across: Floats, up: Floats, sides: int) -> Floats:
    angle = np.arange(sides) * 2 * np.pi / sides
    ring = across[:, None] * np.cos(angle)[:, None] + up[:, None] * np.sin(angle)[:, None]
    return np.asarray(spine[:, None] + ring * radii[:, None, None])


def bead(center: Floats, radius: float, *, metal: int) -> Mesh:
    """A grain of metal."""
    polar = np.linspace(0.02, np.pi - 0.02, 9)[:, None]
    angle = np.arange(14) * 2 * np.pi / 14
    ball = np.stack(
        [np.sin(polar) * np.cos(angle), np.cos(polar) + 0 * angle, np.sin(polar) * np.sin(angle)],
        axis=2,
    )
    return surface(
        center + radius * ball,
        spine=np.broadcast_to(center, (9, 1, 3)),
        closed=(False, True),
        metal=metal,
    )


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12))
