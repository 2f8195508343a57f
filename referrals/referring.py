"""Bind a friend to the advocate of her first valid touch, for as long as the terms say.

A touch is a link that was opened, a code that was typed or said, a name that was given. It binds nobody until we know who she is: then
the first touch of the person wins, whatever browser it was on, and later ones are assists. A showroom's own tablet is nobody's.
Whoever is bound is locked by her own key, so that two doors at once make one referral; the database allows no second one.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from jeweler import customers, locking
from jeweler.models import Customer, Sale, Store, Visitor
from referrals import codes, eligibility, following, log, program, rewards, signs, wording
from referrals.models import Advocate, Program, Referral, Terms, Touch, VanityCode
from referrals.qualification import Fact, Kind, days_end


class CodeRefused(ValueError):
    """The code cannot be taken. Its words are the same for an unknown, an ended and a suspended one."""

    def __init__(self) -> None:
        super().__init__(
            "That code is not one of ours, or is no longer good. Ask your friend for it once more."
        )


class ProgramPaused(ValueError):
    def __init__(self) -> None:
        super().__init__(
            "New introductions are not taken at the moment. Whoever was introduced before keeps her place."
        )


def advocate_of(text: str, *, now: datetime) -> Advocate:
    """Whose code, or approved word, this is. Raises CodeRefused."""
    text = text.replace("\0", "")  # which PostgreSQL cannot even read
    typed = codes.normalized(text)
    word = VanityCode.objects.filter(text=wording.normalized(text), state=VanityCode.State.APPROVED)
    found = (
        Advocate.objects.filter(Q(code=typed) | Q(pk__in=word.values("advocate")))
        .filter(Q(ends_at=None) | Q(ends_at__gt=now), joined_at__lte=now, suspended_at=None)
        .select_related("customer__merged_into")
        .first()
    )
    if found is None or customers.resolve(found.customer).forgotten_at is not None:
        raise CodeRefused
    return found


@transaction.atomic
def touch(
    *, advocate: Advocate, channel: Touch.Channel, visitor: Visitor | None = None,
    customer: Customer | None = None, store: Store | None = None, staff: User | None = None,
    network_hash: str = "", agent_hash: str = "", is_broadcast: bool = False, at: datetime,
) -> Touch:  # fmt: skip
    """Remember that somebody came by this advocate. A store's own device says nothing of who it was."""
    if visitor is not None and visitor.is_store_device:
        visitor, channel = None, Touch.Channel.KIOSK
    return Touch.objects.create(
        advocate=advocate, channel=channel, visitor=visitor, customer=customer, store=store,
        staff=staff, network_hash=network_hash, agent_hash=agent_hash, is_broadcast=is_broadcast,
        at=at,
    )  # fmt: skip


@transaction.atomic
def recognize(
    *, customer: Customer, store: Store | None = None, at: datetime | None = None, now: datetime
) -> Referral | None:
    """Now that we know who she is: bind her to the advocate of her first valid touch. None where there is none to bind to.

    `at` is when she told it, where that was before `now`. Safe to call whenever she tells it; once she is bound it changes nothing.
    """
    at = at or now
    customer = customers.resolve_anew(customer)
    locking.hold(f"referral of {customer.pk}")
    if following.of_friend(customer) is not None:
        return None
    current = program.in_force(now=at)
    terms = program.terms(current, at=at) if current else None
    if current is None or terms is None or (current.paused_at and current.paused_at <= at):
        return None
    zone = store.zone if store else house_zone()
    first = _first_touch(customer, terms=terms, zone=zone, at=at)
    if first is None:
        return None
    return _lock(first, friend=customer, terms=terms, zone=zone, at=at, now=now)


@transaction.atomic
def apply(
    *, code: str, friend: Customer, channel: Touch.Channel, sale: Sale | None = None,
    store: Store | None = None, staff: User | None = None, now: datetime,
) -> Referral | None:  # fmt: skip
    """A code that was given in person, at a till or with an invoice; for this very `sale` where there is one.

    The referral that binds her: this advocate's, or an earlier one's, of which nobody is told whose; None where a hard rule
    forbids it. Raises CodeRefused, ProgramPaused.
    """
    advocate = advocate_of(code, now=now)
    refuse_while_paused(program.in_force(now=now), now=now)
    at = min(now, sale.placed_at) if sale else now
    touch(advocate=advocate, channel=channel, customer=friend, store=store, staff=staff, at=at)
    recognize(customer=friend, store=store, at=at, now=now)
    referral = following.of_friend(friend)
    if referral is not None and sale is not None:
        referral = log.locked(referral.pk)
        applied = Fact(
            kind=Kind.APPLIED, key=f"sale:{sale.pk}:applied", at=now, data={"sale": sale.pk}
        )
        log.add(referral, [applied], by=staff, now=now)
        following.learn(referral, sale=sale, now=now)
        following.look(referral, now=now)
    return referral


@transaction.atomic
def recognize_buyer(*, sale_id: int, now: datetime) -> None:
    """A sale found its owner: bind her as of when she ordered, by the code on the ticket where it is one of ours."""
    sale = Sale.objects.select_related("customer__merged_into", "store").get(pk=sale_id)
    if sale.customer is None:
        return
    for text in sale.codes:
        try:
            apply(
                code=text, friend=customers.resolve(sale.customer), channel=Touch.Channel.TILL,
                sale=sale, store=sale.store, now=now,
            )  # fmt: skip
        except (CodeRefused, ProgramPaused):
            continue  # a discount's code, or one that came too late: the sale stands all the same
    recognize(customer=sale.customer, store=sale.store, at=min(now, sale.placed_at), now=now)


def refuse_while_paused(current: Program | None, *, now: datetime) -> None:
    if current is None or (current.paused_at is not None and current.paused_at <= now):
        raise ProgramPaused


def house_zone() -> ZoneInfo:
    return ZoneInfo(str(settings.HOUSE_TIME_ZONE))


def _first_touch(customer: Customer, *, terms: Terms, zone: ZoneInfo, at: datetime) -> Touch | None:
    """The first that is still good. Of a touch before she was known only her own browsers count."""
    ids = customers.ids_of(customer)
    hers = Q(customer__in=ids) | Q(visitor__customer__in=ids, visitor__is_store_device=False)
    good = Q(advocate__ends_at=None) | Q(advocate__ends_at__gt=at)
    touches = (
        Touch.objects.filter(hers, good, advocate__suspended_at=None, at__lte=at)
        .exclude(referrals__friend__in=ids)  # what was refused once is refused
        .select_related("advocate__customer__merged_into")
        .order_by("at", "pk")
    )
    for each in touches:
        if at < days_end(each.at, days=terms.click_days, zone=zone):
            return each
    return None


def _lock(
    first: Touch, *, friend: Customer, terms: Terms, zone: ZoneInfo, at: datetime, now: datetime
) -> Referral:
    referral = Referral.objects.create(
        advocate=first.advocate, friend=friend, terms=terms, touch=first, locked_at=at,
        lock_ends_at=days_end(at, days=terms.lock_days, zone=zone), time_zone=zone.key,
    )  # fmt: skip
    why_not = eligibility.why_not(advocate=first.advocate, friend=friend, before=min(first.at, at))
    if why_not:
        rejected = Fact(kind=Kind.REJECTED, key="rejected", at=now, data={"reason": why_not})
        log.add(referral, [rejected], now=now)
        signs.note_ring(referral, now=now)
    else:
        rewards.welcome(referral, now=now)
        signs.consider(referral, now=now)
    for sale in _orders_since(friend, at=first.at):
        following.learn(referral, sale=sale, now=now)
    following.look(referral, now=now)
    return referral


def _orders_since(friend: Customer, *, at: datetime) -> list[Sale]:
    """What she ordered since the touch, for whoever was told of a sale before of her."""
    ids = customers.ids_of(friend)
    return list(Sale.objects.filter(customer__in=ids, placed_at__gte=at).order_by("pk"))
