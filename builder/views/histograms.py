"""How the stones on offer spread over what is measured: the bars above the sliders, in one query.

The bars are a drawing, so each process keeps them for up to a minute; what they filter is never kept. Carat and price are
drawn by their logarithms. The others end where hardly a stone lies beyond, and their last bars hold those too.
"""

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from builder import search
from builder.models import Stone

BARS = 40
HEEDED = ("shape", "growth", "fancy_hue")  # ways to look; the other filters leave the bars alone
_CELLS = (
    100  # prices are counted in cells of a hundredth of the logarithm: a sixth of the narrowest bar
)


@dataclass(frozen=True, kw_only=True)
class Scale:
    """`unit` is what one grain of a slider is; `least` and `most` bound a linear scale, 0 where nothing does."""

    unit: str
    is_logarithmic: bool = False
    least: Decimal = Decimal(0)
    most: Decimal = Decimal(0)


SCALES = {
    "carat": Scale(unit="0.01", is_logarithmic=True),
    "price": Scale(unit="10", is_logarithmic=True),
    "ratio": Scale(unit="0.01", least=Decimal(1), most=Decimal("2.5")),
    "table": Scale(unit="0.5", least=Decimal(50), most=Decimal(80)),
    "depth": Scale(unit="0.5", least=Decimal(50), most=Decimal(80)),
}


@dataclass(frozen=True, kw_only=True)
class Counted:
    """How many stones stand in each bar, and the ends in the units that people write."""

    stones: tuple[int, ...]
    least: Decimal
    most: Decimal


@dataclass(frozen=True, kw_only=True)
class Spread:
    """One measure: its ends, what is asked of it, and how many stones stand in each bar between the ends."""

    name: str
    title: str
    unit: str
    is_logarithmic: bool
    least: Decimal
    most: Decimal
    low: Decimal | None
    high: Decimal | None
    stones: tuple[int, ...]

    @property
    def is_limited(self) -> bool:
        return self.low is not None or self.high is not None


def spreads(query: search.StoneQuery, *, now: datetime) -> list[Spread]:
    """Each measure of the stones of the chosen shapes and kinds that fit, whatever else is filtered."""
    stones = Stone.objects.filter(status=Stone.Status.AVAILABLE)
    for facet in HEEDED:
        if chosen := query.chosen.get(facet):
            stones = stones.filter(**{f"{search.FACETS[facet].column}__in": chosen})
    if query.fits:
        stones = stones.filter(search.fitting(query.fits.rules))
    columns = [search.MEASURES[name].column for name in SCALES]
    listed, parameters = stones.values_list(*columns).query.sql_with_params()
    found = counted(listed, tuple(parameters), minute=int(now.timestamp() // 60))
    return [
        Spread(
            name=name,
            title=search.MEASURES[name].title,
            unit=SCALES[name].unit,
            is_logarithmic=SCALES[name].is_logarithmic,
            least=each.least,
            most=each.most,
            low=query.ranges.get(f"{name}_min"),
            high=query.ranges.get(f"{name}_max"),
            stones=each.stones,
        )
        for name, each in found.items()
    ]


@functools.lru_cache(maxsize=256)
def counted(listed: str, parameters: tuple[Any, ...], *, minute: int) -> Mapping[str, Counted]:
    """By measure; one that no stone has is left out. A single pass counts all five, prices in cells."""
    names = list(SCALES)
    columns = [f"its_{name}" for name in names]
    cells = ", ".join(
        f"floor(ln(its_price::float8) * {_CELLS})::int AS its_price"
        if name == "its_price"
        else name
        for name in columns
    )
    joined = ", ".join(columns)
    sql = f"""
        WITH stones ({joined}) AS NOT MATERIALIZED ({listed}),
        cells AS NOT MATERIALIZED (SELECT its_price AS cents, {cells} FROM stones)
        SELECT GROUPING({joined}), coalesce({joined}), count(*), min(cents), max(cents)
        FROM cells GROUP BY GROUPING SETS ({", ".join(f"({column})" for column in columns)})
    """  # noqa: S608  names are ours and values are parameters
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows = [row for row in cursor.fetchall() if row[1] is not None]
    # Of GROUPING's bits, the last column's first, the one that was grouped by is not set.
    by_mask = {
        (1 << len(names)) - 1 - (1 << (len(names) - 1 - place)): name
        for place, name in enumerate(names)
    }
    measured: dict[str, list[tuple[Any, ...]]] = {}
    for mask, *row in rows:
        measured.setdefault(by_mask[mask], []).append(tuple(row))
    return {name: _counted(name, measured[name]) for name in names if name in measured}


def _counted(name: str, rows: Sequence[tuple[Any, ...]]) -> Counted:
    """From rows of value, stones, and the least and the most price among them in cents."""
    scale = SCALES[name]
    if name == "price":
        values = [(math.exp((row[0] + 0.5) / _CELLS), row[1]) for row in rows]
        ends = min(row[2] for row in rows), max(row[3] for row in rows)
    else:
        values = [(row[0], row[1]) for row in rows]
        ends = min(row[0] for row in rows), max(row[0] for row in rows)
    least, most = _ends(name, *ends)
    per_unit = search.MEASURES[name].scale
    stones = [0] * BARS
    for value, many in values:
        stones[_bar(value / per_unit, float(least), float(most), scale)] += many
    return Counted(stones=tuple(stones), least=least, most=most)


def _ends(name: str, least: int, most: int) -> tuple[Decimal, Decimal]:
    measure, scale = search.MEASURES[name], SCALES[name]
    ends = [Decimal(measure.written(measure.amount(end))) for end in (least, most)]
    if name == "price":
        ends = [end.quantize(Decimal(1)) for end in ends]
    if not scale.is_logarithmic:
        ends = [min(max(end, scale.least), scale.most) for end in ends]
    return ends[0], ends[1]


def _bar(value: float, least: float, most: float, scale: Scale) -> int:
    """Its place among the bars; what lies beyond an end belongs to the last one there."""
    if most <= least:
        return 0
    if scale.is_logarithmic:
        at = math.log(value / least) / math.log(most / least)
    else:
        at = (value - least) / (most - least)
    return min(max(int(at * BARS), 0), BARS - 1)
