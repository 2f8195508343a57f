"""Whether a stone is unusually large or small from above for its weight. Values in, values out.

A stone's outline, length × width, is set against what the millimeter law (`gemology.LAWS`) expects of its weight. How far stones
usually stray was measured on 21,741 listed stones of the ten shapes, with clear misprints beyond three deviations left out until
none were: the standard deviation of the logarithm of the outline over the law's. A stone beyond three of them is flagged: it was cut
very flat or very deep, or its report was mistyped. Of the listed stones 4 in 100 are beyond, most of them with millimeters that
belong to another stone.
"""

import math

from builder import gemology

BEYOND = 3.0
# Of ln(outline ÷ the law's outline), by shape.
DEVIATIONS = {
    "round": 0.0247, "oval": 0.0584, "cushion": 0.0539, "princess": 0.0501, "emerald": 0.0587,
    "asscher": 0.0398, "radiant": 0.0645, "pear": 0.0656, "marquise": 0.0978, "heart": 0.0646,
}  # fmt: skip


def deviations(*, shape: str, carat: float, length_mm: float, width_mm: float) -> float:
    """How many standard deviations its outline lies off the law's: positive faces up large."""
    usual = gemology.expected_mm(shape=shape, carat=carat)
    return math.log(length_mm * width_mm / (usual.length * usual.width)) / DEVIATIONS[shape]


def faces_up(*, shape: str, carat: float, length_mm: float, width_mm: float) -> str:
    """ "large", "small", or "" for a stone like others of its weight."""
    off = deviations(shape=shape, carat=carat, length_mm=length_mm, width_mm=width_mm)
    if abs(off) <= BEYOND:
        return ""
    return "large" if off > 0 else "small"
