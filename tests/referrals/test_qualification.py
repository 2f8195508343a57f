"""Scenarios by their numbers, on facts alone; and that no order and no repetition of them makes a difference."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referrals.qualification import (
    Fact,
    Kind,
    Rules,
    Standing,
    State,
    days_end,
    fold,
    midnight_after,
)

LONDON = ZoneInfo("Europe/London")
LOCKED = datetime(2026, 2, 20, 12, 0, tzinfo=LONDON)
RULES = Rules(
    locked_at=LOCKED,
    lock_ends_at=days_end(LOCKED, days=365, zone=LONDON),
    return_days=30,
    minimums={"GBP": Decimal("500.00")},
    zone=LONDON,
)
PAID = datetime(2026, 3, 10, 11, 0, tzinfo=LONDON)
NEVER = datetime(2040, 1, 1, tzinfo=UTC)


def on(month: int, day: int, hour: int = 12, *, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=LONDON)


def ordered(
    amount: str = "4200.00", *, sale: int = 1, at: datetime = PAID, version: int = 1,
    merchandise: str = "", currency: str = "GBP",
) -> Fact:  # fmt: skip
    data = {
        "sale": sale, "version": version, "currency": currency, "total": amount,
        "merchandise": merchandise or amount,
    }  # fmt: skip
    return Fact(kind=Kind.ORDERED, key=f"sale:{sale}:{version}", at=at, data=data)


def captured(
    amount: str = "4200.00", *, sale: int = 1, payment: int = 1, at: datetime = PAID,
    tender: str = "card",
) -> Fact:  # fmt: skip
    data = {"sale": sale, "payment": payment, "amount": amount, "tender": tender}
    return Fact(kind=Kind.CAPTURED, key=f"payment:{payment}", at=at, data=data)


def handed_over(*, sale: int = 1, at: datetime = PAID) -> Fact:
    return Fact(kind=Kind.HANDED_OVER, key=f"sale:{sale}:handed_over", at=at, data={"sale": sale})


def refunded(
    amount: str, *, sale: int = 1, at: datetime, number: int = 1, reason: str = ""
) -> Fact:
    data = {"sale": sale, "amount": amount, "reason": reason}
    return Fact(kind=Kind.REFUNDED, key=f"refund:{number}", at=at, data=data)


def canceled(*, sale: int = 1, at: datetime) -> Fact:
    return Fact(kind=Kind.CANCELED, key=f"sale:{sale}:canceled", at=at, data={"sale": sale})


def said(kind: Kind, key: str, at: datetime = PAID, **data: object) -> Fact:
    return Fact(kind=kind, key=key, at=at, data=data)


def bought(amount: str = "4200.00", *, sale: int = 1, at: datetime = PAID) -> list[Fact]:
    return [
        ordered(amount, sale=sale, at=at),
        captured(amount, sale=sale, payment=sale, at=at),
        handed_over(sale=sale, at=at),
    ]


def at(facts: list[Fact], now: datetime = NEVER) -> Standing:
    return fold(facts, rules=RULES, now=now)


def test_a_purchase_qualifies_at_the_midnight_after_its_return_window() -> None:
    last = at(bought(), on(4, 9, 23))
    assert (last.state, last.qualify_at) == (State.IN_RETURN_WINDOW, on(4, 10, 0).astimezone(UTC))
    assert at(bought(), on(4, 10, 0)).state == State.QUALIFIED


def test_case_5_the_last_day_of_the_lock_counts() -> None:
    last_second = datetime(2027, 2, 20, 23, 59, 59, tzinfo=LONDON)
    assert at(bought(at=last_second)).state == State.QUALIFIED
    late = at(bought(at=last_second + timedelta(seconds=1)))
    assert (late.state, late.reason, late.is_closed) == (State.EXPIRED, "LOCK_EXPIRED", True)


@pytest.mark.parametrize(
    ("facts", "state", "reason"),
    [
        pytest.param(bought("486.00"), State.REJECTED, "BELOW_MIN", id="15: after a discount"),
        pytest.param(
            [ordered("635.00", merchandise="450.00"), captured("635.00"), handed_over()],
            State.REJECTED, "BELOW_MIN", id="16: repairs and gift cards are no merchandise",
        ),
        pytest.param(
            [*bought("600.00"), refunded("150.00", at=on(3, 20))],
            State.REVERSED, "BELOW_MIN_AFTER_REFUND", id="28: the difference given back",
        ),
        pytest.param(
            [*bought("600.00"), refunded("600.00", at=on(3, 20)), *bought("450.00", sale=2, at=on(3, 20))],
            State.REVERSED, "BELOW_MIN_AFTER_REFUND", id="28: returned, and another bought the same day",
        ),
        pytest.param(
            [ordered("600.00"), captured("600.00"), ordered("450.00", version=2), handed_over()],
            State.REVERSED, "BELOW_MIN_AFTER_REFUND", id="28: the ticket itself was changed",
        ),
        pytest.param(
            [ordered("600.00"), captured("450.00"), captured("150.00", payment=2, tender="store_credit"), handed_over()],
            State.REJECTED, "BELOW_MIN", id="credit is no new money",
        ),
        pytest.param([*bought("4200.00")[:1], captured("4200.00")], State.PURCHASED, "", id="not handed over"),
        pytest.param([ordered(), captured("400.00"), handed_over()], State.PENDING_PAYMENT, "", id="a deposit"),
        pytest.param([ordered("9000.00", currency="USD"), captured("9000.00"), handed_over()], State.REJECTED, "OTHER_CURRENCY", id="a currency without terms"),
    ],
)  # fmt: skip
def test_what_too_little_or_an_open_order_comes_to(
    facts: list[Fact], state: State, reason: str
) -> None:
    standing = at(facts, on(3, 25))
    assert (standing.state, standing.reason) == (state, reason)


def test_case_23_a_part_given_back_leaves_the_rest_on_its_day() -> None:
    standing = at([*bought(), refunded("600.00", at=on(3, 25))], on(4, 10, 0))
    assert (standing.state, standing.net) == (State.QUALIFIED, Decimal("3600.00"))


def test_case_29_a_paid_resize_changes_nothing() -> None:
    resize = [
        ordered("65.00", sale=2, at=on(3, 20), merchandise="0"),
        captured("65.00", sale=2, payment=9, at=on(3, 20)),
        handed_over(sale=2, at=on(3, 20)),
    ]
    assert at([*bought(), *resize], on(4, 1)) == at(bought(), on(4, 1))


def test_case_32_a_canceled_layaway_leaves_the_lock() -> None:
    layaway = [
        ordered(),
        captured("400.00"),
        canceled(at=on(5, 1)),
        refunded("350.00", at=on(5, 1)),
    ]
    standing = at(layaway, on(6, 1))
    assert (standing.state, standing.attempt) == (State.IDENTIFIED, 2)
    assert standing.look_at == midnight_after(date(2027, 2, 20), zone=LONDON)
    assert at([*layaway, *bought(sale=2, at=on(7, 1))], on(9, 1)).state == State.QUALIFIED
    over = at(layaway)
    assert (over.state, over.reason, over.is_closed) == (State.REVERSED, "ORDER_CANCELED", True)


def test_an_open_order_outlives_the_lock() -> None:
    deposit = [ordered(), captured("400.00")]
    assert at(deposit, on(6, 1, year=2027)).state == State.PENDING_PAYMENT
    paid = [*deposit, captured("3800.00", payment=2, at=on(7, 1, year=2027)), handed_over()]
    standing = at(paid, on(7, 2, year=2027))
    assert standing.qualify_at == on(8, 1, 0, year=2027).astimezone(UTC)


def test_case_34_what_was_voided_was_never_paid() -> None:
    voided = said(Kind.VOIDED, "payment:1:voided", at=on(3, 11), sale=1, payment=1)
    assert at([*bought(), voided], on(6, 1)).state == State.PENDING_PAYMENT


def test_a_change_of_clocks_makes_no_day_longer_or_shorter() -> None:
    """Thirty days over the change in March, by London's midnight and not by thirty times 24 hours."""
    standing = at(bought(at=on(3, 14)), on(4, 1))
    assert standing.qualify_at == datetime(2026, 4, 13, 23, 0, tzinfo=UTC)


def test_an_open_return_holds_even_what_is_due() -> None:
    opened = said(Kind.RETURN_OPENED, "return:1:opened", at=on(4, 8), **{"return": 1, "sale": 1})
    held = at([*bought(), opened])
    assert (held.state, held.reason, held.look_at) == (State.ON_HOLD, "RETURN_OPEN", None)
    closed = said(Kind.RETURN_CLOSED, "return:1:closed", at=on(4, 20), **{"return": 1})
    assert at([*bought(), opened, closed]).state == State.QUALIFIED


def test_letting_go_of_one_hold_never_frees_what_another_holds() -> None:
    facts = [
        *bought(),
        said(Kind.HELD, "review:1:held", review=1, reason="SAME_CARD"),
        said(Kind.HELD, "review:2:held", review=2, reason="VELOCITY"),
        said(Kind.RELEASED, "review:1:decided", at=on(3, 12), review=1),
    ]
    assert (at(facts).state, at(facts).reason) == (State.ON_HOLD, "VELOCITY")
    facts.append(said(Kind.RELEASED, "review:2:decided", at=on(3, 13), review=2))
    assert at(facts).state == State.QUALIFIED


@pytest.mark.parametrize(
    ("reason", "why"), [("", "LATE_REFUND"), ("Chargeback 4853", "CHARGEBACK")]
)
def test_cases_37_and_39_what_comes_back_after_the_reward_is_taken_back(
    reason: str, why: str
) -> None:
    rewarded = said(Kind.REWARDED, "rewarded", at=on(4, 10), sale=1)
    back = refunded("4200.00", at=on(5, 20), reason=reason)
    standing = at([*bought(), rewarded, back], on(5, 21))
    assert (standing.state, standing.reason) == (State.CLAWED_BACK, why)
    assert at([*bought(), rewarded], on(5, 21)).state == State.REWARDED


def test_an_exchange_starts_the_clock_anew_once() -> None:
    first = [*bought("900.00"), refunded("900.00", at=on(3, 20))]
    second = bought("800.00", sale=2, at=on(3, 20))
    assert at([*first, *second], on(4, 1)).qualify_at == on(4, 20, 0).astimezone(UTC)
    third = [
        refunded("800.00", sale=2, number=2, at=on(4, 5)),
        *bought("700.00", sale=3, at=on(4, 5)),
    ]
    assert at([*first, *second, *third], on(4, 6)).qualify_at == on(4, 20, 0).astimezone(UTC)


def test_a_sale_that_was_another_customers_counts_no_more_and_again_when_it_comes_back() -> None:
    left = said(Kind.LEFT, "sale:1:turn:1", at=on(3, 12), sale=1, count=1)
    back = said(Kind.LEFT, "sale:1:turn:2", at=on(3, 13), sale=1, count=2, is_back=True)
    assert at([*bought(), left], on(6, 1)).state == State.IDENTIFIED
    assert at([*bought(), left, back], on(6, 1)).state == State.QUALIFIED


EVERYTHING = [
    *bought("900.00"),
    ordered("950.00", version=2, at=PAID),
    captured("50.00", payment=7, at=on(3, 12)),
    refunded("100.00", at=on(3, 15)),
    refunded("850.00", number=2, at=on(3, 18)),
    *bought("820.00", sale=2, at=on(3, 18)),
    said(Kind.VOIDED, "payment:2:voided", at=on(3, 19), sale=2, payment=2),
    captured("820.00", sale=2, payment=8, at=on(3, 20)),
    said(Kind.HELD, "review:1:held", at=on(3, 21), review=1, reason="SAME_CARD"),
    said(Kind.RELEASED, "review:1:decided", at=on(3, 22), review=1),
    said(Kind.LEFT, "sale:1:turn:1", at=on(3, 23), sale=1, count=1),
    canceled(sale=2, at=on(3, 24)),
    *bought("5000.00", sale=3, at=on(6, 1)),
]


@given(
    some=st.lists(st.sampled_from(EVERYTHING), unique_by=lambda fact: fact.key),
    days=st.integers(min_value=0, max_value=500),
    data=st.data(),
)
def test_order_and_repetition_of_facts_make_no_difference(
    some: list[Fact], days: int, data: st.DataObject
) -> None:
    now = PAID + timedelta(days=days)
    again = data.draw(st.lists(st.sampled_from(some))) if some else []
    shuffled = data.draw(st.permutations([*some, *again]))
    assert at(shuffled, now) == at(some, now)


@given(some=st.lists(st.sampled_from(EVERYTHING), unique_by=lambda fact: fact.key))
def test_time_alone_never_moves_what_has_ended(some: list[Fact]) -> None:
    standing = at(some, PAID)
    for _ in range(10):
        if standing.look_at is None:
            break
        standing = at(some, standing.look_at)
    if standing.is_closed:
        later = at(some, NEVER)
        assert (later.state, later.reason) == (standing.state, standing.reason)
    elif standing.state not in {State.QUALIFIED, State.ON_HOLD}:
        assert at(some, NEVER).state == standing.state
