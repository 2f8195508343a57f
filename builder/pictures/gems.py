"""Light inside a cut stone, traced exactly against its facet planes.

A ray enters by Fresnel and Snell, runs from facet to facet, leaves a part of itself at each and turns wholly where the
angle is too flat. The three colors leave by three refractive indices, which makes the fire.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from builder import cuts

from . import studio
from .camera import Camera

Floats = NDArray[np.floating[Any]]

INDEX, DISPERSION = 2.417, 0.034
CHUNK = 6000
BOOST = 1.6

# Absorption per half width for each channel: body color in words to what the stone takes out of white light.
COLORLESS = (0.0, 0.0, 0.0)
FANCY = {
    "yellow": (0.02, 0.07, 0.62), "pink": (0.02, 0.30, 0.17), "blue": (0.42, 0.22, 0.05), "green": (0.30, 0.05, 0.28),
    "orange": (0.02, 0.26, 0.85), "brown": (0.22, 0.42, 0.70), "red": (0.05, 0.95, 0.80), "purple": (0.18, 0.42, 0.10),
    "violet": (0.26, 0.36, 0.06), "gray": (0.26, 0.25, 0.23), "black": (2.2, 2.2, 2.2), "champagne": (0.10, 0.20, 0.38),
}  # fmt: skip
COLORED_STONES = {
    "sapphire": (1.25, 0.80, 0.16), "ruby": (0.07, 1.6, 1.15), "emerald": (1.9, 0.42, 1.05),
    "morganite": (0.02, 0.24, 0.20),
}  # fmt: skip
INDICES = {
    "sapphire": (1.768, 0.012),
    "ruby": (1.77, 0.012),
    "emerald": (1.58, 0.010),
    "morganite": (1.58, 0.010),
}


@dataclass(frozen=True, kw_only=True)
class Gem:
    """A stone in its place: facet planes in half widths, `frame` from stone to world (rotation), `half` in mm."""

    planes: cuts.Planes
    center: Floats
    frame: Floats
    half: float
    reach: float  # half of its longest measure, in half widths
    seam: bool = False
    absorb: tuple[float, float, float] = COLORLESS
    optics: tuple[float, float] = (INDEX, DISPERSION)
    bounces: int = 6
    setting: int = 0  # number of the metal that holds it


def absorption(stone: Mapping[str, Any]) -> tuple[float, float, float]:
    """What the stone's color takes out of white light."""
    if stone.get("kind") in COLORED_STONES:
        return COLORED_STONES[str(stone["kind"])]
    if stone.get("fancy_color"):
        words = str(stone["fancy_color"]).lower().split()
        return next((FANCY[word] for word in reversed(words) if word in FANCY), COLORLESS)
    color = str(stone.get("color") or "D")[:1].upper()
    warmth = max(0, ord(color) - ord("F")) / 20 if "D" <= color <= "Z" else 0.0
    return (0.015 * warmth, 0.06 * warmth, 0.34 * warmth)


def optics(stone: Mapping[str, Any]) -> tuple[float, float]:
    """Refractive index and its spread over the spectrum."""
    return INDICES.get(str(stone.get("kind")), (INDEX, DISPERSION))


@dataclass(frozen=True, kw_only=True)
class Hits:
    """Pixels in which the stone is nearest: where the ray enters (stone space), its direction, the facet."""

    pixel: NDArray[np.int64]
    depth: Floats
    point: Floats
    direction: Floats
    facet: NDArray[np.int64]
    flipped: NDArray[np.bool_]  # entered by the mirrored half of a heart

    def only(self, rows: slice | NDArray[np.bool_]) -> "Hits":
        """Some of them."""
        return Hits(
            pixel=self.pixel[rows],
            depth=self.depth[rows],
            point=self.point[rows],
            direction=self.direction[rows],
            facet=self.facet[rows],
            flipped=self.flipped[rows],
        )


def hits(gem: Gem, *, camera: Camera, width: int, height: int) -> Hits:
    """Where the picture shows this stone, if nothing is in front of it."""
    x, y, depth = (float(v[0]) for v in camera.project(gem.center[None]))
    spread = camera.focal * gem.half * gem.reach * 1.12 / depth + 2
    columns = np.arange(max(0, int(x - spread)), min(width, int(x + spread) + 1))
    rows = np.arange(max(0, int(y - spread)), min(height, int(y + spread) + 1))
    px, py = (a.ravel() for a in np.meshgrid(columns, rows))
    rays = camera.rays(px + 0.5, py + 0.5) @ gem.frame
    eye = ((camera.eye - gem.center) @ gem.frame) / gem.half
    best = _entered(gem.planes, eye, rays)
    flipped = np.zeros(len(rays), dtype=bool)
    if gem.seam:
        mirror = np.array([-1.0, 1.0, 1.0])
        other = _entered(gem.planes, eye * mirror, rays * mirror)
        flipped = other[0] < best[0]
        best = (np.where(flipped, other[0], best[0]), np.where(flipped, other[1], best[1]))
        rays = np.where(flipped[:, None], rays * mirror, rays)
    start = np.where(flipped[:, None], eye * np.array([-1.0, 1.0, 1.0]), eye) if gem.seam else eye
    reach, facet = best
    hit = np.isfinite(reach)
    direction = rays[hit]
    point = (start[hit] if gem.seam else start) + direction * reach[hit, None]
    return Hits(
        pixel=(py * width + px)[hit],
        depth=(reach[hit] * gem.half).astype(np.float32),
        point=point.astype(np.float32),
        direction=(direction / np.linalg.norm(direction, axis=1, keepdims=True)).astype(np.float32),
        facet=facet[hit],
        flipped=flipped[hit],
    )


def _entered(planes: cuts.Planes, eye: Floats, rays: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """How far along each ray the solid begins (infinite: missed), and by which plane."""
    room = planes[:, 3] - planes[:, :3] @ eye
    outside = np.flatnonzero(room < 0)  # the only planes through which the eye's rays can enter
    rate = (rays @ planes[outside, :3].T).astype(np.float32)
    with np.errstate(divide="ignore"):
        reach = np.where(rate < 0, room[outside].astype(np.float32) / rate, np.float32(np.inf))
    first = reach.argmax(axis=1)
    near = reach[np.arange(len(rays)), first]
    maybe = np.flatnonzero(np.isfinite(near))
    inside = planes[room >= 0]
    rate = (rays[maybe] @ inside[:, :3].T).astype(np.float32)
    with np.errstate(divide="ignore"):
        far = np.where(rate > 0, room[room >= 0].astype(np.float32) / rate, np.float32(np.inf)).min(
            axis=1
        )
    near[maybe[far <= near[maybe]]] = np.inf
    return near.astype(np.float64), outside[first]


def shine(gem: Gem, seen: Hits, *, metal: Floats, room: Floats) -> Floats:
    """The light toward the camera from each hit, (n, 3). `metal`: what surrounds the stone below its girdle."""
    around = metal.astype(np.float32)
    light = np.zeros((len(seen.pixel), 3), dtype=np.float32)
    for k in range(0, len(light), CHUNK):  # small enough for the processor's cache
        part = slice(k, k + CHUNK)
        light[part] = _traced(gem, seen.only(part), metal=around, room=room)
    return light


def _traced(gem: Gem, seen: Hits, *, metal: Floats, room: Floats) -> Floats:
    index = gem.optics[0]
    normals = gem.planes[:, :3].astype(np.float32)
    distances = gem.planes[:, 3].astype(np.float32)
    absorb = np.array(gem.absorb, dtype=np.float32)
    point, ray, flipped = seen.point, seen.direction, seen.flipped.copy()
    facing = normals[seen.facet]
    cosine = -_dot(ray, facing)
    share = _fresnel(cosine, 1.0, index)[:, None]

    def surroundings(direction: Floats) -> Floats:
        return _sky(gem, direction, flipped[alive], metal=metal, room=room)

    alive = np.arange(len(ray))
    light = share * surroundings(ray + 2 * cosine[:, None] * facing)
    ray = _refracted(ray, facing, cosine, 1 / index)
    left = np.repeat(1 - share, 3, axis=1)
    for _ in range(gem.bounces):
        rate = ray @ normals.T
        slack = np.maximum(distances - point @ normals.T, 1e-5)
        rate /= slack
        facet = rate.argmax(axis=1)
        reach = 1 / np.maximum(rate[np.arange(len(ray)), facet], 1e-6)
        point = point + ray * reach[:, None]
        if absorb.any():
            left = left * np.exp(-absorb * reach[:, None])
        out = normals[facet]
        cosine = _dot(ray, out)
        crossing = gem.seam & (facet == 0)
        turned_back = np.where(crossing, 1.0, _fresnel(cosine, index, 1.0)).astype(np.float32)
        leaving = turned_back < 0.999
        if leaving.any():
            light[alive[leaving]] += _left_behind(
                gem,
                ray[leaving],
                out[leaving],
                cosine[leaving],
                flipped[alive[leaving]],
                metal=metal,
                room=room,
            ) * ((1 - turned_back[leaving])[:, None] * left[leaving])
        left = left * turned_back[:, None]
        ray = ray - 2 * cosine[:, None] * out
        flipped[alive[crossing]] ^= True
        going = left.max(axis=1) > 0.015
        alive, point, ray, left = alive[going], point[going], ray[going], left[going]
    light[alive] += left * 0.6 * surroundings(ray)
    return np.minimum(light * BOOST, 18.0)


def _left_behind(
    gem: Gem,
    ray: Floats,
    out: Floats,
    cosine: Floats,
    flipped: NDArray[np.bool_],
    *,
    metal: Floats,
    room: Floats,
) -> Floats:
    """What each color sees where it leaves the stone through this facet."""
    index, dispersion = gem.optics
    light = np.empty((len(ray), 3), dtype=np.float32)
    for channel, shift in enumerate((-dispersion, 0.0, dispersion)):
        direction = _refracted(ray, -out, cosine, index + shift)
        light[:, channel] = _sky(gem, direction, flipped, metal=metal, room=room)[:, channel]
    return light


def _sky(
    gem: Gem, direction: Floats, flipped: NDArray[np.bool_], *, metal: Floats, room: Floats
) -> Floats:
    """The room in this direction; below the girdle light meets the setting first."""
    down = np.clip((-0.15 - direction[:, 2]) / 0.6, 0, 1)[:, None]
    if gem.seam:
        direction = direction * np.where(flipped, -1, 1)[:, None] ** np.array([1, 0, 0])
    light = studio.seen(room, direction @ gem.frame.T.astype(np.float32))
    return np.asarray(
        light + (light * metal * 0.55 + metal * 0.02 - light) * down, dtype=np.float32
    )


def _dot(a: Floats, b: Floats) -> Floats:
    return np.asarray(np.einsum("ij,ij->i", a, b))


def _fresnel(cosine: Floats, inside: float, outside: float) -> Floats:
    """The share of unpolarized light that a surface throws back."""
    ratio = inside / outside
    squared = ratio * ratio * (1 - cosine * cosine)
    bent = np.sqrt(np.maximum(1 - squared, 0))
    a = (inside * cosine - outside * bent) / (inside * cosine + outside * bent + 1e-9)
    b = (inside * bent - outside * cosine) / (inside * bent + outside * cosine + 1e-9)
    return np.where(squared >= 1, 1.0, 0.5 * (a * a + b * b)).astype(np.float32)


def _refracted(ray: Floats, facing: Floats, cosine: Floats, ratio: float) -> Floats:
    """The bent ray; `facing` looks against it and `cosine` is the angle's. Past the limit it grazes."""
    bent = np.sqrt(np.maximum(1 - ratio * ratio * (1 - cosine * cosine), 0))
    return np.asarray(ratio * ray + (ratio * cosine - bent)[:, None] * facing, dtype=np.float32)
