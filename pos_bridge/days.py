"""A store's day at one till, from both sides: what its registers counted, and what the books have of the same sessions.

A register's session belongs to the day that it was opened on, whenever it is closed. The books' money is that of the sessions: what a
payment took and a refund gave back between a session's opening and its closing. A refund whose till names no tender
is its sale's, where that was paid in one way only.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from jeweler.models import Payment, Refund
from pos_bridge import registers
from pos_bridge.models import ReconciliationRun, RegisterClosure

UNCLEAR = "unclear"
Window = tuple[datetime, datetime]


@dataclass(frozen=True, kw_only=True)
class Sides:
    """Sums by tender, of those that the registers counted: each that was used, if they count the whole."""

    theirs: dict[str, Decimal]
    ours: dict[str, Decimal]

    @property
    def tenders(self) -> list[str]:
        return sorted(set(self.theirs) | set(self.ours))

    @property
    def rows(self) -> list[tuple[str, Decimal, Decimal, Decimal]]:
        """Each tender with the registers' sum, the books', and how far they are apart."""
        pairs = [(name, self.theirs.get(name, Decimal(0)), self.ours.get(name, Decimal(0))) for name in self.tenders]  # fmt: skip
        return [(name, theirs, ours, theirs - ours) for name, theirs, ours in pairs]


def bounds(day: date, zone: ZoneInfo) -> Window:
    """From midnight to midnight by the clocks of the zone: 23, 24 or 25 hours."""
    return (
        datetime.combine(day, time(), tzinfo=zone),
        datetime.combine(day + timedelta(days=1), time(), tzinfo=zone),
    )


def closures_of(run: ReconciliationRun) -> list[RegisterClosure]:
    begins, ends = bounds(run.day_date, run.store.zone)
    opened = RegisterClosure.objects.filter(opened_at__gte=begins, opened_at__lt=ends)
    return list(opened.filter(connection=run.connection, store=run.store).order_by("opened_at"))


def sides_of(run: ReconciliationRun, closures: list[RegisterClosure]) -> Sides:
    """Both empty where no register was closed."""
    theirs: dict[str, Decimal] = defaultdict(Decimal)
    for closure in closures:
        for tender, amount in closure.tenders.items():
            theirs[tender] += Decimal(amount)
    ours: dict[str, Decimal] = defaultdict(Decimal)
    if closures:
        for payment in payments(run).filter(inside(closures, "paid_at")):
            ours[registers.tender_of(payment.tender)] += payment.amount
        for refund in _refunds(run).filter(inside(closures, "refunded_at")):
            ours[_tender_of(refund)] -= refund.amount
    if not all(each.is_counted_whole for each in closures):
        ours = {name: amount for name, amount in ours.items() if name in theirs}
    return Sides(theirs=dict(theirs), ours=dict(ours))


def inside(closures: Iterable[RegisterClosure], name: str) -> Q:
    """That a moment lies in one of the sessions, from its opening up to its closing."""
    found = Q(pk=None)
    for each in closures:
        found |= Q(**{f"{name}__gte": each.opened_at, f"{name}__lte": each.closed_at})
    return found


def payments(run: ReconciliationRun) -> QuerySet[Payment]:
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
