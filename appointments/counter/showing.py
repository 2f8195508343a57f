"""What the pages need: the day, its tray list, and one visit, with times on the store's wall."""

from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from appointments import preparation
from appointments.counter import alerts, desk, forms
from appointments.counter import day as days
from appointments.models import Appointment, Associate, VisitDesign
from builder import codes, stills, versions
from builder.models import Design
from jeweler import customers, qr
from jeweler.access import StaffRequest, stores_of
from jeweler.models import Store

Status = Appointment.Status
# What somebody may do next, by the visit's status: the step, and what its button says.
STEPS = {
    Status.BOOKED: [("arrived", "Check in"), ("missed", "Did not come")],
    Status.ARRIVED: [("seen", "Being seen")],
    Status.SEEN: [],
    Status.MISSED: [("arrived", "She came after all")],
}


def page(
    request: HttpRequest, template: str, context: dict[str, Any], *, store: Store, status: int = 200
) -> HttpResponse:
    """Times on it are the store's."""
    with timezone.override(store.zone):
        return render(request, template, {"store": store, **context}, status=status)


def day(
    request: StaffRequest,
    *,
    store: Store,
    on: date,
    form: forms.WalkInForm | None = None,
    now: datetime,
    status: int = 200,
) -> HttpResponse:
    """The day, with the form of who walks in as it was sent, if it was."""
    associate = _chosen(request, store)
    since, until = preparation.bounds(store, on)
    today = desk.today(store, now=now)
    staff = list(forms.associates_of(store))
    context = {
        "day": days.read(store=store, day=on, associate_id=associate, staff=staff, now=now),
        "on": on,
        "before": on - timedelta(days=1),
        "after": on + timedelta(days=1),
        "today": today,
        "now": now,
        "chosen": associate,
        "associates": staff,
        "stores": list(stores_of(request.member).filter(showroom__isnull=False).order_by("name")),
        "lost": alerts.lost(since=since, until=until),
        "form": (form or forms.blank(store=store, day=on)).offering(staff),
        "steps": STEPS,
        "query": f"?with={associate}" if associate else "",
    }
    return page(request, "appointments/staff/day.html", context, store=store, status=status)


def tray(request: StaffRequest, *, store: Store, on: date, now: datetime) -> HttpResponse:
    """The tray list to print, with what a scanner reads beside each piece."""
    trays = preparation.trays(store=store, day=on, now=now)
    context = {
        "trays": [
            {
                "tray": each,
                "pieces": [(item, _label(item)) for item in each.items],
                "rings": [(design, picture(design)) for design in each.designs],
            }
            for each in trays
        ],
        "on": on,
        "before": on - timedelta(days=1),
        "after": on + timedelta(days=1),
        "now": now,
    }
    return page(request, "appointments/staff/tray.html", context, store=store)


def visit(
    request: StaffRequest,
    *,
    visit: Appointment,
    now: datetime,
    status: int = 200,
    is_uncovered: bool = False,
    **bound: Any,
) -> HttpResponse:
    """One visit with its forms; those in `bound` as they were sent."""
    on = desk.day_of_visit(visit)
    seen = days.see(visit, sold={}, now=now)
    context = {
        "visit": visit,
        "seen": seen,
        "on": on,
        "rings": _rings(visit),
        "pieces": preparation.items(visit=visit, now=now),
        "events": visit.events.select_related("by__user", "stone"),
        "tasks": visit.tasks.filter(done_at=None).order_by("due_at", "pk"),
        "alerts": alerts.alerts(visits=[visit], store=visit.store, now=now),
        "steps": STEPS.get(Status(visit.status), []),
        "can_complete": visit.status in (Status.ARRIVED, Status.SEEN),
        "can_move": visit.status == Status.BOOKED,
        "email": visit.email if is_uncovered else covered_email(visit.email),
        "phone": visit.phone if is_uncovered else covered_phone(visit.phone),
        "is_uncovered": is_uncovered,
        "earlier": _earlier(visit),
        "now": now,
        "move": forms.MoveForm(visit=visit),
        "outcome": forms.OutcomeForm(visit=visit),
        "cancel": forms.WordsForm(),
        "note": forms.WordsForm(),
        **bound,
    }
    return page(request, "appointments/staff/visit.html", context, store=visit.store, status=status)


def picture(design: Design) -> str:
    """Of what was saved last; empty where nothing can be drawn."""
    version = design.versions.order_by("-number").first()
    return stills.picture_url(design, version.picture_hash) if version else ""


def covered_email(email: str) -> str:
    """cl…@…ple.com: enough to compare with what she says, too little to use."""
    local, _, domain = email.partition("@")
    return f"{local[:2]}…@…{domain[-7:]}" if domain else ""


def covered_phone(phone: str) -> str:
    digits = "".join(each for each in phone if each.isdigit())
    return f"…{digits[-4:]}" if digits else ""


# Inside.


def _chosen(request: HttpRequest, store: Store) -> int | None:
    """The associate that the page is of, if it is of one who works here."""
    said = request.GET.get("with", "")
    people: QuerySet[Associate] = forms.associates_of(store)
    if not (said.isascii() and said.isdigit() and len(said) < 12):
        return None
    return people.filter(pk=said).values_list("pk", flat=True).first()


def _rings(visit: Appointment) -> list[dict[str, Any]]:
    shown = VisitDesign.objects.filter(appointment=visit).select_related(
        "design__setting", "design__metal", "design__stone"
    )
    return [
        {
            "design": each.design,
            "said": versions.in_words(each.design),
            "was_tried": each.was_tried,
            "picture": picture(each.design),
        }
        for each in shown.order_by("position", "pk")
    ]


def _earlier(visit: Appointment) -> list[Appointment]:
    """Her other visits, the last first."""
    if visit.customer is None:
        return []
    hers = Appointment.objects.filter(customer__in=customers.ids_of(visit.customer))
    others = hers.exclude(pk=visit.pk).exclude(status__in=[Status.HELD, Status.EXPIRED])
    return list(others.select_related("store", "service").order_by("-starts_at")[:5])


def _label(item: preparation.Item) -> Any:
    """The QR of the ring's code where it is part of a ring, else of its report's number."""
    if item.design is not None:
        text = codes.scanned_address(code=item.design.code, site=settings.SITE_URL)
        return qr.svg(text=text, label=f"QR code of {item.design.code}", scale=2)
    number = item.hold.stone.report_number
    return qr.svg(text=number, label=f"QR code of report {number}", scale=2)
