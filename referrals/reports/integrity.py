"""What the guardrails did: how many were held, how they were decided, and how late; what was taken back; late and cold applies."""

import statistics
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, F, Q, Sum

from builder.funnel import Period, Rate
from referrals.models import Referral, Review, Reward, Touch

LATE = timedelta(hours=24)
COLD = timedelta(minutes=10)
IN_PERSON = [Touch.Channel.COUNTER, Touch.Channel.TILL, Touch.Channel.INVOICE, Touch.Channel.NAME]
# A code that was given for an order more than a day after it was placed.
LATE_APPLIES = """
    SELECT event.referral_id FROM referrals_referralevent AS event
    JOIN jeweler_sale AS sale ON sale.id = (event.data ->> 'sale')::bigint
    WHERE event.kind = 'applied' AND event.at >= %(start)s AND event.at < %(end)s AND event.at > sale.placed_at + %(late)s
"""
# A code taken in person for somebody whom we had known for minutes alone, and who had not come by anybody before.
COLD_APPLIES = """
    SELECT touch.id, referral.id FROM referrals_touch AS touch
    JOIN jeweler_customer AS guest ON guest.id = touch.customer_id
    LEFT JOIN referrals_referral AS referral ON referral.touch_id = touch.id
    WHERE touch.channel = ANY(%(channels)s) AND touch.at >= %(start)s AND touch.at < %(end)s
      AND touch.at <= guest.created_at + %(cold)s
      AND NOT EXISTS (
          SELECT FROM referrals_touch AS earlier LEFT JOIN jeweler_visitor AS browser ON browser.id = earlier.visitor_id
          WHERE earlier.id <> touch.id AND earlier.at < touch.at
            AND (earlier.customer_id = guest.id OR browser.customer_id = guest.id))
"""


@dataclass(frozen=True, kw_only=True)
class Integrity:
    """`held`: of those locked in the period. `declined` and `days` of what was decided in it. `waiting`, `overdue`: now."""

    held: Rate
    declined: Rate
    days: float | None
    waiting: int
    overdue: int
    clawed_back: Decimal
    claw_backs: int
    lost: Decimal
    late: Rate
    cold: Rate


def integrity(*, period: Period, currency: str, now: datetime) -> Integrity:
    """Six queries."""
    start, end = period.bounds["start"], period.bounds["end"]
    locked = Referral.objects.filter(locked_at__gte=start, locked_at__lt=end).aggregate(
        all=Count("pk", distinct=True), held=Count("pk", filter=Q(reviews__isnull=False), distinct=True)
    )  # fmt: skip
    decided = Review.objects.filter(decided_at__gte=start, decided_at__lt=end)
    told = list(decided.values_list("state", "opened_at", "decided_at"))
    days = [(at - since) / timedelta(days=1) for _, since, at in told if at is not None]
    open_ones = Review.objects.filter(state=Review.State.OPEN).aggregate(
        all=Count("pk"), overdue=Count("pk", filter=Q(due_at__lte=now))
    )
    taken = Reward.objects.filter(
        closed_at__gte=start, closed_at__lt=end, currency=currency,
        state__in=[Reward.State.REVOKED, Reward.State.CLAWED_BACK, Reward.State.LOSS_RECORDED],
    ).aggregate(count=Count("pk"), face=Sum("face_value", filter=Q(kind=Reward.Kind.CREDIT)), lost=Sum(F("loss")))  # fmt: skip
    touches = Touch.objects.filter(channel__in=IN_PERSON, at__gte=start, at__lt=end).count()
    late, cold = late_ones(period=period), cold_ones(period=period)
    return Integrity(
        held=Rate(part=locked["held"], whole=locked["all"]),
        declined=Rate(part=sum(state == Review.State.DECLINED for state, _, _ in told), whole=len(told)),
        days=statistics.median(days) if days else None,
        waiting=open_ones["all"],
        overdue=open_ones["overdue"],
        clawed_back=taken["face"] or Decimal(0),
        claw_backs=taken["count"],
        lost=taken["lost"] or Decimal(0),
        late=Rate(part=min(len(late), locked["all"]), whole=locked["all"]),
        cold=Rate(part=min(len(cold), touches), whole=touches),
    )  # fmt: skip


def late_ones(*, period: Period) -> list[int]:
    """The referrals' ids."""
    with connection.cursor() as cursor:
        said: dict[str, Any] = {**period.bounds, "late": LATE}
        cursor.execute(LATE_APPLIES, said)
        return [row[0] for row in cursor.fetchall()]


def cold_ones(*, period: Period) -> list[tuple[int, int | None]]:
    """Each touch with the referral that it made, if it made one."""
    said: dict[str, Any] = {
        **period.bounds,
        "cold": COLD,
        "channels": [str(each) for each in IN_PERSON],
    }
    with connection.cursor() as cursor:
        cursor.execute(COLD_APPLIES, said)
        return [(row[0], row[1]) for row in cursor.fetchall()]
