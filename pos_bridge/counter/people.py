"""A customer at the counter: what she designed, when she comes, what she bought here, and what she has.

She is opened by a token that the field hands to the associate who asked, good for half an hour: nobody leafs through customers.
Each opening and each uncovering is written down, with a limit per hour. Other stores' sales are told to those alone who may see
them. Of friends only what concerns herself is said: never whom somebody brought, nor what a friend bought.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core import signing
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from appointments.models import Appointment
from builder import lookup, stills, versions
from builder.models import Design
from jeweler import audit, customers, sales
from jeweler.access import Role, StaffRequest, staff_only, store_here, stores_of
from jeweler.models import AuditEntry, Customer, Sale, StaffMember, Store
from pos_bridge.counter import friends, showing
from referrals import credit, introducing, naming, perks

GOOD_FOR = timedelta(minutes=30)
OPENINGS_AN_HOUR = lookup.OPENINGS_AN_HOUR
REFUSALS = (perks.PerkRefused, introducing.CannotIntroduce, friends.Unclear, *friends.REFUSALS)
_SALT = "pos_bridge.counter.people"


@dataclass(frozen=True, kw_only=True)
class Bought:
    sale: Sale
    due: Decimal
    state: str


def address(customer: Customer, *, member: StaffMember) -> str:
    """Her page, for this member alone and for half an hour."""
    token = signing.dumps([customers.resolve(customer).pk, member.pk], salt=_SALT)
    return reverse("counter-person", args=[token])


@staff_only(Role.ASSOCIATE, Role.MANAGER, Role.OWNER)
@require_safe
def page(request: StaffRequest, token: str) -> HttpResponse:
    """Open her page; the opening is noted."""
    return _shown(request, token, is_uncovered=False)


@staff_only(Role.ASSOCIATE, Role.MANAGER, Role.OWNER)
@require_POST
def reach(request: StaffRequest, token: str) -> HttpResponse:
    """The same page with her whole addresses and numbers, which is noted too."""
    return _shown(request, token, is_uncovered=True)


@staff_only(Role.ASSOCIATE, Role.MANAGER, Role.OWNER)
@require_POST
def act(request: StaffRequest, token: str) -> HttpResponse:
    """A perk of hers is reserved, used or set free; or it is said who sent her."""
    now = timezone.now()
    store = store_here(request, member=request.member)
    customer = _opened(token, member=request.member)
    if store is None or customer is None:
        return redirect("counter")
    do = request.POST.get("do", "")
    try:
        if do == "friend":
            said = _introduced(request, customer, store=store, now=now)
        else:
            said = friends.act_on_perk(request, customer=customer, store=store, do=do, now=now)
    except REFUSALS as refusal:
        return _shown(request, token, is_uncovered=False, refusal=refusal)
    messages.info(request, said)
    return redirect("counter-person", token)


def _introduced(request: StaffRequest, customer: Customer, *, store: Store, now: datetime) -> str:
    advocate, channel = friends.asked(request, store=store, now=now)
    return introducing.introduce(
        advocate=advocate, friend=customer, channel=channel, by=request.member, store=store, now=now
    ).said


def _shown(
    request: StaffRequest, token: str, *, is_uncovered: bool, refusal: Exception | None = None
) -> HttpResponse:
    now = timezone.now()
    store = store_here(request, member=request.member)
    if store is None:
        return redirect("counter")
    customer = _opened(token, member=request.member)
    if customer is None:
        return redirect("counter")
    action = "customer.uncovered" if is_uncovered else "customer.viewed"
    if _is_too_many(request.member, now=now):
        context = {"limit": lookup.TooMany(what="opened customers", limit=OPENINGS_AN_HOUR, again_at=now + timedelta(hours=1)), "store": store, "text": ""}  # fmt: skip
        return render(request, "pos_bridge/find.html", context, status=429)
    audit.record(action=action, subject=customer, actor=request.member.user, store=store, now=now)
    context = facts(customer, store=store, member=request.member, now=now) | {
        "contacts": showing.contacts(customer=customer, is_uncovered=is_uncovered),
        "is_uncovered": is_uncovered,
        "token": token,
        "store": store,
        "text": "",
        "refusal": str(refusal) if refusal else "",
        "candidates": getattr(refusal, "candidates", []),
        "typed": request.POST if refusal else {},
    }
    status = 429 if isinstance(refusal, naming.TooManyGuesses) else 409 if refusal else 200
    with timezone.override(store.zone):
        return render(request, "pos_bridge/person.html", context, status=status)


def facts(
    customer: Customer, *, store: Store, member: StaffMember, now: datetime
) -> dict[str, Any]:
    """What her page says."""
    ids = customers.ids_of(customer)
    ours = stores_of(member)
    designs = Design.objects.filter(
        Q(store=None) | Q(store__in=ours), customer__in=ids, saved_at__isnull=False, removed_at=None
    )
    visits = Appointment.objects.filter(customer__in=ids, store__in=ours).exclude(
        status__in=[
            Appointment.Status.CANCELLED,
            Appointment.Status.EXPIRED,
            Appointment.Status.HELD,
        ]
    )
    # What she ordered online is of no store: every showroom may know of it.
    bought = Sale.objects.filter(
        Q(store=None) | Q(store__in=ours), customer__in=ids, voided_at=None
    )
    bought = bought.select_related("store").prefetch_related("ticket", "payments", "refunds")
    return {
        "customer": customer,
        "designs": [_design(each) for each in designs.select_related("setting", "metal", "stone").order_by("-updated_at")[:12]],
        "visits": visits.filter(starts_at__gt=now - timedelta(days=1)).select_related("store", "service").order_by("starts_at")[:5],
        "sales": [_bought(each) for each in bought.order_by("-placed_at")[:20]],
        "friends": friends.friends(ids, now=now),
        "perks": friends.perks_of(customer, store=store, now=now),
        "today": now.astimezone(store.zone).date(),
        "credit": credit_of(customer, currency=store.currency, now=now),
    }  # fmt: skip


def credit_of(customer: Customer, *, currency: str, now: datetime) -> credit.Balance:
    """What she can spend here. The one place at the counter that asks it."""
    return credit.balance(customer=customer, currency=currency, now=now)


def _design(design: Design) -> tuple[Design, str, str]:
    version = design.versions.order_by("-number").first()
    picture = stills.picture_url(design, version.picture_hash) if version else ""
    return design, versions.for_others(design) or "Nothing chosen yet", picture


def _bought(sale: Sale) -> Bought:
    due = sales.standing(sale)[1]
    if sum(each.amount for each in sale.refunds.all()) >= sale.total > 0:
        state = "Returned"
    elif due > 0:
        state = "Balance due"
    else:
        state = "Handed over" if sale.handed_over_at else "Paid, not handed over"
    return Bought(sale=sale, due=due, state=state)


def _opened(token: str, *, member: StaffMember) -> Customer | None:
    """None for a token that is forged, another member's, or over: the field finds her again."""
    try:
        pk, asked_by = signing.loads(token, salt=_SALT, max_age=GOOD_FOR)
    except signing.BadSignature:
        return None
    if asked_by != member.pk:
        return None
    found = Customer.objects.select_related("merged_into").filter(pk=pk).first()
    if found is None:
        raise Http404("She asked to be forgotten; there is nothing left to show.")
    return customers.resolve(found)


def _is_too_many(member: StaffMember, *, now: datetime) -> bool:
    lately = AuditEntry.objects.filter(
        action="customer.viewed", actor=member.user, at__gt=now - timedelta(hours=1)
    )
    return lately.values("subject").distinct().count() >= OPENINGS_AN_HOUR
