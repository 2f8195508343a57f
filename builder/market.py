"""Where a stone's price stands among comparable stones on offer (docs/algorithms/market.md). Values in, words out.

It says what the market asks, never what a stone is worth, and nothing at all from fewer than FEWEST stones.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import exp, isqrt, lgamma, log

import numpy as np
from numpy.typing import NDArray

from jeweler import money

Numbers = NDArray[np.integer]

FEWEST = 12

# Weights at which a carat costs more, because people ask for them: a stone is compared on its own side of each.
MAGIC = (50, 70, 90, 100, 120, 150, 200, 250, 300, 400, 500)
# What counts as comparable, in steps: percent of the weight, colors and clarities apart. The first that gives FEWEST is taken.
STEPS = ((4, 0, 0), (7, 1, 0), (7, 1, 1), (10, 1, 1), (15, 2, 2))


@dataclass(frozen=True, kw_only=True)
class Traded:
    """One stone on offer. Carats in hundredths, the price in cents; color and clarity by their place in the trade's lists."""

    id: int
    carat_points: int
    color: int
    clarity: int
    price_cents: int


@dataclass(frozen=True, kw_only=True)
class Position:
    """Prices in major units at this stone's own weight. `low` to `high`: the middle half.

    `median_low` to `median_high` holds the market's median with `confidence` (order statistics, no shape assumed).
    """

    n: int
    cheaper: int
    median: float
    low: float
    high: float
    median_low: float
    median_high: float
    confidence: float
    carat_pct: int
    grades: int

    @property
    def of_100(self) -> int:
        """Of a hundred comparable stones, how many cost more."""
        return round(100 * (self.n - self.cheaper) / self.n)

    def middle_half(self, *, currency: str) -> tuple[str, str]:
        """Both ends in whole units, such as "$5,575" and "$6,725"."""
        low, high = (
            money.in_words(Decimal(f"{end:.0f}"), currency=currency)
            for end in (self.low, self.high)
        )
        return low, high

    def words(self, *, currency: str = "") -> str:
        """Without a currency no amount is told."""
        half = (
            "; middle half {}–{}".format(*self.middle_half(currency=currency)) if currency else ""
        )
        return f"Costs less than {self.of_100} of 100 comparable stones (n = {self.n}{half})."


def position(*, stone: Traded, among: Sequence[Traded]) -> Position | None:
    """None: too few to say. `among` are stones of the same shape, growth and kind of report; itself is left out.

    Prices are brought to this stone's weight first, each by its price per carat.
    """
    for step, (carat_pct, colors, clarities) in enumerate(STEPS):
        near = [
            each
            for each in among
            if is_comparable(stone, each, carat_pct=carat_pct, colors=colors, clarities=clarities)
        ]
        if len(near) >= FEWEST:
            return placed(
                carat_points=stone.carat_points,
                price_cents=stone.price_cents,
                near_points=np.array([each.carat_points for each in near]),
                near_cents=np.array([each.price_cents for each in near]),
                step=step,
            )
    return None


def is_comparable(
    stone: Traded, other: Traded, *, carat_pct: int, colors: int, clarities: int
) -> bool:
    return (
        other.id != stone.id
        and bracket(other.carat_points) == bracket(stone.carat_points)
        and 100 * abs(other.carat_points - stone.carat_points) <= carat_pct * stone.carat_points
        and abs(other.color - stone.color) <= colors
        and abs(other.clarity - stone.clarity) <= clarities
    )


def bracket(carat_points: int) -> int:
    """How many of the magic weights a stone has reached."""
    return sum(carat_points >= weight for weight in MAGIC)


def bounds(carat_points: int, *, carat_pct: int = STEPS[-1][0]) -> tuple[int, int]:
    """The weights in hundredths between which any stone lies that is comparable within so many percent."""
    low = -(-carat_points * (100 - carat_pct) // 100)
    high = carat_points * (100 + carat_pct) // 100
    reached = [weight for weight in MAGIC if weight <= carat_points]
    ahead = [weight for weight in MAGIC if weight > carat_points]
    return max([low, *reached[-1:]]), min([high, *(weight - 1 for weight in ahead[:1])])


def placed(
    *, carat_points: int, price_cents: int, near_points: Numbers, near_cents: Numbers, step: int
) -> Position:
    """Among the stones that a step of STEPS found comparable: their weights and prices, at least two."""
    prices = np.sort(near_cents.astype(np.int64) * carat_points / near_points / 100)
    rank, confidence = median_ranks(len(prices))
    carat_pct, colors, clarities = STEPS[step]
    return Position(
        n=len(prices),
        cheaper=int(np.searchsorted(prices, price_cents / 100, side="right")),
        median=_quartile(prices, 2),
        low=_quartile(prices, 1),
        high=_quartile(prices, 3),
        median_low=float(prices[rank]),
        median_high=float(prices[-1 - rank]),
        confidence=confidence,
        carat_pct=carat_pct,
        grades=max(colors, clarities),
    )


def _quartile(prices: NDArray[np.float64], number: int) -> float:
    """Of sorted prices, between its two neighbors in proportion, both ends included."""
    place, fourths = divmod(number * (len(prices) - 1), 4)
    after = prices[min(place + 1, len(prices) - 1)]
    return float((prices[place] * (4 - fourths) + after * fourths) / 4)


@functools.lru_cache(maxsize=4096)
def median_ranks(n: int, *, wanted: float = 0.95) -> tuple[int, float]:
    """The k for which the k-th and the k-th last of n sorted values hold the median at least as surely as wanted.

    Each value lies below the median with probability one half, so that the chance of the median lying outside is twice
    the tail of a binomial: exact for prices of any distribution. It is summed from ten standard deviations below the
    middle, before which less than a part in 10²⁰ of it lies.
    """
    start = max(0, n // 2 - 5 * isqrt(n))
    chance = exp(lgamma(n + 1) - lgamma(start + 1) - lgamma(n - start + 1) - n * log(2))
    below, outside, tail = start, 2 * chance, 0.0
    for k in range(start, n // 2):
        tail += chance
        if 1 - 2 * tail < wanted:
            break
        below, outside = k, 2 * tail
        chance *= (n - k) / (k + 1)
    return below, 1 - outside
