"""A wedding band beside a ring: how close it lies, and both drawn from above. Values in, values out.

The head is taken as a cone from the edge of the shank to the girdle, with the prongs outside of it. A straight band
touches the shank unless the cone, at the height where the band stands above the shank, reaches farther; a curved one is
made around the head. It is right to about a tenth of a millimeter, which is what is said.
"""

from dataclasses import dataclass
from decimal import Decimal

PRONG_OUTSIDE = Decimal("0.45")
FOOT = Decimal("0.9")  # of the shank's half width: where the cone begins
CLOSE = Decimal("0.2")  # nearer than this, nobody sees light between them


@dataclass(frozen=True, kw_only=True)
class Ring:
    """Of the ring, in millimeters; the stone's length lies along the finger, as the gap does."""

    stone_length: Decimal
    stone_width: Decimal
    rise: Decimal
    top_width: Decimal
    thickness: Decimal


@dataclass(frozen=True, kw_only=True)
class Beside:
    """`gap_mm` is 0 where the two touch."""

    gap_mm: Decimal
    is_flush: bool
    sentence: str


def lie(*, ring: Ring, width: Decimal, thickness: Decimal, is_curved: bool) -> Beside:
    """How a band of this width and thickness lies beside the ring."""
    if is_curved:
        return Beside(gap_mm=Decimal(0), is_flush=True, sentence="Follows the head around.")
    half = ring.top_width / 2
    above = min(max(thickness - ring.thickness, Decimal(0)), ring.rise)
    girdle = ring.stone_length / 2 + PRONG_OUTSIDE
    reach = half * FOOT + (girdle - half * FOOT) * above / ring.rise
    gap = max(reach - half, Decimal(0)).quantize(Decimal("0.1"))
    if gap < CLOSE:
        return Beside(gap_mm=Decimal(0), is_flush=True, sentence="Passes under the head, no gap.")
    return Beside(
        gap_mm=gap,
        is_flush=False,
        sentence="Its height meets the head. A curved band closes it.",
    )
