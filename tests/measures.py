"""A cut stone measured by its facets' planes: how large it is and what it weighs."""

import numpy as np

from builder import cuts

CARATS_PER_CUBIC_MM = 3.515 * 5 / 1000  # diamond, 3.515 g/cm³


def volume(planes: cuts.Planes) -> float:
    """Of one part, in cubic half widths: the sum of the pyramids over its facets."""
    segments, pairs = cuts.edges(planes)
    total = 0.0
    for k, plane in enumerate(planes):
        mine = segments[np.any(pairs == k, axis=1)]
        if len(mine) < 3:
            continue
        middle = mine.mean(axis=(0, 1))
        spans = np.cross(mine[:, 0] - middle, mine[:, 1] - middle)
        total += float(np.linalg.norm(spans, axis=1).sum()) / 2 * float(plane[3]) / 3
    return total


def carats(stone: cuts.Stone) -> float:
    """What a diamond of this geometry weighs."""
    half = float(stone["width_mm"]) / 2
    if stone["shape"] == "round":
        half = (float(stone["width_mm"]) + float(stone["length_mm"])) / 4
    return sum(volume(part) for part in cuts.facets(stone)) * half**3 * CARATS_PER_CUBIC_MM
