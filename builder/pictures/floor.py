"""The soft shadow of the ring on the paper.

The ring's points are thrown onto the table from a disc of lamp positions, one occupancy grid per position; their mean
is how much of the lamp each place does not see.
"""

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .camera import Camera

Floats = NDArray[np.floating[Any]]

CELL = 0.25  # mm
SIDE = 240  # cells
FADE = 0.16  # of the picture's height
POSITIONS = 40
LAMP = np.array([-0.10, 0.05])  # where the lamp's middle stands, as a slope
SPREAD = 0.46
STEP = 3  # pixels between the places where it is worked out


def shade(points: Floats, *, camera: Camera, width: int, height: int) -> Floats:
    """How much of the lamp each pixel's place on the table does not see, (height, width)."""
    ground = float(points[:, 1].min())
    grid = _blurred(_occlusion(points, ground), 2)
    rows, columns = np.arange(0, height + STEP, STEP), np.arange(0, width + STEP, STEP)
    x, y = np.meshgrid(columns + 0.5, rows + 0.5)
    rays = camera.rays(x, y)
    drop = rays[..., 1]
    reach = np.where(drop < -1e-6, (ground - camera.eye[1]) / np.minimum(drop, -1e-6), 0.0)
    spot = camera.eye + rays * reach[..., None]
    dark = np.where(drop < -1e-6, _sampled(grid, spot[..., 0], spot[..., 2]), 0.0)
    return _enlarged(dark, width=width, height=height) * kept_margin(width, height)


@functools.lru_cache(maxsize=8)
def kept_margin(width: int, height: int) -> Floats:
    """How much of the table shows, (height, width): none at the picture's edge, which is the page's paper."""
    x, y = np.arange(width), np.arange(height)[:, None]
    near = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y)) / (FADE * height)
    t = np.clip(near, 0, 1)
    margin = np.asarray(t * t * (3 - 2 * t), dtype=np.float32)
    margin.setflags(write=False)  # the same one for every picture of this size
    return margin


def _occlusion(points: Floats, ground: float) -> Floats:
    sums = np.zeros(SIDE * SIDE)
    rise = points[:, 1] - ground
    for k in range(POSITIONS):
        turn, out = k * 2.399963, ((k + 0.5) / POSITIONS) ** 0.8 * SPREAD
        slope = LAMP + out * np.array([np.cos(turn), np.sin(turn)])
        column = ((points[:, 0] - rise * slope[0]) / CELL + SIDE / 2).astype(np.int64)
        row = ((points[:, 2] - rise * slope[1]) / CELL + SIDE / 2).astype(np.int64)
        inside = (column >= 0) & (column < SIDE) & (row >= 0) & (row < SIDE)
        hidden = np.zeros(SIDE * SIDE)
        hidden[(row * SIDE + column)[inside]] = 1
        sums += hidden
    return np.asarray(sums / POSITIONS).reshape(SIDE, SIDE)


def _blurred(grid: Floats, times: int) -> Floats:
    for _ in range(times):
        for axis in (0, 1):
            grid = (np.roll(grid, 1, axis) + 2 * grid + np.roll(grid, -1, axis)) / 4
    return grid


def _sampled(grid: Floats, x: Floats, z: Floats) -> Floats:
    column = np.clip(x / CELL + SIDE / 2 - 0.5, 0, SIDE - 1.001)
    row = np.clip(z / CELL + SIDE / 2 - 0.5, 0, SIDE - 1.001)
    c, r = column.astype(np.int64), row.astype(np.int64)
    fc, fr = column - c, row - r
    top = grid[r, c] * (1 - fc) + grid[r, c + 1] * fc
    low = grid[r + 1, c] * (1 - fc) + grid[r + 1, c + 1] * fc
    return np.asarray(top * (1 - fr) + low * fr)


def _enlarged(small: Floats, *, width: int, height: int) -> Floats:
    """Between the samples, straight lines."""
    down, across = np.arange(height), np.arange(width)
    t, s = ((down % STEP) / STEP)[:, None], (across % STEP) / STEP
    tall = small[down // STEP] * (1 - t) + small[down // STEP + 1] * t
    left, right = tall[:, across // STEP], tall[:, across // STEP + 1]
    return np.asarray(left + (right - left) * s, dtype=np.float32)
