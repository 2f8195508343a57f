"""Who asks, of which store and which visit: the rules behind every page of the day."""

from datetime import date, datetime

from django.http import Http404

from appointments.models import Appointment, PieceHold, VisitTask
from jeweler.access import Role, StaffRequest, store_here, stores_of
from jeweler.models import Store

SELLERS = (Role.ASSOCIATE, Role.MANAGER, Role.OWNER)
KNOWN = [
    status for status in Appointment.Status if status not in (Appointment.Status.EXPIRED,)
]  # fmt: skip


def store_of(request: StaffRequest, code: str) -> Store:
    """Raises Http404 for a store that is none of hers."""
    store = stores_of(request.member).select_related("showroom").filter(code=code).first()
    if store is None:
        raise Http404("There is no such store among yours. Ask the owner to add it.")
    return store


def usual_store(request: StaffRequest) -> Store | None:
    """Where she said she stands, else the first of hers that receives visits."""
    here = store_here(request, member=request.member)
    if here is not None:
        return here
    return stores_of(request.member).order_by("showroom", "name").first()


def day_of(text: str) -> date:
    """Raises Http404 for what is no day of the calendar that has neighbors on both sides."""
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise Http404("This is no day. Write it as 2026-11-21.") from error
    if not 2000 <= day.year <= 2200:
        raise Http404("There are no visits in that year.")
    return day


def today(store: Store, *, now: datetime) -> date:
    return now.astimezone(store.zone).date()


def day_of_visit(visit: Appointment) -> date:
    return visit.starts_at.astimezone(visit.store.zone).date()


def visit_of(request: StaffRequest, pk: int) -> Appointment:
    """Raises Http404 for a visit to a store that is none of hers."""
    visit = (
        Appointment.objects.filter(store__in=stores_of(request.member), status__in=KNOWN)
        .select_related("store__showroom", "service", "associate", "customer__merged_into")
        .filter(pk=pk)
        .first()
    )
    if visit is None:
        raise Http404("There is no such visit, or it is to another store.")
    return visit


def hold_of(request: StaffRequest, pk: int) -> PieceHold:
    """A piece promised to a visit of hers. Raises Http404."""
    return _hold(request, pk, "store")


def hold_from_here(request: StaffRequest, pk: int) -> PieceHold:
    """A piece that lies in a store of hers and is promised elsewhere. Raises Http404."""
    return _hold(request, pk, "stone__store")


def task_of(request: StaffRequest, pk: int) -> VisitTask:
    """Raises Http404."""
    tasks = VisitTask.objects.filter(store__in=stores_of(request.member)).select_related(
        "store", "appointment__store"
    )
    task = tasks.filter(pk=pk).first()
    if task is None:
        raise Http404("There is no such task, or it is of another store.")
    return task


def _hold(request: StaffRequest, pk: int, where: str) -> PieceHold:
    holds = PieceHold.objects.filter(**{f"{where}__in": stores_of(request.member)})
    hold = holds.select_related(
        "stone__store", "store", "appointment__store", "appointment__service"
    ).filter(pk=pk)
    found = hold.first()
    if found is None:
        raise Http404("There is no such piece, or it is of another store.")
    return found
