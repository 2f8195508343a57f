"""How far an import is, told to others while it runs.

What the import changes is seen by nobody until it is committed, and its own connection is busy with the rows. So the word goes over a
second connection that commits each line at once. Inside somebody else's transaction nobody could see the record, and nothing is told.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

from django.db import connection

from builder.models import FeedImport

STEPS = (
    "Looking for what the file says twice",
    "Comparing it with the catalog",
    "Weighing what would be gone",
    "Correcting known stones",
    "Bringing in new stones",
    "Writing the offers",
    "Withdrawing what is gone",
    "Setting prices and delivery",
    "Writing the report",
)
_TABLE = FeedImport._meta.db_table


class Progress:
    """Of one import. `tell` also sets the record's own fields, for whoever saves it later."""

    def __init__(self, record: FeedImport) -> None:
        self._record = record
        self._other = connection.copy() if record.pk and not connection.in_atomic_block else None
        self._step = 0

    def tell(self, **changes: Any) -> None:
        for name, value in changes.items():
            setattr(self._record, name, value)
        if self._other is not None:
            assigned = ", ".join(f"{name} = %s" for name in changes)
            with self._other.cursor() as cursor:
                cursor.execute(
                    f"UPDATE {_TABLE} SET {assigned} WHERE id = %s",  # noqa: S608  names of our own
                    [*changes.values(), self._record.pk],
                )

    def next_step(self) -> None:
        self._step += 1
        self.tell(step=self._step)

    def close(self) -> None:
        if self._other is not None:
            self._other.close()


@contextlib.contextmanager
def of(record: FeedImport) -> Iterator[Progress]:
    progress = Progress(record)
    try:
        yield progress
    finally:
        progress.close()
