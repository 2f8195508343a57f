"""Every store's day beside its registers' closings, to the cent.

Promise: a day is one row for a till, a store and a date by the store's clock, however many clocks ring for it. It balances when each
tender that the registers counted agrees with the books to the cent, and not before. What differs is named: what came and is not in
the books, what the till does not know, what was taken while no register was open. Then the day is asked for again and compared
again, until it balances or somebody settles each difference and says why.

A register's session belongs to the day that it was opened on, whenever it is closed. The books' money is that of the sessions: what a
payment took and a refund gave back between a session's opening and its closing. A refund whose till names no tender
is its sale's, where that was paid in one way only.

Limit: a session that was never closed has no word to compare with; the day stays open, and somebody is told of it.
"""

import time as clock
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Min, Q, QuerySet

from jeweler import audit, outward
from jeweler.models import Payment, Refund, Store
from pos_bridge import alarms, calling, pulling, registers
from pos_bridge.models import (
    Discrepancy,
    Fetch,
    InboxEvent,
    ReconciliationRun,
    RegisterClosure,
)
from pos_bridge.providers import known
from pos_bridge.providers.fields import Malformed
from pos_bridge.records import PaymentReport

State = ReconciliationRun.State
Kind = Discrepancy.Kind
Window = tuple[datetime, datetime]

NIGHT = time(3)  # by the store's clock, when the day before is compared
LOOKS_BACK = timedelta(days=14)
AGAIN_AFTER = timedelta(minutes=15)
MOST_ATTEMPTS = 24
UNCLEAR = "unclear"


class AlreadySettled(ValueError):
    def __init__(self, found: Discrepancy) -> None:
        super().__init__(f"{found.settled_by} settled this before: {found.settled_because}")


class NoReason(ValueError):
    def __init__(self) -> None:
        super().__init__("Say in a few words why it is right as it stands.")


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing in which a day differs."""

    kind: Discrepancy.Kind
    subject: str
    detail: str
    theirs: Decimal | None = None
    ours: Decimal | None = None


def bounds(day: date, zone: ZoneInfo) -> Window:
    """From midnight to midnight by the clocks of the zone: 23, 24 or 25 hours."""
    return (
        datetime.combine(day, time(), tzinfo=zone),
        datetime.combine(day + timedelta(days=1), time(), tzinfo=zone),
    )


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
    closures = closures_of(run)
    theirs, ours, is_whole = _by_tender(run, closures)
    found: list[Difference] = []
    if not closures:
        state = State.OPEN
    else:
        tenders = sorted(set(theirs) | (set(ours) if is_whole else set()))
        found = [_tender(name, theirs.get(name), ours.get(name)) for name in tenders if theirs.get(name, 0) != ours.get(name, 0)]  # fmt: skip
        state = State.DIFFERS if found else State.BALANCED
        run.theirs = sum(theirs.values(), Decimal(0))
        run.ours = sum((ours.get(name, Decimal(0)) for name in tenders), Decimal(0))
        if found:
            found += [*_stuck(run), *_unknown_there(run), *_outside(run, closures)]
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


def tenders_of(run: ReconciliationRun) -> list[tuple[str, Decimal, Decimal, Decimal]]:
    """The day as it stands now: each tender with the registers' sum, the books', and how far they are apart."""
    closures = closures_of(run)
    theirs, ours, is_whole = _by_tender(run, closures)
    names = sorted(set(theirs) | (set(ours) if is_whole else set())) if closures else []
    nothing = Decimal(0)
    return [
        (
            name,
            theirs.get(name, nothing),
            ours.get(name, nothing),
            theirs.get(name, nothing) - ours.get(name, nothing),
        )
        for name in names
    ]


# The two sides.


def closures_of(run: ReconciliationRun) -> list[RegisterClosure]:
    begins, ends = bounds(run.day_date, run.store.zone)
    opened = RegisterClosure.objects.filter(opened_at__gte=begins, opened_at__lt=ends)
    return list(opened.filter(connection=run.connection, store=run.store).order_by("opened_at"))


def _by_tender(
    run: ReconciliationRun, closures: list[RegisterClosure]
) -> tuple[dict[str, Decimal], dict[str, Decimal], bool]:
    """What the registers say, what the books say, and whether the registers name every tender."""
    theirs: dict[str, Decimal] = defaultdict(Decimal)
    for closure in closures:
        for tender, amount in closure.tenders.items():
            theirs[tender] += Decimal(amount)
    ours: dict[str, Decimal] = defaultdict(Decimal)
    if closures:
        for payment in _payments(run).filter(_inside(closures, "paid_at")):
            ours[registers.tender_of(payment.tender)] += payment.amount
        for refund in _refunds(run).filter(_inside(closures, "refunded_at")):
            ours[_tender_of(refund)] -= refund.amount
    return dict(theirs), dict(ours), all(each.is_counted_whole for each in closures)


def _inside(closures: Iterable[RegisterClosure], name: str) -> Q:
    """That a moment lies in one of the sessions, from its opening up to its closing."""
    found = Q(pk=None)
    for each in closures:
        found |= Q(**{f"{name}__gte": each.opened_at, f"{name}__lte": each.closed_at})
    return found


def _payments(run: ReconciliationRun) -> QuerySet[Payment]:
    taken = Payment.objects.filter(source=run.connection.source, status=Payment.Status.CAPTURED)
    return taken.filter(sale__store=run.store, sale__currency=run.currency).select_related("sale")


def _refunds(run: ReconciliationRun) -> QuerySet[Refund]:
    given = Refund.objects.filter(source=run.connection.source, sale__store=run.store)
    return given.filter(sale__currency=run.currency).prefetch_related("sale__payments")


def _tender_of(refund: Refund) -> str:
    if refund.tender:
        return registers.tender_of(refund.tender)
    tenders = {registers.tender_of(each.tender) for each in refund.sale.payments.all()}
    return tenders.pop() if len(tenders) == 1 else UNCLEAR


# What differs, by name.


def _tender(name: str, theirs: Decimal | None, ours: Decimal | None) -> Difference:
    theirs, ours = theirs or Decimal(0), ours or Decimal(0)
    if name == UNCLEAR:
        detail = "Refunds of sales that were paid in several ways: see at the till which tender was given back."
    elif theirs > ours:
        detail = f"The registers took {theirs - ours} more than the books know of. Look for sales that are stuck or missing."
    else:
        detail = f"The books have {ours - theirs} more than the registers took. Look for sales of another day or register."
    return Difference(kind=Kind.TENDER, subject=name, theirs=theirs, ours=ours, detail=detail)


def _stuck(run: ReconciliationRun) -> list[Difference]:
    """What came that day or the next and is parked or given up."""
    begins, ends = bounds(run.day_date, run.store.zone)
    events = InboxEvent.objects.filter(
        connection=run.connection,
        state__in=[InboxEvent.State.PARKED, InboxEvent.State.DEAD],
        received_at__gte=begins,
        received_at__lt=ends + timedelta(days=1),
    )
    return [
        Difference(
            kind=Kind.MISSING_HERE,
            subject=event.sale_external_id or event.delivery_key[:128],
            theirs=_amount_in(event),
            detail=f"{event.type} is {event.get_state_display().lower()} ({event.reason.replace('_', ' ')}). Mend it and try it again under Tills.",
        )
        for event in events.select_related("connection").order_by("id")[:200]
    ]


def _amount_in(event: InboxEvent) -> Decimal | None:
    try:
        records = known.of(event.connection).parse(name=event.type, body=event.body)
    except Malformed:
        return None
    return next((each.amount for each in records if isinstance(each, PaymentReport)), None)


def _unknown_there(run: ReconciliationRun) -> list[Difference]:
    """Sales of the day that the till's API does not know, as a fetch found out."""
    begins, ends = bounds(run.day_date, run.store.zone)
    unknown = Fetch.objects.filter(connection=run.connection, kind="order").exclude(dead_at=None)
    names = set(unknown.values_list("external_id", flat=True))
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for payment in _payments(run).filter(
        sale__external_id__in=names, paid_at__gte=begins, paid_at__lt=ends
    ):
        sums[payment.sale.external_id] += payment.amount
    detail = "The till does not know this sale any more. Was it deleted there?"
    return [
        Difference(kind=Kind.MISSING_THERE, subject=name, ours=amount, detail=detail)
        for name, amount in sums.items()
    ]


def _outside(run: ReconciliationRun, closures: list[RegisterClosure]) -> list[Difference]:
    """What was taken that day while none of the sessions lasted."""
    begins, ends = bounds(run.day_date, run.store.zone)
    of_day = _payments(run).filter(paid_at__gte=begins, paid_at__lt=ends)
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for payment in of_day.exclude(_inside(closures, "paid_at")):
        sums[payment.sale.external_id] += payment.amount
    detail = "It was taken while no register was open. Which day's drawer is it in?"
    return [
        Difference(kind=Kind.OTHER_DAY, subject=name, ours=amount, detail=detail)
        for name, amount in sums.items()
    ]


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
    begins, ends = bounds(run.day_date, run.store.zone)
    line = pulling.line_to(run.connection, reach=reach, pause=pause)
    if line is None:
        return False
    try:
        pulling.pull_between(line, since=begins, until=min(ends + timedelta(hours=6), now), now=now)
    except calling.ApiTrouble:
        return False  # the ten minutes' pull says so, too, and raises the alarm
    return True


def _note(run: ReconciliationRun, found: list[Difference], *, now: datetime) -> None:
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
        detail = f"{run.store} on {run.day_date}: the registers and the books differ by {difference} {run.currency}."
        if is_late:
            detail = f"{run.store} on {run.day_date}: no register was closed."
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
