"""Thank-yous: given once for a qualified referral, counted toward milestones, and taken back when the purchase is undone.

Promise: a referral's credit, a friend's perk and a milestone's perk exist once each, by constraint. An advocate's rewards are
counted with her row locked, so that no cap is passed by two at once. What is taken back never makes a balance negative: what
was spent is owed, and what was consumed is written down as a loss.
"""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q

from jeweler import customers, locking, money, prepared
from jeweler.models import Customer, Sale
from jeweler.outbox import publish
from referrals import credit, eligibility, perks
from referrals.events import ReferralQualified, RewardClawedBack, RewardIssued
from referrals.models import (
    Advocate,
    Campaign,
    LifeReminder,
    Milestone,
    Perk,
    Referral,
    Reward,
    Terms,
    TermsAmount,
)
from referrals.qualification import Fact, Kind, Standing

Beneficiary = Reward.Beneficiary
State = Reward.State
CREDIT, PERK, MILESTONE, OCCASION = "credit", "perk", "milestone", "occasion"
STANDING = [State.ISSUED, State.REDEEMED]
QUALIFIED = [Referral.State.REWARDED, Referral.State.UNREWARDED]


def earned(referral: Referral, *, standing: Standing, now: datetime) -> Fact | datetime:
    """Give the advocate of a qualified, locked referral her credit: the fact that says what came of it.

    A surprise is kept: until its day has come nothing is given, and the answer is the moment at which to look again.
    """
    shown_from = revealed_at(referral)
    if shown_from is not None and now < shown_from:
        return shown_from
    advocate = referral.advocate
    lock([advocate.pk])
    forbidden = eligibility.why_not(
        advocate=advocate,
        friend=referral.friend,
        before=referral.locked_at,
        except_sale=standing.sale,
    )
    if forbidden and not is_let_through(referral, rule=forbidden):  # found to be one meanwhile
        return Fact(kind=Kind.REJECTED, key="rejected", at=now, data={"reason": forbidden})
    why_not = _why_not(advocate, referral, now=now)
    data = {"sale": standing.sale, "reason": why_not}
    if why_not:
        return Fact(kind=Kind.UNREWARDED, key="unrewarded", at=now, data=data)
    _give_credit(advocate, referral, standing=standing, now=now)
    publish(ReferralQualified(referral_id=referral.pk, customer_id=advocate.customer_id), at=now)
    return Fact(kind=Kind.REWARDED, key="rewarded", at=now, data=data)


def is_let_through(referral: Referral, *, rule: str) -> bool:
    """Two people of the house let it through in spite of this hard rule (referrals.changing)."""
    return referral.events.filter(
        kind=Kind.NOTED, data__code="OVERRIDDEN", data__rule=rule
    ).exists()


def revealed_at(referral: Referral) -> datetime | None:
    """From when on the advocate may see a trace of it; None: from the beginning."""
    if referral.surprise_until is None:
        return None
    zone = ZoneInfo(referral.time_zone)
    return datetime.combine(referral.surprise_until, time.min, tzinfo=zone).astimezone(UTC)


def welcome(referral: Referral, *, now: datetime) -> Reward | None:
    """The friend's own perk, from the moment she is locked; None where the terms have none."""
    perk = referral.terms.friend_perk
    if perk is None:
        return None
    return _give_perk(
        perk, customer=referral.friend, beneficiary=Beneficiary.FRIEND, rule=PERK, referral=referral,
        zone=ZoneInfo(referral.time_zone), now=now,
    )  # fmt: skip


def follow_on(reminder: LifeReminder, *, perk: Perk, customer: Customer, now: datetime) -> Reward:
    """What comes with a reminder of a day of her own."""
    return _give_perk(
        perk, customer=customer, beneficiary=Beneficiary.GUEST, rule=OCCASION, reminder=reminder,
        zone=ZoneInfo(settings.HOUSE_TIME_ZONE), now=now,
    )  # fmt: skip


def claw_back(referral: Referral, *, reason: str, now: datetime) -> None:
    """Take back what a referral brought, as far as it is still there."""
    for reward in referral.rewards.filter(state__in=STANDING).order_by("pk"):
        take_back(reward, reason=reason, now=now)


def take_back(reward: Reward, *, reason: str, now: datetime) -> None:
    """Credit that was spent is owed, a perk that was consumed is a loss; what is unused is simply gone."""
    if reward.lot is not None:
        undone = credit.reverse(lot=reward.lot, reason=f"{reason}: reward {reward.pk}", now=now)
        reward.loss = undone.owed
        reward.state = State.CLAWED_BACK if undone.owed else State.REVOKED
    elif perks.withdraw(reward, now=now):
        reward.state = State.REVOKED
    else:
        reward.loss, reward.state = reward.cost, State.LOSS_RECORDED
    reward.reason, reward.closed_at = reason, now
    reward.save(update_fields=["loss", "state", "reason", "closed_at"])
    publish(RewardClawedBack(reward_id=reward.pk, customer_id=reward.customer_id), at=now)


def recount(referral: Referral, *, now: datetime) -> None:
    """Give what milestones are reached now, and take back those that no longer are."""
    if referral.sale is None:
        return
    placed_at = referral.sale.placed_at
    campaigns = Campaign.objects.filter(
        program=referral.terms.program_id, starts_at__lte=placed_at, ends_at__gt=placed_at
    )
    for campaign in campaigns.order_by("pk"):
        lock([referral.advocate_id])
        _recount(campaign, advocate=referral.advocate, referral=referral, now=now)


def _recount(campaign: Campaign, *, advocate: Advocate, referral: Referral, now: datetime) -> None:
    reached = counted(campaign, advocate=advocate)
    ids = customers.ids_of(advocate.customer)
    has = {
        reward.milestone_id: reward
        for reward in Reward.objects.filter(milestone__campaign=campaign, customer__in=ids).exclude(
            state=State.REVOKED
        )
    }
    for milestone in campaign.milestones.select_related("perk").order_by("count"):
        reward = has.get(milestone.pk)
        if milestone.count <= reached and reward is None:
            _reach(milestone, advocate=advocate, referral=referral, now=now)
        elif milestone.count > reached and reward is not None and reward.state in STANDING:
            take_back(reward, reason="MILESTONE_LOST", now=now)


def counted(campaign: Campaign, *, advocate: Advocate) -> int:
    """Her friends whose orders were placed in the campaign and who qualified before it was settled."""
    of_hers = Referral.objects.filter(
        advocate__customer__in=customers.ids_of(advocate.customer),
        state__in=QUALIFIED,
        sale__placed_at__gte=campaign.starts_at,
        sale__placed_at__lt=campaign.ends_at,
    )
    in_time = Q(events__kind__in=[Kind.REWARDED, Kind.UNREWARDED]) & Q(
        events__at__lt=campaign.settles_until
    )
    return of_hers.filter(in_time).distinct().count()


def _why_not(advocate: Advocate, referral: Referral, *, now: datetime) -> str:
    """Why a qualified referral earns nothing, "" when it does."""
    customer = customers.resolve(advocate.customer)
    if customer.forgotten_at is not None:
        return "ADVOCATE_ERASED"
    terms = referral.terms
    since = now - timedelta(days=terms.cap_days)
    ((lately,),) = prepared.rows(_LATELY, {"ids": customers.ids_of(customer), "since": since})
    return "CAP_REACHED" if lately >= terms.cap else ""


def _give_credit(
    advocate: Advocate, referral: Referral, *, standing: Standing, now: datetime
) -> Reward:
    customer = customers.resolve(advocate.customer)
    currency, amount = amount_of(
        referral.terms, net=standing.net or Decimal(0), currency=standing.currency, owner=customer
    )
    last_date = credit.last_day(now) + timedelta(days=referral.terms.credit_days)
    lot = credit.grant(
        customer=customer, amount=amount, currency=currency, last_date=last_date,
        reason="A thank-you for bringing a friend", key=f"referral:{referral.pk}:{CREDIT}",
        pays_debt=True, now=now,
    )  # fmt: skip
    reward = Reward.objects.create(
        customer=customer, beneficiary=Beneficiary.ADVOCATE, rule=CREDIT, referral=referral,
        kind=Reward.Kind.CREDIT, lot=lot, currency=currency, face_value=amount, cost=amount,
        issued_at=now, last_date=last_date,
    )  # fmt: skip
    _tell(reward, now=now)
    return reward


def amount_of(
    terms: Terms, *, net: Decimal, currency: str, owner: Customer | None
) -> tuple[str, Decimal]:
    """What a purchase of `net` brings: a fixed amount in the owner's own currency where the terms know it, or a share in the order's."""
    amounts = {row.currency: row for row in terms.amounts.all()}
    if terms.reward == Terms.Reward.PERCENT:
        return currency, _share(amounts[currency], net=net)
    own = _currency_of(owner) if owner and len(amounts) > 1 else ""
    row = amounts.get(own) or amounts[currency]
    return row.currency, row.reward


def _share(row: TermsAmount, *, net: Decimal) -> Decimal:
    share = money.rounded(net * row.percent / 100, currency=row.currency)
    return share if row.most is None else min(share, row.most)


def _currency_of(owner: Customer) -> str:
    """In which she has credit, or bought last; "" when she has neither."""
    ids = customers.ids_of(owner)
    from_credit = owner.credit_accounts.order_by("pk").values_list("currency", flat=True).first()
    bought = Sale.objects.filter(customer__in=ids).order_by("-placed_at")
    return from_credit or bought.values_list("currency", flat=True).first() or ""


def _reach(
    milestone: Milestone, *, advocate: Advocate, referral: Referral, now: datetime
) -> Reward:
    return _give_perk(
        milestone.perk, customer=customers.resolve(advocate.customer), rule=MILESTONE,
        beneficiary=Beneficiary.ADVOCATE, milestone=milestone, zone=ZoneInfo(referral.time_zone),
        now=now,
    )  # fmt: skip


def _give_perk(
    perk: Perk, *, customer: Customer, beneficiary: str, rule: str, zone: ZoneInfo,
    referral: Referral | None = None, milestone: Milestone | None = None,
    reminder: LifeReminder | None = None, now: datetime,
) -> Reward:  # fmt: skip
    reward = Reward.objects.create(
        customer=customer, beneficiary=beneficiary, rule=rule, referral=referral,
        milestone=milestone, reminder=reminder, kind=Reward.Kind.PERK, perk=perk, currency=perk.currency,
        face_value=perk.face_value, cost=perk.cost, issued_at=now,
        last_date=now.astimezone(zone).date() + timedelta(days=perk.valid_days),
    )  # fmt: skip
    _tell(reward, now=now)
    return reward


def _tell(reward: Reward, *, now: datetime) -> None:
    publish(
        RewardIssued(
            reward_id=reward.pk, customer_id=reward.customer_id, beneficiary=reward.beneficiary,
            kind=reward.kind, amount=str(reward.face_value), currency=reward.currency,
        ),
        at=now,
    )  # fmt: skip


def lock(advocate_ids: list[int]) -> None:
    """Hold their rows until the transaction ends, taken always in the same order."""
    if locking.are_on():
        prepared.rows(_LOCK, {"ids": advocate_ids})


_LOCK = "select id from referrals_advocate where id = any(%(ids)s) order by id for update"
_LATELY = """
select count(*) from referrals_reward
where customer_id = any(%(ids)s) and beneficiary = 'advocate' and rule = 'credit' and issued_at > %(since)s
"""
