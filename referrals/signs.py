"""Look for signs that a referral is none, and hold it while somebody has to look at it.

Asked when a friend is bound, when she orders and pays, and once more before a reward is given. Promise: each reason holds a referral
once; what somebody has approved is not held for the same again. Limits: a till that tells no mark of its cards gives no sign of a card, and we
know no addresses of homes.
"""

import functools
import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, Q, QuerySet, Value

from builder.models import Hint
from jeweler import audit, customers
from jeweler.models import ContactPoint, IdentityEdge, Payment
from referrals import log, scoring
from referrals.models import Referral, Review, Share, Touch
from referrals.qualification import Fact, Kind
from referrals.scoring import Sign

FURTHEST = 12  # steps from friend to advocate to her own advocate
IN_PERSON = [Touch.Channel.TILL, Touch.Channel.COUNTER, Touch.Channel.NAME]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Both people of a referral, under all of their ids, with their addresses."""

    referral: Referral
    advocate: list[int]
    friend: list[int]
    emails: tuple[set[str], set[str]]


def consider(referral: Referral, *, now: datetime) -> list[Fact]:
    """Hold a locked referral for what is seen now and was not looked at before: the facts that say so."""
    pair = _pair(referral)
    verdict = scoring.judge(seen(pair))
    looked_at = list(referral.reviews.all())
    return [
        hold(referral, reason=reason, score=verdict.score, signs=verdict.signs, now=now)
        for reason in verdict.reasons
        if _is_new(reason, verdict, looked_at)
    ]


def hold(
    referral: Referral, *, reason: str, score: int = 0, signs: tuple[Sign, ...] = (), now: datetime
) -> Fact:
    """Nothing is earned until somebody has decided. A pattern of the staff's is told to the managers at once."""
    days = 0 if reason == Sign.STAFF_PATTERN else referral.terms.review_days
    review = Review.objects.create(
        referral=referral, reason=reason, score=score, signals=scoring.told(signs), opened_at=now,
        due_at=now + timedelta(days=days),
    )  # fmt: skip
    data = {"review": review.pk, "reason": reason}
    held = Fact(kind=Kind.HELD, key=f"review:{review.pk}:held", at=now, data=data)
    log.add(referral, [held], now=now)
    return held


def note_ring(referral: Referral, *, now: datetime) -> bool:
    """A ring is written down even where a hard rule forbids it anyway."""
    if not _is_ring(_pair(referral)):
        return False
    noted = Fact(kind=Kind.NOTED, key="noted:ring", at=now, data={"code": str(Sign.RING)})
    log.add(referral, [noted], now=now)
    audit.record(action="referral.ring_noticed", subject=referral, now=now)
    return True


def seen(pair: Pair) -> set[Sign]:
    """In two questions to the database, since every reward asks them."""
    asked: list[Any] = [_EXISTS[sign](pair) for sign in _EXISTS]
    found = Referral.objects.filter(pk=pair.referral.pk).values_list(*asked)[0]
    signs = {sign for sign, is_there in zip(_EXISTS, found, strict=True) if is_there}
    return signs | {sign for sign, is_seen in _ASKED.items() if is_seen(pair)}


def _pair(referral: Referral) -> Pair:
    advocate = customers.ids_of(referral.advocate.customer)
    friend = customers.ids_of(referral.friend)
    points = ContactPoint.objects.filter(
        kind=ContactPoint.Kind.EMAIL, customer__in=[*advocate, *friend]
    )
    emails: tuple[set[str], set[str]] = set(), set()
    for whose, canonical in points.values_list("customer", "canonical"):
        emails[0 if whose in advocate else 1].add(canonical)
    return Pair(referral=referral, advocate=advocate, friend=friend, emails=emails)


def _is_new(reason: str, verdict: scoring.Verdict, looked_at: list[Review]) -> bool:
    """Several small signs are held for anew only when one was added."""
    before = [review for review in looked_at if review.reason == reason]
    if reason != scoring.SEVERAL:
        return not before
    known = {sign["code"] for review in before for sign in review.signals}
    return not set(map(str, verdict.signs)) <= known


# What the database can say by itself.


def _same_card(pair: Pair) -> Exists:
    marked = Payment.objects.exclude(card_hash="").exclude(status=Payment.Status.VOIDED)
    hers = marked.filter(sale__customer__in=pair.advocate)
    return Exists(marked.filter(sale__customer__in=pair.friend, card_hash__in=hers.values("card_hash")))  # fmt: skip


def _same_device(pair: Pair) -> Exists:
    """A showroom's own tablet is used by everybody."""
    known = IdentityEdge.objects.filter(revoked_at=None, visitor__is_store_device=False)
    hers = known.filter(customer__in=pair.advocate)
    return Exists(known.filter(customer__in=pair.friend, visitor__in=hers.values("visitor")))


def _same_network(pair: Pair) -> Any:
    touch = pair.referral.touch
    if touch is None or not touch.network_hash or touch.store_id:
        return Exists(Touch.objects.none())
    return _came_from(pair, network_hash=touch.network_hash, agent_hash=touch.agent_hash)


def _household(pair: Pair) -> Any:
    touch = pair.referral.touch
    names = {pair.referral.friend.last_name.casefold(), pair.referral.advocate.customer.last_name.casefold()}  # fmt: skip
    is_one = len(names) == 1 and "" not in names
    if touch is None or not touch.network_hash or touch.store_id or not is_one:
        return Exists(Touch.objects.none())
    return _came_from(pair, network_hash=touch.network_hash)


def _came_from(pair: Pair, **hashes: str) -> Any:
    """The advocate herself, by a link of another's or to pass on her own."""
    shares = Share.objects.filter(advocate__customer__in=pair.advocate, **hashes)
    return _any_of([Exists(_own_touches(pair).filter(**hashes)), Exists(shares)])


def _own_touches(pair: Pair) -> "QuerySet[Touch]":
    """Where the advocate herself came by a link, from outside our stores."""
    hers = Q(customer__in=pair.advocate) | Q(visitor__customer__in=pair.advocate)
    return Touch.objects.filter(hers, store=None).exclude(channel=Touch.Channel.KIOSK)


def _velocity(pair: Pair) -> Any:
    """Those who came before it are left alone: it is the newest that is held."""
    mine = Referral.objects.filter(advocate__customer__in=pair.advocate)
    return _any_of([_as_many(mine, pair.referral, number, within) for number, within in scoring.VELOCITY])  # fmt: skip


def _staff_pattern(pair: Pair) -> Any:
    touch = pair.referral.touch
    if touch is None or touch.staff_id is None:
        return Exists(Touch.objects.none())
    mine = Referral.objects.filter(
        advocate__customer__in=pair.advocate, touch__staff=touch.staff_id
    )
    return _as_many(mine, pair.referral, *scoring.SAME_HANDS)


def _as_many(
    rows: "QuerySet[Referral]", referral: Referral, number: int, within: timedelta
) -> Exists:
    at = referral.locked_at
    up_to = Q(locked_at__lt=at) | Q(locked_at=at, pk__lte=referral.pk)
    lately = rows.filter(up_to, locked_at__gt=at - within).order_by("locked_at", "pk")
    return Exists(lately[number - 1 : number])


def _any_of(found: list[Exists]) -> Any:
    return functools.reduce(operator.or_, found)


def _partner(pair: Pair) -> Any:
    """One of them hinted to the other which ring it is."""
    hints = Hint.objects.filter(mail__isnull=False)
    ways = [(pair.advocate, pair.emails[1]), (pair.friend, pair.emails[0])]
    return _any_of(
        [Exists(hints.filter(design__customer__in=ids, mail__to__in=to)) for ids, to in ways]
    )


def _cold(pair: Pair) -> Any:
    touch, friend = pair.referral.touch, pair.referral.friend
    if touch is None or touch.channel not in IN_PERSON or friend.created_at < touch.at - scoring.COLD:  # fmt: skip
        return Value(False)
    hers = Q(customer__in=pair.friend) | Q(visitor__customer__in=pair.friend)
    return ~Exists(Touch.objects.filter(hers, at__lt=touch.at))


_EXISTS: dict[Sign, Callable[[Pair], Any]] = {
    Sign.SAME_CARD: _same_card,
    Sign.SAME_DEVICE: _same_device,
    Sign.SAME_NETWORK: _same_network,
    Sign.HOUSEHOLD: _household,
    Sign.VELOCITY: _velocity,
    Sign.STAFF_PATTERN: _staff_pattern,
    Sign.PARTNER_OF_ADVOCATE: _partner,
    Sign.COLD_POS_APPLY: _cold,
}


# What has to be looked at.


def _is_broadcast(pair: Pair) -> bool:
    return pair.referral.touch is not None and pair.referral.touch.is_broadcast


def _is_disposable(pair: Pair) -> bool:
    return any(scoring.is_disposable(email) for email in pair.emails[1])


def _is_similar(pair: Pair) -> bool:
    one, other = pair.referral.advocate.customer, pair.referral.friend
    names = (f"{one.first_name} {one.last_name}", f"{other.first_name} {other.last_name}")
    return scoring.are_alike(names=names, emails=pair.emails)


def _is_ring(pair: Pair) -> bool:
    """The friend brought the advocate, or brought whoever brought her."""
    ids, passed = pair.advocate, set(pair.advocate)
    for _ in range(FURTHEST):
        brought = Referral.objects.filter(friend__in=ids).exclude(pk=pair.referral.pk)
        ids = [each for each in brought.values_list("advocate__customer", flat=True) if each not in passed]  # fmt: skip
        if not ids:
            return False
        if not set(ids).isdisjoint(pair.friend):
            return True
        passed.update(ids)
    return False


_ASKED = {
    Sign.BROADCAST: _is_broadcast,
    Sign.DISPOSABLE_EMAIL: _is_disposable,
    Sign.SIMILAR_IDENTITY: _is_similar,
    Sign.RING: _is_ring,
}
