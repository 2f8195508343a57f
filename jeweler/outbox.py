"""Tell other rooms what happened, at least once and only if it was committed.

`publish` writes the event and one delivery per subscriber in the caller's transaction. `deliver_due`
calls the subscribers afterwards, from a worker; the subscriber's own writes commit together with
`delivered_at`, so what it does in this database happens once. A subscriber may still be called twice
for one event and must tolerate it: whatever it does elsewhere may happen twice.

Each delivery stands alone: the order among the subscribers of an event, and among events, is not
promised, and one that fails is tried again later without holding up another. An attempt is counted
before it is made, in a transaction of its own, so that a subscriber that kills its process ends dead
after `OUTBOX_MAX_ATTEMPTS` like one that raises. First attempts are claimed some at a time; whatever was tried
before is claimed alone, so that a killer costs its innocent neighbors one attempt at most.
"""

import json
import logging
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.db import models, transaction

from jeweler import prepared
from jeweler.models import OutboxDelivery, OutboxEvent

logger = logging.getLogger(__name__)

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)
TOGETHER = 20  # deliveries that are claimed at once when they are first tried


@dataclass(frozen=True, kw_only=True)
class Event:
    """A fact in the past tense. Its fields are ids and JSON values, never models."""

    @classmethod
    def name(cls) -> str:
        app_label = cls.__module__.partition(".")[0]
        return f"{app_label}.{cls.__name__}"


EventType = TypeVar("EventType", bound=Event)
Subscriber = Callable[..., None]

_event_types: dict[str, type[Event]] = {}
_subscribers: dict[str, dict[str, Subscriber]] = defaultdict(dict)
_take_records: set[str] = set()


class NobodySubscribes(LookupError):
    """A delivery names a function that is no longer there."""

    def __init__(self, *, subscriber: str, event: str) -> None:
        super().__init__(
            f"{subscriber} does not subscribe to {event}. If it was renamed or removed, "
            "delete this delivery in the admin; if its release is on the way, replay it then."
        )


class AlreadyDelivered(ValueError):
    """A delivery that was made is not made again."""


def subscribe(
    event_type: type[EventType], *, with_record: bool = False
) -> Callable[[Subscriber], Subscriber]:
    """Have the decorated `def name(event, *, now)` called after each event of this type.

    With its record it is `def name(event, *, record, now)`: the row, whose id and time tell one event from another like it.
    """

    def register(function: Subscriber) -> Subscriber:
        name = f"{function.__module__}.{function.__name__}"
        _event_types[event_type.name()] = event_type
        _subscribers[event_type.name()][name] = function
        if with_record:
            _take_records.add(name)
        return function

    return register


def publish(event: Event, *, at: datetime) -> None:
    """Record the event; it is delivered once the surrounding transaction has committed.

    Raises TransactionManagementError outside a transaction, where the event could outlive a
    change that failed.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(
            f"{event.name()} was published outside a transaction; publish it inside the one "
            "that makes it true"
        )
    prepared.rows(
        _PUBLISH,
        {
            "name": event.name(),
            "payload": json.dumps(asdict(event)),
            "at": at,
            "subscribers": list(_subscribers[event.name()]),
        },
    )


def deliver_due(*, now: datetime, limit: int = 200) -> int:
    """Attempt what is owed and due, also what that brings about, and count what succeeded.

    Must not run inside a transaction: a claim has to be seen by the other workers at once.
    """
    delivered = tried = 0
    while tried < limit:
        claimed = _claim_new(now=now, most=min(TOGETHER, limit - tried)) + _claim_again(now=now)
        if not claimed:
            break
        tried += len(claimed)
        delivered += sum(_attempt(each, now=now) for each in claimed)
    return delivered


def replay(*, delivery: OutboxDelivery, now: datetime) -> None:
    """Owe a failed delivery anew, with all its attempts before it. Raises AlreadyDelivered."""
    owed = OutboxDelivery.objects.filter(pk=delivery.pk, delivered_at=None)
    if not owed.update(dead_at=None, attempts=0, next_attempt_at=now):
        raise AlreadyDelivered(f"Delivery {delivery} was made already; there is nothing to replay")


def prune(*, now: datetime) -> int:
    """Forget events that were delivered to everybody long ago, and say how many.

    An event with a delivery that is owed or dead stays until somebody has dealt with it.
    """
    unsettled = OutboxDelivery.objects.filter(event=models.OuterRef("pk"), delivered_at=None)
    old = OutboxEvent.objects.filter(
        ~models.Exists(unsettled),
        occurred_at__lt=now - timedelta(days=settings.OUTBOX_KEEP_DAYS),
    )
    return old.delete()[1].get(OutboxEvent._meta.label, 0)


def wait_after(attempts: int, *, first: timedelta = FIRST_WAIT) -> timedelta:
    """How long to wait after the n-th attempt: doubling from `first`, up to 20 % more by chance.

    Chance keeps those that failed together from coming back together.
    """
    doubled: timedelta = first * 2 ** min(attempts - 1, 20)
    return min(doubled, LONGEST_WAIT) * (1 + random.random() / 5)  # noqa: S311  no secret


@dataclass(frozen=True, kw_only=True)
class _Claim:
    delivery_id: int
    attempts: int


def _claim_new(*, now: datetime, most: int) -> list[_Claim]:
    """Count the first attempt on the next deliveries and put them off, in case this process dies of one: then each is tried alone."""
    wait = wait_after(1)
    with transaction.atomic(durable=True):
        found = prepared.rows(_CLAIM, {"now": now, "again": now + wait, "most": most})
    return [_Claim(delivery_id=pk, attempts=1) for (pk,) in sorted(found)]


@transaction.atomic(durable=True)
def _claim_again(*, now: datetime) -> list[_Claim]:
    """Count one more attempt on the next delivery that has failed before, alone, and put it off."""
    while True:
        delivery = (
            OutboxDelivery.objects.select_for_update(skip_locked=True)
            .filter(delivered_at=None, dead_at=None, next_attempt_at__lte=now, attempts__gt=0)
            .order_by("next_attempt_at", "id")
            .first()
        )
        if delivery is None:
            return []
        if delivery.attempts < settings.OUTBOX_MAX_ATTEMPTS:
            break
        # Only a process that died with its last attempt leaves such a row.
        delivery.dead_at = now
        delivery.last_error = delivery.last_error or "The worker died during the last attempt"
        delivery.save(update_fields=["dead_at", "last_error"])
    delivery.attempts += 1
    delivery.next_attempt_at = now + wait_after(delivery.attempts)
    delivery.save(update_fields=["attempts", "next_attempt_at"])
    return [_Claim(delivery_id=delivery.pk, attempts=delivery.attempts)]


def _attempt(claimed: _Claim, *, now: datetime) -> bool:
    try:
        return _deliver(claimed, now=now)
    except Exception as error:  # whatever a subscriber raises is its own
        logger.warning("Could not make delivery %s", claimed.delivery_id, exc_info=True)
        _note_failure(claimed, error=error, now=now)
        return False


@transaction.atomic(durable=True)
def _deliver(claimed: _Claim, *, now: datetime) -> bool:
    # The row stays locked while the subscriber runs, so that nobody claims a delivery whose
    # subscriber takes longer than its wait; `attempts` tells whether somebody did so just before.
    # A lock that is there is waited for: it is a neighbor's claim, which looked at this row for a
    # moment and lets go of it with its own transaction.
    values = {"id": claimed.delivery_id, "attempts": claimed.attempts}
    found = prepared.rows(_TAKE, values)
    if not found:
        return False
    ((told_to, event_id, name, payload, occurred_at),) = found
    subscriber = _subscribers[name].get(told_to)
    if subscriber is None:
        raise NobodySubscribes(subscriber=told_to, event=name)
    said = json.loads(payload)
    record = OutboxEvent(pk=event_id, name=name, payload=said, occurred_at=occurred_at)
    more = {"record": record} if told_to in _take_records else {}
    subscriber(_event_types[name](**said), now=now, **more)
    prepared.rows(_NOTE_DELIVERED, {"id": claimed.delivery_id, "now": now})
    return True


def _note_failure(claimed: _Claim, *, error: Exception, now: datetime) -> None:
    is_last = claimed.attempts >= settings.OUTBOX_MAX_ATTEMPTS
    OutboxDelivery.objects.filter(
        pk=claimed.delivery_id, attempts=claimed.attempts, delivered_at=None
    ).update(last_error=repr(error)[:2000], dead_at=now if is_last else None)


# In one statement and planned once: whatever happens in the house passes through here.
_PUBLISH = """
with published as (
    insert into jeweler_outboxevent (name, payload, occurred_at)
    values (%(name)s, %(payload)s::jsonb, %(at)s) returning id
)
insert into jeweler_outboxdelivery (event_id, subscriber, attempts, next_attempt_at, last_error)
select id, subscriber, 0, %(at)s, '' from published, unnest(%(subscribers)s::text[]) as subscriber
"""

_CLAIM = """
with due as (
    select id from jeweler_outboxdelivery
    where delivered_at is null and dead_at is null and next_attempt_at <= %(now)s and attempts = 0
    order by next_attempt_at, id limit %(most)s for update skip locked
)
update jeweler_outboxdelivery as delivery set attempts = 1, next_attempt_at = %(again)s
from due where delivery.id = due.id returning delivery.id
"""

_TAKE = """
select delivery.subscriber, event.id, event.name, event.payload::text, event.occurred_at
from jeweler_outboxdelivery delivery join jeweler_outboxevent event on event.id = delivery.event_id
where delivery.id = %(id)s and delivery.attempts = %(attempts)s
  and delivery.delivered_at is null and delivery.dead_at is null
for update of delivery
"""

_NOTE_DELIVERED = (
    "update jeweler_outboxdelivery set delivered_at = %(now)s, last_error = '' where id = %(id)s"
)
