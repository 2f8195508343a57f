"""What of a setting decides the fit: its heads, their limits in millimeters, and what judging a stone gives.

Values, and the arithmetic of one head; `builder.compatibility` judges stones by them and says it in words. A setting's rules
remember the limits that were worked out from them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from builder import gemology

# A setter bends prongs by this much without a new head; a bezel is cut to its stone and bends nothing.
PRONG_PLAY_MM = Decimal("0.15")
# From the stone's point to the finger, and how much higher a head can be mounted without redrawing it.
FINGER_CLEARANCE_MM = Decimal("0.40")
RAISE_MM = Decimal("0.80")

HUNDREDTH = Decimal("0.01")
NOTHING = Decimal(0)
BELOW = {shape: Decimal(str(law.below)) for shape, law in gemology.LAWS.items()}
# The part of the width on each side of the table that prongs may cover.
_CROWN = {
    shape: (1 - Decimal(str(law.table_pct)) / 100) / 2 for shape, law in gemology.LAWS.items()
}


@dataclass(frozen=True, kw_only=True)
class Head:
    """What holds the center stone. `name` is said in a sentence; `metal_family`, "" as the ring, decides no fit."""

    code: str
    name: str
    kind: str
    prongs: int
    shapes: Sequence[str]
    min_width_mm: Decimal
    max_width_mm: Decimal
    min_length_mm: Decimal
    max_length_mm: Decimal
    rise_mm: Decimal
    overhang_mm: Decimal = NOTHING
    extra_price: Decimal = NOTHING
    extra_days: int = 0
    setting_fee: Decimal = NOTHING
    metal_family: str = ""


@dataclass(frozen=True, kw_only=True)
class SettingRules:
    """What of a setting decides the fit. `heads[0]` is the one it is shown with; sizes are US."""

    name: str
    thickness_mm: Decimal
    min_size: Decimal
    max_size: Decimal
    heads: Sequence[Head]
    currency: str = "USD"

    @property
    def shapes(self) -> list[str]:
        """Every shape that one of its heads takes."""
        return list(dict.fromkeys(shape for head in self.heads for shape in head.shapes))

    @cached_property
    def in_order(self) -> Sequence[Head]:
        if len(self.heads) < 2:
            return self.heads
        first, *others = self.heads
        return [first, *sorted(others, key=lambda head: cost_of(head, first))]

    @cached_property
    def limits(self) -> "dict[tuple[str, str], Limits]":
        """By head and shape, as they were asked for."""
        return {}

    @cached_property
    def kept(self) -> dict[object, Any]:
        """What else was worked out from these rules, by whoever worked it out."""
        return {}

    def head(self, code: str) -> Head | None:
        for head in self.heads:
            if head.code == code:
                return head
        return None


class MeasuresLike(Protocol):
    """A stone, or `StoneMeasures`."""

    @property
    def shape(self) -> str: ...
    @property
    def carat(self) -> Decimal: ...
    @property
    def length_mm(self) -> Decimal | None: ...
    @property
    def width_mm(self) -> Decimal | None: ...
    @property
    def depth_mm(self) -> Decimal | None: ...


@dataclass(frozen=True, kw_only=True)
class StoneMeasures:
    """A measure that is None is not known from a report; it is taken from the weight by the millimeter law."""

    shape: str
    carat: Decimal
    length_mm: Decimal | None
    width_mm: Decimal | None
    depth_mm: Decimal | None


class Fix(NamedTuple):
    """What makes it fit, or what to choose instead. `head`: code of the head to change to, "" when it stays."""

    words: str
    price: Decimal = NOTHING
    days: int = 0
    head: str = ""

    def __str__(self) -> str:
        return self.words


class Fit(NamedTuple):
    """`head` is the code of the head that holds the stone, "" when none does.

    `margin_mm` is the least room on any side in that head, None when the shape itself is wrong.
    """

    verdict: str
    reason: str
    fix: Fix | None
    head: str
    margin_mm: Decimal | None
    is_estimated: bool = False
    is_size: bool = False  # the refusal is of the ring's size, not of the stone

    @property
    def fits(self) -> bool:
        return self.verdict != "does_not_fit"


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """What the bench can make fit in one head; a shape that is not named in `max_depth_mm` is not within it."""

    min_width_mm: Decimal
    max_width_mm: Decimal
    min_length_mm: Decimal
    max_length_mm: Decimal
    max_depth_mm: Mapping[str, Decimal]

    def holds(
        self, *, shape: str, length_mm: Decimal, width_mm: Decimal, depth_mm: Decimal
    ) -> bool:
        return (
            shape in self.max_depth_mm
            and self.min_width_mm <= width_mm <= self.max_width_mm
            and self.min_length_mm <= length_mm <= self.max_length_mm
            and depth_mm <= self.max_depth_mm[shape]
        )


class Limits(NamedTuple):
    """Of one shape in one head of a setting, in millimeters."""

    play: Decimal  # how far the setter bends prongs
    least_uncovered: Decimal  # the narrowest stone whose usual table stays free
    deepest: Decimal  # with the head at its highest
    free: Decimal  # below the girdle, with the head as it is


# Limits and costs of one head.


def cost_of(head: Head, first: Head) -> tuple[Decimal, int]:
    """What it costs more than the setting's first head, and how many days more it takes."""
    if head is first:
        return NOTHING, 0
    return head.extra_price + head.setting_fee - first.setting_fee, head.extra_days


def play_of(head: Head) -> Decimal:
    return PRONG_PLAY_MM if head.kind == "prong" else NOTHING


def deepest_of(head: Head, setting: SettingRules, shape: str) -> Decimal:
    """The deepest stone whose point clears the finger at the head's highest, to the hundredth that reports give."""
    room = head.rise_mm + setting.thickness_mm - FINGER_CLEARANCE_MM + RAISE_MM
    return (room / BELOW[shape]).quantize(HUNDREDTH, rounding=ROUND_FLOOR)


def limits_of(head: Head, setting: SettingRules, shape: str) -> Limits:
    found = setting.limits.get((head.code, shape))
    if found is None:
        found = setting.limits[head.code, shape] = Limits(
            play=play_of(head),
            least_uncovered=least_uncovered(head, shape),
            deepest=deepest_of(head, setting, shape),
            free=head.rise_mm + setting.thickness_mm - FINGER_CLEARANCE_MM,
        )
    return found


def least_uncovered(head: Head, shape: str) -> Decimal:
    """The narrowest stone whose usual table the prongs or the rim leave free."""
    if not head.overhang_mm:
        return NOTHING
    return (head.overhang_mm / _CROWN[shape]).quantize(HUNDREDTH, rounding=ROUND_CEILING)
