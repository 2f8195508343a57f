"""The colors that a picture is made of: the page's paper, and what polished alloys reflect."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

PAPER = (0xF9, 0xF6, 0xF0)
FAMILIES = {
    "yellow": (1.0, 0.74, 0.335), "rose": (0.98, 0.66, 0.52), "white": (0.93, 0.90, 0.85), "platinum": (0.86, 0.85, 0.83),
}  # fmt: skip


class UnknownMetal(ValueError):
    """The description names a metal family that no ring is made of."""


def tint(family: str) -> NDArray[np.floating[Any]]:
    """What a family of alloys reflects, head on."""
    if family not in FAMILIES:
        raise UnknownMetal(
            f"There is no metal family {family!r}; use one of {', '.join(FAMILIES)}."
        )
    return np.array(FAMILIES[family])
