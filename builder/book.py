"""The price book: everything that prices or fits a ring besides its stone, as frozen values.

Pure; `pricebook` reads it from the tables. A metal carries its whole price history, so that one book is right at every
moment and a price dated ahead needs nothing to take effect. Settings and metals are the same when they are one object,
so that what is worked out of them can be kept beside them.
"""

from bisect import bisect_right
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from builder import compatibility, engraving, geometry, pricing, variation


@dataclass(frozen=True, kw_only=True)
class GramPrice:
    since_at: datetime
    price: Decimal

    @cached_property
    def since_in_words(self) -> str:
        """As it is written among a price's inputs."""
        return self.since_at.isoformat()


@dataclass(frozen=True, kw_only=True, eq=False)
class Metal:
    """`prices` are in the order of their moments."""

    id: int
    code: str
    name: str
    family: str
    density: Decimal
    waste_pct: Decimal
    prices: tuple[GramPrice, ...]

    def price_at(self, moment: datetime) -> GramPrice | None:
        if self.prices and self.prices[-1].since_at <= moment:  # nearly always the newest
            return self.prices[-1]
        place = bisect_right(self.prices, moment, key=lambda each: each.since_at)
        return self.prices[place - 1] if place else None


@dataclass(frozen=True, kw_only=True, eq=False)
class Setting:
    """`metals` are ids, in the order in which they are offered."""

    id: int
    code: str
    name: str
    rules: compatibility.SettingRules
    mounting: geometry.Mounting
    labor_price: Decimal
    engraving: engraving.Rules
    lead_days: int
    metals: tuple[int, ...]
    is_offered: bool
    variety: variation.Variety


@dataclass(frozen=True, kw_only=True)
class Band:
    id: int
    code: str
    name: str
    width_mm: Decimal
    thickness_mm: Decimal
    section: str
    accent_kind: str
    accent_mm: Decimal
    accent_count: int
    labor_price: Decimal
    lead_days: int


@dataclass(frozen=True, kw_only=True)
class Telling:
    """How a store tells its prices."""

    mode: str
    tax: pricing.Tax


@dataclass(frozen=True, kw_only=True)
class Book:
    """Everything that prices or fits a ring. `number` is the catalog's version; nothing in it is ever changed.

    `kept` is what `costing` has worked out of it; it goes with the book.
    """

    number: int
    settings: Mapping[int, Setting]
    metals: Mapping[int, Metal]
    bands: Mapping[int, Band]
    melee: tuple[pricing.MeleeRow, ...]
    stores: Mapping[str, Telling]
    settings_by_code: Mapping[str, Setting]
    metals_by_code: Mapping[str, Metal]
    kept: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)


def melee_mm(location: geometry.Location) -> Decimal:
    """By what its price is looked up: the mean of length and width."""
    return (location.length_mm + location.width_mm) / 2


def gaps(book: Book, *, now: datetime) -> Sequence[str]:
    """What lacks a price at the moment, each with its way out; empty: every ring and band can be priced."""
    found = [
        f"{metal.name} has no price: add one under Metal prices."
        for metal in book.metals.values()
        if metal.price_at(now) is None
    ]
    found += [
        no_melee(mm, where)
        for where, mm in small_stones(book)
        if pricing.melee_row(book.melee, mm=mm) is None
    ]
    return found


def small_stones(book: Book) -> Iterator[tuple[str, Decimal]]:
    """Where small stones are set, and the size that they are priced by."""
    for setting in book.settings.values():
        for location in setting.mounting.locations:
            yield f"{setting.name}, {location.place.replace('_', ' ')}", melee_mm(location)
        if setting.variety.accent_mm and not setting.mounting.band:
            yield f"{setting.name}, accents to choose", setting.variety.accent_mm
    for band in book.bands.values():
        if band.accent_count:
            yield band.name, band.accent_mm


def no_melee(mm: Decimal, where: str) -> str:
    return f"No melee price covers {mm:.2f} mm ({where}): add a row for it under Melee prices."
