"""What a customer who asked to be forgotten leaves among friends: codes that lead nowhere, and rows without a word of hers.

Whom she brought, what she was thanked with and the ledger stay, under nobody's name: others' thank-yous and the books need them. Her touches lose
their browser and its hashes.
"""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q

from referrals import vanity
from referrals.models import Advocate, AdvocateLink, LifeEvent, Touch


def forget(*, customer_id: int, visitor_ids: Collection[int], now: datetime) -> None:
    """Doing it again changes nothing."""
    for advocate in Advocate.objects.filter(customer=customer_id):
        AdvocateLink.objects.filter(advocate=advocate).delete()
        vanity.forget(advocate=advocate, now=now)
        advocate.shares.update(network_hash="", agent_hash="")
        advocate.note, advocate.shows_first_name = "", False
        advocate.ends_at = min(advocate.ends_at or now, now)
        advocate.save(update_fields=["note", "shows_first_name", "ends_at"])
    LifeEvent.objects.filter(customer=customer_id, stopped_at=None).update(
        stopped_at=now, look_date=None
    )
    hers = Touch.objects.filter(Q(customer=customer_id) | Q(visitor__in=visitor_ids))
    hers.update(visitor=None, network_hash="", agent_hash="")
