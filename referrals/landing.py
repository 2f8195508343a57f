"""Where a friend arrives: whose link it is, that somebody came by it, and keeping it for when she is known.

Promise: an unknown, an ended and a suspended code are told apart by nobody, and neither is a paused program. One opening by a person is one touch for a
browser, an advocate and a day; a showroom's own device is nobody's browser. What is kept of the network and of the browser's
name is a keyed hash of a shortened address and of that name. Whoever says who she is, is bound as at any other door.

A date until which nothing shows is set by whoever keeps the referral, and from there only put off: whoever types her
address cannot bring it forward. She herself moves it either way, by the link in her mail, until the day has come.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from jeweler import customers, locking, visitors
from jeweler.models import Customer, IdentityEdge, Visitor
from referrals import following, letters, log, referring, sharing
from referrals.footprints import Footprint
from referrals.models import Advocate, Referral, Reward, Terms, Touch

FARTHEST = timedelta(days=3 * 365)


class BadDate(ValueError):
    """A day on which a surprise cannot end. The text says which can."""


class SurpriseOver(ValueError):
    def __init__(self) -> None:
        super().__init__("The day has come and gone, and your friend may have been thanked since.")


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What a friend is offered. `first_name` and `note` are there if the advocate wanted them to be."""

    advocate: Advocate
    terms: Terms
    first_name: str
    note: str


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """As much of a request as a touch keeps."""

    channel: Touch.Channel
    footprint: Footprint
    is_broadcast: bool
    at: datetime


def offer(code: str, *, now: datetime) -> Offer | None:
    """None for whatever is no good now, for whatever reason."""
    terms = sharing.terms_now(now=now)
    try:
        advocate = referring.advocate_of(code, now=now)
    except referring.CodeRefused:
        return None
    if terms is None:
        return None
    name = customers.resolve(advocate.customer).first_name if advocate.shows_first_name else ""
    return Offer(advocate=advocate, terms=terms, first_name=name, note=advocate.note)


@transaction.atomic
def arrive(*, advocate: Advocate, visitor: Visitor, arrival: Arrival) -> Touch | None:
    """Somebody opened the link; None where that says nothing new: again today, or she looks at her own."""
    if visitor.customer_id is not None and visitor.customer_id in customers.ids_of(
        advocate.customer
    ):
        return None
    if not visitor.is_store_device:
        locking.hold(f"touch of {visitor.pk} and {advocate.pk}")
        if _touched(advocate, visitor=visitor, since=_midnight(arrival.at)):
            return None
    return referring.touch(
        advocate=advocate, channel=arrival.channel, visitor=visitor,
        network_hash=arrival.footprint.network_hash, agent_hash=arrival.footprint.agent_hash,
        is_broadcast=arrival.is_broadcast, at=arrival.at,
    )  # fmt: skip


@transaction.atomic
def keep(
    *, advocate: Advocate, email: str, phone: str, region: str, surprise_until: date | None,
    visitor: Visitor, now: datetime,
) -> None:  # fmt: skip
    """She says who she is, so that she is known later on whatever device. Nothing is answered: it would say whom we know.

    Raises BadEmail, BadPhone, NothingToIdentify, BadDate.
    """
    refuse_bad_date(surprise_until, today=_today(referring.house_zone(), now=now))
    friend = _identified(email=email, phone=phone, region=region, now=now)
    _touch_herself(advocate, friend=friend, visitor=visitor, now=now)
    visitors.recognize(
        visitor=visitor, customer=friend, evidence=IdentityEdge.Evidence.INTRODUCED, now=now
    )
    is_new = referring.recognize(customer=friend, now=now) is not None
    referral = following.of_friend(friend)
    if referral is None:
        return
    if surprise_until is not None:
        _put_off(referral, until=surprise_until, now=now)
    if email:
        letters.keep_for_friend(referral=referral, once_more=not is_new, now=now)


@transaction.atomic
def keep_secret(*, referral: Referral, until: date, now: datetime) -> None:
    """By the friend's own link: nobody learns of it before that day. Today's date ends it now. Raises BadDate, SurpriseOver."""
    referral = log.locked(referral.pk)
    today = _today(ZoneInfo(referral.time_zone), now=now)
    refuse_bad_date(until, today=today)
    if not can_be_changed(referral, now=now):
        raise SurpriseOver
    _set(referral, until=until, now=now)


def can_be_changed(referral: Referral, *, now: datetime) -> bool:
    """Until the day has come, or, where none was ever set, until her friend was thanked."""
    if referral.closed_at is not None:
        return False
    today = _today(ZoneInfo(referral.time_zone), now=now)
    if referral.surprise_until is not None:
        return referral.surprise_until > today
    return not referral.rewards.filter(beneficiary=Reward.Beneficiary.ADVOCATE).exists()


def refuse_bad_date(until: date | None, *, today: date) -> None:
    if until is None:
        return
    if until < today:
        raise BadDate("That day is over. Choose today or a later one.")
    if until > today + FARTHEST:
        raise BadDate("That is more than three years from now. Choose an earlier day.")


def perk_of(referral: Referral) -> Reward | None:
    """What is kept for the friend herself, whatever became of it."""
    mine = referral.rewards.filter(beneficiary=Reward.Beneficiary.FRIEND)
    return mine.select_related("perk").first()


def is_kept(perk: Reward, *, referral: Referral, now: datetime) -> bool:
    """Whether it can still be asked for."""
    today = _today(ZoneInfo(referral.time_zone), now=now)
    is_over = perk.last_date is not None and perk.last_date < today
    return perk.state == Reward.State.ISSUED and not is_over


def _touched(advocate: Advocate, *, visitor: Visitor, since: datetime) -> bool:
    return Touch.objects.filter(advocate=advocate, visitor=visitor, at__gte=since).exists()


def _touch_herself(
    advocate: Advocate, *, friend: Customer, visitor: Visitor, now: datetime
) -> None:
    """What she did by herself counts as hers, also on a showroom's device; not beside an opening that counts already."""
    locking.hold(f"touch of customer {friend.pk} and {advocate.pk}")
    hers = Touch.objects.filter(advocate=advocate, customer__in=customers.ids_of(friend))
    opened = Touch.objects.filter(advocate=advocate, visitor=visitor)
    if not hers.exists() and (visitor.is_store_device or not opened.exists()):
        referring.touch(
            advocate=advocate, channel=Touch.Channel.WEB, visitor=visitor, customer=friend, at=now
        )


def _identified(*, email: str, phone: str, region: str, now: datetime) -> Customer:
    """Of several who share it, the eldest: which of them she is, is found out when she buys."""
    try:
        return customers.identify(
            email=email, phone=phone, region=region, source="introduction", now=now
        )
    except customers.AmbiguousCustomer as error:
        return min(error.candidates, key=lambda each: each.created_at)


def _put_off(referral: Referral, *, until: date, now: datetime) -> None:
    referral = log.locked(referral.pk)
    later = referral.surprise_until is None or until > referral.surprise_until
    if later and can_be_changed(referral, now=now):
        _set(referral, until=until, now=now)


def _set(referral: Referral, *, until: date, now: datetime) -> None:
    """A locked one. What waited for the day may be due now."""
    referral.surprise_until = until
    referral.save(update_fields=["surprise_until"])
    following.look(referral, now=now)


def _today(zone: ZoneInfo, *, now: datetime) -> date:
    return now.astimezone(zone).date()


def _midnight(at: datetime) -> datetime:
    return at.astimezone(referring.house_zone()).replace(hour=0, minute=0, second=0, microsecond=0)
