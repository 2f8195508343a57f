"""The inbox: every event is kept first, then applied once, whatever comes twice, late or not at all.

Promise: an event that was answered with 200 is a row, and its effect and its being done commit
together. The facts have natural keys and the till's versions, so repetition and order change
nothing. An event whose sale or payment is not known yet is parked and woken by it; one that can
never be applied is dead with its reason and can be replayed. Attempts are counted before the work,
in a transaction of their own, so that an event that kills its worker ends dead, too.

All events of one sale wait for each other (an advisory lock, taken before any row), else a payment
could look for its sale, not find it, and be parked just after the sale woke everybody.
"""

import contextlib
import contextvars
import hashlib
import logging
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection as database
from django.db import transaction
from psycopg.types.json import Jsonb

from jeweler import audit, sales
from jeweler.models import Payment, Sale, SaleLine, Store
from pos_bridge import inventory, matching
from pos_bridge.models import Connection, InboxEvent
from pos_bridge.providers import card_data, standard
from pos_bridge.providers.fields import Malformed
from pos_bridge.records import (
    Cancellation,
    HandOver,
    PaymentReport,
    Record,
    RefundReport,
    Ticket,
)

logger = logging.getLogger(__name__)

State = InboxEvent.State
FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(hours=1)
PARKED_WAIT = timedelta(hours=6)
NOT_UNDERSTOOD = ("malformed", "not_readable")

_locks = contextvars.ContextVar("_locks", default=True)


class CannotBeReplayed(ValueError):
    def __init__(self, event: InboxEvent) -> None:
        super().__init__(
            f"{event} is {event.get_state_display().lower()}; "
            "only what is parked or given up can be replayed"
        )


class Parked(Exception):  # noqa: N818  not an error: it waits
    """The event cannot be applied now; `reason` says why, and `waits_for` what will wake it."""

    reason = ""
    waits_for = ""


class SaleUnknown(Parked):
    reason, waits_for = "sale_unknown", "sale"


class StoreUnknown(Parked):
    reason = "store_unknown"


class StoreMismatch(Parked):
    reason = "store_mismatch"


class CurrencyMismatch(Parked):
    reason = "currency_mismatch"


# What the ledger's refusals mean here: the state, the reason, and what would change the answer.
_REFUSALS: dict[type[ValueError], tuple[str, str, str]] = {
    sales.RefundBeforePayment: (State.PARKED, "refund_before_payment", "payment"),
    sales.CurrencyMismatch: (State.PARKED, "currency_mismatch", ""),
    sales.OverRefund: (State.DEAD, "over_refund", "payment"),
    sales.ContradictoryFact: (State.DEAD, "contradictory_fact", ""),
    Malformed: (State.DEAD, "malformed", ""),
}


# Keep.


def keep(*, connection: Connection, delivery_key: str, body: Any, now: datetime) -> bool:
    """Keep an event without its card data, and say whether it is new.

    Raises Malformed when it was kept, but dead: the house sees it, and the till may send it again
    under the same key once it is mended.
    """
    clean = card_data.redacted(body)
    try:
        standard.parse(clean)
    except Malformed as malformed:
        _insert(connection, delivery_key, clean, now, reason="malformed", error=str(malformed))
        raise
    return _insert(connection, delivery_key, clean, now)


def keep_unreadable(
    *, connection: Connection, delivery_key: str, raw: bytes, problem: str, now: datetime
) -> None:
    """Keep that something signed came which is no JSON. Its text could hold card data and is not kept."""
    trace = {"sha256": hashlib.sha256(raw).hexdigest(), "bytes": len(raw)}
    _insert(connection, delivery_key, trace, now, reason="not_readable", error=problem)


def _insert(
    connection: Connection,
    delivery_key: str,
    body: Any,
    now: datetime,
    *,
    reason: str = "",
    error: str = "",
) -> bool:
    """One statement: a second delivery changes nothing, unless the first was not understood."""
    with database.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO pos_bridge_inboxevent AS kept (
                connection_id, delivery_key, type, body, received_at, state, sale_external_id,
                waits_for, attempts, next_attempt_at, finished_at, reason, last_error
            ) VALUES (%s, %s, %s, %s, %s, %s, %s, '', 0, %s, %s, %s, %s)
            ON CONFLICT (connection_id, delivery_key) DO UPDATE SET
                type = excluded.type, body = excluded.body, received_at = excluded.received_at,
                state = excluded.state, sale_external_id = excluded.sale_external_id,
                attempts = 0, next_attempt_at = excluded.next_attempt_at,
                finished_at = excluded.finished_at, reason = excluded.reason,
                last_error = excluded.last_error
            WHERE kept.state = 'dead' AND kept.reason = ANY(%s)
            """,
            [
                connection.pk,
                delivery_key,
                standard.type_of(body),
                Jsonb(body),
                now,
                State.DEAD if reason else State.NEW,
                standard.sale_id_of(body),
                now,
                now if reason else None,
                reason,
                error[:2000],
                list(NOT_UNDERSTOOD),
            ],
        )
        return cursor.rowcount == 1


# Apply.


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


def replay(*, event: InboxEvent, by: User, now: datetime) -> None:
    """Try a parked or dead event anew; the facts' natural keys hold. Raises CannotBeReplayed."""
    with transaction.atomic():
        stuck = InboxEvent.objects.filter(pk=event.pk, state__in=[State.PARKED, State.DEAD])
        if not _make_due(stuck, now=now):
            raise CannotBeReplayed(event)
        audit.record(
            action="inbox.replayed",
            subject=event,
            actor=by,
            detail={"was": event.state, "reason": event.reason},
            now=now,
        )


@contextlib.contextmanager
def without_the_sale_lock() -> Iterator[None]:
    """For the test that shows what the lock is for."""
    token = _locks.set(False)
    try:
        yield
    finally:
        _locks.reset(token)


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
    event.next_attempt_at = now + _wait_after(event.attempts)
    event.save(update_fields=["attempts", "next_attempt_at"])
    return event


def _attempt(claimed: InboxEvent, *, now: datetime) -> bool:
    try:
        return _apply(claimed, now=now)
    except Exception as error:  # noqa: BLE001  one event's failure is its own
        logger.warning("Could not apply inbox event %s", claimed.pk, exc_info=True)
        _note_failure(claimed, error=error, now=now)
        return False


@transaction.atomic(durable=True)
def _apply(claimed: InboxEvent, *, now: datetime) -> bool:
    _lock_sale(claimed)
    # `attempts` tells whether somebody else claimed it while we waited for the lock.
    event = (
        InboxEvent.objects.select_for_update(skip_locked=True, of=["self"])
        .select_related("connection__store")
        .filter(
            pk=claimed.pk, attempts=claimed.attempts, state__in=[State.NEW, State.PARKED]
        )
        .first()
    )
    if event is None:
        return False
    try:
        with transaction.atomic():
            record = standard.parse(event.body)
            _effect(record, connection=event.connection, now=now)
    except Parked as waits:
        _park(event, reason=waits.reason, waits_for=waits.waits_for, error=str(waits), now=now)
        return False
    except tuple(_REFUSALS) as refusal:
        _refuse(event, refusal=refusal, now=now)
        return False
    _settle(event, state=State.DONE, reason="", error="", now=now)
    _wake(event, record, now=now)
    return True


def _effect(record: Record, *, connection: Connection, now: datetime) -> None:
    match record:
        case Ticket():
            _record_sale(record, connection=connection, now=now)
        case PaymentReport():
            sales.record_payment(
                source=connection.source,
                external_id=record.payment_id,
                sale=_sale(record.sale_id, connection),
                status=Payment.Status(record.status),
                amount=record.amount,
                currency=record.currency,
                tender=record.tender,
                paid_at=record.at,
                now=now,
            )
        case RefundReport():
            _record_refund(record, connection=connection, now=now)
        case HandOver():
            sales.hand_over(sale=_sale(record.sale_id, connection), at=record.at, now=now)
        case Cancellation():
            sale = _sale(record.sale_id, connection)
            sales.void(sale=sale, at=record.at, now=now)
            inventory.take_back(sale=sale, reason="voided", at=record.at)


def _record_sale(ticket: Ticket, *, connection: Connection, now: datetime) -> None:
    store = _store(ticket, connection)
    sold_before = inventory.stones_of_sale(source=connection.source, external_id=ticket.sale_id)
    sale = sales.record_sale(
        report=sales.SaleReport(
            source=connection.source,
            external_id=ticket.sale_id,
            version=ticket.version,
            channel=Sale.Channel.STORE,
            store=store,
            number=ticket.number,
            currency=ticket.currency,
            total=ticket.total,
            tax=ticket.tax,
            placed_at=ticket.placed_at,
            note=ticket.note,
            lines=tuple(
                sales.LineReport(
                    kind=SaleLine.Kind(line.kind),
                    sku=line.sku,
                    description=line.description,
                    quantity=line.quantity,
                    list_price=line.price,
                    net_total=line.net,
                    design_code=line.design_code,
                    report_number=line.report_number,
                )
                for line in ticket.lines
            ),
        ),
        now=now,
    )
    if sale.version != ticket.version:
        return  # a newer version was here first, and said all there is to say
    inventory.sell_stones(sale=sale, sold_before=sold_before, now=now)
    matching.tie(sale=sale, ticket=ticket, store=store, now=now)


def _record_refund(refund: RefundReport, *, connection: Connection, now: datetime) -> None:
    sale = _sale(refund.sale_id, connection)
    sales.record_refund(
        source=connection.source,
        external_id=refund.refund_id,
        sale=sale,
        amount=refund.amount,
        tax=refund.tax,
        currency=refund.currency,
        reason=refund.reason,
        refunded_at=refund.at,
        now=now,
    )
    if sales.refunded(sale) >= sale.total:
        inventory.take_back(sale=sale, reason="refunded", at=refund.at)


def _sale(external_id: str, connection: Connection) -> Sale:
    sale = Sale.objects.filter(source=connection.source, external_id=external_id).first()
    if sale is None:
        raise SaleUnknown(f"Sale {external_id} has not been reported yet")
    return sale


def _store(ticket: Ticket, connection: Connection) -> Store:
    store = connection.store
    if store is None:
        store = Store.objects.filter(code=ticket.store).first()
        if store is None:
            raise StoreUnknown(f"There is no store {ticket.store!r}; name its code, or add it")
    elif ticket.store not in {"", store.code}:
        raise StoreMismatch(f"This connection is of {store.code}, the event of {ticket.store!r}")
    expected = connection.currency if connection.store else store.currency
    if ticket.currency != expected:
        raise CurrencyMismatch(
            f"The sale is in {ticket.currency}, and this till's currency is {expected}. "
            "Amounts are never converted: correct the till or the connection."
        )
    return store


# What becomes of the row.


def _lock_sale(event: InboxEvent) -> None:
    """Wait for whoever applies another event of the same sale, until this transaction ends."""
    if not _locks.get():
        return
    key = f"inbox {event.connection_id} {event.sale_external_id}"
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])


def _wake(event: InboxEvent, record: Record, *, now: datetime) -> None:
    """A sale wakes whatever waited for it; a payment wakes the refunds that were too large."""
    wakes = {Ticket: ["sale", "payment"], PaymentReport: ["payment"]}.get(type(record))
    if wakes:
        waiting = InboxEvent.objects.filter(
            connection=event.connection_id,
            sale_external_id=event.sale_external_id,
            waits_for__in=wakes,
        )
        _make_due(waiting, now=now)


def _make_due(events: Any, *, now: datetime) -> int:
    changed: int = events.update(
        state=State.NEW,
        attempts=0,
        next_attempt_at=now,
        finished_at=None,
        waits_for="",
        reason="",
        last_error="",
    )
    return changed


def _refuse(event: InboxEvent, *, refusal: Exception, now: datetime) -> None:
    kind = next(kind for kind in _REFUSALS if isinstance(refusal, kind))
    state, reason, waits_for = _REFUSALS[kind]
    if state == State.PARKED:
        _park(event, reason=reason, waits_for=waits_for, error=str(refusal), now=now)
    else:
        event.waits_for = waits_for
        _settle(event, state=state, reason=reason, error=str(refusal), now=now)


def _park(
    event: InboxEvent, *, reason: str, waits_for: str, error: str, now: datetime
) -> None:
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


def _wait_after(attempts: int) -> timedelta:
    """Doubling, and up to 20 % more by chance, so that what failed together comes back apart."""
    doubled = min(FIRST_WAIT * 2 ** min(attempts - 1, 20), LONGEST_WAIT)
    return doubled * (1 + random.random() / 5)  # noqa: S311  no secret
