"""Shares are exact, whatever the order, the amount and the weights."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.crediting import CreditModel, Touch, apportion, split, split_refunds
from jeweler.money import from_minor

BEGAN = datetime(2026, 8, 24, 21, 14, tzinfo=UTC)
cents = st.integers(0, 5_000_000).map(lambda minor: from_minor(minor, currency="USD"))
weights = st.dictionaries(
    st.integers(1, 99), st.fractions(Fraction(1, 99), 1, max_denominator=99), min_size=1, max_size=8
)
touch_lists = st.lists(
    st.builds(
        Touch,
        at=st.integers(0, 90).map(lambda days: BEGAN + timedelta(days=days)),
        id=st.integers(1, 999),
    ),
    max_size=6,
    unique_by=lambda touch: touch.id,
)


@pytest.mark.parametrize(("model", "credited"), [(CreditModel.FIRST, 1), (CreditModel.LAST, 3)])
def test_the_first_or_the_last_touch_is_credited_with_the_whole_sale(
    model: CreditModel, credited: int
) -> None:
    touches = [Touch(at=BEGAN + timedelta(days=day), id=day + 1) for day in range(3)]
    shares = split(value=Decimal("13790.00"), touches=touches, model=model, currency="USD")
    assert shares == {credited: Decimal("13790.00")}


def test_of_touches_at_the_same_moment_the_smaller_id_came_first() -> None:
    touches = [Touch(at=BEGAN, id=9), Touch(at=BEGAN, id=4)]
    amount = Decimal(10)
    assert split(value=amount, touches=touches, model=CreditModel.FIRST, currency="USD") == {
        4: amount
    }
    assert split(value=amount, touches=touches, model=CreditModel.LAST, currency="USD") == {
        9: amount
    }


def test_a_sale_without_touches_is_credited_to_nobody() -> None:
    shares = split(value=Decimal("10.00"), touches=[], model=CreditModel.LAST, currency="USD")
    assert shares == {None: Decimal("10.00")}


def test_the_cents_that_are_left_go_to_the_largest_remainders_then_to_the_smaller_id() -> None:
    thirds = dict.fromkeys((7, 8, 9), Fraction(1, 3))
    shares = apportion(amount=Decimal("100.00"), weights=thirds, currency="USD")
    assert shares == {7: Decimal("33.34"), 8: Decimal("33.33"), 9: Decimal("33.33")}


def test_yen_are_never_split_below_one() -> None:
    halves = dict.fromkeys((1, 2), Fraction(1, 2))
    assert apportion(amount=Decimal(101), weights=halves, currency="JPY") == {1: 51, 2: 50}


@given(amount=cents, weights=weights)
def test_shares_sum_to_the_amount_and_are_within_a_cent_of_exact(
    amount: Decimal, weights: dict[int, Fraction]
) -> None:
    shares = apportion(amount=amount, weights=weights, currency="USD")
    assert sum(shares.values()) == amount
    for id_, share in shares.items():
        exact = Fraction(amount) * weights[id_] / sum(weights.values())
        assert abs(Fraction(share) - exact) < Fraction(1, 100)


@given(amount=cents, weights=weights)
def test_a_negative_amount_is_shared_as_its_positive_negated(
    amount: Decimal, weights: dict[int, Fraction]
) -> None:
    shares = apportion(amount=amount, weights=weights, currency="USD")
    negated = apportion(amount=-amount, weights=weights, currency="USD")
    assert negated == {id_: -share for id_, share in shares.items()}


@given(touches=touch_lists, parts=st.lists(cents, min_size=1, max_size=5))
def test_refunds_of_the_whole_take_back_from_each_touch_what_the_sale_gave(
    touches: list[Touch], parts: list[Decimal]
) -> None:
    for model in CreditModel:
        given_ = split(value=sum(parts, Decimal(0)), touches=touches, model=model, currency="USD")
        taken = split_refunds(refunds=parts, touches=touches, model=model, currency="USD")
        assert [sum(shares.values()) for shares in taken] == [-part for part in parts]
        for id_, amount in given_.items():
            assert amount + sum(shares.get(id_, Decimal(0)) for shares in taken) == 0
