"""Set the program: new terms, a pause, campaigns, perks, the bench's weeks, and what comes with a day of a guest's own.

Promise: every change is written down with who made it; nothing that was promised changes. A version of the terms is never touched,
a campaign that has begun keeps its beginning and its milestones, and a perk's new cost counts for what is given from then on.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from jeweler import audit, locking
from jeweler.models import Store
from referrals.models import (
    BenchWeek,
    Campaign,
    FollowOn,
    Milestone,
    Perk,
    Program,
    Terms,
    TermsAmount,
)

TERMS = (
    "click_days", "lock_days", "return_days", "review_days", "credit_days", "cap", "cap_days",
    "reward", "friend_perk", "disclosure",
)  # fmt: skip
AMOUNTS = ("minimum", "reward", "percent", "most")


class NotInForce(ValueError):
    """The program cannot be set like this."""


class TooEarly(NotInForce):
    def __init__(self) -> None:
        super().__init__(
            "Terms take force now or later: whoever was locked before keeps what she was promised."
        )


class MomentTaken(NotInForce):
    def __init__(self, terms: Terms) -> None:
        super().__init__(
            f"Version {terms.version} takes force at that very moment. Choose another one; the later version holds from then on."
        )


class NothingChanged(NotInForce):
    def __init__(self) -> None:
        super().__init__("These are the terms that are in force already. Change one of them first.")


class CampaignHasBegun(NotInForce):
    def __init__(self, campaign: Campaign) -> None:
        super().__init__(
            f"{campaign} has begun: its beginning and its milestones stay as they were promised, and its end may only be moved "
            "later. More milestones may be added."
        )


@dataclass(frozen=True, kw_only=True)
class Change:
    """A term as it is and as it would be, in the words of the page."""

    label: str
    was: str
    will: str


@transaction.atomic
def begin(*, name: str, by: User, now: datetime) -> Program:
    """The house's program, without terms: until it has some, nobody is locked."""
    program = Program.objects.create(code="house", name=name, begins_at=now)
    audit.record(action="program.begun", subject=program, actor=by, now=now)
    return program


@transaction.atomic
def publish(*, terms: Terms, amounts: Iterable[TermsAmount], by: User, now: datetime) -> Terms:
    """Write a new version, in force from `terms.in_force_from`. Raises TooEarly, MomentTaken, NothingChanged."""
    program = _locked(terms.program)
    amounts = list(amounts)
    if terms.in_force_from < now:
        raise TooEarly
    others = program.terms.order_by("-version")
    taken = others.filter(in_force_from=terms.in_force_from).first()
    if taken is not None:
        raise MomentTaken(taken)
    before = at(program, moment=terms.in_force_from)
    if before is not None and not changes(before, terms, amounts=amounts):
        raise NothingChanged
    last = others.first()
    terms.version = last.version + 1 if last else 1
    terms.created_at, terms.created_by = now, by
    terms.save(force_insert=True)
    for amount in amounts:
        amount.terms = terms
    TermsAmount.objects.bulk_create(amounts)
    said = {each.label: [each.was, each.will] for each in changes(before, terms, amounts=amounts)}
    audit.record(action="terms.published", subject=terms, actor=by, detail={"in_force_from": terms.in_force_from.isoformat(), "changes": said}, now=now)  # fmt: skip
    return terms


def at(program: Program, *, moment: datetime) -> Terms | None:
    """The version in force then, with its amounts and its perk."""
    found = program.terms.filter(in_force_from__lte=moment).order_by("-in_force_from")
    return found.select_related("friend_perk").prefetch_related("amounts").first()


def changes(before: Terms | None, after: Terms, *, amounts: Iterable[TermsAmount]) -> list[Change]:
    """What is another in `after`; of the first version everything is new."""
    found = []
    for name in TERMS:
        was, will = _said(before, name), _said(after, name)
        if was != will:
            found.append(Change(label=LABELS[name], was=was, will=will))
    old = {row.currency: row for row in before.amounts.all()} if before else {}
    new = {row.currency: row for row in amounts}
    for currency in sorted(old | new):
        found += _amounts_changed(old.get(currency), new.get(currency), currency=currency)
    return found


LABELS = {
    "click_days": "Days of a link",
    "lock_days": "Days of the lock",
    "return_days": "Days in which she may return it",
    "review_days": "Days for a review",
    "credit_days": "Days of the credit",
    "cap": "Thank-yous for one advocate",
    "cap_days": "… in so many days",
    "reward": "The thank-you is",
    "friend_perk": "The friend’s perk",
    "disclosure": "What is said beside every link",
    "minimum": "Minimum",
    "percent": "Share of the purchase, %",
    "most": "At most",
}


def _said(terms: Terms | None, name: str) -> str:
    if terms is None:
        return "–"
    if name == "reward":
        return str(Terms.Reward(terms.reward).label)
    value = getattr(terms, name)
    return "none" if value is None else str(value)


def _amounts_changed(
    old: TermsAmount | None, new: TermsAmount | None, *, currency: str
) -> list[Change]:
    found = []
    for name in AMOUNTS:
        was, will = (_plain(getattr(row, name)) if row else "–" for row in (old, new))
        if was != will:
            label = "Thank-you" if name == "reward" else LABELS[name]
            found.append(Change(label=f"{label}, {currency}", was=was, will=will))
    return found


def _plain(value: Any) -> str:
    return "none" if value is None else f"{value:,.2f}"


@transaction.atomic
def pause(*, program: Program, by: User, now: datetime) -> None:
    """Nobody is locked anew; whoever is locked stays so. Pausing again changes nothing."""
    if Program.objects.filter(pk=program.pk, paused_at=None).update(paused_at=now):
        audit.record(action="program.paused", subject=program, actor=by, now=now)


@transaction.atomic
def go_on(*, program: Program, by: User, now: datetime) -> None:
    if Program.objects.filter(pk=program.pk, paused_at__isnull=False).update(paused_at=None):
        audit.record(action="program.resumed", subject=program, actor=by, now=now)


@transaction.atomic
def weigh(*, program: Program, holdout_percent: int, goods_percent: Any, by: User, now: datetime) -> None:  # fmt: skip
    """How many are held out of invitations, for those who are decided on from now; and what goods cost of their price."""
    program = _locked(program)
    was = {"holdout_percent": program.holdout_percent, "goods_percent": str(program.goods_percent)}
    program.holdout_percent, program.goods_percent = holdout_percent, goods_percent
    program.save(update_fields=["holdout_percent", "goods_percent"])
    will = {"holdout_percent": holdout_percent, "goods_percent": str(goods_percent)}
    if was != will:
        audit.record(action="program.weighed", subject=program, actor=by, detail={"was": was, "will": will}, now=now)  # fmt: skip


@transaction.atomic
def keep_perk(*, perk: Perk, by: User, now: datetime) -> Perk:
    """Make a perk, or change one for whoever is given it from now on."""
    was = _columns(perk) if perk.pk else {}
    perk.save()
    will = _columns(perk)
    if was != will:
        action = "perk.changed" if was else "perk.made"
        audit.record(action=action, subject=perk, actor=by, detail=_told(was, will), now=now)
    return perk


@transaction.atomic
def keep_campaign(
    *, campaign: Campaign, milestones: dict[int, Perk], by: User, now: datetime
) -> Campaign:
    """Make a campaign with its milestones by count, or change one. Raises CampaignHasBegun."""
    was = Campaign.objects.select_for_update().filter(pk=campaign.pk).first() if campaign.pk else None  # fmt: skip
    has = {each.count: each for each in was.milestones.all()} if was else {}
    if was is not None and was.starts_at <= now:
        _check_begun(was, campaign, has=has, milestones=milestones)
    campaign.save()
    Milestone.objects.filter(campaign=campaign, count__in=has.keys() - milestones.keys()).delete()
    for count, perk in milestones.items():
        Milestone.objects.update_or_create(campaign=campaign, count=count, defaults={"perk": perk})
    detail = {
        "starts_at": campaign.starts_at.isoformat(),
        "ends_at": campaign.ends_at.isoformat(),
        "settles_until": campaign.settles_until.isoformat(),
        "milestones": {str(count): perk.code for count, perk in sorted(milestones.items())},
    }
    action = "campaign.changed" if was else "campaign.made"
    audit.record(action=action, subject=campaign, actor=by, detail=detail, now=now)
    return campaign


def _check_begun(
    was: Campaign, will: Campaign, *, has: dict[int, Milestone], milestones: dict[int, Perk]
) -> None:
    kept = all(count in milestones and milestones[count].pk == each.perk_id for count, each in has.items())  # fmt: skip
    is_shorter = will.ends_at < was.ends_at or will.settles_until < was.settles_until
    if will.starts_at != was.starts_at or is_shorter or not kept:
        raise CampaignHasBegun(was)


@transaction.atomic
def set_bench(
    *, store: Store, monday: date | None, minutes: int | None, by: User, now: datetime
) -> None:
    """How many minutes the bench gives to perks in that week, or in every week without a row of its own; None: no row."""
    if minutes is None:
        BenchWeek.objects.filter(store=store, monday=monday).delete()
    else:
        BenchWeek.objects.update_or_create(
            store=store, monday=monday, defaults={"minutes": minutes}
        )
    week = monday.isoformat() if monday else "every week"
    audit.record(action="bench.set", subject=store, actor=by, store=store, detail={"week": week, "minutes": minutes}, now=now)  # fmt: skip


@transaction.atomic
def follow_on(*, program: Program, occasion: str, years: int, perk: Perk | None, by: User, now: datetime) -> None:  # fmt: skip
    """The perk that comes with a reminder from now on; None: none does."""
    if perk is None:
        FollowOn.objects.filter(program=program, occasion=occasion, years=years).delete()
    else:
        FollowOn.objects.update_or_create(
            program=program, occasion=occasion, years=years, defaults={"perk": perk}
        )
    detail = {"occasion": occasion, "years": years, "perk": perk.code if perk else None}
    audit.record(action="follow_on.set", subject=program, actor=by, detail=detail, now=now)


def _locked(program: Program) -> Program:
    rows = Program.objects.filter(pk=program.pk)
    return (rows.select_for_update() if locking.are_on() else rows).get()


def _columns(perk: Perk) -> dict[str, Any]:
    return dict(Perk.objects.filter(pk=perk.pk).values().get())


def _told(was: dict[str, Any], will: dict[str, Any]) -> dict[str, list[str]]:
    return {
        name: [str(was.get(name, "–")), str(value)]
        for name, value in will.items()
        if name != "id" and was.get(name) != value
    }
