"""Revenue by week, online beside altogether, and how long it took from the first touch to the sale."""

import statistics
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from attribution.crediting import CreditModel
from attribution.reports.scope import Scope
from jeweler.models import Sale

LONGEST_WEEKS = 13


@dataclass(frozen=True, kw_only=True)
class Week:
    """Seven days up to and with `end_date`; the first of a period may have fewer."""

    start_date: date
    end_date: date
    web: Decimal
    together: Decimal


def weeks(*, scope: Scope) -> list[Week]:
    """Counted back from the period's last day, so that the last week is whole."""
    zero = Decimal(0)
    days = (
        scope.sales()
        .values("local_date")
        .annotate(
            all=Sum("amount"),
            online=Coalesce(
                Sum("amount", filter=Q(conversion__sale__channel=Sale.Channel.WEB)), zero
            ),
        )
    )
    sold = {day["local_date"]: day for day in days}
    found = []
    end = scope.end_date
    while end >= scope.start_date:
        start = max(end - timedelta(days=6), scope.start_date)
        within = [day for at, day in sold.items() if start <= at <= end]
        found.append(
            Week(
                start_date=start,
                end_date=end,
                web=sum((day["online"] for day in within), zero),
                together=sum((day["all"] for day in within), zero),
            )
        )
        end = start - timedelta(days=1)
    return found[::-1]


@dataclass(frozen=True, kw_only=True)
class Lags:
    """Sales by the week after the first touch in which they came, the first week first."""

    counts: list[int]
    median_days: int | None


def lags(*, scope: Scope) -> Lags:
    """From the first touch within the lookback window to the sale, for the sales with a thread."""
    rows = scope.sales(model=CreditModel.FIRST).filter(touchpoint__isnull=False)
    days = [
        (bought_at - touched_at).days
        for touched_at, bought_at in rows.values_list(
            "touchpoint__occurred_at", "conversion__occurred_at"
        )
    ]
    counts = [0] * LONGEST_WEEKS
    for day in days:
        counts[min(day // 7, LONGEST_WEEKS - 1)] += 1
    return Lags(counts=counts, median_days=round(statistics.median(days)) if days else None)
