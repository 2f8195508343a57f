"""What becomes of an event's row: done, parked, given up, or to be tried again, and whom that wakes."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from jeweler import sales
from pos_bridge.inbound import effects, waiting
from pos_bridge.models import InboxEvent
from pos_bridge.providers.fields import Malformed
from pos_bridge.records import PaymentReport, Record, Ticket

State = InboxEvent.State
PARKED_WAIT = timedelta(hours=6)

_WAKES: dict[type[Record], tuple[str, ...]] = {
    Ticket: ("sale", "payment"),
    PaymentReport: ("payment",),
}

# What the ledger's refusals mean here: the state, the reason, and what would change the answer.
_REFUSALS: dict[type[ValueError], tuple[str, str, str]] = {
    sales.RefundBeforePayment: (State.PARKED, "refund_before_payment", "payment"),
    sales.CurrencyMismatch: (State.PARKED, "currency_mismatch", ""),
    sales.OverRefund: (State.DEAD, "over_refund", "payment"),
    sales.ContradictoryFact: (State.DEAD, "contradictory_fact", ""),
    Malformed: (State.DEAD, "malformed", ""),
}
REFUSALS = tuple(_REFUSALS)


def finish(events: Sequence[InboxEvent], *, now: datetime) -> None:
    """All of them are done."""
    InboxEvent.objects.filter(pk__in=[event.pk for event in events]).update(
        state=State.DONE, finished_at=now, reason="", last_error="", waits_for=""
    )


def settle(event: InboxEvent, *, state: str, reason: str, error: str, now: datetime) -> None:
    event.state = state
    event.finished_at = now
    event.reason = reason
    event.last_error = error[:2000]
    event.save(update_fields=["state", "finished_at", "reason", "last_error", "waits_for"])


def park(event: InboxEvent, *, waits: waiting.Parked, now: datetime) -> None:
    """Put it aside, and ask for what it waits for where that can be asked for."""
    event.sale_external_id = waits.about or event.sale_external_id
    _park(event, reason=waits.reason, waits_for=waits.waits_for, error=str(waits), now=now)
    if waits.wants is not None:
        waiting.want(waits.wants, connection=event.connection, now=now)


def refuse(event: InboxEvent, *, refusal: Exception, now: datetime) -> None:
    kind = next(kind for kind in _REFUSALS if isinstance(refusal, kind))
    state, reason, waits_for = _REFUSALS[kind]
    if state == State.PARKED:
        _park(event, reason=reason, waits_for=waits_for, error=str(refusal), now=now)
    else:
        event.waits_for = waits_for
        settle(event, state=state, reason=reason, error=str(refusal), now=now)


def wake(done: Sequence[tuple[InboxEvent, tuple[Record, ...]]], *, now: datetime) -> None:
    """A sale wakes whatever waited for it; a payment wakes the refunds that were too large."""
    names: dict[tuple[int, tuple[str, ...]], set[str]] = {}
    for event, records in done:
        for record in records:
            if isinstance(record, Ticket | PaymentReport):
                woken = names.setdefault((event.connection_id, _WAKES[type(record)]), set())
                woken |= effects.names_of(record) | {event.sale_external_id}
    for (connection_id, waits_for), about in names.items():
        parked = InboxEvent.objects.filter(
            connection=connection_id, sale_external_id__in=about, waits_for__in=waits_for
        )
        make_due(parked, now=now)


def make_due(events: QuerySet[InboxEvent], *, now: datetime) -> int:
    return events.update(
        state=State.NEW,
        attempts=0,
        next_attempt_at=now,
        finished_at=None,
        waits_for="",
        reason="",
        last_error="",
    )


def note_failure(claimed: InboxEvent, *, error: Exception, now: datetime) -> None:
    event = InboxEvent.objects.filter(
        pk=claimed.pk, attempts=claimed.attempts, state__in=[State.NEW, State.PARKED]
    )
    if claimed.attempts >= settings.INBOX_MAX_ATTEMPTS:
        event.update(
            state=State.DEAD, finished_at=now, reason="failed", last_error=repr(error)[:2000]
        )
    else:
        event.update(last_error=repr(error)[:2000])


def _park(event: InboxEvent, *, reason: str, waits_for: str, error: str, now: datetime) -> None:
    """Waiting is no failed attempt; somebody may also mend what it waits for by hand."""
    event.state = State.PARKED
    event.attempts = 0
    event.next_attempt_at = now + PARKED_WAIT
    event.waits_for = waits_for
    event.reason = reason
    event.last_error = error[:2000]
    event.save(
        update_fields=[
            "state",
            "attempts",
            "next_attempt_at",
            "waits_for",
            "reason",
            "last_error",
            "sale_external_id",
        ]
    )
