"""The waiting list: join it from a day that is full, and take the time that is kept for her."""

from datetime import datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from appointments import clocks, links, risk, waitlist
from appointments.booking import AlreadyConfirmed, HoldExpired
from appointments.forms import WaitingForm
from appointments.links import LinkEnded, Purpose
from appointments.models import Appointment
from appointments.views import asking, managing, refused
from builder import allowances, limits
from builder.pages import page


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    wanted = asking.wanted(request, now=now)
    if wanted.store is None or wanted.service is None:
        return page(request, "appointments/closed.html")
    form = WaitingForm(request.POST or None, initial=_days(request, wanted, now=now))
    if request.method == "POST" and form.is_valid():
        try:
            return _joined(request, wanted, form, now=now)
        except allowances.TooMany as error:
            form.add_error("email", limits.in_words(error))
            return limits.later(_form(request, wanted, form), error)
    return _form(request, wanted, form)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def offered(request: HttpRequest, token: str) -> HttpResponse:
    """A time that is kept for her. Looking takes nothing; the button books it."""
    now = timezone.now()
    try:
        visit = links.opened(token, now=now, purpose=Purpose.OFFER)
        if request.method == "POST":
            return _answered(request, visit, now=now)
    except LinkEnded:
        return managing.ended(request)
    except (HoldExpired, AlreadyConfirmed):
        return redirect("visits:offered", token)
    if visit.status not in (Appointment.Status.HELD, Appointment.Status.EXPIRED):
        return redirect("visits:manage", links.token(visit))
    is_open = (
        visit.status == Appointment.Status.HELD and visit.expires_at and visit.expires_at > now
    )
    zone = visit.store.zone
    same = f"?store={visit.store.code}&service={visit.service.code}"
    context = {
        "visit": visit,
        "is_open": is_open,
        "when": clocks.in_full(visit.starts_at, zone=zone, now=now),
        "until": clocks.told(visit.expires_at, zone=zone, now=now) if visit.expires_at else "",
        "again": f"{reverse('visits:book')}{same}",
        "wait": f"{reverse('visits:waiting')}{same}",
    }
    status = 200 if is_open else 410
    return refused.secret(page(request, "appointments/offered.html", context, status=status))


def _answered(request: HttpRequest, visit: Appointment, *, now: datetime) -> HttpResponse:
    if request.POST.get("do") == "decline":
        waitlist.decline(appointment=visit, now=now)
        messages.success(request, "It goes to whoever waits next. Thank you for saying so.")
        return redirect("visits:book")
    booked = waitlist.take(appointment=visit, now=now)
    return redirect(f"{reverse('visits:manage', args=[links.token(booked)])}?booked=1")


def _days(request: HttpRequest, wanted: asking.Wanted, *, now: datetime) -> dict[str, str]:
    """The day she looked at, else the next two weeks."""
    assert wanted.store is not None
    today = now.astimezone(wanted.store.zone).date()
    said = request.GET.get("day", "")
    return {
        "since_date": said or today.isoformat(),
        "until_date": said or (today + timedelta(days=14)).isoformat(),
    }


def _joined(
    request: HttpRequest, wanted: asking.Wanted, form: WaitingForm, *, now: datetime
) -> HttpResponse:
    assert wanted.store is not None
    assert wanted.service is not None
    said = form.cleaned_data
    risk.take_waiting(network=limits.network_of(request), email=said["email"], now=now)
    entry = waitlist.join(
        store=wanted.store, service=wanted.service, email=said["email"], name=said["name"],
        since_date=said["since_date"], until_date=said["until_date"],
        design=next(iter(wanted.designs), None), stone=next(iter(wanted.stones), None), now=now,
    )  # fmt: skip
    context = {"entry": entry, "wanted": wanted, "query": asking.query(request.GET)}
    return page(request, "appointments/waiting_joined.html", context)


def _form(request: HttpRequest, wanted: asking.Wanted, form: WaitingForm) -> HttpResponse:
    context = {"wanted": wanted, "form": form, "query": asking.query(request.GET)}
    status = 400 if form.errors else 200
    return page(request, "appointments/waiting.html", context, status=status)
