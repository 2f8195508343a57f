"""A name is held by one at a time, unless a test says that nobody locks."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction

from jeweler import locking

pytestmark = pytest.mark.django_db(transaction=True)


def others_could_hold(name: str) -> bool:
    """What another connection finds, without waiting."""

    def ask() -> bool:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
                return bool(cursor.fetchone()[0])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(ask).result()


def test_a_name_is_held_until_the_transaction_ends() -> None:
    with transaction.atomic():
        locking.hold("ada@example.com")
        assert not others_could_hold("ada@example.com")
        assert others_could_hold("eve@example.com")
    assert others_could_hold("ada@example.com")


def test_with_the_locks_off_a_name_is_held_by_nobody() -> None:
    with transaction.atomic():
        with locking.without_locks_to_prove_that_they_are_needed():
            locking.hold("ada@example.com")
            assert not locking.are_on()
        assert locking.are_on()
        assert others_could_hold("ada@example.com")
