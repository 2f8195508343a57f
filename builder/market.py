"""Where a stone's price stands among comparable stones on offer (docs/algorithms/market.md). Values in, words out.

It says what the market asks, never what a stone is worth, and nothing at all from fewer than FEWEST stones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from statistics import median, quantiles

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

    @property
    def words(self) -> str:
        return (
            f"Costs less than {self.of_100} of 100 comparable stones "
            f"(n = {self.n}; middle half ${self.low:,.0f}–${self.high:,.0f})."
        )


def position(*, stone: Traded, among: Sequence[Traded]) -> Position | None:
    """None: too few to say. `among` are stones of the same shape, growth and kind of report; itself is left out.

    Prices are brought to this stone's weight first, each by its price per carat.
    """
    for carat_pct, colors, clarities in STEPS:
        near = [
            each
            for each in among
            if is_comparable(stone, each, carat_pct=carat_pct, colors=colors, clarities=clarities)
        ]
        if len(near) >= FEWEST:
            return _position(stone, near, carat_pct=carat_pct, grades=max(colors, clarities))
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


def bounds(carat_points: int) -> tuple[int, int]:
    """The weights in hundredths between which any comparable stone lies."""
    widest = STEPS[-1][0]
    low = -(-carat_points * (100 - widest) // 100)
    high = carat_points * (100 + widest) // 100
    reached = [weight for weight in MAGIC if weight <= carat_points]
    ahead = [weight for weight in MAGIC if weight > carat_points]
    return max([low, *reached[-1:]]), min([high, *(weight - 1 for weight in ahead[:1])])


def _position(stone: Traded, near: Sequence[Traded], *, carat_pct: int, grades: int) -> Position:
    prices = sorted(
        each.price_cents * stone.carat_points / each.carat_points / 100 for each in near
    )
    low, _, high = quantiles(prices, n=4, method="inclusive")
    rank, confidence = median_ranks(len(prices))
    return Position(
        n=len(prices),
        cheaper=sum(price <= stone.price_cents / 100 for price in prices),
        median=median(prices),
        low=low,
        high=high,
        median_low=prices[rank],
        median_high=prices[-1 - rank],
        confidence=confidence,
        carat_pct=carat_pct,
        grades=grades,
    )


def median_ranks(n: int, *, wanted: float = 0.95) -> tuple[int, float]:
    """The k for which the k-th and the k-th last of n sorted values hold the median at least as surely as wanted.

    Each value lies below the median with probability one half, so that the chance of the median lying outside is twice
    the tail of a binomial: exact for prices of any distribution.
    """
    tail, below = 0.0, 0
    for k in range(n // 2):
        tail += comb(n, k) / 2**n
        if 1 - 2 * tail < wanted:
            break
        below = k
    outside = 2 * sum(comb(n, k) for k in range(below + 1)) / 2**n
    return below, 1 - outside
