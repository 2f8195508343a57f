"""A price's position among comparable stones, against plain counting."""

import random
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate
from math import comb
from statistics import median, quantiles

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder import market
from builder.market import Traded

STONE = Traded(id=1, carat_points=105, color=3, clarity=4, price_cents=600_000)


def others(*prices: int, carat_points: int = 105) -> list[Traded]:
    return [
        replace(STONE, id=number, price_cents=100 * price, carat_points=carat_points)
        for number, price in enumerate(prices, start=2)
    ]


def test_it_is_said_in_words_without_judgment() -> None:
    found = market.position(stone=STONE, among=others(*range(5000, 7400, 100)))
    assert found is not None
    assert (found.n, found.cheaper) == (24, 11)
    assert found.words(currency="USD") == (
        "Costs less than 54 of 100 comparable stones (n = 24; middle half $5,575–$6,725)."
    )
    assert found.words() == "Costs less than 54 of 100 comparable stones (n = 24)."
    assert "€5,575–€6,725" in found.words(currency="EUR")


def test_of_too_few_stones_nothing_is_said() -> None:
    assert market.position(stone=STONE, among=others(*range(5000, 6100, 100))) is None
    assert market.position(stone=STONE, among=others(*range(5000, 6200, 100))) is not None


def test_the_stone_itself_is_not_among_them() -> None:
    assert market.position(stone=STONE, among=[*others(*range(5000, 6100, 100)), STONE]) is None


def test_a_stone_is_not_compared_across_a_magic_weight() -> None:
    across = others(*range(3000, 8000, 100), carat_points=99)
    assert market.position(stone=STONE, among=across) is None


def test_prices_are_brought_to_the_stones_own_weight() -> None:
    found = market.position(stone=STONE, among=others(*[4200] * 12, carat_points=102))
    assert found is not None
    assert found.median == pytest.approx(4200 * 105 / 102)


def test_the_comparison_widens_only_until_there_are_enough() -> None:
    same = others(*range(5000, 6200, 100))
    plainer = [replace(each, id=each.id + 100, clarity=5) for each in same]
    found = market.position(stone=STONE, among=[*same, *plainer])
    assert found is not None
    assert (found.n, found.carat_pct, found.grades) == (12, 4, 0)
    found = market.position(stone=STONE, among=[*same[:11], *plainer])
    assert found is not None
    assert (found.n, found.carat_pct, found.grades) == (23, 7, 1)


@given(st.integers(20, 600))
def test_the_bounds_hold_whatever_is_comparable_and_end_there(points: int) -> None:
    stone = replace(STONE, carat_points=points)
    comparable = [
        each
        for each in range(1, 800)
        if market.is_comparable(
            stone, replace(STONE, id=2, carat_points=each), carat_pct=15, colors=0, clarities=0
        )
    ]
    assert (comparable[0], comparable[-1]) == market.bounds(points)


@pytest.mark.parametrize(("n", "rank"), [(12, 2), (20, 5), (48, 16), (100, 39)])
def test_the_medians_interval_is_the_published_one(n: int, rank: int) -> None:
    """Ranks of the sign test's 95 % interval, counted here from 0."""
    assert market.median_ranks(n)[0] == rank
    assert market.median_ranks(n)[1] >= 0.95


@pytest.mark.parametrize("n", [2, 6, 12, 13, 25, 101, 250, 1000])
def test_the_median_s_interval_is_that_of_exact_binomials(n: int) -> None:
    """Plain sums of whole numbers, from the smallest rank on."""
    tails = list(accumulate(comb(n, k) for k in range(n // 2)))
    sure = [k for k, tail in enumerate(tails) if 1 - 2 * Fraction(tail, 2**n) >= Fraction(19, 20)]
    rank = max(sure, default=0)
    assert market.median_ranks(n)[0] == rank
    confidence = float(1 - 2 * Fraction(tails[rank], 2**n))
    assert market.median_ranks(n)[1] == pytest.approx(confidence, abs=1e-9)


def test_the_interval_holds_the_median_as_often_as_it_says() -> None:
    dice = random.Random(3)
    rank, confidence = market.median_ranks(25)
    rounds = 4000
    held = 0
    for _ in range(rounds):
        drawn = sorted(dice.expovariate(1) for _ in range(25))
        held += drawn[rank] <= 0.6931 <= drawn[-1 - rank]
    assert abs(held / rounds - confidence) < 0.015


@given(st.lists(st.integers(1000, 9000), min_size=12, max_size=60))
def test_the_figures_are_those_of_plain_counting(prices: list[int]) -> None:
    found = market.position(stone=STONE, among=others(*prices))
    assert found is not None
    assert found.cheaper == sum(price <= 6000 for price in prices)
    assert found.median == pytest.approx(median(prices))
    ordered = sorted(prices)
    assert ordered[0] <= found.median_low <= found.median <= found.median_high <= ordered[-1]
    low, middle, high = quantiles(prices, n=4, method="inclusive")
    assert (found.low, found.median, found.high) == pytest.approx((low, middle, high))
