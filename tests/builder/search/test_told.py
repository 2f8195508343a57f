"""Stones as the API tells them, on whatever connection."""

import json
from typing import Any

import orjson
import pytest
from django.db import OperationalError, connection, connections, transaction

from builder.search.told import Row, told
from tests.factories.builder import StoneFactory

pytestmark = pytest.mark.django_db(transaction=True)


def telling(*ids: int) -> list[dict[str, Any]]:
    def more(row: Row) -> dict[str, Any]:
        return {"price": row.price}

    found: list[dict[str, Any]] = json.loads(
        orjson.dumps(told(list(ids), currency="USD", more=more))
    )
    return found


def end_the_connection() -> None:
    """As the server does when it starts anew."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (process,) = cursor.fetchone()
    elsewhere = connections.create_connection("default")
    try:
        with elsewhere.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [process])
            assert cursor.fetchone()[0]
    finally:
        elsewhere.close()


def test_words_with_quotes_and_letters_of_any_kind_are_told_as_they_are() -> None:
    stone = StoneFactory(fancy_color='Deep "brünett" \\ ☂')
    assert telling(stone.pk)[0]["fancy_color"] == 'Deep "brünett" \\ ☂'


def test_stones_come_in_the_order_that_is_asked_for() -> None:
    stones = StoneFactory.create_batch(3)
    ids = [stones[2].pk, stones[0].pk, 999_999, stones[1].pk]
    assert [each["id"] for each in telling(*ids)] == [ids[0], ids[1], ids[3]]


def test_a_connection_that_the_server_ended_is_replaced() -> None:
    stone = StoneFactory()
    end_the_connection()
    assert telling(stone.pk)[0]["id"] == stone.pk


def lost_within_a_transaction(pk: int) -> None:
    with transaction.atomic():
        end_the_connection()
        telling(pk)


def test_within_a_transaction_a_lost_connection_is_told_of() -> None:
    """On another one the transaction would not be the same."""
    stone = StoneFactory()
    with pytest.raises(OperationalError):
        lost_within_a_transaction(stone.pk)
    connection.close()
