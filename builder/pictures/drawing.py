"""One picture, from the ring's description to the file's bytes."""

from collections.abc import Mapping
from typing import Any

from . import develop, floor, hands, scene
from .camera import framed, view_named
from .mounting import built

SAMPLES = 2  # per pixel and direction; small pictures take one more
SMALL = 200_000  # pixels


def draw(description: Mapping[str, Any], *, width: int, height: int, view: str) -> bytes:
    its_view = view_named(view)
    by = SAMPLES + 1 if width * height < SMALL else SAMPLES
    stage = scene.staged(built(description), view=its_view)
    points = stage.metal.vertices
    fine = framed(points, view=its_view, width=width * by, height=height * by)
    camera = framed(points, view=its_view, width=width, height=height)
    shade = hands.aside(floor.shade, points[::3], camera=camera, width=width, height=height)
    reflection = hands.aside(scene.mirrored, stage, camera=camera, width=width, height=height)
    light, nearest = scene.lit(stage, camera=fine, width=width * by, height=height * by)
    mirror, share = reflection.result()
    return develop.png(
        light,
        nearest,
        by=by,
        shade=shade.result(),
        mirror=mirror,
        share=share * floor.kept_margin(width, height),
    )
