"""Eight who number at once, two who deliver at once: each race comes with the proof that it is one."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

import pytest
from django.db import IntegrityError, connection

from jeweler import locking
from pos_bridge import outgoing
from pos_bridge.models import WebhookMessage
from tests.factories.pos_bridge import NOW, numbered, open_endpoint
from tests.listeners import listening, self_signed

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*jobs: Callable[[], object]) -> list[object]:
    gate = Barrier(len(jobs))

    def run(job: Callable[[], object]) -> object:
        try:
            gate.wait()
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def number_five() -> int:
    for _ in range(5):
        numbered()
    return 5


def test_eight_who_number_at_once_leave_no_gap_and_no_double() -> None:
    open_endpoint()
    at_once(*[number_five] * 8)
    numbers = WebhookMessage.objects.order_by("seq").values_list("seq", flat=True)
    assert list(numbers) == list(range(1, 41))


def test_without_the_row_lock_two_would_take_one_number() -> None:
    """The proof for the test above; the database refuses the second one, which would have to be tried again."""
    open_endpoint()

    def number_one() -> bool:
        try:
            with locking.without_locks_to_prove_that_they_are_needed():
                numbered()
        except IntegrityError:
            return False
        return True

    with _slow_numbering():
        assert sorted(map(bool, at_once(number_one, number_one))) == [False, True]


def test_two_workers_deliver_each_message_once(tmp_path: Path) -> None:
    with listening(self_signed(tmp_path)) as listener:
        open_endpoint(address=listener.url)
        numbered(16)

        def work() -> int:
            return outgoing.deliver_due(clock=lambda: NOW, reach=listener.reach())

        counts = at_once(work, work)

    ids = [request.headers["webhook-id"] for request in listener.requests]
    assert len(set(ids)) == len(ids) == 16
    assert sum(map(int, map(str, counts))) == 16


@contextmanager
def _slow_numbering() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM pg_sleep(0.8); RETURN NEW; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER dawdle BEFORE UPDATE ON pos_bridge_webhookendpoint "
            "FOR EACH ROW EXECUTE FUNCTION dawdle()"
        )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION dawdle CASCADE")
