"""What thanking costs, what it protects, and what is owed: from the rewards and from the ledger's own buckets.

Cost is never face value. Credit costs what of it is spent, at what goods cost of their price; a perk costs its own cost, once it is
used. What may still be used counts at the share that has been so far (`using`). The benchmark is a discount for friend and advocate
alike on the orders that qualified. One currency at a time: nothing is converted.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, DecimalField, F, Q, Sum, When
from django.db.models.functions import Coalesce

from builder.funnel import Period, Rate
from referrals import credit
from referrals.models import CreditEntry, CreditLot, Program, Referral, ReferralEvent, Reward, Terms
from referrals.reports.using import Use

NOTHING = Decimal(0)
BENCHMARK = Decimal(10)
Bucket = CreditEntry.Bucket
State = Referral.State
QUALIFIED = [State.REWARDED, State.UNREWARDED]
WITH_ORDER = [State.PENDING_PAYMENT, State.PURCHASED, State.IN_RETURN_WINDOW, State.QUALIFIED]


@dataclass(frozen=True, kw_only=True)
class Costs:
    """`face` is what guests read; `credit` and `perks` what it costs; `open` is the part of the cost that is still expected."""

    thanks: int
    face: Decimal
    credit: Decimal
    perks: Decimal
    losses: Decimal
    open: Decimal
    qualified: int
    net: Decimal

    @property
    def total(self) -> Decimal:
        return self.credit + self.perks + self.losses

    @property
    def benchmark(self) -> Decimal:
        return 2 * BENCHMARK / 100 * self.net

    @property
    def protected(self) -> Decimal:
        return self.benchmark - self.total

    @property
    def each(self) -> Decimal | None:
        """For a customer whom a friend brought."""
        return self.total / self.qualified if self.qualified else None


@dataclass(frozen=True, kw_only=True)
class Liability:
    """What is under way, at the share that has qualified so far; `promised` is what it would be if all of it did."""

    with_order: int
    without: int
    share_with_order: Rate
    share_without: Rate
    promised: Decimal
    expected: Decimal


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """Moved in the period, by bucket; `outstanding` and `owed` as of now. `breakage`: of credit that came to its end."""

    issued: Decimal
    redeemed: Decimal
    given_back: Decimal
    ended: Decimal
    taken_back: Decimal
    outstanding: Decimal
    held: Decimal
    shortfall: Decimal
    breakage: Rate
    breakage_amount: tuple[Decimal, Decimal]


def costs(*, period: Period, currency: str, use: Use, now: datetime) -> Costs:
    """Of what was given in the period, and of the orders that qualified in it. Two queries."""
    today = credit.last_day(now)
    usable = Q(state=Reward.State.ISSUED) & (Q(last_date=None) | Q(last_date__gte=today))
    is_credit, is_perk = Q(kind=Reward.Kind.CREDIT), Q(kind=Reward.Kind.PERK)
    stands = ~Q(state__in=[Reward.State.REVOKED, Reward.State.CLAWED_BACK])
    given = Reward.objects.filter(issued_at__range=_ends(period), currency=currency).aggregate(
        thanks=Count("pk", filter=stands),
        face=_sum("face_value", stands),
        spent=_sum("lot__spent", is_credit & stands),
        open_credit=_sum(F("lot__available") + F("lot__held"), is_credit & stands & (Q(lot__last_date=None) | Q(lot__last_date__gte=today))),
        used=_sum("cost", is_perk & Q(state=Reward.State.REDEEMED)),
        open_perks=_sum("cost", is_perk & usable),
        lost_credit=_sum("loss", is_credit),
        lost_perks=_sum("loss", is_perk),
    )  # fmt: skip
    decided = ReferralEvent.objects.filter(
        kind__in=["rewarded", "unrewarded"], at__range=_ends(period),
        referral__state__in=QUALIFIED, referral__sale__currency=currency,
    ).aggregate(count=Count("referral", distinct=True), net=_sum("referral__net", Q()))  # fmt: skip
    open_credit = given["open_credit"] * use.credit_share * use.goods_share
    open_perks = given["open_perks"] * use.perk_share
    return Costs(
        thanks=given["thanks"],
        face=given["face"],
        credit=given["spent"] * use.goods_share + open_credit,
        perks=given["used"] + open_perks,
        losses=given["lost_credit"] * use.goods_share + given["lost_perks"],
        open=open_credit + open_perks,
        qualified=decided["count"],
        net=decided["net"],
    )


def liability(*, program: Program, currency: str) -> Liability:
    """As of now, whenever they came. Four queries."""
    ended = Referral.objects.filter(terms__program=program).aggregate(
        qualified=Count("pk", filter=Q(state__in=[*QUALIFIED, State.CLAWED_BACK])),
        ordered=Count("pk", filter=Q(state__in=[*QUALIFIED, State.CLAWED_BACK]) | Q(closed_at__isnull=False, sale__isnull=False) | Q(state=State.REVERSED)),
        all=Count("pk", filter=Q(state__in=[*QUALIFIED, State.CLAWED_BACK]) | Q(closed_at__isnull=False)),
        sum_net=Sum("net", filter=Q(state__in=QUALIFIED, sale__currency=currency)),
        nets=Count("net", filter=Q(state__in=QUALIFIED, sale__currency=currency)),
    )  # fmt: skip
    usual = (ended["sum_net"] or NOTHING) / (ended["nets"] or 1)
    by_order = Rate(part=ended["qualified"], whole=ended["ordered"])
    by_lock = Rate(part=ended["qualified"], whole=ended["all"])
    rows = waiting(program=program).values_list("terms_id", "sale__currency", "net", "state", "sale_id")  # fmt: skip
    versions = {each.pk: each for each in program.terms.prefetch_related("amounts")}
    counts: dict[bool, int] = defaultdict(int)
    promised = expected = NOTHING
    for terms_id, in_currency, net, _, sale_id in rows:
        has_order = sale_id is not None
        thanks = _thanks(versions[terms_id], net=net or usual, currency=in_currency or currency)
        if (in_currency or currency) != currency:
            continue
        counts[has_order] += 1
        rate = by_order if has_order else by_lock
        promised += thanks
        expected += thanks * Decimal(rate.share if rate.share is not None else 1)
    return Liability(
        with_order=counts[True],
        without=counts[False],
        share_with_order=by_order,
        share_without=by_lock,
        promised=promised,
        expected=expected,
    )


def waiting(*, program: Program) -> Any:
    """Those that may still qualify."""
    return Referral.objects.filter(
        terms__program=program, closed_at=None, state__in=[State.IDENTIFIED, State.ON_HOLD, *WITH_ORDER]
    )  # fmt: skip


def ledger(*, period: Period, currency: str, now: datetime) -> Ledger:
    """Every entry of the period once, from bucket to bucket. Three queries."""
    entries = CreditEntry.objects.filter(
        lot__account__currency=currency, transaction__at__range=_ends(period)
    )
    moved = {
        (row["source"], row["target"]): row["sum"]
        for row in entries.values("source", "target").annotate(sum=Sum("amount")).order_by()
    }
    today = credit.last_day(now)
    lots = CreditLot.objects.filter(account__currency=currency)
    over = Q(last_date__lt=today) | Q(spent=F("face"))
    sums = lots.aggregate(
        available=_sum("available", Q(last_date=None) | Q(last_date__gte=today)),
        held=_sum("held", Q()),
        ended=_sum(F("face") - F("spent"), over & Q(reversed_at=None)),
        over=_sum("face", over & Q(reversed_at=None)),
        count=Count("pk", filter=over & Q(reversed_at=None)),
        broken=Count("pk", filter=over & Q(reversed_at=None, spent=0)),
    )
    owed = lots.values("account").distinct().aggregate(sum=Sum("account__owed"))["sum"]
    into = {bucket: sum((amount for (_, to), amount in moved.items() if to == bucket), NOTHING) for bucket in Bucket}  # fmt: skip
    return Ledger(
        issued=moved.get((Bucket.ISSUED, Bucket.AVAILABLE), NOTHING),
        redeemed=into[Bucket.SPENT],
        given_back=sum((amount for (out, to), amount in moved.items() if out == Bucket.SPENT), NOTHING),
        ended=into[Bucket.ENDED],
        taken_back=into[Bucket.ISSUED],
        outstanding=sums["available"],
        held=sums["held"],
        shortfall=owed or NOTHING,
        breakage=Rate(part=sums["broken"], whole=sums["count"]),
        breakage_amount=(sums["ended"], sums["over"]),
    )  # fmt: skip


def _thanks(terms: Terms, *, net: Decimal, currency: str) -> Decimal:
    row = next((each for each in terms.amounts.all() if each.currency == currency), None)
    if row is None:
        return NOTHING
    if terms.reward == Terms.Reward.FIXED:
        return Decimal(row.reward)
    share: Decimal = net * row.percent / 100
    most: Decimal | None = row.most
    return share if most is None else min(share, most)


def _sum(what: Any, where: Q) -> Any:
    """Zero where there is nothing."""
    value = Case(When(where, then=what), default=NOTHING) if where else what
    return Coalesce(Sum(value, output_field=DecimalField()), NOTHING, output_field=DecimalField())


def _ends(period: Period) -> tuple[Any, Any]:
    return period.bounds["start"], period.bounds["end"]
