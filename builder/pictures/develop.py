"""From light to a picture file: tone, paper, grain-free PNG."""

import functools
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .compiled import compiled
from .tints import PAPER

Floats = NDArray[np.floating[Any]]

START, DESATURATION = (
    0.8 - 0.04,
    0.15,
)  # where the curve leaves the straight line; how white the brightest gets
SHADE = np.array([0.50, 0.545, 0.58])  # of the shadow: red stays longest, so that it is warm
UNCOVERED = 1e30  # mm: nothing of a ring is as far
STEPS = 16384  # fine enough that a byte is the nearest one
COMPRESSION = 4  # of zlib's nine: a third of the time of 6 for a few hundredths more bytes


@compiled
def toned(red: float, green: float, blue: float) -> tuple[float, float, float]:
    """Bright light rolled off toward white without shifting its hue (the Khronos PBR neutral curve)."""
    low = min(red, green, blue)
    offset = low - 6.25 * low * low if low < 0.08 else 0.04
    red, green, blue = red - offset, green - offset, blue - offset
    peak = max(red, green, blue)
    if peak < START:
        return red, green, blue
    rolled = 1 - (1 - START) ** 2 / (peak + 1 - 2 * START)
    white = 1 - 1 / (DESATURATION * (peak - rolled) + 1)
    scale = rolled / peak * (1 - white)
    rest = rolled * white
    return red * scale + rest, green * scale + rest, blue * scale + rest


@compiled
def tone(light: Floats) -> None:
    """The curve for each row of light (n, 3), in place."""
    for k in range(len(light)):
        light[k, 0], light[k, 1], light[k, 2] = toned(light[k, 0], light[k, 1], light[k, 2])


def paper() -> Floats:
    """The page's color as linear light."""
    v = np.array(PAPER, dtype=np.float64) / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4).astype(np.float32)


def png(
    light: Floats, nearest: Floats, *, by: int, shade: Floats, mirror: Floats, share: Floats
) -> bytes:
    """The picture's file, from samples of toned light, `by` x `by` a pixel, on the shaded, mirroring table.

    `nearest` is finite where a sample shows the ring; `shade` what the paper loses of each color, per pixel;
    `mirror` and `share` what the table throws back and how much of it, per pixel.
    """
    picture = np.empty((*shade.shape[:2], 3), dtype=np.uint8)
    _expose(light, nearest, by, shade, SHADE, mirror, share, paper(), _printed(), picture)
    file = io.BytesIO()
    Image.fromarray(picture, mode="RGB").save(file, format="PNG", compress_level=COMPRESSION)
    return file.getvalue()


@functools.cache
def _printed() -> NDArray[np.uint8]:
    """sRGB's byte for each step of linear light from 0 to 1."""
    v = np.linspace(0, 1, STEPS)
    encoded = np.where(v <= 0.0031308, v * 12.92, 1.055 * v ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(encoded * 255), dtype=np.uint8)


@compiled
def _expose(
    light: Floats,
    nearest: Floats,
    by: int,
    shade: Floats,
    strength: Floats,
    mirror: Floats,
    share: Floats,
    ground: Floats,
    printed: NDArray[np.uint8],
    picture: NDArray[np.uint8],
) -> None:
    height, width = shade.shape
    last, each = len(printed) - 1, 1 / (by * by)
    for row in range(height):
        for column in range(width):
            covered = 0
            red = green = blue = 0.0
            for y in range(row * by, row * by + by):
                for x in range(column * by, column * by + by):
                    if nearest[y, x] < UNCOVERED:
                        covered += 1
                        red += light[y, x, 0]
                        green += light[y, x, 1]
                        blue += light[y, x, 2]
            bare = 1 - covered * each
            back, strong = (0.0, 0.0, 0.0), 0.0
            if bare > 0:
                back, strong = _softened(mirror, share, row, column)
            dark = shade[row, column]
            for channel, sum_of in enumerate((red, green, blue)):
                table = ground[channel] * (1 - dark * strength[channel] - strong) + back[channel]
                value = sum_of * each + bare * table
                picture[row, column, channel] = printed[int(min(1.0, max(0.0, value)) * last + 0.5)]


@compiled
def _softened(
    mirror: Floats, share: Floats, row: int, column: int
) -> tuple[tuple[float, float, float], float]:
    """What lies in the table at this pixel, blurred a little: its light, and how much of the paper it replaces."""
    red = green = blue = strong = 0.0
    height, width = share.shape
    for y in range(max(0, row - 1), min(height, row + 2)):
        for x in range(max(0, column - 1), min(width, column + 2)):
            its = share[y, x]
            if its > 0:
                its *= (2 - abs(y - row)) * (2 - abs(x - column)) / 16
                strong += its
                red += its * mirror[y, x, 0]
                green += its * mirror[y, x, 1]
                blue += its * mirror[y, x, 2]
    return (red, green, blue), strong
