"""The log of a referral: facts by their keys, written once and never changed (the database refuses it)."""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import User

from jeweler import locking
from referrals.models import Referral, ReferralEvent
from referrals.qualification import Fact, Kind


def locked(referral_id: int) -> Referral:
    """This referral, held until the transaction ends."""
    rows = Referral.objects.select_related("terms", "advocate__customer__merged_into", "friend")
    return (rows.select_for_update(of=["self"]) if locking.are_on() else rows).get(pk=referral_id)


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
        Fact(kind=Kind(kind), key=key, at=at, data=data)
        for kind, key, at, data in referral.events.values_list("kind", "key", "at", "data")
    ]
