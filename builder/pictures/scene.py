"""The ring on its table, lit: which sample of the picture shows what, and in which light."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import develop, gems, metal, studio, tints
from .camera import Camera, View, turned
from .gems import Gem
from .meshes import Mesh, join, placed
from .mounting import Ring
from .raster import Visible, visible

Floats = NDArray[np.floating[Any]]

MIRROR, DEEPEST = 0.17, 8.0  # share of the light, and how many mm of the ring the table shows


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
        tints=np.array([tints.tint(family) for family in ring.families], dtype=np.float32),
        turn=turn,
        tube=ring.tube,
    )


def lit(stage: Stage, *, camera: Camera, width: int, height: int) -> tuple[Floats, Floats]:
    """Toned light (height, width, 3), black where there is only paper, and the depth of every sample, infinite there."""
    light = np.zeros((height, width, 3), dtype=np.float32)
    seen = visible(stage.metal, camera=camera, width=width, height=height)
    light.reshape(-1, 3)[seen.pixel] = _metal(stage, seen, camera.eye)
    nearest = seen.depth
    for gem in stage.gems:
        tint = stage.tints[gem.setting]
        gems.draw(
            gem, camera=camera, metal=tint, room=studio.sparkle(), nearest=nearest, light=light
        )
    return light, nearest


def mirrored(stage: Stage, *, camera: Camera, width: int, height: int) -> tuple[Floats, Floats]:
    """What the polished table shows of the metal: toned light (height, width, 3), and how strongly (height, width)."""
    ground = float(stage.metal.vertices[:, 1].min())
    flip = np.array([1.0, -1.0, 1.0])
    low = stage.metal.vertices[stage.metal.quads[:, 0], 1] < ground + DEEPEST
    below = replace(
        stage.metal,
        vertices=stage.metal.vertices * flip + np.array([0.0, 2 * ground, 0.0]),
        normals=stage.metal.normals * flip,
        quads=stage.metal.quads[low],
        metal=stage.metal.metal[low],
    )
    seen = visible(below, camera=camera, width=width, height=height)
    above = replace(
        seen,
        point=seen.point * flip + np.array([0.0, 2 * ground, 0.0]),
        normal=seen.normal * flip,
    )
    eye = camera.eye * flip + np.array([0.0, 2 * ground, 0.0])
    light = np.zeros((height * width, 3), dtype=np.float32)
    share = np.zeros(height * width, dtype=np.float32)
    light[seen.pixel] = _metal(stage, above, eye)
    fade = np.clip(1 - (ground - seen.point[:, 1]) / DEEPEST, 0, 1) ** 2
    share[seen.pixel] = MIRROR * fade
    return light.reshape(height, width, 3), share.reshape(height, width)


def _metal(stage: Stage, seen: Visible, eye: Floats) -> Floats:
    light = metal.polished(
        seen.point,
        seen.normal,
        eye=eye,
        colors=stage.tints,
        metal=seen.metal,
        tube=stage.tube,
        to_ring=stage.turn,
    )
    develop.tone(light)
    return light
