"""From light to a picture file: tone, paper, grain-free PNG."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.floating[Any]]

PAPER = (0xF9, 0xF6, 0xF0)


def toned(light: Floats) -> Floats:
    """Bright light rolled off toward white without shifting its hue (the Khronos PBR neutral curve)."""
    start, desaturation = 0.8 - 0.04, 0.15
    low = light.min(axis=-1, keepdims=True)
    offset = np.where(low < 0.08, low - 6.25 * low * low, 0.04)
    color = light - offset
    peak = color.max(axis=-1, keepdims=True)
    room = 1 - start
    rolled = 1 - room * room / (np.maximum(peak, start) + room - start)
    white = 1 - 1 / (desaturation * (np.maximum(peak, start) - rolled) + 1)
    bright = color * (rolled / np.maximum(peak, 1e-6))
    bright = bright + (rolled - bright) * white
    return np.where(peak < start, color, bright).astype(np.float32)


def paper() -> Floats:
    """The page's color as linear light."""
    v = np.array(PAPER, dtype=np.float64) / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4).astype(np.float32)


def shrunk(pixels: Floats, by: int) -> Floats:
    """The mean of each block of by x by samples."""
    height, width = pixels.shape[0] // by, pixels.shape[1] // by
    rows = pixels.reshape(height, by, width * by, -1).sum(axis=1)
    return np.asarray(rows.reshape(height, width, by, -1).sum(axis=2) / np.float32(by * by))


def softened(pixels: Floats) -> Floats:
    """Blurred a little, for what lies in the table."""
    for axis in (0, 1):
        pixels = (np.roll(pixels, 1, axis) + 2 * pixels + np.roll(pixels, -1, axis)) / np.float32(4)
    return pixels


def png(light: Floats) -> bytes:
    """The picture's file, from linear light (height, width, 3) between 0 and 1."""
    v = np.clip(light, 0, 1)
    encoded = np.where(v <= 0.0031308, v * 12.92, 1.055 * v ** (1 / 2.4) - 0.055)
    picture = Image.fromarray(np.rint(encoded * 255).astype(np.uint8), mode="RGB")
    file = io.BytesIO()
    picture.save(file, format="PNG", compress_level=6)
    return file.getvalue()
