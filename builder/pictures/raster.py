"""Which point of the metal each pixel shows.

Every quad is split until its pieces are smaller than a pixel, and each piece claims its pixel unless a nearer one
already has it. Positions and normals are worked out only for the pieces that remain visible.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .camera import Camera
from .meshes import Mesh

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]

PIECE = 0.72  # pixels
SPLITS = np.array([1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96, 128])
NOTHING = np.iinfo(np.int64).max


@dataclass(frozen=True, kw_only=True)
class Visible:
    """One row per covered pixel: `pixel` is y * width + x."""

    pixel: Ints
    point: Floats
    normal: Floats
    metal: Ints
    depth: Floats  # of every pixel of the frame, infinite where there is no metal


def visible(mesh: Mesh, *, camera: Camera, width: int, height: int) -> Visible:
    """Every pixel's nearest piece of metal."""
    x, y, depth = camera.project(mesh.vertices)
    screen = np.stack([x, y, depth], axis=1).astype(np.float32)
    toward = np.sum(mesh.normals * (camera.eye - mesh.vertices), axis=1)
    quads = mesh.quads[toward[mesh.quads].max(axis=1) > 0]
    metal = mesh.metal[toward[mesh.quads].max(axis=1) > 0]
    near, far = float(depth.min()) - 1, float(depth.max()) + 1
    groups = _groups(quads, screen)
    frame = np.full(width * height, NOTHING, dtype=np.int64)
    starts = [0]
    for members, weights in groups:
        corners = screen[quads[members]].transpose(2, 0, 1)
        px, py, pz = (axis @ weights.T for axis in corners)
        column, row = px.astype(np.int32).ravel(), py.astype(np.int32).ravel()
        level = ((pz - near) * np.float32(2**30 / (far - near))).astype(np.int64).ravel() << 32
        claim = level | np.arange(starts[-1], starts[-1] + level.size)
        inside = (px.ravel() >= 0) & (column < width) & (py.ravel() >= 0) & (row < height)
        np.minimum.at(frame, (row * width + column)[inside], claim[inside])
        starts.append(starts[-1] + level.size)
    pixel = np.flatnonzero(frame != NOTHING)
    zbuffer = np.full(width * height, np.inf, dtype=np.float32)
    zbuffer[pixel] = (frame[pixel] >> 32) * ((far - near) / 2**30) + near
    sample = frame[pixel] & 0xFFFFFFFF
    corner, weight, its_metal = _found(sample, starts, groups, quads, metal)
    return Visible(
        pixel=pixel,
        point=_blend(mesh.vertices, corner, weight),
        normal=_blend(mesh.normals, corner, weight),
        metal=its_metal,
        depth=zbuffer,
    )


def _groups(quads: Ints, screen: Floats) -> list[tuple[Ints, Floats]]:
    """Quads that are split alike, with the corner weights of their pieces."""
    corner = screen[quads][:, :, :2]
    along = np.maximum(_gap(corner, 0, 1), _gap(corner, 3, 2))
    across = np.maximum(_gap(corner, 0, 3), _gap(corner, 1, 2))
    last = len(SPLITS) - 1
    by_u = np.minimum(np.searchsorted(SPLITS, along / PIECE), last)
    by_v = np.minimum(np.searchsorted(SPLITS, across / PIECE), last)
    code = by_u * len(SPLITS) + by_v
    order = np.argsort(code, kind="stable")
    values, starts = np.unique(code[order], return_index=True)
    return [
        (members, _weights(int(SPLITS[value // len(SPLITS)]), int(SPLITS[value % len(SPLITS)])))
        for value, members in zip(values, np.split(order, starts[1:]), strict=True)
    ]


def _gap(corner: Floats, a: int, b: int) -> Floats:
    step = corner[:, a] - corner[:, b]
    return np.asarray(np.hypot(step[:, 0], step[:, 1]))


def _weights(along: int, across: int) -> Floats:
    u = ((np.arange(along) + 0.5) / along)[:, None]
    v = ((np.arange(across) + 0.5) / across)[None, :]
    four = [(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v]
    return np.stack([w.ravel() for w in four], axis=1).astype(np.float32)


def _found(
    sample: Ints,
    starts: list[int],
    groups: list[tuple[Ints, Floats]],
    quads: Ints,
    metal: Ints,
) -> tuple[Ints, Floats, Ints]:
    corner = np.empty((len(sample), 4), dtype=np.int64)
    weight = np.empty((len(sample), 4), dtype=np.float32)
    its_metal = np.empty(len(sample), dtype=np.int64)
    group = np.searchsorted(starts, sample, side="right") - 1
    for number, (members, weights) in enumerate(groups):
        mine = np.flatnonzero(group == number)
        piece = sample[mine] - starts[number]
        quad = members[piece // len(weights)]
        corner[mine] = quads[quad]
        weight[mine] = weights[piece % len(weights)]
        its_metal[mine] = metal[quad]
    return corner, weight, its_metal


def _blend(values: Floats, corner: Ints, weight: Floats) -> Floats:
    return np.asarray(sum(values[corner[:, k]] * weight[:, k : k + 1] for k in range(4)))
