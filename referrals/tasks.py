"""The doorbells of referrals and of the ledger: they only say "look now"."""

from celery import shared_task
from django.utils import timezone

from referrals import credit, following, inviting, occasions, review, vanity


@shared_task(expires=60)
def tidy_credit() -> int:
    """Holds that ran out, then lots that ended: what a hold sets free may have ended as well."""
    now = timezone.now()
    return credit.release_lapsed(now=now) + credit.expire(now=now)


@shared_task(expires=60)
def sweep_referrals() -> int:
    """Those that a midnight may have changed."""
    return following.sweep(now=timezone.now())


@shared_task(expires=3600)
def check_credit() -> int:
    """Every balance beside its entries; who runs it twice finds the same."""
    return credit.check(now=timezone.now())


@shared_task(expires=300)
def escalate_reviews() -> int:
    """What waited too long for a decision is told to the managers; it stays held."""
    return review.escalate(now=timezone.now())


@shared_task(expires=3000)
def invite_customers() -> int:
    """Whose return window is over; and words that were given up long ago are free again."""
    now = timezone.now()
    vanity.release(now=now)
    return inviting.sweep(now=now)


@shared_task(expires=600)
def remind_of_days() -> int:
    """Days of guests' own lives whose time to be written of has come."""
    return occasions.remind(now=timezone.now())
