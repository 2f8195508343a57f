"""The ring on its table, lit: which sample of the picture shows what, and in which light."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import develop, gems, metal, studio
from .camera import Camera, View, turned
from .gems import Gem
from .meshes import Mesh, join, placed
from .mounting import Ring
from .raster import Visible, visible

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A ring as it stands before the camera. `turn` is the rotation from the ring's space to the stage's."""

    metal: Mesh
    gems: list[Gem]
    tints: Floats
    turn: Floats
    tube: tuple[float, float]


def staged(ring: Ring, *, view: View) -> Stage:
    """The ring, turned as the view wants it."""
    turn = turned(view)
    return Stage(
        metal=placed(join(ring.metal), turn=turn, shift=np.zeros(3)),
        gems=[replace(g, center=turn @ g.center, frame=turn @ g.frame) for g in ring.gems],
        tints=np.array([metal.tint(family) for family in ring.families], dtype=np.float32),
        turn=turn,
        tube=ring.tube,
    )


def lit(stage: Stage, *, camera: Camera, width: int, height: int) -> tuple[Floats, Floats]:
    """Toned light (height, width, 3), black where there is only paper, and which samples are covered (0 or 1)."""
    light = np.zeros((height * width, 3), dtype=np.float32)
    cover = np.zeros(height * width, dtype=np.float32)
    seen = visible(stage.metal, camera=camera, width=width, height=height)
    light[seen.pixel] = develop.toned(_metal(stage, seen, camera))
    cover[seen.pixel] = 1
    nearest = seen.depth
    for gem in stage.gems:
        hit = gems.hits(gem, camera=camera, width=width, height=height)
        hit = hit.only(hit.depth < nearest[hit.pixel])
        nearest[hit.pixel] = hit.depth
        shone = gems.shine(gem, hit, metal=stage.tints[gem.setting], room=studio.sparkle())
        light[hit.pixel] = develop.toned(shone)
        cover[hit.pixel] = 1
    return light.reshape(height, width, 3), cover.reshape(height, width)


def _metal(stage: Stage, seen: Visible, camera: Camera) -> Floats:
    away = (seen.point - camera.eye).astype(np.float32)
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    normal = seen.normal.astype(np.float32)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-6)
    return metal.polished(
        seen.point.astype(np.float32),
        normal,
        away,
        color=stage.tints[seen.metal],
        tube=stage.tube,
        to_ring=stage.turn.astype(np.float32),
    )
