"""Two customers were found to be one person: of two referrals the earlier stands, and nobody brought herself."""

from datetime import datetime

from django.db import transaction

from jeweler import customers
from jeweler.models import Customer
from referrals import eligibility, following, log
from referrals.models import Referral
from referrals.qualification import Fact, Kind


@transaction.atomic
def settle(*, customer_id: int, now: datetime) -> None:
    """Let the referrals of a merged person be what they would have been had we known."""
    ids = customers.ids_of(Customer.objects.get(pk=customer_id))
    alive = Referral.objects.filter(friend__in=ids, closed_at=None).order_by("locked_at", "pk")
    first: Referral | None = None
    for referral_id in alive.values_list("pk", flat=True):
        referral = log.locked(referral_id)
        if first is not None:
            _end(referral, Kind.SUPERSEDED, reason="MERGED", now=now)
        elif _brought_herself(referral):
            _end(referral, Kind.REJECTED, reason=eligibility.SELF_REFERRAL, now=now)
        else:
            first = referral
        following.look(referral, now=now)
    of_hers = Referral.objects.filter(advocate__customer__in=ids, friend__in=ids, closed_at=None)
    for referral_id in of_hers.values_list("pk", flat=True):
        referral = log.locked(referral_id)
        _end(referral, Kind.REJECTED, reason=eligibility.SELF_REFERRAL, now=now)
        following.look(referral, now=now)


def _brought_herself(referral: Referral) -> bool:
    return referral.advocate.customer_id in customers.ids_of(referral.friend)


def _end(referral: Referral, kind: Kind, *, reason: str, now: datetime) -> None:
    log.add(referral, [Fact(kind=kind, key=str(kind), at=now, data={"reason": reason})], now=now)
