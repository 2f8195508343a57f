"""What the outbox promises, with subscribers of our own."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from django.db import connections, transaction
from django.db.transaction import TransactionManagementError
from django.test import override_settings

from jeweler import outbox
from jeweler.models import AuditEntry, OutboxDelivery, OutboxEvent
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True, kw_only=True)
class BellRung(outbox.Event):
    bell: int


@dataclass(frozen=True, kw_only=True)
class EchoHeard(outbox.Event):
    bell: int


@dataclass(frozen=True, kw_only=True)
class DrumBeaten(outbox.Event):
    drum: int


heard: list[tuple[str, int]] = []
failing: set[str] = set()
recorded: list[int] = []


@outbox.subscribe(BellRung)
def writer(event: BellRung, *, now: datetime) -> None:
    heard.append(("writer", event.bell))
    AuditEntry.objects.create(at=now, action="bell.heard", subject=f"bell:{event.bell}")
    if "writer" in failing:
        raise RuntimeError("boom")


@outbox.subscribe(BellRung)
def echo(event: BellRung, *, now: datetime) -> None:
    heard.append(("echo", event.bell))
    if "echo" in failing:
        raise RuntimeError("boom")
    outbox.publish(EchoHeard(bell=event.bell), at=now)


@outbox.subscribe(EchoHeard)
def listener(event: EchoHeard, *, now: datetime) -> None:
    heard.append(("listener", event.bell))


@outbox.subscribe(DrumBeaten, with_record=True)
def recorder(event: DrumBeaten, *, record: OutboxEvent, now: datetime) -> None:
    recorded.append(record.pk)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    heard.clear()
    recorded.clear()
    failing.clear()
    return None


def ring(bell: int = 1) -> None:
    with transaction.atomic():
        outbox.publish(BellRung(bell=bell), at=NOW)


def delivery_to(name: str) -> OutboxDelivery:
    return OutboxDelivery.objects.get(subscriber__endswith=f".{name}")


def test_every_subscriber_hears_an_event_once_and_what_follows_from_it() -> None:
    ring()
    assert heard == []
    assert outbox.deliver_due(now=NOW) == 3
    assert outbox.deliver_due(now=NOW) == 0
    assert sorted(heard) == [("echo", 1), ("listener", 1), ("writer", 1)]


def test_a_subscriber_that_takes_the_record_can_tell_two_alike_apart() -> None:
    with transaction.atomic():
        outbox.publish(DrumBeaten(drum=1), at=NOW)
        outbox.publish(DrumBeaten(drum=1), at=NOW)
    outbox.deliver_due(now=NOW)
    ids = OutboxEvent.objects.order_by("pk").values_list("pk", flat=True)
    assert sorted(recorded) == list(ids)


def test_publishing_outside_a_transaction_is_refused() -> None:
    with pytest.raises(TransactionManagementError, match="outside a transaction"):
        outbox.publish(BellRung(bell=1), at=NOW)


def test_a_rolled_back_event_is_never_announced() -> None:
    with transaction.atomic():
        outbox.publish(BellRung(bell=1), at=NOW)
        transaction.set_rollback(True)
    assert OutboxEvent.objects.count() == 0
    assert outbox.deliver_due(now=NOW) == 0


def test_delivering_inside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        outbox.deliver_due(now=NOW)


def test_a_failing_subscriber_leaves_no_trace_and_holds_up_nobody() -> None:
    failing.add("writer")
    ring()
    assert outbox.deliver_due(now=NOW) == 2
    assert AuditEntry.objects.count() == 0
    owed = delivery_to("writer")
    assert owed.delivered_at is None
    assert owed.attempts == 1
    assert owed.last_error == "RuntimeError('boom')"


def test_a_failed_delivery_waits_longer_each_time() -> None:
    failing.add("writer")
    ring()
    now, waits = NOW, []
    for _ in range(5):
        outbox.deliver_due(now=now)
        due = delivery_to("writer").next_attempt_at
        waits.append((due - now).total_seconds())
        assert outbox.deliver_due(now=due - timedelta(seconds=1)) == 0
        now = due
    for wait, least in zip(waits, [5, 10, 20, 40, 80], strict=True):
        assert least <= wait <= least * 1.2


def test_the_wait_never_exceeds_an_hour_and_a_fifth() -> None:
    assert timedelta(hours=1) <= outbox.wait_after(500) <= timedelta(minutes=72)


def test_a_delivery_that_succeeds_at_last_forgets_its_error() -> None:
    failing.add("writer")
    ring()
    outbox.deliver_due(now=NOW)
    failing.clear()
    assert outbox.deliver_due(now=NOW + timedelta(minutes=1)) == 1
    assert delivery_to("writer").last_error == ""
    assert AuditEntry.objects.count() == 1


def exhaust(now: datetime) -> datetime:
    for _ in range(3):
        outbox.deliver_due(now=now)
        now += timedelta(hours=2)
    return now


@override_settings(OUTBOX_MAX_ATTEMPTS=3)
def test_a_delivery_that_keeps_failing_is_given_up_and_can_be_replayed() -> None:
    failing.add("writer")
    ring()
    later = exhaust(NOW)
    given_up = delivery_to("writer")
    assert given_up.dead_at is not None
    assert outbox.deliver_due(now=later) == 0

    failing.clear()
    outbox.replay(delivery=given_up, now=later)
    assert outbox.deliver_due(now=later) == 1
    assert delivery_to("writer").delivered_at == later


def test_what_was_delivered_is_not_replayed() -> None:
    ring()
    outbox.deliver_due(now=NOW)
    with pytest.raises(outbox.AlreadyDelivered):
        outbox.replay(delivery=delivery_to("writer"), now=NOW)


@override_settings(OUTBOX_MAX_ATTEMPTS=3)
def test_a_delivery_whose_last_attempt_killed_its_worker_is_given_up() -> None:
    ring()
    OutboxDelivery.objects.filter(subscriber__endswith=".writer").update(attempts=3)
    outbox.deliver_due(now=NOW)
    killer = delivery_to("writer")
    assert killer.dead_at == NOW
    assert "died" in killer.last_error
    assert ("writer", 1) not in heard


def test_a_subscriber_that_is_gone_is_named() -> None:
    ring()
    OutboxDelivery.objects.filter(subscriber__endswith=".writer").update(subscriber="old.name")
    outbox.deliver_due(now=NOW)
    assert "old.name does not subscribe to tests.BellRung" in (
        OutboxDelivery.objects.get(subscriber="old.name").last_error
    )


def test_an_event_nobody_subscribes_to_owes_nothing() -> None:
    @dataclass(frozen=True, kw_only=True)
    class LeafFell(outbox.Event):
        tree: int

    with transaction.atomic():
        outbox.publish(LeafFell(tree=1), at=NOW)
    assert OutboxDelivery.objects.count() == 0


def test_only_old_events_that_everybody_heard_are_forgotten() -> None:
    failing.add("writer")
    ring(bell=1)
    outbox.deliver_due(now=NOW)
    failing.clear()
    with transaction.atomic():
        outbox.publish(EchoHeard(bell=2), at=NOW)
    outbox.deliver_due(now=NOW)

    assert outbox.prune(now=NOW + timedelta(days=29)) == 0
    assert outbox.prune(now=NOW + timedelta(days=31)) == 2
    assert OutboxEvent.objects.get().payload == {"bell": 1}


def test_workers_side_by_side_never_share_a_delivery() -> None:
    for bell in range(20):
        ring(bell=bell)

    def work() -> int:
        try:
            return outbox.deliver_due(now=NOW)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        delivered = sum(done.result() for done in [pool.submit(work) for _ in range(4)])
    # A worker may have found nothing while another's follow-up was being written.
    delivered += outbox.deliver_due(now=NOW)
    assert delivered == 60
    assert len(heard) == len(set(heard)) == 60


def test_a_delivery_that_takes_long_holds_up_no_other_worker() -> None:
    ring()
    slow = delivery_to("writer")
    with transaction.atomic():
        OutboxDelivery.objects.select_for_update().get(pk=slow.pk)

        def work() -> int:
            try:
                with connections["default"].cursor() as cursor:
                    cursor.execute("set lock_timeout = '3s'")  # waiting is failing
                return outbox.deliver_due(now=NOW)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(work).result() == 2
    assert ("writer", 1) not in heard


def test_a_worker_whose_claim_was_taken_over_leaves_the_delivery_alone() -> None:
    with transaction.atomic():
        outbox.publish(EchoHeard(bell=1), at=NOW)
    [slept] = outbox._claim_new(now=NOW, most=5)
    [took_over] = outbox._claim_again(now=NOW + timedelta(hours=1))
    assert not outbox._attempt(slept, now=NOW)
    assert heard == []
    assert outbox._attempt(took_over, now=NOW)
    assert heard == [("listener", 1)]


def test_what_was_claimed_together_with_a_killer_is_tried_alone_from_then_on() -> None:
    with transaction.atomic():
        for bell in (1, 2, 3):
            outbox.publish(EchoHeard(bell=bell), at=NOW)
    assert len(outbox._claim_new(now=NOW, most=20)) == 3  # and the process dies here
    later = NOW + timedelta(minutes=1)
    assert outbox._claim_new(now=later, most=20) == []
    again = [outbox._claim_again(now=later) for _ in range(4)]
    assert [len(each) for each in again] == [1, 1, 1, 0]
    assert all(outbox._attempt(each, now=later) for [each] in again[:3])
    assert sorted(heard) == [("listener", 1), ("listener", 2), ("listener", 3)]


def test_a_limit_leaves_the_rest_for_the_next_time() -> None:
    ring()
    assert outbox.deliver_due(now=NOW, limit=1) == 1
    assert outbox.deliver_due(now=NOW) == 2
