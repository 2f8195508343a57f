"""Many tills want one customer's credit, many sweeps one thank-you; each race comes with the proof that it is one."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection

from jeweler import locking
from referrals import credit, following, referring
from referrals.models import Advocate, CreditHold, CreditLot, Referral, Reward, Touch
from tests.factories.jeweler import (
    NOW,
    CustomerFactory,
    PaymentFactory,
    SaleFactory,
    SaleLineFactory,
)
from tests.factories.referrals import AdvocateFactory, a_program, grant, hold

pytestmark = pytest.mark.django_db(transaction=True)

TILLS = 100


def at_once(job: Callable[[], object]) -> list[object]:
    """The job from a hundred tills, and what each was given or refused with."""
    gate = threading.Barrier(TILLS)

    def till(_: int) -> object:
        try:
            connection.ensure_connection()
            gate.wait()
            return job()
        except (ValueError, IntegrityError) as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(TILLS) as pool:
        return list(pool.map(till, range(TILLS)))


def test_scenario_33_one_of_a_hundred_tills_is_given_the_credit_and_the_others_hear_what_is_left() -> (
    None
):
    ada = CustomerFactory()
    grant(ada, "65.00")
    given = at_once(lambda: hold(ada, "50.00"))
    refused = [each for each in given if isinstance(each, credit.InsufficientCredit)]
    assert Counter(type(each) for each in given) == {
        CreditHold: 1,
        credit.InsufficientCredit: TILLS - 1,
    }
    assert {refusal.available for refusal in refused} == {15}
    assert CreditLot.objects.get().held == 50


def test_without_the_accounts_lock_tills_promise_what_is_gone_and_only_the_constraint_holds() -> (
    None
):
    """Proof for the test above: two who read before either wrote are both on their way to spend it."""
    ada = CustomerFactory()
    for _ in range(20):
        grant(ada, "50.00")
        with_locks_off: list[object] = at_once_without_locks(lambda: hold(ada, "50.00"))
        lots = CreditLot.objects.all()
        assert all(lot.held <= lot.face for lot in lots), "never below zero, whatever is off"
        if any(isinstance(each, IntegrityError) for each in with_locks_off):
            return
    pytest.fail("Nobody ran into the constraint: the race that the lock prevents did not appear")


def at_once_without_locks(job: Callable[[], object]) -> list[object]:
    def unlocked() -> object:
        with locking.without_locks_to_prove_that_they_are_needed():
            return job()

    return at_once(unlocked)


def test_one_hold_is_captured_and_released_at_once_and_ends_as_one_of_both() -> None:
    ada = CustomerFactory()
    for _ in range(4):
        lot = grant(ada, "10.00")
        kept = hold(ada, "10.00")
        ends = iter([credit.capture, credit.release] * TILLS)
        at_once(lambda kept=kept, ends=ends: next(ends)(uid=kept.uid, now=NOW))  # type: ignore[misc]
        kept.refresh_from_db()
        lot.refresh_from_db()
        spent = 10 if kept.state == CreditHold.State.CAPTURED else 0
        assert (lot.available, lot.held, lot.spent) == (10 - spent, 0, spent)
        if lot.available:
            credit.reverse(lot=lot, reason="so that the next lot is the only one", now=NOW)


# Referrals. Ada's friend buys; many sweep, many doors tell who she is.


@pytest.fixture
def due() -> Referral:
    """A purchase whose return window is over."""
    a_program(currency="USD", cap=1)
    ada = AdvocateFactory()
    return due_of(ada)


def due_of(ada: Advocate) -> Referral:
    bought_at = NOW - timedelta(days=60)
    friend = CustomerFactory()
    referring.touch(advocate=ada, channel=Touch.Channel.LINK, customer=friend, at=bought_at)
    referral = referring.recognize(customer=friend, now=bought_at)
    assert referral is not None
    sale = SaleFactory(
        customer=friend, total=1000, tax=0, placed_at=bought_at, handed_over_at=bought_at
    )
    SaleLineFactory(sale=sale, list_price=1000, net_total=1000)
    PaymentFactory(sale=sale, paid_at=bought_at)
    following.follow(sale_id=sale.pk, now=bought_at + timedelta(days=1))
    return referral


def test_fifty_sweeps_at_once_thank_once(due: Referral) -> None:
    swept = at_once(lambda: following.sweep(now=NOW))
    assert sum(each for each in swept if isinstance(each, int)) == 1
    assert not [each for each in swept if isinstance(each, Exception)]
    assert Reward.objects.filter(rule="credit").count() == 1
    assert CreditLot.objects.get().available == 100


def test_without_their_locks_sweeps_run_into_the_constraint(
    due: Referral, caplog: pytest.LogCaptureFixture
) -> None:
    """Proof for the test above: many give the same thank-you, and only the constraint lets one stand."""
    at_once_without_locks(lambda: following.sweep(now=NOW))
    assert "IntegrityError" in caplog.text
    assert Reward.objects.filter(rule="credit").count() == 1


def test_the_cap_holds_for_two_friends_who_qualify_at_once(due: Referral) -> None:
    for _ in range(3):
        due_of(due.advocate)
    at_once(lambda: following.sweep(now=NOW, limit=1))
    assert Counter(Referral.objects.values_list("state", flat=True)) == {
        Referral.State.REWARDED: 1,
        Referral.State.UNREWARDED: 3,
    }


def test_one_who_is_recognized_at_every_door_at_once_is_bound_once() -> None:
    a_program(currency="USD")
    friend = CustomerFactory()
    for ada in (AdvocateFactory(), AdvocateFactory()):
        referring.touch(advocate=ada, channel=Touch.Channel.LINK, customer=friend, at=NOW)
    found = at_once(lambda: referring.recognize(customer=friend, now=NOW))
    assert Counter(type(each) for each in found) == {Referral: 1, type(None): TILLS - 1}
    unbound = CustomerFactory()
    referring.touch(
        advocate=AdvocateFactory(), channel=Touch.Channel.LINK, customer=unbound, at=NOW
    )
    raced = at_once_without_locks(lambda: referring.recognize(customer=unbound, now=NOW))
    assert any(isinstance(each, IntegrityError) for each in raced), "the lock was not needed"
    assert unbound.referrals.count() == 1
