"""Whether a head holds a stone, in millimeters, with the reason in words (docs/algorithms/fit.md).

`envelope` turns a head into limits. `check` judges one stone by them, and the stone list turns the same
limits into SQL, so that the two can never disagree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from builder import gemology

# A setter bends prongs by this much without a new head; a bezel is cut to its stone and bends nothing.
PRONG_PLAY_MM = Decimal("0.15")
# From the stone's point to the finger, and how much higher a head can be mounted without redrawing it.
FINGER_CLEARANCE_MM = Decimal("0.40")
RAISE_MM = Decimal("0.80")

NUMBERS = {4: "four", 6: "six"}


@dataclass(frozen=True, kw_only=True)
class Head:
    """What of a setting decides the fit."""

    kind: str
    prongs: int
    shapes: Sequence[str]
    min_width_mm: Decimal
    max_width_mm: Decimal
    max_length_mm: Decimal
    rise_mm: Decimal
    thickness_mm: Decimal
    min_size: Decimal
    max_size: Decimal


@dataclass(frozen=True, kw_only=True)
class StoneMeasures:
    shape: str
    carat: Decimal
    length_mm: Decimal
    width_mm: Decimal
    depth_mm: Decimal


@dataclass(frozen=True, kw_only=True)
class Fit:
    """`margin_mm` is the least room on any side, None when the shape itself is wrong."""

    verdict: str
    reason: str
    margin_mm: Decimal | None
    fix: str = ""

    @property
    def fits(self) -> bool:
        return self.verdict != "does_not_fit"


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """What the bench can make fit: a stone fits if and only if it is within these.

    The depth's limit is the shape's own; a shape that is not named does not fit.
    """

    min_width_mm: Decimal
    max_width_mm: Decimal
    max_length_mm: Decimal
    max_depth_mm: Mapping[str, Decimal]


def envelope(*, head: Head) -> Envelope:
    """The head's limits, with what the setter can do included."""
    play = PRONG_PLAY_MM if head.kind == "prong" else Decimal(0)
    room = head.rise_mm + head.thickness_mm - FINGER_CLEARANCE_MM + RAISE_MM
    return Envelope(
        min_width_mm=head.min_width_mm - play,
        max_width_mm=head.max_width_mm + play,
        max_length_mm=head.max_length_mm + play,
        max_depth_mm={shape: _depth_above(room, shape=shape) for shape in head.shapes},
    )


def check(*, head: Head, stone: StoneMeasures, size: Decimal | None) -> Fit:
    """Judge one stone in one head, at a US ring size when it is known."""
    if stone.shape not in head.shapes:
        return _wrong_shape(head, stone)
    if refusal := _beyond(envelope(head=head), head, stone):
        return refusal
    if size is not None and not head.min_size <= size <= head.max_size:
        return _wrong_size(head, size)
    margin = _margin(head, stone)
    lift = _depth_below(stone) + FINGER_CLEARANCE_MM - head.rise_mm - head.thickness_mm
    if margin < 0:
        return Fit(
            verdict="fits_with_change",
            reason=f"{_holds(head, stone)} once our setter has moved its prongs by {_mm(-margin)}.",
            margin_mm=margin,
            fix="Included: we do it when we set the stone.",
        )
    if lift > 0:
        return Fit(
            verdict="fits_with_change",
            reason=f"{_holds(head, stone)} once we have raised the head by {_mm(lift)}, "
            "so that the stone clears your finger.",
            margin_mm=margin,
            fix="Included: we do it when we make the ring.",
        )
    return Fit(
        verdict="fits",
        reason=f"{_holds(head, stone)}: {_mm(margin)} to spare.",
        margin_mm=margin,
    )


def carats_held(*, head: Head, shape: str) -> tuple[Decimal, Decimal]:
    """About which weights of this shape sit in the head, by the millimeter law, to 0.05 ct."""
    least = gemology.carat_of_width(shape=shape, width_mm=float(head.min_width_mm))
    most = min(
        gemology.carat_of_width(shape=shape, width_mm=float(head.max_width_mm)),
        gemology.carat_of_length(shape=shape, length_mm=float(head.max_length_mm)),
    )
    return _to_five_points(least), _to_five_points(most)


def named(head: Head) -> str:
    """As it is called in a sentence: "six-prong head", "bezel"."""
    if head.kind == "bezel":
        return "bezel"
    return f"{NUMBERS.get(head.prongs, str(head.prongs))}-prong head"


def _holds(head: Head, stone: StoneMeasures) -> str:
    return f"This {named(head)} holds your {stone.carat:.2f} ct {stone.shape}"


def _margin(head: Head, stone: StoneMeasures) -> Decimal:
    return min(
        stone.width_mm - head.min_width_mm,
        head.max_width_mm - stone.width_mm,
        head.max_length_mm - stone.length_mm,
    )


def _beyond(limits: Envelope, head: Head, stone: StoneMeasures) -> Fit | None:
    """The refusal when the stone is outside of what the bench can make fit."""
    yours = f"Your {stone.carat:.2f} ct {stone.shape}"
    margin = _margin(head, stone)
    if not limits.min_width_mm <= stone.width_mm <= limits.max_width_mm:
        reason = (
            f"{yours} is {stone.width_mm:.2f} mm wide; this {named(head)} takes "
            f"{head.min_width_mm:.1f} to {head.max_width_mm:.1f} mm."
        )
    elif stone.length_mm > limits.max_length_mm:
        reason = (
            f"{yours} is {stone.length_mm:.2f} mm long; this {named(head)} takes up to "
            f"{head.max_length_mm:.1f} mm."
        )
    elif stone.depth_mm > (deepest := limits.max_depth_mm[stone.shape]):
        margin = deepest - stone.depth_mm
        reason = (
            f"{yours} is {stone.depth_mm:.2f} mm deep and would touch your finger; this "
            f"{named(head)} takes {deepest:.2f} mm at its highest."
        )
    else:
        return None
    return Fit(verdict="does_not_fit", reason=reason, margin_mm=margin, fix=_way_out(head, stone))


def _way_out(head: Head, stone: StoneMeasures) -> str:
    least, most = carats_held(head=head, shape=stone.shape)
    if most <= least:
        return f"Choose a setting with another head for your {stone.shape}."
    return (
        f"Choose a {stone.shape} of about {least:.2f} to {most:.2f} ct, or a setting "
        f"whose head takes {stone.width_mm:.1f} × {stone.length_mm:.1f} mm."
    )


def _wrong_shape(head: Head, stone: StoneMeasures) -> Fit:
    shapes = list(head.shapes)
    held = shapes[0] if len(shapes) == 1 else f"{', '.join(shapes[:-1])} and {shapes[-1]}"
    return Fit(
        verdict="does_not_fit",
        reason=f"This {named(head)} is made for {held} stones, not for {_a(stone.shape)}.",
        margin_mm=None,
        fix=f"Choose one of those shapes, or a setting made for {_a(stone.shape)}.",
    )


def _wrong_size(head: Head, size: Decimal) -> Fit:
    least, most = gemology.in_halves(head.min_size), gemology.in_halves(head.max_size)
    return Fit(
        verdict="does_not_fit",
        reason=f"We make this ring in sizes {least} to {most}, not in {gemology.in_halves(size)}.",
        margin_mm=None,
        fix=f"Choose a size from {least} to {most}, or another setting.",
    )


def _a(shape: str) -> str:
    return f"{'an' if shape[0] in 'aeo' else 'a'} {shape}"


def _below(shape: str) -> Decimal:
    return Decimal(str(gemology.LAWS[shape].below))


def _depth_below(stone: StoneMeasures) -> Decimal:
    return stone.depth_mm * _below(stone.shape)


def _depth_above(room: Decimal, *, shape: str) -> Decimal:
    """The deepest stone whose point has this much room, to the hundredth that reports give."""
    return (room / _below(shape)).quantize(Decimal("0.01"), rounding="ROUND_FLOOR")


def _mm(length: Decimal) -> str:
    """A tenth is said where there is one; below that, hundredths."""
    return f"{length:.1f} mm" if length >= Decimal("0.1") else f"{length:.2f} mm"


def _to_five_points(carat: float) -> Decimal:
    return Decimal(round(carat * 20)) / 20
