"""The drawn picture of a ring: its description in, a PNG out, without a GPU, a file or a clock.

The same description gives the same bytes on the same machine. docs/algorithms/pictures.md tells how it is drawn and how
long it takes.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from . import develop, floor, hands, scene
from .camera import VIEWS, UnknownView, framed, view_named
from .develop import PAPER
from .metal import UnknownMetal
from .mounting import built

__all__ = ["PAPER", "RENDERER", "VIEWS", "UnknownMetal", "UnknownView", "content_hash", "draw"]

RENDERER = 3  # raise it when the same description gives another picture: every stored picture is then drawn anew
SAMPLES = 2  # per pixel and direction; small pictures take one more
SMALL = 200_000  # pixels


def content_hash(description: Mapping[str, Any]) -> str:
    """What a stored picture is filed under: the description and the renderer that drew it."""
    canonical = json.dumps(description, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{RENDERER}\n{canonical}".encode()).hexdigest()


def draw(
    description: Mapping[str, Any], *, width: int, height: int, view: str = "three_quarter"
) -> bytes:
    """A PNG of the ring on the page's paper. The views are in VIEWS."""
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
