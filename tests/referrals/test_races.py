"""Many tills want one customer's credit at the same moment; each race comes with the proof that it is one."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection

from jeweler import locking
from referrals import credit
from referrals.models import CreditHold, CreditLot
from tests.factories.jeweler import NOW, CustomerFactory
from tests.factories.referrals import grant, hold

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
