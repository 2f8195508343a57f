"""Credit each sale to the touches that led to it.

A sale's credits are deleted and written anew in one transaction, under a lock on its conversion, and
the facts are read after the lock, so that the last to count is right. For each sale and model the credits
sum to its merchandise without tax, for each of its refunds to minus the refund without tax: a sale
without a thread is credited to nobody, never left out.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from attribution.crediting import CreditModel, Touch, split, split_refunds
from attribution.models import Conversion, Credit, Touchpoint
from jeweler.models import Customer, Refund, Sale, SaleLine, Visitor

BATCH = 1000


def rebuild_of(*, customers: Iterable[Customer], now: datetime) -> None:
    """Credit all sales of these people anew, as when two turn out to be one."""
    roots = {customer.merged_into_id or customer.pk for customer in customers}
    theirs = Sale.objects.filter(Q(customer__in=roots) | Q(customer__merged_into__in=roots))
    rebuild(sale_ids=list(theirs.values_list("pk", flat=True)), now=now)


def rebuild(*, sale_ids: Collection[int], now: datetime) -> None:
    """Derive the conversions and credits of these sales; a voided sale has none.

    A thousand at a time, each thousand in a transaction of its own.
    """
    ids = sorted(set(sale_ids))
    for start in range(0, len(ids), BATCH):
        _rebuild_batch(ids[start : start + BATCH], now=now)


@transaction.atomic
def _rebuild_batch(sale_ids: Sequence[int], *, now: datetime) -> None:
    _lock(sale_ids, now=now)
    Conversion.objects.filter(sale__in=sale_ids, sale__voided_at__isnull=False).delete()
    facts = _facts(sale_ids)
    conversions = Conversion.objects.bulk_create(
        [_conversion(fact, now=now) for fact in facts],
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=[
            *("occurred_at", "customer", "store", "design_code"),
            *("value", "currency", "counted_at"),
        ],
    )
    Credit.objects.filter(conversion__sale__in=sale_ids).delete()
    touches = _touches(facts)
    Credit.objects.bulk_create(
        credit
        for fact, conversion in zip(facts, conversions, strict=True)
        for credit in _credits(fact, conversion, _within_lookback(fact, touches))
    )


def _lock(sale_ids: Sequence[int], *, now: datetime) -> None:
    """Have a conversion for each sale and lock them, in one order for everybody."""
    Conversion.objects.bulk_create(
        (
            Conversion(
                kind=Conversion.Kind.SALE,
                key=f"sale:{sale.pk}",
                sale=sale,
                occurred_at=sale.placed_at,
                currency=sale.currency,
                counted_at=now,
            )
            for sale in Sale.objects.filter(pk__in=sale_ids).order_by("pk")
        ),
        ignore_conflicts=True,
    )
    locked = Conversion.objects.filter(sale__in=sale_ids).select_for_update(of=["self"])
    list(locked.order_by("sale_id").values_list("pk", flat=True))


@dataclass(frozen=True, kw_only=True)
class _Fact:
    """A sale as crediting needs it. `person` is the id of the customer who stands for its owner."""

    sale: Sale
    merchandise: Decimal
    design_code: str
    person: int | None
    refunds: list[Refund]

    @property
    def zone(self) -> ZoneInfo:
        return self.sale.store.zone if self.sale.store else ZoneInfo(settings.TIME_ZONE)


def _facts(sale_ids: Sequence[int]) -> list[_Fact]:
    refunds: dict[int, list[Refund]] = defaultdict(list)
    codes: dict[int, str] = {}
    for refund in Refund.objects.filter(sale__in=sale_ids).order_by("refunded_at", "pk"):
        refunds[refund.sale_id].append(refund)
    coded = SaleLine.objects.filter(sale__in=sale_ids).exclude(design_code="")
    for sale_id, code in coded.order_by("position").values_list("sale_id", "design_code"):
        codes.setdefault(sale_id, code)
    worth = Sum("lines__net_total", filter=Q(lines__kind=SaleLine.Kind.MERCHANDISE))
    sales = Sale.objects.filter(pk__in=sale_ids, voided_at=None).select_related("store", "customer")
    return [
        _Fact(
            sale=sale,
            merchandise=sale.merchandise,
            design_code=codes.get(sale.pk, ""),
            person=(sale.customer.merged_into_id or sale.customer_id) if sale.customer else None,
            refunds=refunds[sale.pk],
        )
        for sale in sales.annotate(merchandise=Coalesce(worth, Decimal(0))).order_by("pk")
    ]


def _conversion(fact: _Fact, *, now: datetime) -> Conversion:
    return Conversion(
        kind=Conversion.Kind.SALE,
        key=f"sale:{fact.sale.pk}",
        occurred_at=fact.sale.placed_at,
        customer_id=fact.person,
        store=fact.sale.store,
        design_code=fact.design_code,
        sale=fact.sale,
        value=fact.merchandise,
        currency=fact.sale.currency,
        counted_at=now,
    )


def _touches(facts: Sequence[_Fact]) -> dict[int, list[Touch]]:
    """The touches of everybody who bought, of all her browsers but the showrooms' own."""
    people = {fact.person for fact in facts if fact.person is not None}
    if not people:
        return {}
    visitors = Visitor.objects.filter(
        Q(customer__in=people) | Q(customer__merged_into__in=people), is_store_device=False
    )
    owners = dict(visitors.values_list("pk", Coalesce("customer__merged_into_id", "customer_id")))
    found: dict[int, list[Touch]] = defaultdict(list)
    rows = Touchpoint.objects.filter(
        visitor__in=list(owners),
        occurred_at__gte=min(fact.sale.placed_at for fact in facts) - _lookback(),
    )
    for touch_id, visitor_id, at in rows.values_list("pk", "visitor_id", "occurred_at"):
        found[owners[visitor_id]].append(Touch(at=at, id=touch_id))
    return found


def _lookback() -> timedelta:
    return timedelta(days=settings.LOOKBACK_DAYS)


def _within_lookback(fact: _Fact, touches: dict[int, list[Touch]]) -> list[Touch]:
    if fact.person is None:
        return []
    bought_at = fact.sale.placed_at
    return [
        touch
        for touch in touches.get(fact.person, ())
        if bought_at - _lookback() <= touch.at <= bought_at
    ]


def _credits(fact: _Fact, conversion: Conversion, touches: list[Touch]) -> list[Credit]:
    currency = fact.sale.currency
    rows: list[Credit] = []

    def add(shares: dict[int | None, Decimal], at: datetime, refund: Refund | None) -> None:
        rows.extend(
            Credit(
                conversion=conversion,
                refund=refund,
                model=model,
                touchpoint_id=touch_id,
                amount=amount,
                local_date=at.astimezone(fact.zone).date(),
            )
            for touch_id, amount in shares.items()
        )

    for model in CreditModel:
        shares = split(value=fact.merchandise, touches=touches, model=model, currency=currency)
        add(shares, fact.sale.placed_at, None)
        taken_back = split_refunds(
            refunds=[refund.amount - refund.tax for refund in fact.refunds],
            touches=touches,
            model=model,
            currency=currency,
        )
        for refund, shares in zip(fact.refunds, taken_back, strict=True):
            add(shares, refund.refunded_at, refund)
    return rows
