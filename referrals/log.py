"""The log of a referral: facts by their keys, written once and never changed (the database refuses it)."""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import QuerySet

from jeweler import locking
from referrals.models import Referral, ReferralEvent
from referrals.qualification import Fact, Kind


def locked(referral_id: int) -> Referral:
    """This referral, held until the transaction ends."""
    return rows_to_lock().get(pk=referral_id)


def rows_to_lock(*, skips_locked: bool = False) -> QuerySet[Referral]:
    """Referrals with what is asked of each, locked as they are read."""
    rows = Referral.objects.select_related(
        "terms__friend_perk", "advocate__customer__merged_into", "friend", "sale"
    )
    if not locking.are_on():
        return rows
    return rows.select_for_update(of=["self"], skip_locked=skips_locked)


def add(
    referral: Referral, facts: Iterable[Fact], *, by: User | None = None, now: datetime
) -> None:
    """Write facts into the log; those it has already are left as they are."""
    ReferralEvent.objects.bulk_create(
        [
            ReferralEvent(
                referral=referral,
                kind=fact.kind,
                key=fact.key,
                at=fact.at,
                data=fact.data,
                recorded_at=now,
                by=by,
            )
            for fact in facts
        ],
        ignore_conflicts=True,
    )


def facts_in(referral: Referral) -> list[Fact]:
    return [
        Fact(kind=Kind(event.kind), key=event.key, at=event.at, data=event.data)
        for event in referral.events.all()
    ]
