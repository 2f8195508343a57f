"""Questions that are planned once for each connection."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.utils import ProgrammingError

from jeweler import prepared

pytestmark = pytest.mark.django_db

QUESTION = "select %(number)s::int, %(at)s::timestamptz, array[%(number)s::int] as asked_by_a_test"
KNOWN = "select count(*) from pg_prepared_statements where statement like '%%asked_by_a_test%%'"


def test_a_question_asked_again_and_again_is_planned_once() -> None:
    at = datetime(2026, 11, 23, 15, tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute("deallocate all")
    for number in range(8):
        assert prepared.rows(QUESTION, {"number": number, "at": at}) == [(number, at, [number])]
    with connection.cursor() as cursor:
        cursor.execute(KNOWN)
        assert cursor.fetchone() == (1,)


def test_it_is_counted_and_its_errors_are_djangos(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        prepared.rows("select 1")
    with pytest.raises(ProgrammingError, match="no_such_table"):
        prepared.rows("select from no_such_table")
