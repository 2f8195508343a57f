"""The rows behind a figure: referrals, thank-yous, or those whom the lot chose. Nobody's name is said, and a surprise is marked so.

The same conditions make the figure and its list, so that they add up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from builder.funnel import Period
from jeweler import money
from referrals import codes
from referrals.models import Program, Referral, Review, Reward, Touch
from referrals.reports import costs, integrity
from referrals.reports.cohorts import Person, Step, people
from referrals.reports.taking_part import followed

TITLES = {
    **{step.value: str(step.label) for step in Step},
    "given": "Thanked in these days",
    "pending": "May still qualify",
    "held": "Held for review",
    "declined": "Declined",
    "open": "Waiting for a decision",
    "taken_back": "Taken back",
    "late": "Applied more than a day after the order",
    "cold": "Applied within minutes of knowing her",
    "joined": "Invited, and became an advocate",
    "invited_bought": "Invited, and bought again",
    "invited_brought": "Invited, and brought a friend",
    "held_out_bought": "Held out by lot, and bought again",
    "held_out_brought": "Held out by lot, and brought a friend",
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """`referral`: whose explanation it opens, if any."""

    cells: list[str]
    referral: int | None = None


@dataclass(frozen=True, kw_only=True)
class Listing:
    title: str
    heads: list[str]
    lines: list[Line]
    total: int


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which figure's rows, of which days; `week` narrows a step to one cohort."""

    of: str
    period: Period
    currency: str
    program: Program
    week: date | None = None
    limit: int = 50
    offset: int = 0


def listed(asked: Asked) -> Listing:
    if asked.of in Step.values:
        return _people(asked)
    kinds: dict[str, Callable[[Asked], Listing]] = {
        "given": _rewards, "taken_back": _rewards,
        "joined": _invitations, "invited_bought": _invitations, "invited_brought": _invitations,
        "held_out_bought": _invitations, "held_out_brought": _invitations,
    }  # fmt: skip
    return kinds.get(asked.of, _referrals)(asked)


def _people(asked: Asked) -> Listing:
    found, total = people(
        period=asked.period, step=Step(asked.of), week=asked.week, limit=asked.limit, offset=asked.offset,
    )  # fmt: skip
    heads = ["First touch", "By", "Advocate", "Referral", "Known", "Booked", "Paid", "Qualified", "State"]  # fmt: skip
    return Listing(
        title=TITLES[asked.of], heads=heads, total=total, lines=[_person(each) for each in found]
    )


def _person(one: Person) -> Line:
    secret = " (a surprise)" if one.surprise_until and one.surprise_until > timezone.localdate() else ""  # fmt: skip
    return Line(
        cells=[
            _moment(one.came_at),
            str(Touch.Channel(one.channel).label),
            masked(one.code),
            f"R{one.referral_id}" if one.referral_id else "–",
            _day(one.identified_at),
            _day(one.booked_at),
            "yes" if one.has_paid else "–",
            _day(one.qualified_at),
            f"{_state(one.state, one.reason)}{secret}" if one.state else "not known",
        ],
        referral=one.referral_id,
    )


def _referrals(asked: Asked) -> Listing:
    rows = _which(asked).select_related("advocate", "terms").distinct().order_by("-locked_at", "-pk")  # fmt: skip
    heads = ["Referral", "Locked", "Advocate", "Terms", "State", "Qualifies"]
    return Listing(
        title=TITLES[asked.of],
        heads=heads,
        total=rows.count(),
        lines=[
            Line(
                cells=[
                    f"R{row.pk}",
                    _moment(row.locked_at),
                    masked(row.advocate.code),
                    f"version {row.terms.version}",
                    _state(row.state, row.reason),
                    _day(row.qualify_at),
                ],
                referral=row.pk,
            )
            for row in rows[asked.offset : asked.offset + asked.limit]
        ],
    )


def _which(asked: Asked) -> QuerySet[Referral]:
    ends = (asked.period.bounds["start"], asked.period.bounds["end"])
    if asked.of == "pending":
        here = Q(sale__currency=asked.currency) | Q(sale=None)
        found: QuerySet[Referral] = costs.waiting(program=asked.program).filter(here)
        return found
    if asked.of == "held":
        return Referral.objects.filter(locked_at__range=ends, reviews__isnull=False)
    if asked.of == "declined":
        return Referral.objects.filter(reviews__decided_at__range=ends, reviews__state=Review.State.DECLINED)  # fmt: skip
    if asked.of == "late":
        return Referral.objects.filter(pk__in=integrity.late_ones(period=asked.period))
    if asked.of == "cold":
        ids = [referral for _, referral in integrity.cold_ones(period=asked.period) if referral]
        return Referral.objects.filter(pk__in=ids)
    return Referral.objects.filter(reviews__state=Review.State.OPEN)


def _rewards(asked: Asked) -> Listing:
    ends = (asked.period.bounds["start"], asked.period.bounds["end"])
    gone = [Reward.State.REVOKED, Reward.State.CLAWED_BACK, Reward.State.LOSS_RECORDED]
    rows = Reward.objects.filter(currency=asked.currency)
    if asked.of == "given":
        rows = rows.filter(issued_at__range=ends).exclude(state__in=gone[:2])
    else:
        rows = rows.filter(closed_at__range=ends, state__in=gone)
    rows = rows.select_related("perk", "lot").order_by("-issued_at", "-pk")
    heads = ["Thank-you", "Given", "To", "For", "Face value", "Spent", "Lost", "State"]
    return Listing(
        title=TITLES[asked.of],
        heads=heads,
        total=rows.count(),
        lines=[_reward(row) for row in rows[asked.offset : asked.offset + asked.limit]],
    )


def _reward(row: Reward) -> Line:
    spent = row.lot.spent if row.lot else None
    cause = f"R{row.referral_id}" if row.referral_id else ("a milestone" if row.milestone_id else "a day of hers")  # fmt: skip
    return Line(
        cells=[
            str(row.perk) if row.perk else "Credit",
            _moment(row.issued_at),
            str(row.get_beneficiary_display()),
            cause,
            money.in_words(row.face_value, currency=row.currency),
            "–" if spent is None else money.in_words(spent, currency=row.currency),
            money.in_words(row.loss, currency=row.currency) if row.loss else "–",
            str(row.get_state_display()) + (f", {row.reason}" if row.reason else ""),
        ],
        referral=row.referral_id,
    )


def _invitations(asked: Asked) -> Listing:
    rows: QuerySet[Any] = followed(period=asked.period).filter(
        is_held_out=asked.of.startswith("held_out")
    )
    if asked.of == "joined":
        rows = rows.filter(customer__advocate__joined_at__gte=F("decided_at"))
    elif asked.of.endswith("_bought"):
        rows = rows.filter(has_bought=True)
    else:
        rows = rows.filter(has_brought=True)
    rows = rows.select_related("customer__advocate").order_by("-decided_at", "-pk")
    return Listing(
        title=TITLES[asked.of],
        heads=["Customer", "Decided", "Became an advocate", "Bought again", "Brought a friend"],
        total=rows.count(),
        lines=[_invitation(row) for row in rows[asked.offset : asked.offset + asked.limit]],
    )


def _invitation(row: Any) -> Line:
    advocate = getattr(row.customer, "advocate", None)
    yes = {True: "yes", False: "–"}
    return Line(
        cells=[
            f"Customer {row.customer_id}",
            _moment(row.decided_at),
            _day(advocate.joined_at) if advocate else "–",
            yes[row.has_bought],
            yes[row.has_brought],
        ]
    )


def masked(code: str) -> str:
    """Enough to tell two advocates apart, too little to use."""
    return f"{codes.shown(code)[:3]}-…"


def _state(state: str, reason: str) -> str:
    said = str(Referral.State(state).label)
    return f"{said}: {reason.replace('_', ' ').lower()}" if reason else said


def _moment(at: datetime) -> str:
    local = timezone.localtime(at)
    return f"{local.day} {local:%b %Y, %H:%M}"


def _day(at: datetime | None) -> str:
    if at is None:
        return "–"
    local = timezone.localtime(at)
    return f"{local.day} {local:%b %Y}"
