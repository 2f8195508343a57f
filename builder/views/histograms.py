"""How the stones on offer spread over carat and price: the bars above the two sliders, in one query.

The bars are a drawing, so each process keeps them for up to a minute; what they filter is never kept.
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from builder import search
from builder.models import Stone

BARS = 40
HIGH = 50.0  # units of the drawing
UNITS = {"carat": "0.01", "price": "10"}  # what one grain of a slider is


@dataclass(frozen=True, kw_only=True)
class Bar:
    """`at` is the bar's place between the ends, 0 to 1; x, y and height are units of the drawing."""

    at: str
    x: str
    y: str
    height: str
    is_in: bool


@dataclass(frozen=True, kw_only=True)
class Counted:
    """`measure` is a place in UNITS, `ends` the least and the most of each of them in turn."""

    measure: int
    bar: int
    stones: int
    ends: tuple[Decimal, ...]


@dataclass(frozen=True, kw_only=True)
class Spread:
    """One measure: its ends on a logarithmic scale, and its bars."""

    name: str
    least: Decimal
    most: Decimal
    unit: str
    low: Decimal | None
    high: Decimal | None
    bars: list[Bar]


def spreads(query: search.StoneQuery, *, now: datetime) -> list[Spread]:
    """Carat and price of the stones of the chosen shapes that fit, whatever else is filtered."""
    stones = Stone.objects.filter(status=Stone.Status.AVAILABLE)
    if shapes := query.chosen.get("shape"):
        stones = stones.filter(shape__in=shapes)
    if query.fits:
        stones = stones.filter(search.fitting(query.fits.rules))
    listed, parameters = stones.values_list("carat", "price").query.sql_with_params()
    rows = counted(listed, tuple(parameters), minute=int(now.timestamp() // 60))
    return [
        _spread(
            query,
            name,
            least=rows[0].ends[2 * place],
            most=rows[0].ends[2 * place + 1],
            counts={row.bar: row.stones for row in rows if row.measure == place},
        )
        for place, name in enumerate(UNITS)
        if rows
    ]


@functools.lru_cache(maxsize=256)
def counted(listed: str, parameters: tuple[Any, ...], *, minute: int) -> Sequence[Counted]:
    """Of these stones: which measure, which bar, how many, and the ends of carat and price."""
    sql = f"""
        WITH stones (carat, price) AS NOT MATERIALIZED ({listed}),
        ends AS MATERIALIZED (
            SELECT min(carat) AS carat_least, max(carat) AS carat_most,
                   min(price) AS price_least, max(price) AS price_most FROM stones
        ),
        scales AS MATERIALIZED (SELECT {_scale("carat")}, {_scale("price")} FROM ends),
        placed AS MATERIALIZED (
            SELECT {_bucket("carat")} AS carat, {_bucket("price")} AS price, count(*) AS stones
            FROM stones GROUP BY 1, 2
        )
        SELECT GROUPING(carat), coalesce(carat, price), sum(stones)::bigint,
               min(carat_least), min(carat_most), min(price_least), min(price_most)
        FROM placed, ends GROUP BY GROUPING SETS ((carat), (price))
    """  # noqa: S608  names are ours and values are parameters
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return tuple(
            Counted(measure=row[0], bar=row[1], stones=row[2], ends=row[3:])
            for row in cursor.fetchall()
        )


def _scale(name: str) -> str:
    """A measure's ends by their logarithms; the far end belongs to the last bar."""
    return (
        f"ln({name}_least::float8) AS {name}_from, ln({name}_most::float8) + 1e-9 AS {name}_until"
    )


def _bucket(name: str) -> str:
    """The number of the bar, 1 to BARS. The ends are asked for on their own, so that they are worked out once."""
    ends = f"(SELECT {name}_from FROM scales), (SELECT {name}_until FROM scales)"  # noqa: S608  ours
    return f"width_bucket(ln(stones.{name}::float8), {ends}, {BARS})"


def _spread(
    query: search.StoneQuery, name: str, *, least: Decimal, most: Decimal, counts: dict[int, int]
) -> Spread:
    """Heights go by the square root, so that a few large stones can still be seen."""
    tallest = math.sqrt(max(counts.values()))
    low, high = query.ranges.get(f"{name}_min"), query.ranges.get(f"{name}_max")
    bars = []
    for place in range(1, BARS + 1):
        count = counts.get(place, 0)
        at = (place - 0.5) / BARS
        value = float(least) * (float(most) / float(least)) ** at
        height = max(1.0, HIGH * math.sqrt(count) / tallest) if count else 0.0
        bars.append(
            Bar(
                at=f"{at:.4f}",
                x=f"{200 * at - 1.5:.1f}",
                y=f"{HIGH + 2 - height:.1f}",
                height=f"{height:.1f}",
                is_in=(low is None or low <= value) and (high is None or value <= high),
            )
        )
    return Spread(
        name=name,
        least=least.normalize() if name == "carat" else least.quantize(Decimal(1)),
        most=most.normalize() if name == "carat" else most.quantize(Decimal(1)),
        unit=UNITS[name],
        low=low,
        high=high,
        bars=bars,
    )
