"""The sales behind a figure. The same conditions make the figure and its list, so they add up."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce

from attribution.models import Credit
from attribution.reports.scope import Scope
from jeweler.models import Sale, Visitor

NOBODY, UNSEEN, TOO_LATE = "nobody", "unseen", "late"
WHY = {
    NOBODY: "No e-mail, phone or design was given at the till",
    UNSEEN: "She is known, but no browser of hers is",
    TOO_LATE: "Her browser is known, but came by no path in the lookback window",
}


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Which shares of a scope: each field narrows, an empty one does not.

    `campaign` is the campaign's name, or the source of one without a name. `term` None: any.
    `thread`: found, none or refunded. `why`: of those without a thread, the reason.
    """

    channel: str = ""
    campaign: str = ""
    term: str | None = None
    where: str = ""
    thread: str = ""
    why: str = ""

    def of(self, scope: Scope) -> QuerySet[Credit]:
        if self.thread == "refunded":
            return scope.credits().filter(refund__isnull=False)
        shares = scope.sales()
        if self.thread == "found" or self.channel:
            shares = shares.filter(touchpoint__isnull=False)
        elif self.thread == "none":
            shares = shares.filter(touchpoint=None)
        if self.why:
            shares = _why(shares).filter(why=self.why)
        return shares.filter(self._names(), self._where())

    def _names(self) -> Q:
        names = Q(touchpoint__channel=self.channel) if self.channel else Q()
        if self.campaign:
            names &= Q(touchpoint__campaign__iexact=self.campaign) | Q(
                touchpoint__campaign="", touchpoint__source__iexact=self.campaign
            )
        if self.term is not None:
            names &= Q(touchpoint__term__iexact=self.term)
        return names

    def _where(self) -> Q:
        if not self.where:
            return Q()
        is_web = Q(conversion__sale__channel=Sale.Channel.WEB)
        return is_web if self.where == "web" else ~is_web


def journey_rows(*, scope: Scope, part: Slice) -> QuerySet[Credit]:
    """The shares, the latest first, with what a list shows of them."""
    return (
        part.of(scope)
        .select_related("conversion__sale", "conversion__store", "touchpoint", "refund")
        .prefetch_related("conversion__sale__evidence")
        .order_by("-local_date", "-conversion__occurred_at", "-pk")
    )


def total_of(*, scope: Scope, part: Slice) -> Decimal:
    sums = part.of(scope).aggregate(sum=Coalesce(Sum("amount"), Decimal(0)))
    total: Decimal = sums["sum"]
    return total


@dataclass(frozen=True, kw_only=True)
class Missing:
    """Sales without a thread, by what is missing."""

    why: str
    label: str
    sales: int
    amount: Decimal


def missing_threads(*, scope: Scope) -> list[Missing]:
    rows = _why(scope.sales().filter(touchpoint=None))
    sums = {
        row["why"]: row
        for row in rows.order_by().values("why").annotate(count=Count("pk"), sum=Sum("amount"))
    }
    return [
        Missing(
            why=why,
            label=label,
            sales=sums.get(why, {}).get("count", 0),
            amount=sums.get(why, {}).get("sum", Decimal(0)),
        )
        for why, label in WHY.items()
    ]


def _why(shares: QuerySet[Credit]) -> QuerySet[Any]:
    owner = OuterRef("conversion__customer")
    browsers = Visitor.objects.filter(
        Q(customer=owner) | Q(customer__merged_into=owner), is_store_device=False
    )
    return shares.annotate(
        why=Case(
            When(conversion__customer=None, then=Value(NOBODY)),
            When(~Exists(browsers), then=Value(UNSEEN)),
            default=Value(TOO_LATE),
        )
    )
