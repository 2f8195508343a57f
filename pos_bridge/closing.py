"""The day's end at the counter: what each tender should come to by the facts, beside what was counted.

Expected are the payments that were taken under the store's own source on its day by its clock, less what was given back.
A count keeps both figures as they stood; money that moves afterwards shows as `is_stale`, and the day is counted anew. Nothing
is ever corrected by a count. Money that a till system took is compared with its own registers elsewhere.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from jeweler import audit, locking, money
from jeweler.models import Payment, Refund, StaffMember, Store
from pos_bridge.models import CounterAct, DrawerCount, Tender

NOTHING = Decimal(0)


class CannotCount(ValueError):
    """The count cannot be kept like this; the text says what to mend."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One tender of the day. `counted` is the newest count, None before there is one."""

    tender: str
    label: str
    taken: Decimal
    given_back: Decimal
    counted: DrawerCount | None

    @property
    def expected(self) -> Decimal:
        return self.taken - self.given_back

    @property
    def is_stale(self) -> bool:
        return self.counted is not None and self.counted.expected != self.expected


def day(*, store: Store, on: date) -> list[Row]:
    """Every tender, whether it was used or not."""
    taken = _taken(store, on=on)
    given = _given_back(store, on=on)
    counted: dict[str, DrawerCount] = {}
    for count in DrawerCount.objects.filter(store=store, day_date=on).select_related("counted_by__user").order_by("counted_at", "pk"):  # fmt: skip
        counted[count.tender] = count
    return [
        Row(
            tender=tender.value,
            label=tender.label,
            taken=taken.get(tender.value, NOTHING),
            given_back=given.get(tender.value, NOTHING),
            counted=counted.get(tender.value),
        )
        for tender in Tender
    ]


@transaction.atomic
def count(
    *,
    store: Store,
    on: date,
    counted: Mapping[str, Decimal],
    why: Mapping[str, str],
    by: StaffMember,
    key: str,
    now: datetime,
) -> list[DrawerCount]:
    """Keep what was counted, tender by tender, once per form; a tender that is left out was not counted.

    Raises CannotCount.
    """
    if on > now.astimezone(store.zone).date():
        raise CannotCount("That day is still to come.")
    locking.hold(f"drawer {store.pk} {on}")
    known = list(DrawerCount.objects.filter(store=store, key=key))
    if known:
        return known
    rows = [row for row in day(store=store, on=on) if row.tender in counted]
    if not rows:
        raise CannotCount("Type what was counted of at least one tender; 0 for nothing.")
    for row in rows:
        _check(row, counted[row.tender], why.get(row.tender, ""), store=store)
    audit.record(action="drawer.counted", subject=store, actor=by.user, store=store, now=now)
    return DrawerCount.objects.bulk_create(
        DrawerCount(
            store=store,
            day_date=on,
            key=key,
            tender=row.tender,
            currency=store.currency,
            expected=row.expected,
            counted=counted[row.tender],
            why=why.get(row.tender, "").strip()[:200],
            counted_by=by,
            counted_at=now,
        )
        for row in rows
    )


def _check(row: Row, amount: Decimal, why: str, *, store: Store) -> None:
    if money.rounded(amount, currency=store.currency) != amount:
        raise CannotCount(f"{amount} is no amount in {store.currency}.")
    difference = amount - row.expected
    if difference and not why.strip():
        more = "more" if difference > 0 else "less"
        words = money.in_words(abs(difference), currency=store.currency)
        raise CannotCount(
            f"{row.label}: {words} {more} than the facts say. Count again, or say why it differs."
        )


def _bounds(store: Store, on: date) -> tuple[datetime, datetime]:
    begins = datetime.combine(on, time(), tzinfo=store.zone)
    return begins, datetime.combine(on + timedelta(days=1), time(), tzinfo=store.zone)


def _taken(store: Store, *, on: date) -> dict[str, Decimal]:
    begins, ends = _bounds(store, on)
    payments = Payment.objects.filter(
        source=f"counter:{store.code}",
        status=Payment.Status.CAPTURED,
        paid_at__gte=begins,
        paid_at__lt=ends,
    )
    return dict(payments.values_list("tender").annotate(sum=Sum("amount")).order_by())


def _given_back(store: Store, *, on: date) -> dict[str, Decimal]:
    begins, ends = _bounds(store, on)
    acts = CounterAct.objects.filter(
        ticket__store=store, kind=CounterAct.Kind.REFUNDED, at__gte=begins, at__lt=ends
    )
    of_invoices = Refund.objects.filter(
        source=f"counter:{store.code}",
        sale__invoice__isnull=False,
        refunded_at__gte=begins,
        refunded_at__lt=ends,
    )
    given: dict[str, Decimal] = defaultdict(Decimal)
    for rows in (acts, of_invoices):
        for tender, amount in rows.values_list("tender").annotate(sum=Sum("amount")).order_by():
            given[tender] += amount or NOTHING
    return given
