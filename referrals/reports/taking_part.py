"""Who takes part: who was invited and became an advocate, who passed her link on; and what the hold-out says the invitation adds."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from builder.funnel import Period, Rate
from jeweler.models import Sale, SaleLine
from referrals.models import Advocate, Invitation, Referral, Share


@dataclass(frozen=True, kw_only=True)
class Part:
    """`joined`: of the invited. `shared`: of the advocates. `brought`: advocates with a friend whom we know."""

    invited: int
    joined: Rate
    advocates: int
    shared: Rate
    shares: int
    brought: Rate

    @property
    def shares_each(self) -> float | None:
        return self.shares / self.shared.part if self.shared.part else None


@dataclass(frozen=True, kw_only=True)
class Arm:
    """The invited, or those whom the lot held out."""

    label: str
    is_held_out: bool
    bought: Rate
    brought: Rate


def taking_part(*, period: Period) -> Part:
    """Invited, joined or shared in the period; three queries."""
    invited = Invitation.objects.filter(decided_at__range=_ends(period), is_held_out=False)
    sums = invited.aggregate(
        all=Count("pk"),
        joined=Count("pk", filter=Q(customer__advocate__joined_at__gte=F("decided_at"))),
    )
    here = Advocate.objects.filter(joined_at__lt=period.bounds["end"])
    mine = Share.objects.filter(advocate=OuterRef("pk"), at__range=_ends(period))
    friends = Referral.objects.filter(advocate=OuterRef("pk"), locked_at__range=_ends(period))
    counted = here.aggregate(
        all=Count("pk"),
        shared=Count("pk", filter=Exists(mine)),
        brought=Count("pk", filter=Exists(friends)),
    )
    return Part(
        invited=sums["all"],
        joined=Rate(part=sums["joined"], whole=sums["all"]),
        advocates=counted["all"],
        shared=Rate(part=counted["shared"], whole=counted["all"]),
        shares=Share.objects.filter(at__range=_ends(period)).count(),
        brought=Rate(part=counted["brought"], whole=counted["all"]),
    )


def arms(*, period: Period) -> list[Arm]:
    """Decided on in the period; bought again or brought a friend at any time since. One query."""
    rows = {row["is_held_out"]: row for row in followed(period=period).values("is_held_out").annotate(
        all=Count("pk"), bought=Count("pk", filter=Q(has_bought=True)), brought=Count("pk", filter=Q(has_brought=True)),
    ).order_by()}  # fmt: skip
    nothing = {"all": 0, "bought": 0, "brought": 0}
    return [
        Arm(
            label=label,
            is_held_out=is_held_out,
            bought=Rate(part=row["bought"], whole=row["all"]),
            brought=Rate(part=row["brought"], whole=row["all"]),
        )
        for is_held_out, label in ((False, "Invited"), (True, "Held out"))
        for row in [rows.get(is_held_out, nothing)]
    ]


def followed(*, period: Period) -> QuerySet[Any]:
    """Each with whether she has bought, or has brought somebody, since the lot was drawn."""
    hers = Q(customer=OuterRef("customer")) | Q(customer__merged_into=OuterRef("customer"))
    again = Sale.objects.filter(
        hers, placed_at__gt=OuterRef("decided_at"), voided_at=None,
        lines__kind=SaleLine.Kind.MERCHANDISE,
    )  # fmt: skip
    friends = Referral.objects.filter(
        advocate__customer=OuterRef("customer"), locked_at__gt=OuterRef("decided_at")
    )
    decided = Invitation.objects.filter(decided_at__range=_ends(period))
    return decided.annotate(has_bought=Exists(again), has_brought=Exists(friends))


def _ends(period: Period) -> tuple[object, object]:
    return period.bounds["start"], period.bounds["end"]
