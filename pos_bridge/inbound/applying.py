"""Claim what is due, apply it, and note what became of it.

All events of one sale wait for each other (an advisory lock, taken before any row), else a payment
could look for its sale, not find it, and be parked just after the sale woke everybody.
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from jeweler import audit, locking, sales
from jeweler.outbox import wait_after
from pos_bridge.inbound import effects, waiting
from pos_bridge.models import InboxEvent
from pos_bridge.providers import known
from pos_bridge.providers.fields import Malformed
from pos_bridge.records import PaymentReport, Record, Ticket

logger = logging.getLogger(__name__)

State = InboxEvent.State
FIRST_WAIT = timedelta(seconds=2)
PARKED_WAIT = timedelta(hours=6)


class CannotBeReplayed(ValueError):
    def __init__(self, event: InboxEvent) -> None:
        super().__init__(
            f"{event} is {event.get_state_display().lower()}; "
            "only what is parked or given up can be replayed"
        )


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


def apply_due(*, now: datetime, limit: int = 500) -> int:
    """Attempt what is to do and due, also what that wakes, and count what was done.

    Must not run inside a transaction: a claim has to be seen by the other workers at once.
    """
    done = 0
    for _ in range(limit):
        claimed = _claim(now=now)
        if claimed is None:
            break
        done += _attempt(claimed, now=now)
    return done


def replay(*, event: InboxEvent, by: User, because: str = "", now: datetime) -> None:
    """Try a parked or dead event anew; the facts' natural keys hold. Raises CannotBeReplayed."""
    with transaction.atomic():
        stuck = InboxEvent.objects.filter(pk=event.pk, state__in=[State.PARKED, State.DEAD])
        if not _make_due(stuck, now=now):
            raise CannotBeReplayed(event)
        audit.record(
            action="inbox.replayed",
            subject=event,
            actor=by,
            detail={"was": event.state, "reason": event.reason, "because": because[:200]},
            now=now,
        )


@transaction.atomic(durable=True)
def _claim(*, now: datetime) -> InboxEvent | None:
    """Count an attempt on the next event and put it off, in case this process dies of it."""
    while True:
        event = (
            InboxEvent.objects.select_for_update(skip_locked=True)
            .filter(state__in=[State.NEW, State.PARKED], next_attempt_at__lte=now)
            .order_by("next_attempt_at", "id")
            .first()
        )
        if event is None:
            return None
        if event.attempts < settings.INBOX_MAX_ATTEMPTS:
            break
        # Only a process that died with its last attempt leaves such a row.
        error = event.last_error or "The worker died during the last attempt"
        _settle(event, state=State.DEAD, reason="worker_died", error=error, now=now)
    event.attempts += 1
    event.next_attempt_at = now + wait_after(event.attempts, first=FIRST_WAIT)
    event.save(update_fields=["attempts", "next_attempt_at"])
    return event


def _attempt(claimed: InboxEvent, *, now: datetime) -> bool:
    try:
        return _apply(claimed, now=now)
    except Exception as error:  # one event's failure is its own
        logger.warning("Could not apply inbox event %s", claimed.pk, exc_info=True)
        _note_failure(claimed, error=error, now=now)
        return False


@transaction.atomic(durable=True)
def _apply(claimed: InboxEvent, *, now: datetime) -> bool:
    return apply_here(claimed, now=now)


def apply_here(claimed: InboxEvent, *, now: datetime) -> bool:
    """Apply it in the caller's transaction, and say whether it is done; the row says what became of it else."""
    records, malformed = _parsed(claimed)
    _lock(claimed, records)
    # `attempts` tells whether somebody else claimed it while we waited for the lock. This one's own
    # lock is waited for too: it is a neighbor's claim, which only glanced at the row.
    event = (
        InboxEvent.objects.select_for_update(of=["self"])
        .select_related("connection__store")
        .filter(pk=claimed.pk, attempts=claimed.attempts, state__in=[State.NEW, State.PARKED])
        .first()
    )
    if event is None:
        return False
    if event.body != claimed.body:
        return False  # somebody was forgotten in the meantime; the next attempt reads what is left
    try:
        with transaction.atomic():
            if malformed is not None:
                raise malformed
            for record in records:
                effects.apply(record, connection=event.connection, now=now)
    except waiting.Parked as waits:
        event.sale_external_id = waits.about or event.sale_external_id
        _park(event, reason=waits.reason, waits_for=waits.waits_for, error=str(waits), now=now)
        if waits.wants is not None:
            waiting.want(waits.wants, connection=event.connection, now=now)
        return False
    except tuple(_REFUSALS) as refusal:
        _refuse(event, refusal=refusal, now=now)
        return False
    _settle(event, state=State.DONE, reason="", error="", now=now)
    _wake(event, records, now=now)
    return True


# What becomes of the row.


def _parsed(event: InboxEvent) -> tuple[tuple[Record, ...], Malformed | None]:
    try:
        return known.of(event.connection).parse(name=event.type, body=event.body), None
    except Malformed as malformed:
        return (), malformed


def _lock(event: InboxEvent, records: tuple[Record, ...]) -> None:
    """Wait for whoever applies another event of the same sale, payment or customer, until this transaction ends."""
    names = {event.sale_external_id}.union(*map(effects.names_of, records)) - {""}
    for name in sorted(names):
        locking.hold(f"inbox {event.connection_id} {name}")


def _wake(event: InboxEvent, records: tuple[Record, ...], *, now: datetime) -> None:
    """A sale wakes whatever waited for it; a payment wakes the refunds that were too large."""
    for record in records:
        if isinstance(record, Ticket | PaymentReport):
            parked = InboxEvent.objects.filter(
                connection=event.connection_id,
                sale_external_id__in=effects.names_of(record) | {event.sale_external_id},
                waits_for__in=_WAKES[type(record)],
            )
            _make_due(parked, now=now)


def _make_due(events: QuerySet[InboxEvent], *, now: datetime) -> int:
    return events.update(
        state=State.NEW,
        attempts=0,
        next_attempt_at=now,
        finished_at=None,
        waits_for="",
        reason="",
        last_error="",
    )


def _refuse(event: InboxEvent, *, refusal: Exception, now: datetime) -> None:
    kind = next(kind for kind in _REFUSALS if isinstance(refusal, kind))
    state, reason, waits_for = _REFUSALS[kind]
    if state == State.PARKED:
        _park(event, reason=reason, waits_for=waits_for, error=str(refusal), now=now)
    else:
        event.waits_for = waits_for
        _settle(event, state=state, reason=reason, error=str(refusal), now=now)


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


def _settle(event: InboxEvent, *, state: str, reason: str, error: str, now: datetime) -> None:
    event.state = state
    event.finished_at = now
    event.reason = reason
    event.last_error = error[:2000]
    if state == State.DONE:
        event.waits_for = ""
    event.save(update_fields=["state", "finished_at", "reason", "last_error", "waits_for"])


def _note_failure(claimed: InboxEvent, *, error: Exception, now: datetime) -> None:
    event = InboxEvent.objects.filter(
        pk=claimed.pk, attempts=claimed.attempts, state__in=[State.NEW, State.PARKED]
    )
    if claimed.attempts >= settings.INBOX_MAX_ATTEMPTS:
        event.update(
            state=State.DEAD, finished_at=now, reason="failed", last_error=repr(error)[:2000]
        )
    else:
        event.update(last_error=repr(error)[:2000])
