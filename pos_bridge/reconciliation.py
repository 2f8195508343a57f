"""Every store's day beside its registers' closings, to the cent.

Promise: a day is one row for a till, a store and a date by the store's clock, however many clocks ring for it. It balances when each
tender that the registers counted agrees with the books to the cent, and not before. What differs is named: what came and is not in
the books, what the till does not know, what was taken while no register was open. Then the day is asked for again and compared
again, until it balances or somebody settles each difference and says why. What a day is, is said in `days`.

Limit: a session that was never closed has no word to compare with; the day stays open, and somebody is told of it.
"""

import time as clock
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Min, QuerySet

from jeweler import audit, money, outward
from jeweler.models import Store
from pos_bridge import alarms, calling, days, differing, pulling
from pos_bridge.models import Discrepancy, ReconciliationRun, RegisterClosure

State = ReconciliationRun.State

NIGHT = time(3)  # by the store's clock, when the day before is compared
LOOKS_BACK = timedelta(days=14)
AGAIN_AFTER = timedelta(minutes=15)
MOST_ATTEMPTS = 24


class AlreadySettled(ValueError):
    def __init__(self, found: Discrepancy) -> None:
        super().__init__(f"{found.settled_by} settled this before: {found.settled_because}")


class NoReason(ValueError):
    def __init__(self) -> None:
        super().__init__("Say in a few words why it is right as it stands.")


def due_at(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), NIGHT, tzinfo=zone)


def reconcile_due(
    *,
    now: datetime,
    reach: outward.Reach | None = None,
    pause: pulling.Pause = clock.sleep,
    limit: int = 100,
) -> int:
    """Compare the days whose turn it is, and count those that balance now. Must not run inside a transaction."""
    begin_days(now=now)
    balanced = 0
    for _ in range(limit):
        run = _claim(now=now)
        if run is None:
            break
        compare(run=run, now=now)
        if run.state == State.DIFFERS and _ask_again(run, reach=reach, pause=pause, now=now):
            ReconciliationRun.objects.filter(pk=run.pk).update(next_attempt_at=now + AGAIN_AFTER)
        balanced += run.state == State.BALANCED
    return balanced


def begin_days(*, now: datetime) -> int:
    """A row for each day that is over, of each store whose registers were ever closed at this till."""
    firsts = RegisterClosure.objects.values("connection", "store").annotate(first=Min("opened_at"))
    stores = Store.objects.in_bulk([each["store"] for each in firsts])
    rows = []
    for each in firsts:
        store = stores[each["store"]]
        first = max(each["first"], now - LOOKS_BACK).astimezone(store.zone).date()
        today = now.astimezone(store.zone).date()
        for number in range((today - first).days):
            day = first + timedelta(days=number)
            if due_at(day, store.zone) <= now:
                rows.append(
                    ReconciliationRun(
                        connection_id=each["connection"],
                        store=store,
                        day_date=day,
                        state=State.OPEN,
                        currency=store.currency,
                        next_attempt_at=now,
                    )
                )
    before = ReconciliationRun.objects.count()
    ReconciliationRun.objects.bulk_create(rows, ignore_conflicts=True)
    return ReconciliationRun.objects.count() - before


@transaction.atomic
def compare(*, run: ReconciliationRun, now: datetime) -> None:
    """Set both sides beside each other, name what differs, and say so on the row."""
    locked = ReconciliationRun.objects.select_for_update(of=["self"]).get(pk=run.pk)
    closures = days.closures_of(run)
    sides = days.sides_of(run, closures)
    found = differing.found(run, closures, sides)
    state = State.OPEN
    if closures:
        state = State.DIFFERS if found else State.BALANCED
        run.theirs = sum(sides.theirs.values(), Decimal(0))
        run.ours = sum(sides.ours.values(), Decimal(0))
    _note(run, found, now=now)
    if state == State.DIFFERS and not _open(run).exists():
        state = State.SETTLED
    run.state, run.compared_at, run.attempts = state, now, locked.attempts
    run.save(update_fields=["state", "compared_at", "theirs", "ours"])
    _tell(run, now=now)


@transaction.atomic
def settle(*, found: Discrepancy, by: User, because: str, now: datetime) -> None:
    """It is right as it stands, and somebody says why. Raises NoReason, AlreadySettled."""
    because = because.strip()[:500]
    if not because:
        raise NoReason
    locked = Discrepancy.objects.select_for_update(of=["self"]).get(pk=found.pk)
    if locked.settled_at is not None:
        raise AlreadySettled(locked)
    locked.settled_at, locked.settled_by, locked.settled_because = now, by, because
    locked.save(update_fields=["settled_at", "settled_by", "settled_because"])
    run = locked.run
    audit.record(
        action="discrepancy.settled",
        subject=locked,
        actor=by,
        store=run.store,
        detail={"because": because[:200]},
        now=now,
    )
    if run.state == State.DIFFERS and not _open(run).exists():
        run.state = State.SETTLED
        run.save(update_fields=["state"])
        _tell(run, now=now)


# The rows.


@transaction.atomic(durable=True)
def _claim(*, now: datetime) -> ReconciliationRun | None:
    due = ReconciliationRun.objects.filter(
        next_attempt_at__lte=now, attempts__lt=MOST_ATTEMPTS
    ).exclude(state__in=[State.BALANCED, State.SETTLED])
    run = (
        due.select_for_update(skip_locked=True, of=["self"])
        .select_related("connection__store", "store")
        .order_by("next_attempt_at", "id")
        .first()
    )
    if run is not None:
        run.attempts += 1
        run.next_attempt_at = now + AGAIN_AFTER * min(run.attempts, 8)
        run.save(update_fields=["attempts", "next_attempt_at"])
    return run


def _ask_again(
    run: ReconciliationRun, *, reach: outward.Reach | None, pause: pulling.Pause, now: datetime
) -> bool:
    """Have the vendor tell the whole day once more; what it tells is applied before the next comparison."""
    begins, ends = days.bounds(run.day_date, run.store.zone)
    line = pulling.line_to(run.connection, reach=reach, pause=pause)
    if line is None:
        return False
    try:
        pulling.pull_between(line, since=begins, until=min(ends + timedelta(hours=6), now), now=now)
    except calling.ApiTrouble:
        return False  # the ten minutes' pull says so, too, and raises the alarm
    return True


def _note(run: ReconciliationRun, found: list[differing.Difference], *, now: datetime) -> None:
    """Keep what is found once by its name; what is found no more is gone."""
    kept = []
    for each in found:
        row, _ = Discrepancy.objects.update_or_create(
            run=run,
            kind=each.kind,
            subject=each.subject,
            defaults={
                "theirs": each.theirs,
                "ours": each.ours,
                "detail": each.detail[:500],
                "gone_at": None,
            },
            create_defaults={
                "theirs": each.theirs,
                "ours": each.ours,
                "detail": each.detail[:500],
                "found_at": now,
            },
        )
        kept.append(row.pk)
    run.found.filter(gone_at=None).exclude(pk__in=kept).update(gone_at=now)


def _open(run: ReconciliationRun) -> QuerySet[Discrepancy]:
    return run.found.filter(gone_at=None, settled_at=None)


def _tell(run: ReconciliationRun, *, now: datetime) -> None:
    subject = f"{run.store.code} {run.day_date}"
    is_late = run.state == State.OPEN and run.attempts >= MOST_ATTEMPTS // 4
    if run.state == State.DIFFERS or is_late:
        difference = run.theirs - run.ours
        words = money.in_words(abs(difference), currency=run.currency)
        detail = (
            f"{run.store} on {run.day_date:%-d %B}: the registers and the books differ by {words}."
        )
        if is_late:
            detail = f"{run.store} on {run.day_date:%-d %B}: no register was closed."
        alarms.sound(
            connection=run.connection,
            kind=alarms.Kind.OUT_OF_BALANCE,
            subject=subject,
            detail=detail,
            now=now,
        )
    elif run.state in {State.BALANCED, State.SETTLED}:
        alarms.clear(
            connection=run.connection, kind=alarms.Kind.OUT_OF_BALANCE, subject=subject, now=now
        )
