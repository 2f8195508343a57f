"""The advocate's own page: what she passes on, in which words, and what she is thanked with.

Promise: nothing here says whom she brought, what was bought, for how much or when. A referral that is a surprise leaves no trace until its
day; any other one is counted as "on its way" from the month after its order on, so that not even the day on which the number
changes tells when somebody bought. What was held, declined or taken back is not told apart from what never came about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from jeweler import customers, locking, money
from referrals import codes, links, program, referring, rewards, wording
from referrals.footprints import Footprint
from referrals.models import Advocate, Campaign, CreditLot, Referral, Reward, Share, Terms

State = Referral.State
# Somebody has ordered, and nothing is decided yet.
ON_ITS_WAY = [
    State.PENDING_PAYMENT, State.PURCHASED, State.IN_RETURN_WINDOW, State.ON_HOLD, State.QUALIFIED,
]  # fmt: skip
DOUBLE_CLICK = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class Credit:
    left: str
    last_date: date | None


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A perk that is hers to ask for."""

    name: str
    last_date: date | None
    is_reserved: bool


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """The next perk of a season, and how many friends it is away."""

    name: str
    missing: int
    until: date


@dataclass(frozen=True, kw_only=True)
class Thanks:
    credits: Sequence[Credit]
    perks: Sequence[Kept]
    on_their_way: int
    ahead: Sequence[Ahead]


def write(*, advocate: Advocate, note: str, shows_first_name: bool) -> None:
    """Her words to whoever arrives, and whether her first name stands beside them. Raises wording.BadNote."""
    advocate.note, advocate.shows_first_name = wording.note(note), shows_first_name
    advocate.save(update_fields=["note", "shows_first_name"])


@transaction.atomic
def shared(*, advocate: Advocate, way: Share.Way, footprint: Footprint, now: datetime) -> None:
    """She passed it on, as far as her page can tell, and from where; two clicks are one."""
    locking.hold(f"share of {advocate.pk}")
    just_now = advocate.shares.filter(way=way, at__gt=now - DOUBLE_CLICK)
    if not just_now.exists():
        Share.objects.create(
            advocate=advocate, way=way, at=now, network_hash=footprint.network_hash, agent_hash=footprint.agent_hash
        )  # fmt: skip


def terms_now(*, now: datetime) -> Terms | None:
    """What would be promised to a friend who came now; None where nobody is taken."""
    current = program.in_force(now=now)
    if current is None or (current.paused_at is not None and current.paused_at <= now):
        return None
    return program.terms(current, at=now)


def words(*, advocate: Advocate, address: str, terms: Terms | None) -> str:
    """What she may send, to be changed as she likes. It ends with what the terms would have said openly."""
    said = advocate.note or (
        f"I have been well looked after at {settings.SITE_NAME}. If you are ever looking for a ring, "
        "you might begin here."
    )
    return "\n\n".join(part for part in (said, address, terms.disclosure if terms else "") if part)


def code_shown(advocate: Advocate) -> str:
    return codes.shown(advocate.code)


def landing_url(advocate: Advocate) -> str:
    return links.landing_url(advocate.code)


def thanks(advocate: Advocate, *, now: datetime) -> Thanks:
    customer = customers.resolve(advocate.customer)
    ids = customers.ids_of(customer)
    today = now.astimezone(referring.house_zone()).date()
    return Thanks(
        credits=_credits(ids, today=today),
        perks=_perks(ids, today=today),
        on_their_way=on_their_way(ids, now=now),
        ahead=[*_ahead(advocate, now=now)],
    )


def on_their_way(ids: list[int], *, now: datetime) -> int:
    """How many thank-yous may come of what was ordered before this month, surprises aside."""
    month = now.astimezone(referring.house_zone()).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
    hers = Referral.objects.filter(
        advocate__customer__in=ids, closed_at=None, state__in=ON_ITS_WAY, sale__placed_at__lt=month
    )
    shown_from = (rewards.revealed_at(referral) for referral in hers)
    return sum(1 for at in shown_from if at is None or at <= now)


def _credits(ids: list[int], *, today: date) -> list[Credit]:
    lots = (
        CreditLot.objects.filter(account__customer__in=ids, available__gt=0)
        .filter(Q(last_date=None) | Q(last_date__gte=today))
        .select_related("account")
        .order_by("last_date", "pk")
    )
    return [
        Credit(left=_told(lot.available, lot.account.currency), last_date=lot.last_date)
        for lot in lots
    ]


def _perks(ids: list[int], *, today: date) -> list[Kept]:
    rows = (
        Reward.objects.filter(customer__in=ids, kind=Reward.Kind.PERK, state=Reward.State.ISSUED)
        .filter(Q(last_date=None) | Q(last_date__gte=today))
        .select_related("perk")
        .prefetch_related("uses")
        .order_by("last_date", "pk")
    )
    return [
        Kept(
            name=reward.perk.name,
            last_date=reward.last_date,
            is_reserved=any(use.state == "reserved" for use in reward.uses.all()),
        )
        for reward in rows
        if reward.perk is not None
    ]


def _ahead(advocate: Advocate, *, now: datetime) -> list[Ahead]:
    current = program.in_force(now=now)
    running = Campaign.objects.filter(program=current, starts_at__lte=now, ends_at__gt=now)
    found = []
    for campaign in running.order_by("ends_at", "pk"):
        reached = rewards.counted(campaign, advocate=advocate)
        coming = campaign.milestones.filter(count__gt=reached).select_related("perk")
        if (next_one := coming.order_by("count").first()) is not None:
            last = (campaign.ends_at - timedelta(seconds=1)).astimezone(referring.house_zone())
            found.append(
                Ahead(name=next_one.perk.name, missing=next_one.count - reached, until=last.date())
            )
    return found


def _told(amount: Decimal, currency: str) -> str:
    return money.in_words(amount, currency=currency)


def promised(terms: Terms | None) -> str:
    """What an advocate is thanked with, as one says it: "$100 in store credit"; "" where nobody is taken, or it follows from the purchase."""
    if terms is None:
        return ""
    amounts = list(terms.amounts.order_by("pk"))
    if terms.reward != Terms.Reward.FIXED or not amounts:
        return "store credit"
    told = " or ".join(_told(each.reward, each.currency) for each in amounts)
    return f"{told} in store credit"
