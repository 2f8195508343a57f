"""How the stones on offer spread over carat and price: the bars above the two sliders."""

import math
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, F, FloatField, Func, IntegerField, Max, Min, Value
from django.db.models.functions import Cast, Ln

from builder import search
from builder.models import Stone

BARS = 40
HIGH = 50.0  # units of the drawing


@dataclass(frozen=True, kw_only=True)
class Bar:
    """`at` is the bar's place between the ends, 0 to 1; x, y and height are units of the drawing."""

    at: str
    x: str
    y: str
    height: str
    is_in: bool


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


def spreads(query: search.StoneQuery) -> list[Spread]:
    """Carat and price of the stones of the chosen shapes that fit, whatever else is filtered."""
    stones = Stone.objects.filter(status=Stone.Status.AVAILABLE)
    if shapes := query.chosen.get("shape"):
        stones = stones.filter(shape__in=shapes)
    if query.fits:
        stones = stones.filter(search.fitting(query.fits.head))
    ends = stones.aggregate(
        carat_least=Min("carat"),
        carat_most=Max("carat"),
        price_least=Min("price"),
        price_most=Max("price"),
    )
    found = []
    for name, unit, grain in (("carat", "0.01", Decimal("0.1")), ("price", "10", Decimal(100))):
        least, most = ends[f"{name}_least"], ends[f"{name}_most"]
        if least is None or least <= 0:
            return []
        least, most = _down(least, grain), _down(most, grain) + grain
        counts = dict(
            stones.annotate(bar=_bucket(name, least, most))
            .values_list("bar")
            .annotate(Count("id"))
            .values_list("bar", "id__count")
        )
        found.append(
            Spread(
                name=name,
                least=least,
                most=most,
                unit=unit,
                low=query.ranges.get(f"{name}_min"),
                high=query.ranges.get(f"{name}_max"),
                bars=_bars(counts, query, name, least=least, most=most),
            )
        )
    return found


def _bucket(name: str, least: Decimal, most: Decimal) -> Func:
    return Func(
        Ln(Cast(F(name), FloatField())),
        Value(math.log(least), output_field=FloatField()),
        Value(math.log(most), output_field=FloatField()),
        Value(BARS),
        function="width_bucket",
        output_field=IntegerField(),
    )


def _bars(
    counts: dict[int, int], query: search.StoneQuery, name: str, *, least: Decimal, most: Decimal
) -> list[Bar]:
    """Heights by the square root, so that a few large stones can still be seen."""
    tallest = math.sqrt(max(counts.values()))
    low = query.ranges.get(f"{name}_min", Decimal(0))
    high = query.ranges.get(f"{name}_max", most)
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
                is_in=float(low) <= value <= float(high),
            )
        )
    return bars


def _down(amount: Decimal, grain: Decimal) -> Decimal:
    return max(grain, (amount / grain).to_integral_value(rounding="ROUND_FLOOR") * grain)
