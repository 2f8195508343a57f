"""The managers' pages: what waits for a decision, one referral from its first touch to the ledger, and what the staff enter."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from jeweler import audit, customers, money
from jeweler.access import Role, StaffRequest, staff_only, stores_of
from jeweler.models import ContactPoint, Customer
from referrals import changing, codes, explaining, patterns, referring, review, rewards, scoring
from referrals.models import Advocate, Referral, ReferralChange, Review

MOST = 100
MANAGERS = (Role.MANAGER, Role.OWNER)


@dataclass(frozen=True, kw_only=True)
class Party:
    """Somebody, covered."""

    initials: str
    contacts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Held:
    """A review as its row says it."""

    review: Review
    friend: Party
    stake: str
    seller: str
    others: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Group:
    """What is held of one advocate for one reason: decided together, or one by one."""

    advocate: Advocate
    party: Party
    reason: str
    held: tuple[Held, ...]
    is_premarked: bool
    is_late: bool
    is_surprise: bool
    history: str


@staff_only(*MANAGERS)
@require_safe
def queue(request: StaffRequest) -> HttpResponse:
    """What is due first stands first."""
    now = timezone.now()
    waiting = list(
        review.waiting(request.member, stores_of(request.member)).select_related(
            "referral__advocate__customer__merged_into", "referral__friend__merged_into",
            "referral__sale__sold_by", "referral__touch__staff", "referral__terms",
        )[:MOST]
    )  # fmt: skip
    together: dict[tuple[int, str], list[Review]] = {}
    for each in waiting:
        together.setdefault((each.referral.advocate_id, each.reason), []).append(each)
    changes = ReferralChange.objects.filter(
        state=ReferralChange.State.OPEN,
        referral__in=review.referrals_of(request.member, stores_of(request.member)),
    )
    context = {
        "groups": [_group(each, now=now) for each in together.values()],
        "changes": changes.select_related("referral", "asked_by").order_by("asked_at")[:MOST],
        "count": len(waiting),
    }
    return render(request, "referrals/office/reviews.html", context)


@staff_only(*MANAGERS)
@require_POST
def decide(request: StaffRequest) -> HttpResponse:
    """One decision for what was ticked of a group; what cannot be decided says why, and the rest is."""
    now = timezone.now()
    mine = review.waiting(request.member, stores_of(request.member))
    ticked = [int(pk) for pk in request.POST.getlist("review") if pk.isascii() and pk.isdigit()]
    verdict = request.POST.get("verdict", "")
    chosen = list(mine.filter(pk__in=ticked[:MOST]))
    if verdict not in {"approve", "decline"} or not chosen:
        messages.error(request, "Tick what you decide about, and say which way.")
        return redirect("friends:reviews")
    decision = review.Decision(
        is_approved=verdict == "approve", note=request.POST.get("note", ""),
        by=request.member.user, tells_advocate="tell" in request.POST,
    )  # fmt: skip
    for each in chosen:
        try:
            review.decide(review=each, decision=decision, now=now)
        except review.CannotDecide as refusal:
            messages.error(request, f"Referral {each.referral_id}: {refusal}")
        else:
            done = "let go of" if decision.is_approved else "declined"
            messages.success(request, f"Referral {each.referral_id} is {done}.")
    return redirect("friends:reviews")


@staff_only(*MANAGERS)
@require_safe
def referral(request: StaffRequest, pk: int) -> HttpResponse:
    """One referral; opening it is written down."""
    return _page(request, _referral(request, pk))


@staff_only(*MANAGERS)
@require_POST
def act(request: StaffRequest, pk: int) -> HttpResponse:
    """Something is done about it, or asked for."""
    found = _referral(request, pk)
    do = ACTS.get(request.POST.get("do", ""))
    if do is None:
        messages.error(request, "That is nothing a referral knows. Load the page again.")
        return redirect("friends:referral", pk)
    try:
        said = do(request, found, timezone.now())
    except (review.CannotDecide, referring.CodeRefused) as refusal:
        return _page(request, found, refusal=str(refusal))
    messages.success(request, said)
    return redirect("friends:referral", pk)


@staff_only(*MANAGERS)
@require_safe
def staff(request: StaffRequest) -> HttpResponse:
    rows = patterns.report(stores=stores_of(request.member), now=timezone.now())
    return render(request, "referrals/office/staff.html", {"rows": rows})


# What can be done.


def _reassign(request: StaffRequest, found: Referral, now: datetime) -> str:
    to = referring.advocate_of(request.POST.get("code", ""), now=now)
    changing.ask_reassign(referral=found, to=to, reason=_reason(request), by=request.member.user, now=now)  # fmt: skip
    return "Asked. Another manager has to approve it."


def _override(request: StaffRequest, found: Referral, now: datetime) -> str:
    changing.ask_override(referral=found, reason=_reason(request), by=request.member.user, now=now)
    return "Asked. Another manager has to approve it."


def _change(request: StaffRequest, found: Referral, now: datetime) -> str:
    change = found.changes.filter(state=ReferralChange.State.OPEN).first()
    if change is None:
        raise changing.CannotChange("Nothing is asked for any more.")
    is_approved = request.POST.get("verdict") == "approve"
    changing.decide(
        change=change, is_approved=is_approved, note=_reason(request), by=request.member.user,
        now=now,
    )  # fmt: skip
    return "It is done." if is_approved else "It is declined; nothing changes."


def _suspend(request: StaffRequest, found: Referral, now: datetime) -> str:
    held = review.suspend(advocate=found.advocate, reason=_reason(request), by=request.member.user, now=now)  # fmt: skip
    return f"The advocate is suspended; {held} of her referrals are held by it."


def _reinstate(request: StaffRequest, found: Referral, now: datetime) -> str:
    review.reinstate(advocate=found.advocate, reason=_reason(request), by=request.member.user, now=now)  # fmt: skip
    return "The advocate’s code is good again. What else was held still is."


ACTS: dict[str, Callable[[StaffRequest, Referral, datetime], str]] = {
    "reassign": _reassign, "override": _override, "change": _change, "suspend": _suspend,
    "reinstate": _reinstate,
}  # fmt: skip


# Inside.


def _page(request: StaffRequest, found: Referral, *, refusal: str = "") -> HttpResponse:
    now = timezone.now()
    audit.record(action="referral.viewed", subject=found, actor=request.member.user, now=now)
    is_pending = found.state in review.PENDING and found.closed_at is None
    context = {
        "referral": found,
        "told": explaining.explain(found, now=now),
        "advocate": party(found.advocate.customer),
        "friend": party(found.friend),
        "code": codes.shown(found.advocate.code),
        "stake": _stake(found),
        "change": found.changes.filter(state=ReferralChange.State.OPEN).select_related("asked_by", "advocate").first(),
        "waits": [(each, explaining.reason_in_words(each.reason)) for each in found.reviews.filter(state=Review.State.OPEN)] if found.closed_at is None else [],
        "can_reassign": is_pending,
        "can_override": found.state == Referral.State.REJECTED and found.reason in changing.RULES and changing.may_override(request.member.user),
        "refusal": refusal,
        "typed": request.POST if refusal else {},
    }  # fmt: skip
    with timezone.override(found.time_zone):  # its days end by that clock
        return render(request, "referrals/office/referral.html", context, status=409 if refusal else 200)  # fmt: skip


def _referral(request: StaffRequest, pk: int) -> Referral:
    """Raises Http404 for one whose store is none of hers."""
    known: QuerySet[Referral] = review.referrals_of(request.member, stores_of(request.member))
    found = known.select_related(
        "advocate__customer__merged_into", "friend__merged_into", "terms__program", "touch__staff",
        "sale__sold_by", "sale__store",
    ).filter(pk=pk).first()  # fmt: skip
    if found is None:
        raise Http404("There is no such referral in your stores.")
    return found


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").strip()


def party(who: Customer) -> Party:
    person = customers.resolve(who)
    points = ContactPoint.objects.filter(customer__in=customers.ids_of(person)).order_by("kind", "pk")  # fmt: skip
    return Party(
        initials=" ".join(f"{name[0]}." for name in (person.first_name, person.last_name) if name) or "–",
        contacts=tuple(customers.covered(point) for point in points[:3]),
    )  # fmt: skip


def _group(reviews: list[Review], *, now: datetime) -> Group:
    first = reviews[0]
    advocate = first.referral.advocate
    surprises = [rewards.revealed_at(each.referral) for each in reviews]
    return Group(
        advocate=advocate, party=party(advocate.customer), reason=explaining.reason_in_words(first.reason),
        held=tuple(_held(each) for each in reviews),
        is_premarked=any(scoring.is_premarked(each.score) for each in reviews),
        is_late=any(each.due_at <= now for each in reviews),
        is_surprise=any(until is not None and now < until for until in surprises),
        history=_history(advocate),
    )  # fmt: skip


def _held(held: Review) -> Held:
    found = held.referral
    seller = (found.sale.sold_by if found.sale else None) or (found.touch.staff if found.touch else None)  # fmt: skip
    others = found.reviews.filter(state=Review.State.OPEN).exclude(pk=held.pk)
    return Held(
        review=held, friend=party(found.friend), stake=_stake(found),
        seller=(seller.get_full_name() or seller.username) if seller else "",
        others=tuple(explaining.reason_in_words(each.reason) for each in others),
    )  # fmt: skip


def _stake(found: Referral) -> str:
    """What the advocate would be given; "" while no order says in which currency."""
    if found.sale is None or found.terms.amounts.filter(currency=found.sale.currency).first() is None:  # fmt: skip
        return ""
    owner = customers.resolve(found.advocate.customer)
    currency, amount = rewards.amount_of(
        found.terms, net=found.net or Decimal(0), currency=found.sale.currency, owner=owner
    )
    return money.in_words(amount, currency=currency)


def _history(advocate: Advocate) -> str:
    """What became of hers so far, in one line."""
    states = list(Referral.objects.filter(advocate=advocate).values_list("state", flat=True))
    thanked = states.count(Referral.State.REWARDED)
    refused = sum(states.count(state) for state in (Referral.State.REJECTED, Referral.State.CLAWED_BACK))  # fmt: skip
    return f"{len(states)} brought, {thanked} thanked, {refused} refused or taken back"
