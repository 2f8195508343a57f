"""Which point of the metal each sample shows: two triangles for each quad, the nearest keeps the sample."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .camera import Camera
from .compiled import compiled
from .meshes import Mesh

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]


@dataclass(frozen=True, kw_only=True)
class Visible:
    """One row per covered sample: `pixel` is y * width + x. Normals are of unit length."""

    pixel: Ints
    point: Floats
    normal: Floats
    metal: Ints
    depth: Floats  # of every sample of the frame (height, width), infinite where there is no metal


def visible(mesh: Mesh, *, camera: Camera, width: int, height: int) -> Visible:
    """Every sample's nearest piece of metal."""
    screen = np.stack(camera.project(mesh.vertices), axis=1).astype(np.float32)
    toward = np.einsum("ij,ij->i", mesh.normals, camera.eye - mesh.vertices) > 0
    facing = np.flatnonzero(toward[mesh.quads].any(axis=1))
    quads = mesh.quads[facing]
    triangles = np.concatenate([quads[:, (0, 1, 2)], quads[:, (0, 2, 3)]]).astype(np.int32)
    depth = np.full((height, width), np.inf, dtype=np.float32)
    owner = np.empty((height, width), dtype=np.int32)
    _claim(screen, triangles, depth, owner)
    pixel = np.flatnonzero(np.isfinite(depth))
    its = owner.ravel()[pixel]
    point = np.empty((len(pixel), 3), dtype=np.float32)
    normal = np.empty_like(point)
    _interpolate(
        screen,
        triangles,
        its,
        width,
        pixel,
        mesh.vertices.astype(np.float32),
        mesh.normals.astype(np.float32),
        point,
        normal,
    )
    return Visible(
        pixel=pixel,
        point=point,
        normal=normal,
        metal=mesh.metal[facing[its % len(facing)]],
        depth=depth,
    )


@compiled
def _claim(screen: Floats, triangles: Ints, depth: Floats, owner: Ints) -> None:
    """Scan every triangle (x, y in samples, z the depth) into the frame: the nearest keeps the sample."""
    height, width = depth.shape
    for number in range(len(triangles)):
        a, b, c = triangles[number, 0], triangles[number, 1], triangles[number, 2]
        ax, ay, az = screen[a, 0], screen[a, 1], screen[a, 2]
        ux, uy = screen[b, 0] - ax, screen[b, 1] - ay
        vx, vy = screen[c, 0] - ax, screen[c, 1] - ay
        area = ux * vy - uy * vx
        if abs(area) < 1e-9:
            continue
        low = max(0, math.ceil(min(ay, ay + uy, ay + vy) - 0.5))
        high = min(height - 1, math.floor(max(ay, ay + uy, ay + vy) - 0.5))
        left = max(0, math.ceil(min(ax, ax + ux, ax + vx) - 0.5))
        right = min(width - 1, math.floor(max(ax, ax + ux, ax + vx) - 0.5))
        over = 1 / area
        zb, zc = screen[b, 2] - az, screen[c, 2] - az
        for row in range(low, high + 1):
            y = row + 0.5 - ay
            for column in range(left, right + 1):
                x = column + 0.5 - ax
                s, t = (x * vy - y * vx) * over, (y * ux - x * uy) * over
                if s < -1e-6 or t < -1e-6 or s + t > 1.000001:
                    continue
                z = az + s * zb + t * zc
                if z < depth[row, column]:
                    depth[row, column] = z
                    owner[row, column] = number


@compiled
def _interpolate(
    screen: Floats,
    triangles: Ints,
    owner: Ints,
    width: int,
    pixel: Ints,
    vertices: Floats,
    normals: Floats,
    point: Floats,
    normal: Floats,
) -> None:
    """The place and the unit normal of what each of these samples shows, into `point` and `normal`."""
    for k in range(len(pixel)):
        number = owner[k]
        a, b, c = triangles[number, 0], triangles[number, 1], triangles[number, 2]
        x = pixel[k] % width + 0.5 - screen[a, 0]
        y = pixel[k] // width + 0.5 - screen[a, 1]
        ux, uy = screen[b, 0] - screen[a, 0], screen[b, 1] - screen[a, 1]
        vx, vy = screen[c, 0] - screen[a, 0], screen[c, 1] - screen[a, 1]
        over = 1 / (ux * vy - uy * vx)
        s, t = (x * vy - y * vx) * over, (y * ux - x * uy) * over
        r = 1 - s - t
        length = 0.0
        for axis in range(3):
            point[k, axis] = r * vertices[a, axis] + s * vertices[b, axis] + t * vertices[c, axis]
            n = r * normals[a, axis] + s * normals[b, axis] + t * normals[c, axis]
            normal[k, axis] = n
            length += n * n
        length = 1 / max(math.sqrt(length), 1e-6)
        for axis in range(3):
            normal[k, axis] *= length
