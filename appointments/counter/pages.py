"""The pages of the day. Looking changes nothing; an address or number shown in full is noted."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from appointments.counter import desk, showing
from jeweler import audit
from jeweler.access import StaffRequest, staff_only


@staff_only(*desk.SELLERS)
@require_safe
def here(request: StaffRequest) -> HttpResponse:
    """Today, in the store she stands in."""
    store = desk.usual_store(request)
    if store is None:
        messages.info(request, "You belong to no store yet. Ask the owner to add you to one.")
        return redirect("counter")
    return redirect("floor:day", store.code, str(desk.today(store, now=timezone.now())))


@staff_only(*desk.SELLERS)
@require_safe
def day(request: StaffRequest, store: str, day: str) -> HttpResponse:
    found, on = desk.store_of(request, store), desk.day_of(day)
    return showing.day(request, store=found, on=on, now=timezone.now())


@staff_only(*desk.SELLERS)
@require_safe
def tray(request: StaffRequest, store: str, day: str) -> HttpResponse:
    found, on = desk.store_of(request, store), desk.day_of(day)
    return showing.tray(request, store=found, on=on, now=timezone.now())


@staff_only(*desk.SELLERS)
@require_safe
def visit(request: StaffRequest, pk: int) -> HttpResponse:
    return showing.visit(request, visit=desk.visit_of(request, pk), now=timezone.now())


@staff_only(*desk.SELLERS)
@require_POST
def reach(request: StaffRequest, pk: int) -> HttpResponse:
    """The same page with her whole address and number, which is noted."""
    found, now = desk.visit_of(request, pk), timezone.now()
    if found.customer is not None:
        audit.record(
            action="customer.uncovered", subject=found.customer, actor=request.member.user,
            store=found.store, detail={"visit": found.pk}, now=now,
        )  # fmt: skip
    return showing.visit(request, visit=found, is_uncovered=True, now=now)
