"""The stones on offer that `market.position` compares one with, found for a whole page at once, and what they say of it.

From the snapshot's bitmaps where there is one, or else by one query of the table; both find the same stones.
"""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray
from pyroaring import BitMap

from builder import gemology, market
from builder.models import Stone
from builder.search import snapshot
from builder.search.bitmaps import Numbers
from builder.search.facets import FACETS
from builder.search.snapshot import Snapshot

# A report of these labs means about the same to the trade; the others' grades are read more loosely.
STRICT_LABS = ("GIA", "AGS", "GCAL", "HRD")
LOOSE_LABS = tuple(lab for lab in gemology.LABS if lab not in STRICT_LABS)
MOST_REMEMBERED = 4096

Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A stone as it is compared; color and clarity by their place in the trade's lists."""

    id: int
    shape: str
    growth: str
    is_strict: bool
    carat_points: int
    color: int
    clarity: int
    price_cents: int


class Near(NamedTuple):
    """What a step of market.STEPS found: weights in hundredths of a carat and prices in cents."""

    carat_points: Numbers
    price_cents: Numbers
    step: int


Positions = dict[Asked, market.Position | None]


def market_position(stone: Stone) -> market.Position | None:
    """None: too few comparable stones, or one whose color no letter says."""
    return market_positions([stone]).get(stone.pk)


def market_positions(stones: Iterable[Stone]) -> dict[int, market.Position]:
    """By the stones' ids, of those that can be compared with enough others."""
    asked = [_asked(stone) for stone in stones if _is_comparable(stone)]
    if not asked:
        return {}
    memory = snapshot.current()
    found = _remembered(asked, memory) if memory else _placed(asked, in_table(asked))
    return {each.id: position for each in asked if (position := found[each])}


class _Latest:
    """What was found in the latest snapshot. It never changes, so that this holds as long as it is the latest."""

    def __init__(self) -> None:
        self.memory: Snapshot | None = None
        self.found: Positions = {}

    def of(self, memory: Snapshot) -> Positions:
        if self.memory is not memory or len(self.found) > MOST_REMEMBERED:
            self.memory, self.found = memory, {}
        return self.found


_latest = _Latest()


def _remembered(asked: Sequence[Asked], memory: Snapshot) -> Positions:
    """First pages are asked for often."""
    known = _latest.of(memory)
    new = [each for each in asked if each not in known]
    known |= _placed(new, in_memory(new, memory=memory))
    return {each: known[each] for each in asked}


def _placed(asked: Sequence[Asked], found: dict[int, Near]) -> Positions:
    return {
        each: market.placed(
            carat_points=each.carat_points,
            price_cents=each.price_cents,
            near_points=near.carat_points,
            near_cents=near.price_cents,
            step=near.step,
        )
        if (near := found.get(each.id))
        else None
        for each in asked
    }


def _is_comparable(stone: Stone) -> bool:
    is_graded = stone.color in gemology.COLORS and stone.clarity in gemology.CLARITIES
    return is_graded and stone.price is not None and stone.lab in gemology.LABS


def _asked(stone: Stone) -> Asked:
    return Asked(
        id=stone.pk,
        shape=stone.shape,
        growth=stone.growth,
        is_strict=stone.lab in STRICT_LABS,
        carat_points=int(stone.carat * 100),
        color=gemology.COLORS.index(stone.color),
        clarity=gemology.CLARITIES.index(stone.clarity),
        price_cents=int((stone.price or 0) * 100),
    )


# In memory.


def in_memory(asked: Sequence[Asked], *, memory: Snapshot) -> dict[int, Near]:
    page = _Page(memory)
    found = ((each.id, page.nearest(each)) for each in asked)
    return {pk: near for pk, near in found if near}


class _Page:
    """What the stones of a page have in common is found once."""

    def __init__(self, memory: Snapshot) -> None:
        self.memory = memory
        self.kin_of = functools.cache(self._kin)
        self.around = functools.cache(self._around)
        self.code = functools.cache(_code)

    def nearest(self, each: Asked) -> Near | None:
        bitmaps, changed = self.memory.bitmaps, self.memory.changed
        kin = self.kin_of(each.shape, each.growth, each.is_strict)
        itself = bitmaps.place_of(each.id)
        for step, (carat_pct, colors, clarities) in enumerate(market.STEPS):
            low, high = market.bounds(each.carat_points, carat_pct=carat_pct)
            places = bitmaps.measures["carat"].between(low, high)
            places &= self.around("clarity", each.clarity, clarities)
            places &= self.around("color", each.color, colors)
            places &= kin
            if itself is not None:
                places.discard(itself)
            beside = changed[self._changed(each, low, high, colors, clarities)]
            if len(places) + len(beside) >= market.FEWEST:
                at = np.asarray(places.to_array(), np.int64)
                return Near(
                    np.concatenate([bitmaps.columns["carat"][at], beside["carat"]]),
                    np.concatenate([bitmaps.columns["price"][at], beside["price"]]),
                    step,
                )
        return None

    def _kin(self, shape: str, growth: str, is_strict: bool) -> BitMap:
        """Of the same shape, growth and kind of report, and as they were when the bitmaps were made."""
        facets = self.memory.bitmaps.facets
        labs = [facets["lab"].of(self.code("lab", lab)) for lab in _labs(is_strict)]
        kin = BitMap.union(*(lab for lab in labs if lab is not None), BitMap())
        for name, value in (("shape", shape), ("growth", growth)):
            kin &= facets[name].of(self.code(name, value)) or BitMap()
        return kin - self.memory.gone if self.memory.gone else kin

    def _around(self, facet: str, place: int, far: int) -> BitMap:
        """A facet numbers its values from 1; 0 are stones without one."""
        return self.memory.bitmaps.facets[facet].between(max(1, place + 1 - far), place + 1 + far)

    def _changed(self, each: Asked, low: int, high: int, colors: int, clarities: int) -> Mask:
        """Which of the stones that changed since are comparable."""
        rows = self.memory.changed
        holds: Mask = np.asarray((rows["is_offered"] == 1) & (rows["id"] != each.id))
        if not len(rows):
            return holds
        holds &= (rows["carat"] >= low) & (rows["carat"] <= high)
        holds &= np.isin(rows["lab"], [self.code("lab", lab) for lab in _labs(each.is_strict)])
        for name, value in (("shape", each.shape), ("growth", each.growth)):
            holds &= rows[name] == self.code(name, value)
        for name, place, far in (
            ("color", each.color, colors),
            ("clarity", each.clarity, clarities),
        ):
            holds &= (rows[name] > 0) & (np.abs(rows[name] - 1 - place) <= far)
        return holds


def _labs(is_strict: bool) -> tuple[str, ...]:
    return STRICT_LABS if is_strict else LOOSE_LABS


def _code(facet: str, value: str) -> int:
    return list(FACETS[facet].labels).index(value) + 1


# In the table.

_COLUMNS = (
    ("id", "int8"), ("shape", "text"), ("growth", "text"), ("is_strict", "bool"),
    ("carat_points", "int4"), ("color", "int4"), ("clarity", "int4"),
)  # fmt: skip
_STEP = " ".join(
    f"WHEN 100 * far.points <= {carat_pct} * asked.carat_points AND far.colors <= {colors} "
    f"AND far.clarities <= {clarities} THEN {step}"
    for step, (carat_pct, colors, clarities) in enumerate(market.STEPS)
)
_SQL = f"""
    SELECT asked.id, CASE {_STEP} END AS step, array_agg(stone.carat_points), array_agg(stone.price_cents)
    FROM unnest({", ".join(f"%s::{kind}[]" for _, kind in _COLUMNS)}, %s::int4[], %s::int4[])
         AS asked ({", ".join(name for name, _ in _COLUMNS)}, low, high)
    JOIN builder_stone AS stone ON stone.status = 'available' AND stone.carat_points BETWEEN asked.low AND asked.high
         AND stone.shape = asked.shape AND stone.growth = asked.growth AND stone.id <> asked.id
         AND stone.lab = ANY(%s) AND (stone.lab = ANY(%s)) = asked.is_strict
    CROSS JOIN LATERAL (
        SELECT abs(stone.carat_points - asked.carat_points) AS points,
               abs(array_position(%s, stone.color::text) - 1 - asked.color) AS colors,
               abs(array_position(%s, stone.clarity::text) - 1 - asked.clarity) AS clarities
    ) AS far
    GROUP BY asked.id, step
"""  # noqa: S608  names and numbers are ours


def in_table(asked: Sequence[Asked]) -> dict[int, Near]:
    """One query: the stones about each one, gathered by the first step that compares them with it."""
    columns = [[getattr(each, name) for each in asked] for name, _ in _COLUMNS]
    lows, highs = zip(*(market.bounds(each.carat_points) for each in asked), strict=True)
    lists = [
        list(each) for each in (gemology.LABS, STRICT_LABS, gemology.COLORS, gemology.CLARITIES)
    ]
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [*columns, list(lows), list(highs), *lists])
        rows = sorted(row for row in cursor.fetchall() if row[1] is not None)
    found: dict[int, Near] = {}
    points: dict[int, list[int]] = {}
    cents: dict[int, list[int]] = {}
    for pk, step, more_points, more_cents in rows:
        if pk in found:
            continue
        points.setdefault(pk, []).extend(more_points)
        cents.setdefault(pk, []).extend(more_cents)
        if len(points[pk]) >= market.FEWEST:
            found[pk] = Near(np.array(points[pk]), np.array(cents[pk]), step)
    return found
