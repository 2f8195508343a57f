"""The day's closing: what each tender should come to, and what was counted."""

import re
import uuid
from datetime import date, timedelta
from decimal import Decimal

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from builder.pages import once_of
from jeweler.access import Role, StaffRequest, staff_only, store_here
from pos_bridge import closing as days
from pos_bridge.models import Tender


@staff_only(Role.ASSOCIATE, Role.MANAGER, Role.OWNER)
@require_http_methods(["GET", "HEAD", "POST"])
def closing(request: StaffRequest) -> HttpResponse:
    """The store's day, today unless `day` says another; a POST keeps a count of it."""
    now = timezone.now()
    store = store_here(request, member=request.member)
    if store is None:
        return redirect("counter")
    today = now.astimezone(store.zone).date()
    on = _day(request.GET.get("day", ""), today=today)
    problem = ""
    if request.method == "POST":
        try:
            days.count(
                store=store,
                on=on,
                counted=_counted(request),
                why={tender: request.POST.get(f"why_{tender}", "") for tender in Tender.values},
                by=request.member,
                key=once_of(request) or uuid.uuid4().hex,
                now=now,
            )
            return redirect(f"{reverse('counter-closing')}?day={on:%Y-%m-%d}")
        except days.CannotCount as refusal:
            problem = str(refusal)
    rows = days.day(store=store, on=on)
    context = {
        "rows": [
            (row, request.POST.get(f"counted_{row.tender}", ""), request.POST.get(f"why_{row.tender}", ""))
            for row in rows
        ],
        "store": store,
        "on": on,
        "before": on - timedelta(days=1),
        "after": on + timedelta(days=1) if on < today else None,
        "expected": sum((row.expected for row in rows), Decimal(0)),
        "problem": problem,
    }  # fmt: skip
    with timezone.override(store.zone):
        return render(request, "pos_bridge/closing.html", context, status=409 if problem else 200)


def _counted(request: StaffRequest) -> dict[str, Decimal]:
    """What was typed; an empty field was not counted. Raises CannotCount."""
    found = {}
    for tender in Tender:
        text = request.POST.get(f"counted_{tender.value}", "").strip().lstrip("$€£")
        if not text:
            continue
        plain = re.sub(r",(?=\d{3}(?:\D|$))", "", text)
        if not re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,3})?", plain):
            raise days.CannotCount(f"{tender.label}: type an amount such as 1500 or 1500.00.")
        found[tender.value] = Decimal(plain)
    return found


def _day(text: str, *, today: date) -> date:
    try:
        on = date.fromisoformat(text) if text else today
    except ValueError as error:
        raise Http404("This is no day. Write it as 2026-11-21.") from error
    if not 2000 <= on.year <= today.year:
        raise Http404("There are no sales in that year.")
    return on
