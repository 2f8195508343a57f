"""A wedding band beside a ring: how close it lies. Values in, values out (docs/algorithms/fit.md).

What stands on the shank is taken as cones: the head from the edge of the shank to the girdle with the prongs or the rim outside
of it, and a side stone's basket to its own. Under the girdle a bezel's rim goes straight down, and a hidden halo fills the
cone up to the stone's edge. A straight band touches the shank unless one of these, at a height where the band still stands, reaches
farther; a curved one is made around the head. Cathedral shoulders stay within the shank's width and hold no band off. It is
right to about a tenth of a millimeter, which is what is said.
"""

from dataclasses import dataclass
from decimal import Decimal

PRONG_OUTSIDE = Decimal("0.45")
RIM_OUTSIDE = Decimal("0.35")
FOOT = Decimal("0.9")  # of the shank's half width: where a cone begins
RIM_HEIGHT = Decimal("0.55")  # of the rise: how far a bezel's rim reaches down
SIDE_RISE = Decimal("0.7")  # of the rise: where the side stones' girdle lies
CLOSE = Decimal("0.2")  # nearer than this, nobody sees light between them

_NOTHING = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Ring:
    """Of the ring, in millimeters; the stone's length lies along the finger, as the gap does. 0: it has none of it."""

    stone_length: Decimal
    rise: Decimal
    top_width: Decimal
    thickness: Decimal
    is_bezel: bool = False
    hidden_halo: Decimal = _NOTHING
    side_stone: Decimal = _NOTHING


@dataclass(frozen=True, kw_only=True)
class Beside:
    """`gap_mm` is 0 where the two touch."""

    gap_mm: Decimal
    is_flush: bool
    sentence: str


def lie(*, ring: Ring, thickness: Decimal, is_curved: bool) -> Beside:
    """How a band of this thickness lies beside the ring."""
    if is_curved:
        return Beside(gap_mm=_NOTHING, is_flush=True, sentence="Follows the head around.")
    above = max(thickness - ring.thickness, _NOTHING)
    reach, what = max(_reaches(ring, above=min(above, ring.rise)))
    gap = max(reach - ring.top_width / 2, _NOTHING).quantize(Decimal("0.1"))
    if gap < CLOSE:
        return Beside(gap_mm=_NOTHING, is_flush=True, sentence="Passes under the head, no gap.")
    return Beside(
        gap_mm=gap,
        is_flush=False,
        sentence=f"Its height meets the {what}. A curved band closes it.",
    )


def _reaches(ring: Ring, *, above: Decimal) -> list[tuple[Decimal, str]]:
    """How far from the ring's middle each part reaches, up to this height above the shank, and its name."""
    outside = RIM_OUTSIDE if ring.is_bezel else PRONG_OUTSIDE
    edge = ring.stone_length / 2
    found = [(_cone(ring, to=edge + outside, height=ring.rise, above=above), "head")]
    if ring.is_bezel and above > ring.rise * (1 - RIM_HEIGHT):
        found.append((edge + outside, "bezel"))
    if ring.hidden_halo and above > ring.rise - ring.hidden_halo:
        found.append((edge, "hidden halo"))
    if ring.side_stone:
        to = ring.side_stone / 2 + PRONG_OUTSIDE
        height = ring.rise * SIDE_RISE
        found.append((_cone(ring, to=to, height=height, above=above), "side stones"))
    return found


def _cone(ring: Ring, *, to: Decimal, height: Decimal, above: Decimal) -> Decimal:
    foot = ring.top_width / 2 * FOOT
    return foot + (to - foot) * min(above, height) / height
