"""Questions that PostgreSQL plans once for each connection, for those that are asked many times a second.

Django's own cursors write the values into the text, so that the server plans each question anew; planning may take longer than the
answer. Here the values travel beside the text: after a few times psycopg prepares it by itself (`prepare_threshold` in the
settings), and numbers, moments and arrays come back in binary.

Limit: a value's type is what psycopg makes of it, so a statement casts where PostgreSQL could not tell.
"""

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import connection
from psycopg.pq import Format


def rows(statement: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """All that it answers; nothing where it gives no rows back. Counted and logged like every other query."""
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors:
        raw: Any = psycopg.Cursor(connection.connection)
        raw.format = Format.BINARY
    wrapped = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with wrapped(raw) as cursor:
        cursor.execute(statement, values or {})
        return cursor.fetchall() if cursor.description else []
