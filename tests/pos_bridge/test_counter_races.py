"""Two associates at one ticket, on two connections, and the proof that only its lock keeps them apart."""

import contextlib
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.db import connection

from jeweler import locking
from jeweler.models import Payment
from pos_bridge import taking, tickets
from pos_bridge.models import Tender
from tests.factories import counter
from tests.factories import pos_bridge as tills
from tests.pos_bridge.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_who_take_the_balance_at_once_take_it_once() -> None:
    answers, taken = _both_take_the_balance(is_locked=True)

    assert sorted(answers) == ["NotNow", "taken"]
    assert taken == [Decimal("60.00"), Decimal("40.00")]


def test_without_the_tickets_lock_both_would_take_it() -> None:
    answers, taken = _both_take_the_balance(is_locked=False)

    assert answers == ["taken", "taken"]
    assert taken == [Decimal("60.00"), Decimal("40.00"), Decimal("40.00")]


def _both_take_the_balance(*, is_locked: bool) -> tuple[list[object], list[Decimal]]:
    store = tills.open_store()
    ours = [counter.member(store), counter.member(store)]
    made = counter.ticket(ours[0], store, price="100.00")
    counter.take(made, ours[0], "60.00")

    def take(place: int) -> str:
        off = contextlib.nullcontext() if is_locked else locking.without_locks_to_prove_that_they_are_needed()  # fmt: skip
        act = counter.act(ours[place])
        with off:
            try:
                taking.take(ticket=made, tender=Tender.CARD, amount=Decimal("40.00"), act=act)
            except tickets.NotNow as refusal:
                return type(refusal).__name__
        return "taken"

    with _slow_to_write():
        answers = at_once(lambda: take(0), lambda: take(1))
    return answers, list(Payment.objects.order_by("pk").values_list("amount", flat=True))


@contextlib.contextmanager
def _slow_to_write() -> Iterator[None]:
    """A payment takes long to be written, so that both have looked by then. The sale's lock alone does not look again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM pg_sleep(0.7); RETURN NEW; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER dawdle BEFORE INSERT ON jeweler_payment FOR EACH ROW EXECUTE FUNCTION dawdle()"
        )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION dawdle CASCADE")
