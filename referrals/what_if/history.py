"""What happened, read once: who came by whom, what was told of it and when, and what was given. A fixed number of queries."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.db.models.functions import Coalesce

from jeweler.models import Customer, Sale
from referrals import following, rewards
from referrals.models import (
    Advocate,
    Campaign,
    CreditAccount,
    Program,
    Referral,
    ReferralEvent,
    Reward,
    Terms,
    Touch,
)
from referrals.qualification import Fact, Kind
from referrals.referring import house_zone
from referrals.what_if.proposals import Proposal, pinned

# What the house itself concluded; a replay draws its own conclusions.
OUTCOMES = (Kind.REWARDED, Kind.UNREWARDED)


@dataclass(frozen=True, kw_only=True)
class Told:
    """A fact, and when it was known."""

    fact: Fact
    known_at: datetime


@dataclass(kw_only=True)
class Thread:
    """A friend and whoever brought her. `referral` 0: she was bound to nobody, though she had come by somebody.

    `touches` are those that could bind her, with their advocates' customers; `bound_by` the one that did.
    """

    referral: int
    friend: int
    advocate: int
    locked_at: datetime
    zone: ZoneInfo
    terms: Proposal
    bound_by: datetime | None
    touches: list[tuple[datetime, int]]
    revealed_at: datetime | None
    told: list[Told] = field(default_factory=list)
    was_refused: bool = False


@dataclass(frozen=True, kw_only=True)
class Season:
    """A campaign; its milestones as count, cost and currency."""

    starts_at: datetime
    ends_at: datetime
    settles_until: datetime
    milestones: list[tuple[int, Decimal, str]]


@dataclass(frozen=True, kw_only=True)
class History:
    threads: list[Thread]
    seasons: list[Season]
    placed_at: dict[int, datetime]
    own_currency: dict[int, str]
    erased_at: dict[int, datetime]
    spent: dict[int, Decimal]
    losses: dict[int, Decimal]
    lost_perks: dict[int, Decimal]


def read(*, program: Program) -> History:
    merged = Customer.objects.exclude(merged_into=None).values_list("pk", "merged_into_id")
    people = {pk: kept for pk, kept in merged if kept is not None}  # who stands for whom
    versions = {
        each.pk: pinned(each)
        for each in Terms.objects.filter(program=program)
        .select_related("friend_perk")
        .prefetch_related("amounts")
    }
    advocates = {
        pk: people.get(customer, customer)
        for pk, customer in Advocate.objects.values_list("pk", "customer_id")
    }
    touches = _touches(people, advocates)
    threads = _threads(program, people=people, versions=versions, advocates=advocates, touches=touches)  # fmt: skip
    _tell(threads)
    unbound = _unbound(program, threads, versions=versions, touches=touches)
    return History(
        threads=[*threads.values(), *unbound],
        seasons=_seasons(program),
        placed_at=_placed(touches),
        own_currency=_currencies(people, set(advocates.values())),
        erased_at=_erased(advocates),
        **_given(),
    )


def _placed(friends: Collection[int]) -> dict[int, datetime]:
    theirs = Q(customer__in=friends) | Q(customer__merged_into__in=friends)
    rows = Sale.objects.filter(theirs | Q(referrals__isnull=False))
    return dict(rows.values_list("pk", "placed_at"))


def _erased(advocates: dict[int, int]) -> dict[int, datetime]:
    rows = Customer.objects.filter(pk__in=advocates.values(), forgotten_at__isnull=False)
    return {pk: at for pk, at in rows.values_list("pk", "forgotten_at") if at is not None}


@dataclass(frozen=True, kw_only=True)
class _Came:
    at: datetime
    advocate: int
    used_by: int | None


def _touches(people: dict[int, int], advocates: dict[int, int]) -> dict[int, list[_Came]]:
    """By whoever came, the first before the others; of browsers only those whose owner is known."""
    rows = (
        Touch.objects.annotate(whose=Coalesce("customer_id", "visitor__customer_id"))
        .filter(Q(visitor=None) | Q(visitor__is_store_device=False), whose__isnull=False)
        .order_by("at", "pk")
        .values_list("whose", "at", "advocate_id", "referrals__pk")
    )
    found: dict[int, list[_Came]] = defaultdict(list)
    for whose, at, advocate, used_by in rows:
        if whose is None:
            continue  # the condition above forbids it
        came = _Came(at=at, advocate=advocates[advocate], used_by=used_by)
        found[people.get(int(whose), int(whose))].append(came)
    return found


def _threads(
    program: Program,
    *,
    people: dict[int, int],
    versions: dict[int, Proposal],
    advocates: dict[int, int],
    touches: dict[int, list[_Came]],
) -> dict[int, Thread]:
    rows = Referral.objects.filter(terms__program=program).select_related("touch")
    threads = {}
    for row in rows.order_by("pk"):
        friend = people.get(row.friend_id, row.friend_id)
        hers = [
            (came.at, came.advocate)
            for came in touches.get(friend, [])
            if came.at <= row.locked_at and came.used_by in (None, row.pk)
        ]
        threads[row.pk] = Thread(
            referral=row.pk,
            friend=friend,
            advocate=advocates[row.advocate_id],
            locked_at=row.locked_at,
            zone=ZoneInfo(row.time_zone),
            terms=versions[row.terms_id],
            bound_by=row.touch.at if row.touch else None,
            touches=hers,
            revealed_at=rewards.revealed_at(row),
        )
    return threads


def _tell(threads: dict[int, Thread]) -> None:
    """The logs; and of whoever's lock had ended, what she ordered afterwards, which no log has."""
    rows = ReferralEvent.objects.filter(referral__in=threads).exclude(kind__in=OUTCOMES)
    fields = ("referral_id", "kind", "key", "at", "data", "recorded_at")
    for referral, kind, key, at, data, recorded_at in rows.order_by("pk").values_list(*fields):
        fact = Fact(kind=Kind(kind), key=key, at=at, data=data)
        threads[referral].told.append(Told(fact=fact, known_at=recorded_at))
        threads[referral].was_refused |= kind == Kind.REJECTED
    expired = Referral.objects.filter(pk__in=threads, state=Referral.State.EXPIRED)
    late = {threads[pk].friend: threads[pk] for pk in expired.values_list("pk", flat=True)}
    for sale in _sales_of(late):
        thread = late[_whose(sale)]
        known = {each.fact.key for each in thread.told}
        thread.told += [
            Told(fact=fact, known_at=fact.at)
            for fact in following.facts_of(sale)
            if fact.key not in known and sale.placed_at >= thread.locked_at
        ]


def _unbound(
    program: Program,
    threads: dict[int, Thread],
    *,
    versions: dict[int, Proposal],
    touches: dict[int, list[_Came]],
) -> list[Thread]:
    """Who had come by somebody, was bound to nobody and bought: at her order we knew at last who she was."""
    bound = {thread.friend for thread in threads.values()}
    loose = {friend: came for friend, came in touches.items() if friend not in bound}
    begun = sorted(program.terms.values_list("in_force_from", "pk"), reverse=True)
    found: dict[int, Thread] = {}
    for sale in _sales_of(loose):
        friend = _whose(sale)
        if friend not in loose:
            continue
        came = [(each.at, each.advocate) for each in loose[friend] if each.at <= sale.placed_at]
        then = next((versions[pk] for at, pk in begun if at <= sale.placed_at), None)
        if friend not in found and (not came or then is None):
            loose.pop(friend, None)  # she had bought before she came, or there was no program yet
            continue
        if friend not in found and then is not None:
            found[friend] = Thread(
                referral=0,
                friend=friend,
                advocate=came[0][1],
                locked_at=sale.placed_at,
                zone=sale.store.zone if sale.store else house_zone(),
                terms=then,
                bound_by=None,
                touches=came,
                revealed_at=None,
            )
        found[friend].told += [
            Told(fact=fact, known_at=fact.at) for fact in following.facts_of(sale)
        ]
    return list(found.values())


def _sales_of(friends: dict[int, Any]) -> list[Sale]:
    """Their orders, the first before the others."""
    hers = Q(customer__in=friends) | Q(customer__merged_into__in=friends)
    rows = (
        Sale.objects.filter(hers, voided_at=None)
        .select_related("customer", "store")
        .prefetch_related("lines", "payments", "refunds")
    )
    found = rows.order_by("placed_at", "pk") if friends else []
    return [sale for sale in found if _whose(sale) in friends]


def _whose(sale: Sale) -> int:
    """She who stands for whoever ordered it; only orders with an owner are asked for."""
    owner = sale.customer
    return 0 if owner is None else owner.merged_into_id or owner.pk


def _seasons(program: Program) -> list[Season]:
    rows = Campaign.objects.filter(program=program).prefetch_related("milestones__perk")
    return [
        Season(
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            settles_until=row.settles_until,
            milestones=[(m.count, m.perk.cost, m.perk.currency) for m in row.milestones.all()],
        )
        for row in rows
    ]


def _currencies(people: dict[int, int], owners: set[int]) -> dict[int, str]:
    """In which each advocate has credit, or bought last: as `rewards` asks it of one."""
    found: dict[int, str] = {}
    bought = Sale.objects.filter(
        Q(customer__in=owners) | Q(customer__merged_into__in=owners)
    ).order_by("placed_at")
    for customer, currency in bought.values_list("customer_id", "currency"):
        found[people.get(customer, customer)] = currency
    accounts = CreditAccount.objects.filter(customer__in=owners).order_by("-pk")
    return found | dict(accounts.values_list("customer_id", "currency"))


def _given() -> dict[str, dict[int, Decimal]]:
    """Of what was really given for a referral: what was spent of it, and what was lost."""
    rows = Reward.objects.filter(referral__isnull=False)
    found = list(rows.values_list("referral_id", "kind", "lot__spent", "loss"))
    return {
        "spent": {pk: spent for pk, _, spent, _ in found if spent},
        "losses": {pk: loss for pk, kind, _, loss in found if loss and kind == Reward.Kind.CREDIT},
        "lost_perks": {
            pk: loss for pk, kind, _, loss in found if loss and kind == Reward.Kind.PERK
        },
    }
