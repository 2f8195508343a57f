"""How much of what is given is used, and what that costs: the shares by which a thank-you's face becomes its cost."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, F, Q, Sum

from referrals import credit
from referrals.models import CreditLot, Program, Reward

ENOUGH = 20  # below so many that have ended, all of it is taken to be used
WHOLE = Decimal(1)


@dataclass(frozen=True, kw_only=True)
class Use:
    """`credit_share` of ended credit was spent, `perk_share` of ended perks used; goods cost `goods_share` of their price."""

    credit_share: Decimal
    perk_share: Decimal
    goods_share: Decimal
    credit_ended: int
    perks_ended: int


def use_of(*, program: Program, currency: str, now: datetime) -> Use:
    """Three sums of what has come to its end: spent whole, or past its last day."""
    ended = Q(last_date__lt=credit.last_day(now)) | Q(spent=F("face"))
    lots = CreditLot.objects.filter(
        ended, account__currency=currency, reward__isnull=False, reversed_at=None
    ).aggregate(count=Count("pk"), face=Sum("face"), spent=Sum("spent"))
    used = Q(state=Reward.State.REDEEMED)
    perks = Reward.objects.filter(kind=Reward.Kind.PERK).filter(
        used | Q(state=Reward.State.EXPIRED) | Q(state=Reward.State.ISSUED, last_date__lt=credit.last_day(now))
    ).aggregate(count=Count("pk"), used=Count("pk", filter=used))  # fmt: skip
    return Use(
        credit_share=_share(lots["spent"], lots["face"], count=lots["count"]),
        perk_share=_share(perks["used"], perks["count"], count=perks["count"]),
        goods_share=Decimal(program.goods_percent) / 100,
        credit_ended=lots["count"],
        perks_ended=perks["count"],
    )


def _share(part: Decimal | int | None, whole: Decimal | int | None, *, count: int) -> Decimal:
    if count < ENOUGH or not whole:
        return WHOLE
    return Decimal(part or 0) / Decimal(whole)
