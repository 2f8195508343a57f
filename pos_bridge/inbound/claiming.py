"""Which events are attempted next: what is due, the oldest first, several at once where none of them was tried before.

An attempt is counted, in a transaction of its own, before it is made. Those of a batch are counted together, so whoever kills its
worker counts one against its neighbors as well; from then on each of them is claimed by itself, so that it is never more than one.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from jeweler.outbox import wait_after
from pos_bridge.inbound import outcomes
from pos_bridge.models import Connection, InboxEvent

State = InboxEvent.State
FIRST_WAIT = timedelta(seconds=2)


@transaction.atomic(durable=True)
def claim(*, most: int, now: datetime) -> list[InboxEvent]:
    """Count an attempt on the next events and put them off, in case this process dies of one. Nothing: nothing is due."""
    while due := _due(most=most, now=now):
        if due[0].attempts == 0:
            chosen = [event for event in due if event.attempts == 0]
            break
        if due[0].attempts < settings.INBOX_MAX_ATTEMPTS:
            chosen = due[:1]
            break
        # Only a process that died with its last attempt leaves such a row.
        error = due[0].last_error or "The worker died during the last attempt"
        outcomes.settle(due[0], state=State.DEAD, reason="worker_died", error=error, now=now)
    else:
        return []
    again_at = now + wait_after(chosen[0].attempts + 1, first=FIRST_WAIT)
    InboxEvent.objects.filter(pk__in=[event.pk for event in chosen]).update(
        attempts=F("attempts") + 1, next_attempt_at=again_at
    )
    for event in chosen:
        event.attempts += 1
        event.next_attempt_at = again_at
    _say_whose(chosen)
    return chosen


def _due(*, most: int, now: datetime) -> list[InboxEvent]:
    return list(
        InboxEvent.objects.select_for_update(skip_locked=True)
        .filter(state__in=[State.NEW, State.PARKED], next_attempt_at__lte=now)
        .order_by("next_attempt_at", "id")[:most]
    )


def _say_whose(events: list[InboxEvent]) -> None:
    """One connection for all events that came by it, with its store and places, so that none of them asks again."""
    whose = Connection.objects.select_related("store").prefetch_related("places__store")
    known = whose.in_bulk({event.connection_id for event in events})
    for event in events:
        event.connection = known[event.connection_id]
