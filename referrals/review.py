"""Held referrals, and what somebody of the house decides about each.

Promise: waiting never lets go of one: when its days are over it is escalated and stays held. Whoever decides says why, and is neither
the seller on the order nor linked to either party. Each reason is decided by itself, so letting go of one never frees what another
holds. Limits: who sold is known of our own tickets and custom orders; a till's own staff are not known to us.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet

from jeweler import audit, customers, locking, mail
from jeweler.models import StaffMember, Store
from referrals import following, linked, log, rewards, signs
from referrals.models import Advocate, Referral, Review
from referrals.qualification import Fact, Kind

Row = TypeVar("Row", Review, Referral)
SUSPENDED = "ADVOCATE_SUSPENDED"
State = Review.State
PENDING = [
    Referral.State.IDENTIFIED, Referral.State.PENDING_PAYMENT, Referral.State.PURCHASED,
    Referral.State.IN_RETURN_WINDOW, Referral.State.ON_HOLD, Referral.State.QUALIFIED,
]  # fmt: skip


class CannotDecide(ValueError):
    """The decision cannot be taken like this; the text says how it can."""


class NoteMissing(CannotDecide):
    def __init__(self) -> None:
        super().__init__("Say in a few words why. It is kept with the decision.")


class AlreadyDecided(CannotDecide):
    def __init__(self, review: Review) -> None:
        super().__init__(
            f"{review.decided_by} has {review.get_state_display().lower()} it already. See the referral’s timeline."
        )


class IsInvolved(CannotDecide):
    """She sold the piece, entered the code, or knows one of them."""

    def __init__(self, *, why: str) -> None:
        super().__init__(f"{why} Another manager has to decide.")


class StillASurprise(CannotDecide):
    def __init__(self) -> None:
        super().__init__(
            "The friend keeps it a surprise. Decide without writing to the advocate; she must not learn of it yet."
        )


@dataclass(frozen=True, kw_only=True)
class Decision:
    """`tells_advocate`: when declined, she reads that one introduction did not count, and nothing else."""

    is_approved: bool
    note: str
    by: User
    tells_advocate: bool = False


@transaction.atomic
def decide(*, review: Review, decision: Decision, now: datetime) -> Review:
    """Let go of what this review holds, or decline the referral. Raises the subclasses of CannotDecide."""
    note = decision.note.strip()[:280]
    if not note:
        raise NoteMissing
    referral = log.locked(review.referral_id)
    review = _locked(review)
    if review.state != State.OPEN:
        raise AlreadyDecided(review)
    refuse_the_involved(decision.by, referral)
    surprise_until = rewards.revealed_at(referral)
    if decision.tells_advocate and surprise_until is not None and now < surprise_until:
        raise StillASurprise
    review.state = State.APPROVED if decision.is_approved else State.DECLINED
    review.decided_at, review.decided_by, review.note = now, decision.by, note
    review.save(update_fields=["state", "decided_at", "decided_by", "note"])
    log.add(referral, [_fact(review, now=now)], by=decision.by, now=now)
    following.look(referral, now=now)
    if not decision.is_approved:
        _end(referral, review, decision=decision, now=now)
    audit.record(
        action=f"referral.{review.state}", subject=referral, actor=decision.by,
        detail={"review": review.pk, "reason": review.reason}, now=now,
    )  # fmt: skip
    return review


def refuse_the_involved(user: User, referral: Referral) -> None:
    """Raises IsInvolved."""
    if linked.has_sold(user, referral):
        raise IsInvolved(why="You sold it, or entered the code.")
    if any(linked.is_linked(user, each) for each in (referral.advocate.customer, referral.friend)):
        raise IsInvolved(why="You are one of the two, or near one of them.")


@transaction.atomic
def escalate(*, now: datetime) -> int:
    """Write to the managers of what has waited too long, once for each. It stays held."""
    late = Review.objects.filter(
        state=State.OPEN, due_at__lte=now, escalated_at=None, referral__closed_at=None
    )
    if locking.are_on():
        late = late.select_for_update(skip_locked=True, of=["self"])
    reviews = list(late.select_related("referral__sale", "referral__touch").order_by("due_at", "pk")[:100])  # fmt: skip
    for review in reviews:
        for address in _managers(review.referral):
            mail.queue(
                key=f"review:{review.pk}:{address}", template="referrals/review_due", to=address,
                subject="A friend’s referral waits for a decision",
                context={"url": f"{settings.SITE_URL}/admin/friends/"}, now=now,
            )  # fmt: skip
        review.escalated_at = now
        review.save(update_fields=["escalated_at"])
    return len(reviews)


@transaction.atomic
def suspend(*, advocate: Advocate, reason: str, by: User, now: datetime) -> int:
    """Her code is good for nothing, and what is pending is held; how many that are. Raises NoteMissing, IsInvolved."""
    if not reason.strip():
        raise NoteMissing
    advocate = _locked_advocate(advocate)
    if linked.is_linked(by, advocate.customer):
        raise IsInvolved(why="You are near her.")
    if advocate.suspended_at is None:
        advocate.suspended_at, advocate.suspended_because = now, reason.strip()[:280]
        advocate.save(update_fields=["suspended_at", "suspended_because"])
    pending = Referral.objects.filter(advocate=advocate, closed_at=None, state__in=PENDING)
    held = 0
    for referral_id in pending.order_by("pk").values_list("pk", flat=True):
        referral = log.locked(referral_id)
        if not referral.reviews.filter(reason=SUSPENDED, state=State.OPEN).exists():
            signs.hold(referral, reason=SUSPENDED, now=now)
            following.look(referral, now=now)
            held += 1
    audit.record(action="advocate.suspended", subject=advocate, actor=by, now=now)
    return held


@transaction.atomic
def reinstate(*, advocate: Advocate, reason: str, by: User, now: datetime) -> None:
    """Her code is good again; what else holds her friends' referrals goes on holding them. Raises CannotDecide."""
    if not reason.strip():
        raise NoteMissing
    advocate = _locked_advocate(advocate)
    if linked.is_linked(by, advocate.customer):
        raise IsInvolved(why="You are near her.")
    advocate.suspended_at, advocate.suspended_because = None, ""
    advocate.save(update_fields=["suspended_at", "suspended_because"])
    held = Review.objects.filter(referral__advocate=advocate, reason=SUSPENDED, state=State.OPEN)
    for review in held.order_by("pk"):
        decide(review=review, decision=Decision(is_approved=True, note=reason, by=by), now=now)
    audit.record(action="advocate.reinstated", subject=advocate, actor=by, now=now)


def waiting(member: StaffMember, stores: QuerySet[Store]) -> QuerySet[Review]:
    """What this manager may decide, what is due first."""
    rows = Review.objects.filter(state=State.OPEN, referral__closed_at=None)
    return _of(rows, member, stores, prefix="referral__").order_by("due_at", "pk")


def referrals_of(member: StaffMember, stores: QuerySet[Store]) -> QuerySet[Referral]:
    """Those of her stores, and those of which no store is known yet."""
    return _of(Referral.objects.all(), member, stores, prefix="")


def _of(
    rows: QuerySet[Row], member: StaffMember, stores: QuerySet[Store], *, prefix: str
) -> QuerySet[Row]:
    if member.sees_all_stores:
        return rows
    sold, came = f"{prefix}sale__store", f"{prefix}touch__store"
    no_sale = Q(**{f"{sold}__isnull": True})
    return rows.filter(
        Q(**{f"{sold}__in": stores})
        | (no_sale & Q(**{f"{came}__in": stores}))
        | (no_sale & Q(**{f"{came}__isnull": True}))
    )


def _fact(review: Review, *, now: datetime) -> Fact:
    kind = Kind.RELEASED if review.state == State.APPROVED else Kind.DECLINED
    data = {"review": review.pk, "reason": review.reason}
    return Fact(kind=kind, key=f"review:{review.pk}:{kind}", at=now, data=data)


def _end(referral: Referral, review: Review, *, decision: Decision, now: datetime) -> None:
    """What she had of it and has not used is taken back; the advocate is told in neutral words, where somebody wants it."""
    rewards.claw_back(referral, reason="DECLINED", now=now)
    if not decision.tells_advocate:
        return
    advocate = customers.resolve(referral.advocate.customer)
    address = min(customers.emails_of(advocate), default="")
    if address:
        mail.queue(
            key=f"declined:{referral.pk}", template="referrals/not_counted", to=address,
            subject="About one of your introductions", context={}, customer=advocate, now=now,
        )  # fmt: skip


def _managers(referral: Referral) -> Iterable[str]:
    """Of the store that it belongs to, and the owners."""
    store = referral.sale.store if referral.sale else None
    store = store or (referral.touch.store if referral.touch else None)
    hers = Q(role=StaffMember.Role.OWNER)
    if store is not None:
        hers |= Q(role=StaffMember.Role.MANAGER, stores=store)
    members = StaffMember.objects.filter(hers, user__is_active=True)
    return sorted({each for each in members.values_list("user__email", flat=True) if each})


def _locked(review: Review) -> Review:
    rows = Review.objects.select_related("decided_by")
    return (rows.select_for_update(of=["self"]) if locking.are_on() else rows).get(pk=review.pk)


def _locked_advocate(advocate: Advocate) -> Advocate:
    rows = Advocate.objects.select_related("customer__merged_into")
    return (rows.select_for_update(of=["self"]) if locking.are_on() else rows).get(pk=advocate.pk)
