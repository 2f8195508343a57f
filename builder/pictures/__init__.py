"""The drawn picture of a ring: its description in, a PNG out, without a GPU, a file or a clock.

The same description gives the same bytes on the same machine. docs/algorithms/pictures.md tells how it is drawn and how
long it takes.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from .camera import VIEWS, UnknownView
from .tints import PAPER, UnknownMetal

__all__ = ["PAPER", "RENDERER", "VIEWS", "UnknownMetal", "UnknownView", "content_hash", "draw"]

RENDERER = 5  # raise it when the same description gives another picture: every stored picture is then drawn anew


def content_hash(description: Mapping[str, Any]) -> str:
    """What a stored picture is filed under: the description and the renderer that drew it."""
    canonical = json.dumps(description, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{RENDERER}\n{canonical}".encode()).hexdigest()


def draw(
    description: Mapping[str, Any], *, width: int, height: int, view: str = "three_quarter"
) -> bytes:
    """A PNG of the ring on the page's paper. The views are in VIEWS."""
    from . import drawing  # noqa: PLC0415  numba takes a second to load, and most processes draw nothing

    return drawing.draw(description, width=width, height=height, view=view)
