"""Whose turn it is: periodic work is done once in its time, however many clocks ring for it.

Turns are cut from UTC, which knows no summer time, so that no hour of the year has two of them or none. A turn that was taken by a
process that died is not taken again: the next one does the work, which looks at rows and so makes up for it.
"""

from datetime import UTC, datetime, timedelta

from django.db import connection

from pos_bridge.models import Slot

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
KEPT = timedelta(days=7)


def take(*, name: str, every: timedelta, now: datetime) -> bool:
    """Whether this turn is the caller's. Seen by the others at once when called outside a transaction."""
    began_at = now - (now - EPOCH) % every
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO pos_bridge_slot (name, began_at) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [name, began_at],
        )
        taken: int = cursor.rowcount
    return taken == 1


def prune(*, now: datetime) -> int:
    return Slot.objects.filter(began_at__lt=now - KEPT).delete()[0]
