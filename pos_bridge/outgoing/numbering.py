"""A message for each endpoint that asked for its type, with the endpoint's next number.

The endpoint's row is locked until the message is committed, so that numbers have no gap and become visible in their order: whoever
has read number n has been able to read every one before it. The lock is held for a few statements and never while anything is
sent.
"""

from datetime import datetime
from typing import Any

from jeweler import locking
from jeweler.models import OutboxEvent
from jeweler.outbox import Event
from pos_bridge.models import WebhookEndpoint, WebhookMessage
from pos_bridge.outgoing.telling import PING, said_of, type_of


def tell(*, event: Event, record: OutboxEvent, now: datetime) -> int:
    """Owe the event to whoever asked for its type, once each; how many are told. Must run in a transaction."""
    type_ = type_of(event)
    wanted = WebhookEndpoint.objects.filter(is_active=True, types__contains=[type_]).order_by("pk")
    ids = list(wanted.values_list("pk", flat=True))
    if not ids:
        return 0
    data = said_of(event)
    told = [
        _number(pk, type_=type_, data=data, event_id=record.pk, occurred_at=record.occurred_at, now=now)
        for pk in ids
    ]  # fmt: skip
    return sum(told)


def ping(*, endpoint: WebhookEndpoint, now: datetime) -> None:
    """Owe a message that says nothing, for whoever tests the way. Must run in a transaction."""
    _number(endpoint.pk, type_=PING, data={}, event_id=None, occurred_at=now, now=now)


def _number(
    pk: int,
    *,
    type_: str,
    data: dict[str, Any],
    event_id: int | None,
    occurred_at: datetime,
    now: datetime,
) -> bool:
    """Whether it was told: not when it was told before, or the endpoint was switched off meanwhile."""
    endpoints = WebhookEndpoint.objects.filter(pk=pk, is_active=True)
    if locking.are_on():
        endpoints = endpoints.select_for_update(no_key=True)
    endpoint = endpoints.first()
    if endpoint is None:
        return False
    if event_id is not None and endpoint.messages.filter(event_id=event_id).exists():
        return False
    endpoint.last_seq += 1
    endpoint.save(update_fields=["last_seq"])
    WebhookMessage.objects.create(
        endpoint=endpoint, seq=endpoint.last_seq, event_id=event_id, type=type_, data=data,
        occurred_at=occurred_at, created_at=now, next_attempt_at=now,
    )  # fmt: skip
    return True
