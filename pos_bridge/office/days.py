"""Days and stores: where the registers and the books agree to the cent, and what differs where they do not."""

from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from jeweler.access import Role, StaffRequest, staff_only, stores_of
from jeweler.backoffice import user_of
from pos_bridge import days, reconciliation
from pos_bridge.models import Discrepancy, ReconciliationRun

DAYS = 14
State = ReconciliationRun.State


@staff_only(Role.MANAGER, Role.OWNER)
@never_cache
@require_safe
def table(request: StaffRequest) -> HttpResponse:
    """The last two weeks by store; each cell is a day at a till."""
    stores = list(stores_of(request.member).order_by("name"))
    today = timezone.now().date()
    runs = ReconciliationRun.objects.filter(
        store__in=stores, day_date__gte=today - timedelta(days=DAYS)
    ).select_related("connection", "store")
    cells: dict[tuple[object, int], list[ReconciliationRun]] = {}
    for run in runs.order_by("connection__code"):
        cells.setdefault((run.day_date, run.store_id), []).append(run)
    with_runs = [store for store in stores if any(key[1] == store.pk for key in cells)]
    dates = sorted({key[0] for key in cells}, key=str, reverse=True)
    context = {
        "stores": with_runs,
        "days": [(day, [cells.get((day, store.pk), []) for store in with_runs]) for day in dates],
        "open": sum(run.state == State.DIFFERS for run in runs),
        "balanced": sum(run.state == State.BALANCED for run in runs),
    }
    return render(request, "pos_bridge/office/days.html", context)


@staff_only(Role.MANAGER, Role.OWNER)
@never_cache
@require_safe
def day(request: StaffRequest, pk: int) -> HttpResponse:
    run = _run(request, pk)
    closures = days.closures_of(run)
    found = run.found.filter(gone_at=None).select_related("settled_by").order_by("kind", "subject")
    context = {
        "run": run,
        "difference": run.theirs - run.ours,
        "found": found,
        "closures": closures,
        "tenders": days.sides_of(run, closures).rows,
    }
    with timezone.override(run.store.zone):  # as the clock in the showroom stood
        return render(request, "pos_bridge/office/day.html", context)


@staff_only(Role.MANAGER, Role.OWNER)
@require_POST
def settle(request: StaffRequest, pk: int, found: int) -> HttpResponse:
    run = _run(request, pk)
    difference = get_object_or_404(Discrepancy, pk=found, run=run)
    try:
        reconciliation.settle(
            found=difference,
            by=user_of(request),
            because=request.POST.get("because", ""),
            now=timezone.now(),
        )
    except (reconciliation.NoReason, reconciliation.AlreadySettled) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "It stands as it is, with your reason.")
    return redirect("till-day", pk=run.pk)


def _run(request: StaffRequest, pk: int) -> ReconciliationRun:
    runs = ReconciliationRun.objects.filter(store__in=stores_of(request.member))
    run = runs.select_related("connection", "store").filter(pk=pk).first() if pk < 2**63 else None
    if run is None:
        raise Http404("There is no such day in your stores.")
    return run
