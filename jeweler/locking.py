"""Locks on names, and the one switch by which tests prove that a lock is needed.

A name stands for what no row stands for yet: an address that two bring at once, a sale whose events come side by side. With
the switch off, in the context of a race test alone, nobody waits, and the race has to appear.
"""

import contextlib
import contextvars
from collections.abc import Iterable, Iterator
from datetime import timedelta

from django.db import connection

from jeweler import prepared

_are_on = contextvars.ContextVar("are_on", default=True)


def are_on() -> bool:
    """For whoever locks rows: whether to."""
    return _are_on.get()


def hold(name: str) -> None:
    """Wait for whoever holds this name, and hold it until the transaction ends.

    Whoever holds several takes them in sorted order, so that no two wait for each other in a circle.
    """
    if are_on():
        prepared.rows("SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 0))", {"name": name})


def hold_all(names: Iterable[str], *, patience_s: int = 3) -> timedelta:
    """Hold all these names until the transaction ends, taken in sorted order in one statement, and say how long it waited.

    Whoever compares with a moment that was read before adds it, in whole tenths of a second: what is shorter was no wait.
    Raises OperationalError when one is not let go in time.
    """
    if not are_on():
        return timedelta()
    ((waited,),) = prepared.rows(
        _HOLD_ALL, {"patience": f"{patience_s}s", "names": sorted(set(names))}
    )
    return timedelta(milliseconds=100 * waited)


def hold_at_once(names: Iterable[str]) -> set[str]:
    """Those of the names that nobody else holds, held from now until the transaction ends. Waits for none."""
    wanted = sorted(set(names))
    if not are_on() or not wanted:
        return set(wanted)
    with connection.cursor() as cursor:
        cursor.execute(_HOLD_AT_ONCE, [wanted])
        return {name for (name,) in cursor.fetchall()}


_HOLD_AT_ONCE = """
with wanted as materialized (select unnest(%s::text[]) as name)
select name from wanted where pg_try_advisory_xact_lock(hashtextextended(name, 0))
"""

_HOLD_ALL = """
with patience as materialized (select set_config('lock_timeout', %(patience)s, true) as is_set),
     held as materialized (
         select pg_advisory_xact_lock(hashtextextended(name, 0))
         from patience, unnest(%(names)s::text[]) as name where is_set is not null
     )
select floor(extract(epoch from clock_timestamp() - statement_timestamp()) * 10)::int
from (select count(*) from held) as all_held
"""


@contextlib.contextmanager
def without_locks_to_prove_that_they_are_needed() -> Iterator[None]:
    """For the race tests alone."""
    token = _are_on.set(False)
    try:
        yield
    finally:
        _are_on.reset(token)
