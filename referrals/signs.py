"""Look for signs that a referral is none, and hold it while somebody has to look at it.

Asked when a friend is bound, when she orders and pays, and once more before a reward is given. Promise: each reason holds a referral
once; what somebody has approved is not held for the same again. Limits: a till that tells no mark of its cards gives no sign of a card, and we
know no addresses of homes.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from jeweler import audit, customers, prepared
from referrals import log, scoring
from referrals.models import Referral, Review, Touch
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
    if not verdict.reasons:
        return []
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
    """In one question to the database and a look at the names, since every reward asks it."""
    hers, theirs = pair.referral.advocate.customer, pair.referral.friend
    has_one_name = hers.last_name.casefold() == theirs.last_name.casefold() != ""
    (day, in_a_day), (month, in_a_month) = ((within, number) for number, within in scoring.VELOCITY)
    in_hands, hands = scoring.SAME_HANDS
    values = {
        "referral": pair.referral.pk, "advocate": pair.advocate, "friend": pair.friend,
        "advocate_emails": list(pair.emails[0]), "friend_emails": list(pair.emails[1]),
        "has_one_name": has_one_name, "day": day, "in_a_day": in_a_day, "month": month,
        "in_a_month": in_a_month, "hands": hands, "in_hands": in_hands,
        "known_before": theirs.created_at + scoring.COLD, "in_person": [str(each) for each in IN_PERSON],
    }  # fmt: skip
    ((*found, was_brought),) = prepared.rows(_SEEN, values)
    signs = {sign for sign, is_there in zip(_ASKED, found, strict=True) if is_there}
    if was_brought and _is_ring(pair):
        signs.add(Sign.RING)
    if any(scoring.is_disposable(email) for email in pair.emails[1]):
        signs.add(Sign.DISPOSABLE_EMAIL)
    names = (f"{hers.first_name} {hers.last_name}", f"{theirs.first_name} {theirs.last_name}")
    if scoring.are_alike(names=names, emails=pair.emails):
        signs.add(Sign.SIMILAR_IDENTITY)
    return signs


def _pair(referral: Referral) -> Pair:
    advocate = customers.ids_of(referral.advocate.customer)
    friend = customers.ids_of(referral.friend)
    emails: tuple[set[str], set[str]] = set(), set()
    for whose, canonical in prepared.rows(_EMAILS, {"ids": [*advocate, *friend]}):
        emails[0 if whose in advocate else 1].add(canonical)
    return Pair(referral=referral, advocate=advocate, friend=friend, emails=emails)


def _is_new(reason: str, verdict: scoring.Verdict, looked_at: list[Review]) -> bool:
    """Several small signs are held for anew only when one was added."""
    before = [review for review in looked_at if review.reason == reason]
    if reason != scoring.SEVERAL:
        return not before
    known = {sign["code"] for review in before for sign in review.signals}
    return not set(map(str, verdict.signs)) <= known


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


_EMAILS = """
select customer_id, canonical from jeweler_contactpoint where kind = 'email' and customer_id = any(%(ids)s)
"""
# In this order, and then whether the advocate was herself brought.
_ASKED = (
    Sign.SAME_CARD, Sign.SAME_DEVICE, Sign.SAME_NETWORK, Sign.HOUSEHOLD, Sign.VELOCITY,
    Sign.STAFF_PATTERN, Sign.PARTNER_OF_ADVOCATE, Sign.COLD_POS_APPLY, Sign.BROADCAST,
)  # fmt: skip
# A showroom's own tablet is used by everybody, and a store's network as well. Of many friends it is the newest that is held: those who
# came before it are counted, those after it are not.
_SEEN = """
with own_place as (
    select network_hash, agent_hash from referrals_touch
    where store_id is null and channel <> 'kiosk' and network_hash <> ''
      and (customer_id = any(%(advocate)s) or visitor_id in (select id from jeweler_visitor where customer_id = any(%(advocate)s)))
    union all
    select network_hash, agent_hash from referrals_share
    where network_hash <> '' and advocate_id in (select id from referrals_advocate where customer_id = any(%(advocate)s))
), brought as (
    select other.id, other.locked_at, came.staff_id
    from referrals_referral other
    join referrals_advocate whose on whose.id = other.advocate_id
    left join referrals_touch came on came.id = other.touch_id
    where whose.customer_id = any(%(advocate)s)
)
select
    exists (
        select 1 from jeweler_payment one
        join jeweler_sale her_sale on her_sale.id = one.sale_id
        join jeweler_payment other on other.card_hash = one.card_hash
        join jeweler_sale their_sale on their_sale.id = other.sale_id
        where one.card_hash <> '' and one.status <> 'voided' and other.status <> 'voided' and other.card_hash <> ''
          and her_sale.customer_id = any(%(friend)s) and their_sale.customer_id = any(%(advocate)s)
    ),
    exists (
        select 1 from jeweler_identityedge one
        join jeweler_identityedge other on other.visitor_id = one.visitor_id and other.revoked_at is null
        join jeweler_visitor browser on browser.id = one.visitor_id and not browser.is_store_device
        where one.revoked_at is null and one.customer_id = any(%(friend)s) and other.customer_id = any(%(advocate)s)
    ),
    touch.store_id is null and exists (
        select 1 from own_place where network_hash = touch.network_hash and agent_hash = touch.agent_hash
    ),
    %(has_one_name)s and touch.store_id is null and exists (
        select 1 from own_place where network_hash = touch.network_hash
    ),
    (
        select count(*) filter (where locked_at > it.locked_at - %(day)s::interval) >= %(in_a_day)s or count(*) >= %(in_a_month)s
        from brought
        where (locked_at, id) <= (it.locked_at, it.id) and locked_at > it.locked_at - %(month)s::interval
    ),
    (
        select count(*) >= %(in_hands)s from brought
        where staff_id = touch.staff_id and (locked_at, id) <= (it.locked_at, it.id)
          and locked_at > it.locked_at - %(hands)s::interval
    ),
    exists (
        select 1 from builder_hint hint
        join builder_design design on design.id = hint.design_id
        join jeweler_emailmessage mail on mail.id = hint.mail_id
        where (design.customer_id = any(%(advocate)s) and mail."to" = any(%(friend_emails)s::text[]))
           or (design.customer_id = any(%(friend)s) and mail."to" = any(%(advocate_emails)s::text[]))
    ),
    coalesce(touch.channel = any(%(in_person)s::text[]) and touch.at <= %(known_before)s, false) and not exists (
        select 1 from referrals_touch earlier
        where earlier.at < touch.at
          and (earlier.customer_id = any(%(friend)s) or earlier.visitor_id in (select id from jeweler_visitor where customer_id = any(%(friend)s)))
    ),
    coalesce(touch.is_broadcast, false),
    exists (select 1 from referrals_referral where friend_id = any(%(advocate)s) and id <> it.id)
from referrals_referral it left join referrals_touch touch on touch.id = it.touch_id
where it.id = %(referral)s
"""
