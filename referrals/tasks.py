"""The doorbell of the ledger: it only says "look now"."""

from celery import shared_task
from django.utils import timezone

from referrals import credit


@shared_task(expires=60)
def tidy_credit() -> int:
    """Holds that ran out, then lots that ended: what a hold sets free may have ended as well."""
    now = timezone.now()
    return credit.release_lapsed(now=now) + credit.expire(now=now)
