"""What the back office's front page says of the tills, and of credit that does not add up."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from jeweler.access import Role, find_member, stores_of
from jeweler.models import StaffMember
from pos_bridge.models import Alarm
from referrals import credit
from referrals.models import CreditAccount, CreditMismatch

MOST = 12


@dataclass(frozen=True, kw_only=True)
class ToSee:
    """Something that is to be seen to, and where."""

    what: str
    detail: str
    link: str


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The open alarms: all of them for the owner, those of her stores' tills for a manager."""
    member = find_member(request)
    alarms, about_credit = Alarm.objects.none(), list[ToSee]()
    if member is not None and member.role in {Role.MANAGER, Role.OWNER}:
        alarms = Alarm.objects.filter(cleared_at=None).select_related("connection")
        if member.role != Role.OWNER:
            alarms = alarms.filter(connection__store__in=stores_of(member))
        about_credit = _credit(member)
    return {
        **context,
        "alarms": alarms.order_by("-raised_at")[:MOST],
        "about_credit": about_credit,
    }


def _credit(member: StaffMember) -> list[ToSee]:
    """Accounts are the house's, and every manager sees them; holds and payments are of her stores."""
    blocked = CreditAccount.objects.exclude(blocked_at=None)
    unreported = credit.unreported(now=timezone.now())
    uncovered = CreditMismatch.objects.filter(settled_at=None)
    if not member.sees_all_stores:
        ours = stores_of(member)
        unreported = unreported.filter(store__in=ours)
        uncovered = uncovered.filter(payment__sale__store__in=ours)
    said = [
        (blocked.count(), "credit account", "blocked", "Its balances differ from its entries; nothing of it can be spent.",
         f"{reverse('admin:referrals_creditaccount_changelist')}?blocked_at__isempty=0"),
        (unreported.count(), "credit hold", "without a sale", "A till captured it a day ago or longer, and has not reported what it paid for.",
         f"{reverse('admin:referrals_credithold_changelist')}?sale=missing"),
        (uncovered.count(), "payment", "without its credit", "It was rung up with store credit that nobody held.",
         f"{reverse('admin:referrals_creditmismatch_changelist')}?settled_at__isempty=1"),
    ]  # fmt: skip
    return [
        ToSee(what=f"{count} {name}{'s' if count > 1 else ''} {how}", detail=detail, link=link)
        for count, name, how, detail, link in said
        if count
    ]
