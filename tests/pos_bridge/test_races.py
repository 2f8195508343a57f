"""Two deliveries, two workers, one event: each race comes with the proof that it is one."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import connection
from django.utils import timezone

from jeweler import locking
from jeweler.models import OutboxEvent, Payment, Sale
from pos_bridge import inbound
from pos_bridge.connections import Opened
from pos_bridge.models import InboxEvent
from tests.factories import pos_bridge as tills

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def till() -> Opened:
    tills.open_store()
    return tills.open_till()


def at_once(*jobs: Callable[[], object]) -> list[object]:
    """Each job on a connection of its own, all beginning together."""
    gate = threading.Barrier(len(jobs))

    def run(job: Callable[[], object]) -> object:
        try:
            gate.wait()
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def test_scenario_01_one_event_delivered_over_five_connections_at_once_is_one_row_and_one_sale(
    till: Opened,
) -> None:
    def deliver() -> tuple[int, str]:
        answer = tills.post(till, tills.event("sale.recorded"), key="msg_1")
        return answer.status_code, answer.json()["status"]

    answers = at_once(*[deliver] * 5)
    tills.work_off()

    assert sorted(map(str, answers)) == ["(200, 'kept')"] + ["(200, 'known')"] * 4
    assert InboxEvent.objects.count() == Sale.objects.count() == 1
    assert OutboxEvent.objects.filter(name="jeweler.SaleRecorded").count() == 1


def test_looking_before_inserting_would_have_kept_it_twice(till: Opened) -> None:
    """Proof for the test above: without the constraint, the careful way doubles."""
    looked = threading.Barrier(2)

    def look_then_insert() -> None:
        is_known = InboxEvent.objects.filter(delivery_key="msg_1").exists()
        looked.wait()
        if not is_known:
            InboxEvent.objects.create(
                connection=till.connection,
                delivery_key="msg_1",
                type="sale.recorded",
                body=tills.event("sale.recorded"),
                received_at=tills.NOW,
                next_attempt_at=tills.NOW,
            )

    with _without_the_constraint():
        at_once(look_then_insert, look_then_insert)
        assert InboxEvent.objects.count() == 2
        InboxEvent.objects.all().delete()


def test_four_workers_at_once_apply_each_event_once(till: Opened) -> None:
    for number in range(30):
        tills.post(till, tills.event("sale.recorded", sale={"id": f"T-{number}"}))
        payment = {"id": f"P-{number}"}
        tills.post(
            till, tills.event("payment.captured", sale={"id": f"T-{number}"}, payment=payment)
        )

    at_once(*[tills.work_off] * 4)
    tills.work_off()

    assert not InboxEvent.objects.exclude(state="done").exists()
    assert (Sale.objects.count(), Payment.objects.count()) == (30, 30)
    told = OutboxEvent.objects.values_list("name", flat=True)
    assert list(told).count("jeweler.PaymentCaptured") == 30
    assert list(told).count("jeweler.SaleRecorded") == 30


def test_a_payment_that_parks_while_its_sale_is_applied_is_woken_by_it(till: Opened) -> None:
    assert _states_after_the_race(till, is_locked=True) == ["done", "done"]


def test_without_the_sales_lock_that_payment_would_sleep_on(till: Opened) -> None:
    assert _states_after_the_race(till, is_locked=False) == ["parked", "done"]


def _states_after_the_race(till: Opened, *, is_locked: bool) -> list[str]:
    """The payment is about to be parked, slowly, when the sale comes."""
    tills.post(till, tills.event("payment.captured"))
    tills.post(till, tills.event("sale.recorded"))

    def apply_one(*, after: float) -> None:
        time.sleep(after)
        if is_locked:
            inbound.apply_due(now=timezone.now(), limit=1)
        else:
            with locking.without_locks_to_prove_that_they_are_needed():
                inbound.apply_due(now=timezone.now(), limit=1)

    with _slow_parking():
        at_once(lambda: apply_one(after=0), lambda: apply_one(after=0.4))
    inbound.apply_due(now=timezone.now())
    return list(InboxEvent.objects.order_by("id").values_list("state", flat=True))


@contextmanager
def _slow_parking() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM pg_sleep(1.5); RETURN NEW; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER dawdle BEFORE UPDATE ON pos_bridge_inboxevent FOR EACH ROW "
            "WHEN (NEW.state = 'parked' AND OLD.state = 'new') EXECUTE FUNCTION dawdle()"
        )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION dawdle CASCADE")


@contextmanager
def _without_the_constraint() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE pos_bridge_inboxevent DROP CONSTRAINT inbox_delivery_once")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE pos_bridge_inboxevent ADD CONSTRAINT inbox_delivery_once "
                "UNIQUE (connection_id, delivery_key)"
            )
