"""What differs between a day's two sides, by name: what came and is not in the books, what the till does not know, what was
taken while no register was open, and by how much each tender is apart."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from jeweler import money
from pos_bridge import days
from pos_bridge.models import Discrepancy, Fetch, InboxEvent, ReconciliationRun, RegisterClosure
from pos_bridge.providers import known
from pos_bridge.providers.fields import Malformed
from pos_bridge.records import PaymentReport

Kind = Discrepancy.Kind


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing in which a day differs."""

    kind: Discrepancy.Kind
    subject: str
    detail: str
    theirs: Decimal | None = None
    ours: Decimal | None = None


def found(
    run: ReconciliationRun, closures: list[RegisterClosure], sides: days.Sides
) -> list[Difference]:
    """Each tender that is apart, and what may be why; nothing, when no tender is."""
    apart = [
        _tender(name, theirs, ours, currency=run.currency)
        for name, theirs, ours, by in sides.rows
        if by
    ]
    if not apart:
        return []
    return [*apart, *_stuck(run), *_unknown_there(run), *_outside(run, closures)]


def _tender(name: str, theirs: Decimal, ours: Decimal, *, currency: str) -> Difference:
    words = money.in_words(abs(theirs - ours), currency=currency)
    if name == days.UNCLEAR:
        detail = "Refunds of sales that were paid in several ways: see at the till which tender was given back."
    elif theirs > ours:
        detail = f"The registers took {words} more than the books know of. Look for sales that are stuck or missing."
    else:
        detail = f"The books have {words} more than the registers took. Look for sales of another day or register."
    return Difference(kind=Kind.TENDER, subject=name, theirs=theirs, ours=ours, detail=detail)


def _stuck(run: ReconciliationRun) -> list[Difference]:
    """What came that day or the next and is parked or given up."""
    begins, ends = days.bounds(run.day_date, run.store.zone)
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
            detail=f"{event.type}: {event.get_state_display().lower()} ({event.reason.replace('_', ' ')}). Mend it and try it again under Tills.",
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
    begins, ends = days.bounds(run.day_date, run.store.zone)
    unknown = Fetch.objects.filter(connection=run.connection, kind="order").exclude(dead_at=None)
    names = set(unknown.values_list("external_id", flat=True))
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for payment in days.payments(run).filter(
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
    begins, ends = days.bounds(run.day_date, run.store.zone)
    of_day = days.payments(run).filter(paid_at__gte=begins, paid_at__lt=ends)
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for payment in of_day.exclude(days.inside(closures, "paid_at")):
        sums[payment.sale.external_id] += payment.amount
    detail = "It was taken while no register was open. Which day's drawer is it in?"
    return [
        Difference(kind=Kind.OTHER_DAY, subject=name, ours=amount, detail=detail)
        for name, amount in sums.items()
    ]
