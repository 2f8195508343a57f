"""A setting's shape in numbers, and the room that stones take on it.

`Mounting` is a setting's shape; heads and stones are anything that has the named attributes. From it `volumes` adds up the
metal, and `descriptions` makes what is drawn.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Protocol

DEFAULT_SIZE = Decimal(6)  # drawn and priced until she has chosen hers
CARATS_PER_CUBIC_MELEE_MM = 0.00365  # a full-cut round of 6.5 mm weighs 1 ct

HUNDREDTH = Decimal("0.01")

_BAND_KINDS = {"half_band": "half_pave", "full_band": "full_pave"}
_BAND_PLACES = {"half": "half_band", "full": "full_band"}
# How far accents run down each side of the head, and what lies between two of them: as the scene lays them.
_ACCENTED_MM = {"half": Decimal(13), "full": Decimal(25)}
_APART_MM = {"pave": Decimal("0.1"), "channel": Decimal("0.03")}


class HeadLike(Protocol):
    """What holds the center stone, such as `compatibility.Head`."""

    @property
    def kind(self) -> str: ...
    @property
    def prongs(self) -> int: ...
    @property
    def metal_family(self) -> str: ...
    @property
    def min_width_mm(self) -> Decimal: ...
    @property
    def max_width_mm(self) -> Decimal: ...
    @property
    def rise_mm(self) -> Decimal: ...


@dataclass(frozen=True, kw_only=True)
class Location:
    """Where a setting holds other stones than the center. `count` 0: as many as go around the chosen stone."""

    place: str
    count: int
    width_mm: Decimal
    length_mm: Decimal
    shape: str = "round"
    mount: str = "pave"


@dataclass(frozen=True, kw_only=True)
class Mounting:
    """A setting's shape besides its head."""

    shank_width_mm: Decimal
    top_width_mm: Decimal
    thickness_mm: Decimal
    profile: str
    shoulder: str = "plain"
    locations: Sequence[Location] = ()

    def at(self, *places: str) -> Location | None:
        return next((each for each in self.locations if each.place in places), None)

    @cached_property
    def band(self) -> Location | None:
        """The stones along the band."""
        return self.at(*_BAND_KINDS)

    @cached_property
    def band_kind(self) -> str:
        """As drawings and descriptions call it: none, half_pave or full_pave."""
        return _BAND_KINDS[self.band.place] if self.band else "none"

    def width_at(self, place: str) -> Decimal:
        """Of the stones there, 0 where there are none."""
        found = self.at(place)
        return found.width_mm if found else Decimal(0)

    @cached_property
    def accents(self) -> str:
        """The band's small stones as they are chosen: none, half or full."""
        return self.band_kind.removesuffix("_pave")

    def varied(
        self, *, width_mm: Decimal | None, accents: str, accent_mm: Decimal | None
    ) -> "Mounting":
        """With another width at the palm, or other stones along the band; None and "" leave it as it is.

        The band narrows toward the head in the same proportion. Stones are as large as those it has, or `accent_mm`.
        """
        varied = self
        if width_mm is not None and width_mm != self.shank_width_mm:
            top = (self.top_width_mm * width_mm / self.shank_width_mm).quantize(HUNDREDTH)
            varied = replace(varied, shank_width_mm=width_mm, top_width_mm=top)
        if accents and accents != self.accents:
            others = [each for each in self.locations if each is not self.band]
            varied = replace(varied, locations=(*others, *self._accented(accents, accent_mm)))
        return varied

    def _accented(self, accents: str, accent_mm: Decimal | None) -> list[Location]:
        mm = self.band.width_mm if self.band else accent_mm
        if accents == "none" or not mm:
            return []
        mount = self.band.mount if self.band else "pave"
        step = mm + _APART_MM.get(mount, _APART_MM["pave"])
        count = 2 * int(_ACCENTED_MM[accents] / step)
        return [
            Location(
                place=_BAND_PLACES[accents], count=count, width_mm=mm, length_mm=mm, mount=mount
            )
        ]


class OutlineLike(Protocol):
    """How much room a stone takes, seen from above."""

    @property
    def length_mm(self) -> Decimal: ...
    @property
    def width_mm(self) -> Decimal: ...


class BandLike(Protocol):
    """A wedding band."""

    @property
    def width_mm(self) -> Decimal: ...
    @property
    def thickness_mm(self) -> Decimal: ...
    @property
    def section(self) -> str: ...
    @property
    def accent_mm(self) -> Decimal: ...
    @property
    def accent_count(self) -> int: ...


def stone_count(location: Location, *, head: HeadLike, stone: OutlineLike | None) -> int:
    """How many stones the location holds: its own number, or as many as go around the center, a hair apart."""
    length, width = outline(head=head, stone=stone)
    return count_around(location, length=length, width=width)


def count_around(location: Location, *, length: float, width: float) -> int:
    """`stone_count` around an outline."""
    if location.count:
        return location.count
    melee = float(location.width_mm)
    beyond = -melee if location.place == "hidden_halo" else melee
    return max(8, round(perimeter(length + beyond, width + beyond) / (melee * 1.06)))


def melee_carats(*, stone_mm: float, count: int) -> float:
    return float(CARATS_PER_CUBIC_MELEE_MM * stone_mm**3 * count)


def outline(*, head: HeadLike, stone: OutlineLike | None) -> tuple[float, float]:
    """The stone's length and width; without one the middle of what the head takes."""
    if stone is not None:
        return float(stone.length_mm), float(stone.width_mm)
    middle = float(head.min_width_mm + head.max_width_mm) / 2
    return middle, middle


def perimeter(length: float, width: float) -> float:
    """Of the ellipse, after Ramanujan; within 4 % of every outline that is cut."""
    a, b = length / 2, width / 2
    return math.pi * (3 * (a + b) - math.sqrt((3 * a + b) * (a + 3 * b)))
