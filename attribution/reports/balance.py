"""The books: what was credited against what the tills report, which is added up without the credits."""

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.db import connection
from django.db.models import Max, Q, Sum
from django.db.models.functions import Coalesce

from attribution.models import Conversion
from attribution.reports.scope import Scope

DATED = """
    FROM jeweler_sale AS sale
    LEFT JOIN jeweler_store AS store ON store.id = sale.store_id
    {join}
    WHERE sale.voided_at IS NULL
      AND sale.currency = %(currency)s
      AND (%(all_stores)s OR sale.store_id = ANY(%(stores)s))
      AND ({at} AT TIME ZONE coalesce(store.time_zone, %(house_zone)s))::date
          BETWEEN %(start)s AND %(end)s
"""
SOLD = "SELECT coalesce(sum(line.net_total), 0)" + DATED.format(
    join="JOIN jeweler_saleline AS line ON line.sale_id = sale.id AND line.kind = 'merchandise'",
    at="sale.placed_at",
)
GIVEN_BACK = "SELECT coalesce(sum(refund.amount - refund.tax), 0)" + DATED.format(
    join="JOIN jeweler_refund AS refund ON refund.sale_id = sale.id", at="refund.refunded_at"
)


@dataclass(frozen=True, kw_only=True)
class Balance:
    """Merchandise without tax. `tills` is net of refunds and comes from the sales tables alone."""

    credited: Decimal
    unattributed: Decimal
    refunded: Decimal
    tills: Decimal
    counted_at: object
    other_currencies: list[str]

    @property
    def difference(self) -> Decimal:
        return self.tills - (self.credited + self.unattributed - self.refunded)


def balance(*, scope: Scope) -> Balance:
    zero = Decimal(0)
    sums = scope.credits().aggregate(
        credited=Coalesce(Sum("amount", filter=Q(refund=None, touchpoint__isnull=False)), zero),
        unattributed=Coalesce(Sum("amount", filter=Q(refund=None, touchpoint=None)), zero),
        refunded=Coalesce(Sum("amount", filter=Q(refund__isnull=False)), zero),
        counted_at=Max("conversion__counted_at"),
    )
    others = Conversion.objects.filter(kind=Conversion.Kind.SALE).exclude(currency=scope.currency)
    return Balance(
        credited=sums["credited"],
        unattributed=sums["unattributed"],
        refunded=-sums["refunded"],
        tills=_sum(SOLD, scope) - _sum(GIVEN_BACK, scope),
        counted_at=sums["counted_at"],
        other_currencies=sorted(set(others.values_list("currency", flat=True))),
    )


def _sum(query: str, scope: Scope) -> Decimal:
    with connection.cursor() as cursor:
        cursor.execute(
            query,
            {
                "currency": scope.currency,
                "all_stores": scope.store_ids is None,
                "stores": sorted(scope.store_ids or []),
                "house_zone": settings.TIME_ZONE,
                "start": scope.start_date,
                "end": scope.end_date,
            },
        )
        found: tuple[Decimal] = cursor.fetchone()
    return found[0]
