"""Many rows at once, by COPY: the sample house has to be there within seconds."""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Field, ForeignKey, JSONField, Model
from psycopg.types.json import Jsonb

M = TypeVar("M", bound=Model)


def insert(model: type[M], rows: Sequence[M]) -> None:
    """Insert new rows and give each its id. Related rows must have theirs."""
    fields = model._meta.concrete_fields
    table = connection.ops.quote_name(model._meta.db_table)
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [table, len(rows)],
        )
        for row, (new_id,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = new_id
        with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([_value(row, field) for field in fields])


def _value(row: Model, field: "Field[Any, Any]") -> Any:
    if isinstance(field, ForeignKey):
        # An id that came after the assignment is known to the related object alone.
        related = row._state.fields_cache.get(field.name)
        return related.pk if related is not None else getattr(row, field.attname)
    value = getattr(row, field.attname)
    return Jsonb(value) if isinstance(field, JSONField) else value
