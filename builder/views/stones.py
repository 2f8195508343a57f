"""Stones as the list shows them: rows, the one that is looked at closely, and what could stand in for it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.http import QueryDict

from builder import compatibility, costing, market, pricing, quotes, search
from builder.models import Design, Setting, Stone

TWINS = 3
KEY = re.compile(r"\d{1,18}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Alike:
    """A stone that could stand in for the row's, with what is different in words."""

    stone: Stone
    words: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """`fit` is worked out for an open row alone, twins for the one that was asked for: they show them."""

    stone: Stone
    is_open: bool = False
    is_asked: bool = False
    is_mine: bool = False
    fit: compatibility.Fit | None = None
    position: market.Position | None = None
    twins: list[Alike] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Its number as an address has it, without the thousands' commas that templates write."""
        return str(self.stone.pk)


@dataclass(frozen=True, kw_only=True)
class Looker:
    """Who looks at stones: the setting they are for, her ring, and how she is told prices."""

    setting: Setting | None
    design: Design | None
    mode: str
    now: datetime

    @property
    def holder(self) -> Setting | None:
        """The setting that a stone's fit is told of."""
        return self.setting or (self.design.setting if self.design else None)

    def positions(self, stones: Sequence[Stone]) -> dict[int, market.Position]:
        """Where prices are told on request, their order among others is not to be read either."""
        return {} if self.mode == pricing.ON_REQUEST else search.market_positions(stones)

    def fit(self, stone: Stone) -> compatibility.Fit | None:
        if self.holder is None:
            return None
        fit = compatibility.check(setting=self.holder.rules, stone=stone.measures, size=None)
        return costing.fit_told(self._in_full(fit, stone), mode=self.mode)

    def _in_full(self, fit: compatibility.Fit, stone: Stone) -> compatibility.Fit | None:
        """As her ring's own page says it, where she has chosen the setting's metal: another head in the same ring."""
        mine = self.design
        if mine is None or mine.setting != self.holder:
            return fit
        ring = Design(
            setting=mine.setting, metal=mine.metal, stone=stone, ring_size=mine.ring_size,
            width_mm=mine.width_mm, accents=mine.accents,
        )  # fmt: skip
        return quotes.in_full(fit, design=ring, now=self.now)

    def alike(self, stone: Stone) -> list[Alike]:
        """Differences in price are left out where prices are not shown."""
        currency = pricing.CURRENCY if self.mode == pricing.SHOWN else ""
        found = []
        for twin in search.twins(stone=stone, setting=self.setting, limit=TWINS):
            words = twin.words(currency=currency)
            found.append(Alike(stone=twin.stone, words=words[:1].upper() + words[1:]))
        return found


def rows(
    stones: Sequence[Stone], *, params: QueryDict, looker: Looker, opens_first: bool
) -> list[Row]:
    """The row that was asked for is open; without one, where `opens_first`, the first is, on a desk."""
    opened = params.get("open", "")
    if params.get("number") and len(stones) == 1:
        opened = str(stones[0].pk)
    positions = looker.positions(stones)
    mine = looker.design.stone_id if looker.design else None
    found = []
    for place, stone in enumerate(stones):
        is_asked = str(stone.pk) == opened
        row = Row(
            stone=stone,
            is_asked=is_asked,
            is_mine=mine == stone.pk,
            position=positions.get(stone.pk),
        )
        if is_asked or (opens_first and not opened and place == 0):
            row = replace(row, is_open=True, fit=looker.fit(stone))
        if is_asked:
            row = replace(row, twins=looker.alike(stone))
        found.append(row)
    return found


def asked_elsewhere(stones: Sequence[Stone], *, params: QueryDict, looker: Looker) -> Row | None:
    """The stone that the address opens and that the page does not list: it was shared, sold, or is on another page now."""
    asked = params.get("open", "")
    if not KEY.fullmatch(asked) or any(str(stone.pk) == asked for stone in stones):
        return None
    stone = Stone.objects.select_related("store").filter(pk=int(asked)).first()
    if stone is None:
        return None
    return Row(
        stone=stone,
        is_open=True,
        is_asked=True,
        is_mine=looker.design is not None and looker.design.stone_id == stone.pk,
        fit=looker.fit(stone),
        position=looker.positions([stone]).get(stone.pk),
        twins=looker.alike(stone),
    )
