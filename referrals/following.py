"""Follow what the tills tell of a friend's orders, and let each referral be what its facts make of it.

Promise: the log of a referral holds every fact of her orders once, by its key; its state is the fold of that log
(referrals.qualification) and nothing else writes it. So facts may come in any order and as often as they like. Whoever looks
at a referral locks its row first; what it earns is given in the same transaction, once, by constraint.
"""

import logging
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from jeweler import customers
from jeweler.models import Customer, Payment, Refund, Sale, SaleLine
from referrals import log, perks, program, rewards, signs
from referrals.models import Referral
from referrals.qualification import Fact, Kind, Rules, Standing, State, fold

logger = logging.getLogger(__name__)

SWEEP, TOGETHER = 2_000, 50
_COUNTED = {State.REWARDED, State.UNREWARDED}


@transaction.atomic
def follow(*, sale_id: int, now: datetime) -> None:
    """Take over what is known of this order into the log of whose it is, and take it out of any other's."""
    sale = Sale.objects.select_related("customer__merged_into").get(pk=sale_id)
    if sale.voided_at is not None:
        perks.let_go(sale, now=now)
    hers = of_friend(sale.customer) if sale.customer else None
    strangers = Referral.objects.filter(events__key__startswith=f"sale:{sale_id}:").exclude(
        pk=hers.pk if hers else 0
    )
    for referral_id in strangers.values_list("pk", flat=True).distinct():
        _part(referral_id, sale=sale, now=now)
    if hers is not None:
        referral = log.locked(hers.pk)
        learn(referral, sale=sale, now=now)
        if referral.closed_at is None:
            signs.consider(referral, now=now)
        look(referral, now=now)


@transaction.atomic
def note_visit(*, friend: Customer, visit_id: int, at: datetime, now: datetime) -> None:
    """She booked a visit: it stands in her referral's timeline, and decides nothing."""
    hers = of_friend(friend)
    if hers is not None:
        booked = Fact(kind=Kind.BOOKED, key=f"visit:{visit_id}", at=at, data={"visit": visit_id})
        log.add(hers, [booked], now=now)


def of_friend(friend: Customer) -> Referral | None:
    """The referral that is alive for this person, under whichever of her names it was locked."""
    alive = Q(closed_at=None) | Q(state__in=[State.REVERSED, State.UNREWARDED])
    return (
        Referral.objects.filter(alive, friend__in=customers.ids_of(friend))
        .order_by("locked_at", "pk")
        .first()
    )


def learn(referral: Referral, *, sale: Sale, now: datetime) -> None:
    """Take over what is known of this order."""
    log.add(referral, [*facts_of(sale), *_come_back(referral, sale=sale, now=now)], now=now)


def look(referral: Referral, *, now: datetime) -> Standing:
    """Fold the log of a locked referral, give what has been earned, and write down where it stands."""
    facts, rules = log.facts_in(referral), rules_of(referral)
    standing = fold(facts, rules=rules, now=now)
    if referral.closed_at is not None:
        return standing
    before = referral.state
    if standing.state == State.QUALIFIED:
        facts += signs.consider(referral, now=now)
        standing = fold(facts, rules=rules, now=now)
    if standing.state == State.QUALIFIED:
        outcome = rewards.earned(referral, standing=standing, now=now)
        if isinstance(outcome, Fact):
            log.add(referral, [outcome], now=now)
            standing = fold([*facts, outcome], rules=rules, now=now)
        else:
            standing = replace(standing, look_at=outcome)
    _write(referral, standing, now=now)
    if standing.state == State.CLAWED_BACK and before != State.CLAWED_BACK:
        rewards.claw_back(referral, reason=standing.reason, now=now)
    if standing.state != before and _COUNTED & {standing.state, before}:
        rewards.recount(referral, now=now)
    return standing


def standing_of(referral: Referral, *, now: datetime) -> Standing:
    return fold(log.facts_in(referral), rules=rules_of(referral), now=now)


def rules_of(referral: Referral) -> Rules:
    """As they were at its lock."""
    return Rules(
        locked_at=referral.locked_at,
        lock_ends_at=referral.lock_ends_at,
        return_days=referral.terms.return_days,
        minimums=program.minimums(referral.terms),
        zone=ZoneInfo(referral.time_zone),
    )


def sweep(*, now: datetime, limit: int = SWEEP) -> int:
    """Look at the referrals that time may have changed, some in a transaction, and say how many there were.

    Any number may sweep at once: what another looks at is passed over. One that cannot be looked at is logged and left, and keeps
    none of the others waiting.
    """
    seen, stuck = 0, set[int]()
    while seen < limit:
        size = min(TOGETHER, limit - seen)
        try:
            count = _look_at_due(now=now, size=size, but_not=stuck)
        except Exception:
            logger.exception("Referrals that were swept together are swept one by one")
            count = _look_one_by_one(now=now, size=size, stuck=stuck)
        if not count:
            break
        seen += count
    return seen


@transaction.atomic
def _look_at_due(*, now: datetime, size: int, but_not: set[int]) -> int:
    due = log.rows_to_lock(skips_locked=True).filter(look_at__lte=now).exclude(pk__in=but_not)
    referrals = list(
        due.order_by("look_at", "pk").prefetch_related("events", "terms__amounts")[:size]
    )
    # Their advocates in one order, so that two sweeps never wait for each other in a circle.
    rewards.lock(sorted({referral.advocate_id for referral in referrals}))
    for referral in referrals:
        look(referral, now=now)
    return len(referrals)


def _look_one_by_one(*, now: datetime, size: int, stuck: set[int]) -> int:
    """Note in `stuck` which of them cannot be looked at."""
    due = Referral.objects.filter(look_at__lte=now).exclude(pk__in=stuck).order_by("look_at", "pk")
    ids = list(due.values_list("pk", flat=True)[:size])
    for referral_id in ids:
        try:
            with transaction.atomic():
                look(log.locked(referral_id), now=now)
        except Exception:
            logger.exception("Referral %s could not be looked at", referral_id)
            stuck.add(referral_id)
    return len(ids)


def facts_of(sale: Sale) -> list[Fact]:
    """All that is known of an order, as facts. Amounts are without tax, but for what was paid and the total."""
    merchandise = sum(
        (line.net_total for line in sale.lines.all() if line.kind == SaleLine.Kind.MERCHANDISE),
        Decimal(0),
    )
    key = f"sale:{sale.pk}"
    ordered = {
        "sale": sale.pk,
        "version": sale.version,
        "currency": sale.currency,
        "merchandise": str(merchandise),
        "total": str(sale.total),
    }
    facts = [
        Fact(kind=Kind.ORDERED, key=f"{key}:{sale.version}", at=sale.placed_at, data=ordered),
        *(fact for payment in sale.payments.all() for fact in _of_payment(payment)),
        *(_of_refund(refund) for refund in sale.refunds.all()),
    ]
    for kind, at in ((Kind.HANDED_OVER, sale.handed_over_at), (Kind.CANCELED, sale.voided_at)):
        if at is not None:
            facts.append(
                Fact(kind=kind, key=f"{key}:{kind}:{_moment(at)}", at=at, data={"sale": sale.pk})
            )
    return facts


def _of_payment(payment: Payment) -> list[Fact]:
    data: dict[str, Any] = {"sale": payment.sale_id, "payment": payment.pk}
    if payment.status == Payment.Status.CAPTURED:
        data |= {"amount": str(payment.amount), "tender": payment.tender}
        key = f"payment:{payment.pk}:{_moment(payment.paid_at)}"
        return [Fact(kind=Kind.CAPTURED, key=key, at=payment.paid_at, data=data)]
    if payment.status == Payment.Status.VOIDED:
        key = f"payment:{payment.pk}:voided"
        return [Fact(kind=Kind.VOIDED, key=key, at=payment.paid_at, data=data)]
    return []  # authorized: nothing is paid yet


def _moment(at: datetime) -> int:
    """In a key: what is found to have happened earlier is a fact of its own."""
    return int(at.timestamp() * 1000)


def _of_refund(refund: Refund) -> Fact:
    data = {
        "sale": refund.sale_id,
        "amount": str(refund.amount - refund.tax),
        "reason": refund.reason,
    }
    return Fact(kind=Kind.REFUNDED, key=f"refund:{refund.pk}", at=refund.refunded_at, data=data)


def _part(referral_id: int, *, sale: Sale, now: datetime) -> None:
    """The order was found to be another customer's."""
    referral = log.locked(referral_id)
    turns = _turns(referral, sale=sale)
    if len(turns) % 2:
        return
    log.add(referral, [_turn(sale, count=len(turns) + 1, is_back=False, now=now)], now=now)
    look(referral, now=now)


def _come_back(referral: Referral, *, sale: Sale, now: datetime) -> list[Fact]:
    turns = _turns(referral, sale=sale)
    return [_turn(sale, count=len(turns) + 1, is_back=True, now=now)] if len(turns) % 2 else []


def _turns(referral: Referral, *, sale: Sale) -> list[str]:
    mine = referral.events.filter(kind=Kind.LEFT, key__startswith=f"sale:{sale.pk}:turn:")
    return list(mine.values_list("key", flat=True))


def _turn(sale: Sale, *, count: int, is_back: bool, now: datetime) -> Fact:
    data = {"sale": sale.pk, "count": count, "is_back": is_back}
    return Fact(kind=Kind.LEFT, key=f"sale:{sale.pk}:turn:{count}", at=now, data=data)


def _write(referral: Referral, standing: Standing, *, now: datetime) -> None:
    if referral.closed_at is not None:
        return
    values = {
        "state": standing.state,
        "reason": standing.reason,
        "sale_id": standing.sale,
        "net": standing.net,
        "qualify_at": standing.qualify_at,
        "look_at": standing.look_at,
        "closed_at": now if standing.is_closed else None,
    }
    if any(getattr(referral, name) != value for name, value in values.items()):
        for name, value in values.items():
            setattr(referral, name, value)
        referral.save(update_fields=list(values))
