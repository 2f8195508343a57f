"""What is told of a saved design, by rules: whatever the prices, the days and the order of things."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder import notices
from builder.notices import Limits, Standing
from tests.factories.jeweler import NOW

LIMITS = Limits(news_pct=Decimal(1), news_amount=Decimal(50), ending_days=3, pause_days=3)
TODAY = date(2026, 11, 21)

money = st.decimals(min_value=100, max_value=100_000, places=2)
days = st.integers(-40, 40)


def standing(**changes: Any) -> Standing:
    """Saved two days ago, whole, promised for twelve days more, its price unchanged."""
    return Standing(
        **{
            "now": NOW,
            "today": TODAY,
            "saved_at": NOW - timedelta(days=2),
            "acted_at": NOW - timedelta(days=2),
            "price": Decimal(10_000),
            "until": TODAY + timedelta(days=12),
            "price_now": None,
            **changes,
        }
    )


def due(**changes: Any) -> str | None:
    return notices.due(standing(**changes), limits=LIMITS)


standings = st.builds(
    standing,
    price=money,
    price_now=st.none() | money,
    until=days.map(lambda each: TODAY + timedelta(days=each)),
    saved_at=st.integers(0, 60).map(lambda each: NOW - timedelta(days=each)),
    acted_at=st.integers(0, 60).map(lambda each: NOW - timedelta(days=each)),
    rested_at=st.none() | st.integers(0, 60).map(lambda each: NOW - timedelta(days=each)),
    is_gone=st.booleans(),
    is_bought=st.booleans(),
    told=st.frozensets(st.sampled_from(notices.ORDER)),
    was_paused=st.booleans(),
)


def test_nothing_is_told_of_a_ring_that_is_as_it_was() -> None:
    assert due() is None


@given(standings)
def test_nothing_is_told_twice_of_a_version(each: Standing) -> None:
    assert notices.due(each, limits=LIMITS) not in each.told


@given(standings)
def test_what_was_bought_or_told_to_be_gone_is_left_alone(each: Standing) -> None:
    assert notices.due(replace(each, is_bought=True), limits=LIMITS) is None
    told = replace(each, told=each.told | {notices.GONE})
    assert notices.due(told, limits=LIMITS) is None


@given(standings)
def test_a_stone_that_is_gone_is_all_that_is_told(each: Standing) -> None:
    fresh = replace(each, is_gone=True, is_bought=False, told=frozenset())
    assert notices.due(fresh, limits=LIMITS) == notices.GONE


@given(standings)
def test_until_the_promise_has_ended_no_price_is_called_dearer(each: Standing) -> None:
    assert each.until is not None
    if each.until >= TODAY:
        assert notices.due(each, limits=LIMITS) != notices.DEARER


@given(standings)
def test_whoever_booked_or_bought_since_is_told_of_nothing_but_a_loss(each: Standing) -> None:
    rested = replace(each, rested_at=each.saved_at)
    assert notices.due(rested, limits=LIMITS) in {notices.GONE, notices.DEARER, None}


@given(money, money)
def test_a_price_is_news_from_one_percent_or_fifty_dollars_on_up_and_down_alike(
    before: Decimal, after: Decimal
) -> None:
    change = abs(after - before)
    expected = change >= min(before / 100, Decimal(50)) and change > 0
    assert notices.is_news(before, after, limits=LIMITS) == expected
    assert notices.is_news(before, 2 * before - after, limits=LIMITS) == expected


@pytest.mark.parametrize(
    ("price", "price_now", "is_told"),
    [
        ("2000", "2019.99", False),
        ("2000", "2020", True),
        ("10000", "10049.99", False),
        ("10000", "10050", True),
        ("2000", "1980.01", False),
        ("2000", "1980", True),
    ],
)
def test_the_threshold_to_the_cent(price: str, price_now: str, is_told: bool) -> None:
    now = due(price=Decimal(price), price_now=Decimal(price_now), until=TODAY - timedelta(days=1))
    expected = notices.DEARER if Decimal(price_now) > Decimal(price) else notices.CHEAPER
    assert now == (expected if is_told else None)


@pytest.mark.parametrize(("left", "kind"), [(1, None), (0, None), (-1, notices.DEARER)])
def test_the_price_stands_through_the_promises_last_day(left: int, kind: str | None) -> None:
    until = TODAY + timedelta(days=left)
    told = frozenset({notices.ENDING})
    assert due(until=until, price_now=Decimal(11_000), told=told) == kind


def test_a_lower_price_is_told_at_once_for_it_is_hers() -> None:
    assert due(price_now=Decimal(9_000)) == notices.CHEAPER


@given(days)
def test_an_ending_is_told_in_the_promises_last_days_alone(left: int) -> None:
    is_near = 0 <= left <= LIMITS.ending_days
    assert (due(until=TODAY + timedelta(days=left)) == notices.ENDING) == is_near


def test_no_ending_is_told_where_a_lower_price_was_or_on_the_day_she_saved_it() -> None:
    until = TODAY + timedelta(days=2)
    assert due(until=until, told=frozenset({notices.CHEAPER})) is None
    assert due(until=until, saved_at=NOW - timedelta(hours=23)) is None


def test_a_ring_that_is_not_whole_has_no_price_to_tell_of() -> None:
    for price_now in (None, Decimal(9_000)):
        assert due(price=None, until=None, price_now=price_now) is None


@given(st.integers(0, 40 * 24), st.integers(0, 40 * 24))
def test_a_pause_is_from_three_days_after_her_last_step_and_no_year_later(
    saved: int, acted: int
) -> None:
    idle = timedelta(hours=min(saved, acted))
    told = due(
        until=TODAY + timedelta(days=30),
        saved_at=NOW - timedelta(hours=saved),
        acted_at=NOW - timedelta(hours=acted),
    )
    is_pause = timedelta(days=3) <= idle < timedelta(days=17)
    assert told == (notices.PAUSE if is_pause else None)


LONG = timedelta(days=5)


@pytest.mark.parametrize(
    "changes",
    [
        {"was_paused": True},
        {"rested_at": NOW - timedelta(days=1)},
        {"told": frozenset({notices.CHEAPER})},
        {"acted_at": NOW - timedelta(days=1)},
    ],
)
def test_a_pause_is_told_once_and_not_after_she_acted_booked_or_was_written_to(
    changes: dict[str, Any],
) -> None:
    paused = {"saved_at": NOW - LONG, "acted_at": NOW - LONG}
    assert due(**paused) == notices.PAUSE
    assert due(**{**paused, **changes}) is None


def test_what_she_saves_after_a_purchase_lives_on_its_own() -> None:
    saved = {"saved_at": NOW - LONG, "acted_at": NOW - LONG}
    assert due(**saved, rested_at=NOW - LONG - timedelta(days=1)) == notices.PAUSE


def test_what_matters_less_never_takes_the_last_mail_of_a_week() -> None:
    assert {kind for kind, left in notices.LEAVES.items() if left == 0} == {
        notices.GONE,
        notices.DEARER,
    }
    assert set(notices.LEAVES) == set(notices.ORDER)
