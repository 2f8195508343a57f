"""Whose events these are, what one would do if it were tried again, and trying many again at once.

Promise: a trial is the real thing, in a transaction that is taken back: what it shows is what a replay would do now. A replay reads the
kept body anew and passes no natural key, so that what is in the books already is not written twice. Whoever replays says
why, and both stand in the audit log, for each event by itself.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.models import User
from django.db import connection as database
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat

from jeweler import audit
from jeweler.access import stores_of
from jeweler.models import Sale, StaffMember, Store
from pos_bridge import differences, inbound
from pos_bridge.differences import Change
from pos_bridge.models import InboxEvent

logger = logging.getLogger(__name__)

State = InboxEvent.State
MOST_AT_ONCE = 500


class NoReason(ValueError):
    def __init__(self) -> None:
        super().__init__("Say why, in a few words; it stands in the audit log.")


class TooMany(ValueError):
    def __init__(self, count: int) -> None:
        super().__init__(
            f"{count} events are more than the {MOST_AT_ONCE} that are tried again at once. Narrow the filters."
        )


class NotHers(ValueError):
    """Somebody who may not see these events was to see to one."""

    def __init__(self, user: User) -> None:
        super().__init__(f"{user} does not manage this event's store. Choose a manager of it.")


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What would become of an event now, and what it would change."""

    state: str
    reason: str
    error: str
    changes: tuple[Change, ...]


@dataclass(kw_only=True)
class Replayed:
    count: int = 0
    refused: list[str] = field(default_factory=list)


class _TakenBack(Exception):
    """Ends a trial's transaction."""


def of_member(member: StaffMember) -> QuerySet[InboxEvent]:
    """The events that she may see: those of her stores, by the connection, the event's own word, or its sale.

    What cannot be told to be of a store is the owner's alone.
    """
    if member.sees_all_stores and member.role == StaffMember.Role.OWNER:
        return InboxEvent.objects.all()
    return InboxEvent.objects.filter(in_stores(stores_of(member)))


def in_stores(stores: QuerySet[Store]) -> Q:
    of_sale = Sale.objects.filter(
        source=Concat(Value("till:"), OuterRef("connection__code")),
        external_id=OuterRef("sale_external_id"),
        store__in=stores,
    )
    codes = list(stores.values_list("code", flat=True))
    of_house = Q(connection__store=None) & (Q(body__store__in=codes) | Q(Exists(of_sale)))
    found: Q = Q(connection__store__in=stores) | of_house
    return found


def trial(*, event: InboxEvent, now: datetime) -> Trial:
    """Apply the event as if it had just come, and take everything back. Works on an event in any state."""
    found: Trial | None = None
    try:
        with transaction.atomic():
            _see_one_moment()
            found = _tried(event, now=now)
            raise _TakenBack
    except _TakenBack:
        assert found is not None
        return found


def replay_all(*, events: Iterable[InboxEvent], by: User, because: str, now: datetime) -> Replayed:
    """Try them again, each by itself. Raises NoReason, TooMany."""
    chosen = list(events)
    because = because.strip()
    if not because:
        raise NoReason
    if len(chosen) > MOST_AT_ONCE:
        raise TooMany(len(chosen))
    done = Replayed()
    for event in chosen:
        try:
            inbound.replay(event=event, by=by, because=because, now=now)
        except inbound.CannotBeReplayed as refusal:
            done.refused.append(str(refusal))
        else:
            done.count += 1
    return done


@transaction.atomic
def assign(*, event: InboxEvent, to: StaffMember | None, by: User, now: datetime) -> None:
    """Say who sees to it, or nobody. Raises NotHers."""
    if to is not None and not of_member(to).filter(pk=event.pk).exists():
        raise NotHers(to.user)
    event.owner = to.user if to else None
    event.save(update_fields=["owner"])
    audit.record(
        action="inbox.assigned",
        subject=event,
        actor=by,
        detail={"to": to.user_id if to else None},
        now=now,
    )


def _tried(event: InboxEvent, *, now: datetime) -> Trial:
    anew = InboxEvent.objects.filter(pk=event.pk)
    anew.update(
        state=State.NEW,
        attempts=F("attempts") + 1,
        finished_at=None,
        waits_for="",
        reason="",
        last_error="",
    )
    claimed = anew.select_related("connection__store").get()
    scope = differences.scope_of(claimed)
    before = differences.rows(scope)
    error = ""
    try:
        with transaction.atomic():
            inbound.apply_here(claimed, now=now)
    except Exception as failure:  # whatever it raises is what would be noted on the row
        logger.info("Trying inbox event %s failed", event.pk, exc_info=True)
        error = repr(failure)
    after = differences.rows(scope)
    became = anew.get()
    return Trial(
        state=State.DEAD if error else became.state,
        reason="failed" if error else became.reason,
        error=error or became.last_error,
        changes=differences.changes(before, after),
    )


def _see_one_moment() -> None:
    """Nothing that others write meanwhile is taken for the event's own; whoever holds a lock is waited for 3 s."""
    with database.cursor() as cursor:
        if len(database.savepoint_ids) == 0:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SET LOCAL lock_timeout = '3s'")
