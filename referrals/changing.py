"""What one person alone may not do: give a friend to another advocate, or let through what a hard rule forbids.

Promise: one manager asks and says why; another, who neither sold the piece nor is near either party, decides. The referral that was is
never reopened: a new one stands for it, by the terms, the day and the lock of the old, and the old one's log says so. Limits: nothing is given to another
advocate once it has qualified; nobody can be let through as her own friend.
"""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from jeweler import audit, customers, locking
from jeweler.models import Sale, StaffMember
from referrals import eligibility, following, log, review, signs
from referrals.models import Advocate, Referral, ReferralChange
from referrals.qualification import Fact, Kind

State = ReferralChange.State
RULES = {eligibility.EXISTING_CUSTOMER, eligibility.SELF_REFERRAL}
CARRIED = [Kind.APPLIED, Kind.RETURN_OPENED, Kind.RETURN_CLOSED, Kind.BOOKED]


class CannotChange(review.CannotDecide):
    """It is too late for it, or nothing stands in its way."""


class NeedsSomebodyElse(CannotChange):
    def __init__(self) -> None:
        super().__init__("You asked for it yourself: another manager has to decide.")


class NotPermitted(CannotChange):
    def __init__(self) -> None:
        super().__init__(
            "A hard rule is only passed by an owner, or by a log-in with the right “override_hard”. Ask the owner."
        )


@transaction.atomic
def ask_reassign(
    *, referral: Referral, to: Advocate, reason: str, by: User, now: datetime
) -> ReferralChange:
    """Raises CannotChange when it has qualified or was hers before; review.NoteMissing, review.IsInvolved."""
    referral = log.locked(referral.pk)
    _check_reassign(referral, to)
    return _ask(referral, ReferralChange.Kind.REASSIGN, to=to, reason=reason, by=by, now=now)


@transaction.atomic
def ask_override(*, referral: Referral, reason: str, by: User, now: datetime) -> ReferralChange:
    """Raises NotPermitted, CannotChange when no hard rule forbade it; review.NoteMissing, review.IsInvolved."""
    if not may_override(by):
        raise NotPermitted
    referral = log.locked(referral.pk)
    _check_override(referral)
    kind = ReferralChange.Kind.OVERRIDE
    return _ask(referral, kind, to=referral.advocate, reason=reason, by=by, now=now)


@transaction.atomic
def decide(
    *, change: ReferralChange, is_approved: bool, note: str, by: User, now: datetime
) -> Referral | None:
    """The referral that stands now, where it was approved. Raises NeedsSomebodyElse, review.IsInvolved, CannotChange."""
    referral = log.locked(change.referral_id)
    rows = ReferralChange.objects.select_related("advocate__customer__merged_into")
    change = (rows.select_for_update(of=["self"]) if locking.are_on() else rows).get(pk=change.pk)
    if change.state != State.OPEN:
        raise CannotChange(f"It was {change.get_state_display().lower()} already.")
    if by.pk == change.asked_by_id:
        raise NeedsSomebodyElse
    review.refuse_the_involved(by, referral)
    change.state = State.APPROVED if is_approved else State.DECLINED
    change.decided_by, change.decided_at, change.note = by, now, note.strip()[:280]
    change.save(update_fields=["state", "decided_by", "decided_at", "note"])
    audit.record(
        action=f"referral.change_{change.state}", subject=referral, actor=by,
        detail={"change": change.pk, "kind": change.kind}, now=now,
    )  # fmt: skip
    return _carry_out(change, referral, by=by, now=now) if is_approved else None


def may_override(user: User) -> bool:
    is_owner = StaffMember.objects.filter(user=user, role=StaffMember.Role.OWNER).exists()
    return is_owner or user.has_perm("referrals.override_hard")


def _ask(
    referral: Referral, kind: ReferralChange.Kind, *, to: Advocate, reason: str, by: User,
    now: datetime,
) -> ReferralChange:  # fmt: skip
    if not reason.strip():
        raise review.NoteMissing
    review.refuse_the_involved(by, referral)
    if referral.changes.filter(state=State.OPEN).exists():
        raise CannotChange("Something is asked for already. Decide that first.")
    audit.record(action=f"referral.{kind}_asked", subject=referral, actor=by, now=now)
    return ReferralChange.objects.create(
        referral=referral, kind=kind, advocate=to, reason=reason.strip()[:280], asked_by=by,
        asked_at=now,
    )  # fmt: skip


def _check_reassign(referral: Referral, to: Advocate) -> None:
    if referral.closed_at is not None or referral.state not in review.PENDING:
        raise CannotChange("It has qualified, or is over: it stays with the advocate it has.")
    if referral.state == Referral.State.QUALIFIED:
        raise CannotChange("It has qualified: it stays with the advocate it has.")
    if to.customer_id in customers.ids_of(referral.advocate.customer):
        raise CannotChange("It is this advocate’s already.")
    why_not = eligibility.why_not(advocate=to, friend=referral.friend, before=referral.locked_at)
    if why_not:
        raise CannotChange("A hard rule forbids this advocate for this friend.")


def _check_override(referral: Referral) -> None:
    is_forbidden = referral.state == Referral.State.REJECTED and referral.reason in RULES
    if not is_forbidden or not referral.events.filter(kind=Kind.REJECTED).exists():
        raise CannotChange("No hard rule has refused it, so there is none to pass.")
    if referral.advocate.customer_id in customers.ids_of(referral.friend):
        raise CannotChange("Nobody can be her own friend.")
    if following.of_friend(referral.friend) is not None:
        raise CannotChange("Another referral stands for this friend now.")


def _carry_out(change: ReferralChange, referral: Referral, *, by: User, now: datetime) -> Referral:
    if change.kind == ReferralChange.Kind.REASSIGN:
        _check_reassign(referral, change.advocate)
        data = {"reason": "REASSIGNED"}
        ended = Fact(kind=Kind.SUPERSEDED, key="superseded", at=now, data=data)
        log.add(referral, [ended], by=by, now=now)
        following.look(referral, now=now)
        noted = {"code": "REASSIGNED", "words": change.reason}
    else:
        _check_override(referral)
        noted = {"code": "OVERRIDDEN", "rule": referral.reason, "words": change.reason}
    return _stand_in(change, referral, noted=noted, now=now)


def _stand_in(
    change: ReferralChange, old: Referral, *, noted: dict[str, str], now: datetime
) -> Referral:
    """By the terms, the day and the lock of the old; the friend keeps the perk she was given."""
    locking.hold(f"referral of {old.friend_id}")
    new = Referral.objects.create(
        advocate=change.advocate, friend=old.friend, terms=old.terms,
        touch=old.touch if change.advocate == old.advocate else None, locked_at=old.locked_at,
        lock_ends_at=old.lock_ends_at, time_zone=old.time_zone, surprise_until=old.surprise_until,
    )  # fmt: skip
    why = Fact(kind=Kind.NOTED, key=f"noted:change:{change.pk}", at=now, data=noted)
    carried = [fact for fact in log.facts_in(old) if fact.kind in CARRIED]
    log.add(new, [why, *carried], by=change.asked_by, now=now)
    ids = customers.ids_of(old.friend)
    orders = Sale.objects.filter(customer__in=ids, placed_at__gte=old.locked_at)
    applied = [fact.data["sale"] for fact in carried if fact.kind == Kind.APPLIED]
    for sale in (orders | Sale.objects.filter(pk__in=applied)).order_by("pk"):
        following.learn(new, sale=sale, now=now)
    signs.consider(new, now=now)
    following.look(new, now=now)
    return new
