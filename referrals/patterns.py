"""Who of the staff enters codes how often, for whom, and when: what insiders' fraud looks like before anybody is accused of it.

Limits: sales are counted of our own tickets and custom orders, which know who rang them up; a till's own staff are not known to us.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import Count, QuerySet

from jeweler.models import AuditEntry, Sale, StaffMember, Store
from referrals.models import Referral, ReferralEvent, Review
from referrals.qualification import Kind
from referrals.scoring import Sign

LATELY = timedelta(days=90)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One log-in's last 90 days. `per_hundred` is None where nothing was sold; `share` is the commonest advocate's, in percent."""

    who: str
    sales: int
    entered: int
    per_hundred: int | None
    share: int
    cold: int
    late: int
    own: int


def report(*, stores: QuerySet[Store], now: datetime) -> list[Row]:
    """Of the staff of these stores, those with most codes first."""
    since = now - LATELY
    members = StaffMember.objects.filter(stores__in=stores).distinct().select_related("user")
    users = [member.user for member in members]
    sold = _count(Sale.objects.filter(sold_by__in=users, placed_at__gt=since), "sold_by")
    own = Counter(
        AuditEntry.objects.filter(
            actor__in=users, action="referral.own_code_refused", at__gt=since
        ).values_list("actor", flat=True)
    )
    late = Counter(
        ReferralEvent.objects.filter(
            kind=Kind.NOTED, data__code="LATE_ATTRIBUTION", by__in=users, at__gt=since
        ).values_list("by", flat=True)
    )
    rows = [_row(user, sales=sold[user.pk], own=own[user.pk], late=late[user.pk], since=since) for user in users]  # fmt: skip
    return sorted(rows, key=lambda row: (-row.entered, row.who))


def _row(user: User, *, sales: int, own: int, late: int, since: datetime) -> Row:
    entered = Referral.objects.filter(touch__staff=user, touch__at__gt=since)
    advocates = Counter(entered.values_list("advocate", flat=True))
    most = max(advocates.values(), default=0)
    count = sum(advocates.values())
    cold = Review.objects.filter(
        referral__in=entered, signals__contains=[{"code": str(Sign.COLD_POS_APPLY)}]
    )
    return Row(
        who=user.get_full_name() or user.username, sales=sales, entered=count,
        per_hundred=round(100 * count / sales) if sales else None,
        share=round(100 * most / count) if count else 0,
        cold=cold.values("referral").distinct().count(), late=late, own=own,
    )  # fmt: skip


def _count(rows: "QuerySet[Sale]", by: str) -> Counter[int]:
    return Counter(dict(rows.values_list(by).annotate(count=Count("pk"))))
