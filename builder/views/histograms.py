"""How the stones on offer spread over what is measured: the bars above the sliders.

Counted in the snapshot, or in one query while there is none.

The bars are a drawing, so each process keeps them for up to a minute; what they filter is never kept. Carat and price are
drawn by their logarithms. The others end where hardly a stone lies beyond, and their last bars hold those too.
"""

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from builder import search
from builder.models import Stone
from builder.search.fitting import Limits, heads_of
from builder.search.spreads import CELLS, Tallies, tallies

BARS = 40
HEEDED = ("shape", "growth", "fancy_hue")  # ways to look; the other filters leave the bars alone


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


@dataclass(frozen=True)
class Asked:
    """What the bars heed, as the key under which they are kept."""

    query: search.StoneQuery = field(compare=False)
    chosen: tuple[tuple[str, tuple[str, ...]], ...]
    limits: tuple[Limits, ...]


def spreads(query: search.StoneQuery, *, now: datetime) -> list[Spread]:
    """Each measure of the stones of the chosen shapes and kinds that fit, whatever else is filtered."""
    found = counted(_asked(query), minute=int(now.timestamp() // 60))
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


def _asked(query: search.StoneQuery) -> Asked:
    chosen = {name: tuple(query.chosen[name]) for name in HEEDED if query.chosen.get(name)}
    heads = heads_of(query.fits.rules) if query.fits else ()
    return Asked(
        search.StoneQuery(chosen=chosen, fits=query.fits),
        tuple(chosen.items()),
        tuple(limits for head in heads for limits in head.limits),
    )


@functools.lru_cache(maxsize=256)
def counted(asked: Asked, *, minute: int) -> Mapping[str, Counted]:
    """By measure; one that no stone has is left out."""
    memory = search.snapshot.current()
    found = tallies(asked.query, memory=memory) if memory else _in_table(asked.query)
    return {name: _counted(name, found[name]) for name in SCALES if name in found}


def _in_table(query: search.StoneQuery) -> dict[str, Tallies]:
    """A single pass counts all five, prices in cells."""
    stones = Stone.objects.filter(status=Stone.Status.AVAILABLE)
    for facet, chosen in query.chosen.items():
        stones = stones.filter(**{f"{search.FACETS[facet].column}__in": chosen})
    if query.fits:
        stones = stones.filter(search.fitting(query.fits.rules))
    names = list(SCALES)
    measured = stones.values_list(*(search.MEASURES[name].column for name in names))
    listed, parameters = measured.query.sql_with_params()
    columns = [f"its_{name}" for name in names]
    cells = ", ".join(
        f"floor(ln(its_price::float8) * {CELLS})::int AS its_price" if name == "its_price" else name
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
    found: dict[str, list[tuple[int, ...]]] = {}
    for mask, *row in rows:
        found.setdefault(by_mask[mask], []).append(tuple(row))
    return {name: _tallied(name, np.array(rows)) for name, rows in found.items()}


def _tallied(name: str, rows: NDArray[np.integer]) -> Tallies:
    """From columns of value, stones, and the least and the most price among them in cents."""
    values, counts, least, most = rows.T
    ends = (least, most) if name == "price" else (values, values)
    return Tallies(values, counts, int(ends[0].min()), int(ends[1].max()))


def _counted(name: str, found: Tallies) -> Counted:
    scale = SCALES[name]
    least, most = _ends(name, found.least, found.most)
    values = np.exp((found.values + 0.5) / CELLS) if name == "price" else found.values
    bars = _bars(values / search.MEASURES[name].scale, float(least), float(most), scale)
    stones = np.bincount(bars, weights=found.counts, minlength=BARS)
    return Counted(stones=tuple(map(int, stones.tolist())), least=least, most=most)


def _ends(name: str, least: int, most: int) -> tuple[Decimal, Decimal]:
    measure, scale = search.MEASURES[name], SCALES[name]
    ends = [Decimal(measure.written(measure.amount(end))) for end in (least, most)]
    if name == "price":
        ends = [end.quantize(Decimal(1)) for end in ends]
    if not scale.is_logarithmic:
        ends = [min(max(end, scale.least), scale.most) for end in ends]
    return ends[0], ends[1]


def _bars(
    values: NDArray[np.floating], least: float, most: float, scale: Scale
) -> NDArray[np.intp]:
    """Their places among the bars; what lies beyond an end belongs to the last one there."""
    if most <= least:
        return np.zeros(len(values), np.intp)
    if scale.is_logarithmic:
        at = np.log(values / least) / math.log(most / least)
    else:
        at = (values - least) / (most - least)
    bars: NDArray[np.intp] = np.clip((at * BARS).astype(np.intp), 0, BARS - 1)
    return bars
