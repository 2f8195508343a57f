"""Questions that PostgreSQL plans once for each connection, for those that are asked many times a second.

Django's own cursors write the values into the text, so that the server plans each question anew; planning may take longer than the
answer. Here the values travel beside the text: after a few times psycopg prepares it by itself (`prepare_threshold` in the
settings), and numbers, moments and arrays come back in binary.

Limit: a value's type is what psycopg makes of it, so a statement casts where PostgreSQL could not tell.
"""

import functools
from collections.abc import Mapping
from typing import Any, TypeVar

import psycopg
from django.db import connection, models
from psycopg._queries import PostgresQuery
from psycopg.pq import Format

Row = TypeVar("Row", bound=models.Model)


class _Cursor(psycopg.Cursor[Any]):
    """Its statement is there for Django's log also where it was sent by its name alone, which psycopg forgets to note."""

    def _send_query_prepared(
        self, name: bytes, pgq: PostgresQuery, *, binary: bool | None = None
    ) -> None:
        super()._send_query_prepared(name, pgq, binary=binary)
        self._query = pgq


def rows(statement: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """All that it answers; nothing where it gives no rows back. Counted and logged like every other query."""
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors:
        raw: Any = _Cursor(connection.connection)
        raw.format = Format.BINARY
    wrapped = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with wrapped(raw) as cursor:
        cursor.execute(statement, values or {})
        return cursor.fetchall() if cursor.description else []


def found(model: type[Row], condition: str, values: Mapping[str, Any]) -> list[Row]:
    """The rows of the model's table for which the condition holds, whole. `condition` may go on with an order and a lock."""
    asked = rows(f"select {_columns(model)} from {_table(model)} where {condition}", values)  # noqa: S608  no value in it
    return [model.from_db(connection.alias, _names(model), row) for row in asked]


def inserted(model: type[Row], **values: Any) -> Row | None:
    """The new row, whole; None where a constraint of uniqueness has one like it already. What is not given is the field's default."""
    new = model(**values)
    given = {
        field.attname: field.get_db_prep_save(field.pre_save(new, True), connection)
        for field in model._meta.concrete_fields
        if not field.primary_key
    }
    made = rows(_insert(model), given)
    return model.from_db(connection.alias, _names(model), made[0]) if made else None


@functools.cache
def _insert(model: type[models.Model]) -> str:
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    return (
        f"insert into {_table(model)} ({', '.join(_quoted(str(field.column)) for field in fields)}) "  # noqa: S608  no value in it
        f"values ({', '.join(f'%({field.attname})s' for field in fields)}) "
        f"on conflict do nothing returning {_columns(model)}"
    )


@functools.cache
def _names(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


@functools.cache
def _columns(model: type[models.Model]) -> str:
    return ", ".join(_quoted(str(field.column)) for field in model._meta.concrete_fields)


def _table(model: type[models.Model]) -> str:
    return _quoted(model._meta.db_table)


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
