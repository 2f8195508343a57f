"""Apply what was claimed, and note what became of it.

All events of one sale wait for each other (an advisory lock, taken before any row), else a payment
could look for its sale, not find it, and be parked just after the sale woke everybody.

Events that are tried for the first time are applied together, in one transaction and each in a savepoint of its own. A batch waits for
nobody's lock: whatever somebody else is busy with, and whatever fails, is applied by itself afterwards. So a batch costs its
neighbors nothing but time, and saves them two thirds of it.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from jeweler import audit, locking
from pos_bridge.inbound import claiming, effects, outcomes, waiting
from pos_bridge.models import InboxEvent
from pos_bridge.providers import known
from pos_bridge.providers.fields import Malformed
from pos_bridge.records import CustomerErased, PaymentReport, Record, Ticket

logger = logging.getLogger(__name__)

State = InboxEvent.State
TOGETHER = 40  # a batch of them takes a fraction of the two seconds after which others may claim it


class CannotBeReplayed(ValueError):
    def __init__(self, event: InboxEvent) -> None:
        super().__init__(
            f"{event} is {event.get_state_display().lower()}; "
            "only what is parked or given up can be replayed"
        )


@dataclass(frozen=True, kw_only=True)
class _Claimed:
    """An event with what it says, and the names whose others it waits for: sale, payment, customer."""

    event: InboxEvent
    records: tuple[Record, ...]
    malformed: Malformed | None
    names: frozenset[str]

    @property
    def turn(self) -> int:
        """Whom to forget first of all, then sales before what waits for them, so that little is parked; else as they came."""
        for record in self.records:
            if isinstance(record, CustomerErased):
                return 0
            if isinstance(record, Ticket):
                return 1
            if isinstance(record, PaymentReport):
                return 2
        return 3


def apply_due(*, now: datetime, limit: int = 500) -> int:
    """Attempt what is to do and due, also what that wakes, and count what was done.

    Must not run inside a transaction: a claim has to be seen by the other workers at once.
    """
    done = 0
    while limit > 0 and (claimed := claiming.claim(most=min(limit, TOGETHER), now=now)):
        limit -= len(claimed)
        done += _attempt_all(claimed, now=now)
    return done


def replay(*, event: InboxEvent, by: User, because: str = "", now: datetime) -> None:
    """Try a parked or dead event anew; the facts' natural keys hold. Raises CannotBeReplayed."""
    with transaction.atomic():
        stuck = InboxEvent.objects.filter(pk=event.pk, state__in=[State.PARKED, State.DEAD])
        if not outcomes.make_due(stuck, now=now):
            raise CannotBeReplayed(event)
        audit.record(
            action="inbox.replayed",
            subject=event,
            actor=by,
            detail={"was": event.state, "reason": event.reason, "because": because[:200]},
            now=now,
        )


def apply_here(claimed: InboxEvent, *, now: datetime) -> bool:
    """Apply it in the caller's transaction, and say whether it is done; the row says what became of it else."""
    read = _read(claimed)
    for name in sorted(read.names):
        locking.hold(name)
    event = _locked([read]).get(claimed.pk)
    if event is None or not _applied(read, event, now=now):
        return False
    outcomes.finish([event], now=now)
    outcomes.wake([(event, read.records)], now=now)
    return True


# Inside.


def _attempt_all(claimed: list[InboxEvent], *, now: datetime) -> int:
    done, left = 0, claimed
    if len(claimed) > 1:
        try:
            done, left = _apply_together(claimed, now=now)
        except Exception:  # the transaction was lost; each of them has its own now
            logger.warning("Could not apply %s events together", len(claimed), exc_info=True)
    return done + sum(_attempt(event, now=now) for event in left)


def _attempt(claimed: InboxEvent, *, now: datetime) -> bool:
    try:
        with transaction.atomic(durable=True):
            return apply_here(claimed, now=now)
    except Exception as error:  # one event's failure is its own
        logger.warning("Could not apply inbox event %s", claimed.pk, exc_info=True)
        outcomes.note_failure(claimed, error=error, now=now)
        return False


@transaction.atomic(durable=True)
def _apply_together(
    claimed: Sequence[InboxEvent], *, now: datetime
) -> tuple[int, list[InboxEvent]]:
    """How many are done, and which are still to be attempted, each by itself."""
    batch = [_read(event) for event in claimed]
    held = locking.hold_at_once(set().union(*(each.names for each in batch)))
    free = [each for each in batch if each.names <= held]
    left = [each.event for each in batch if not each.names <= held]
    rows = _locked(free)
    done: list[tuple[InboxEvent, tuple[Record, ...]]] = []
    for each in sorted(free, key=lambda each: each.turn):
        event = rows.get(each.event.pk)
        if event is None:
            continue
        try:
            if _applied(each, event, now=now):
                done.append((event, each.records))
        except Exception:  # noqa: BLE001  it is attempted once more by itself, where its failure is noted
            left.append(each.event)
    outcomes.finish([event for event, _ in done], now=now)
    outcomes.wake(done, now=now)
    return len(done), left


def _read(event: InboxEvent) -> _Claimed:
    records: tuple[Record, ...] = ()
    malformed = None
    try:
        records = known.of(event.connection).parse(name=event.type, body=event.body)
    except Malformed as found:
        malformed = found
    about = {event.sale_external_id}.union(*map(effects.names_of, records)) - {""}
    names = frozenset(f"inbox {event.connection_id} {name}" for name in about)
    return _Claimed(event=event, records=records, malformed=malformed, names=names)


def _locked(batch: Sequence[_Claimed]) -> dict[int, InboxEvent]:
    """The rows as they are now, without those that are no longer ours, by their ids.

    `attempts` tells whether somebody else claimed one while we waited for a lock. The rows' own locks are waited for too: they are a
    neighbor's claim, which only glanced at them. Where the body is another, somebody was forgotten in the meantime, and the next
    attempt reads what is left.
    """
    ours = {each.event.pk: each.event for each in batch}
    rows = InboxEvent.objects.select_for_update(of=["self"]).filter(
        pk__in=ours, state__in=[State.NEW, State.PARKED]
    )
    found: dict[int, InboxEvent] = {}
    for row in rows.order_by("pk"):
        claimed = ours[row.pk]
        if (row.attempts, row.body) == (claimed.attempts, claimed.body):
            row.connection = claimed.connection
            found[row.pk] = row
    return found


def _applied(claimed: _Claimed, event: InboxEvent, *, now: datetime) -> bool:
    """Whether its effects are there; else the row says why they are not."""
    try:
        with transaction.atomic():
            if claimed.malformed is not None:
                raise claimed.malformed
            for record in claimed.records:
                effects.apply(record, connection=event.connection, now=now)
    except waiting.Parked as waits:
        outcomes.park(event, waits=waits, now=now)
        return False
    except outcomes.REFUSALS as refusal:
        outcomes.refuse(event, refusal=refusal, now=now)
        return False
    return True
