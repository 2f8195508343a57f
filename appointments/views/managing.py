"""Her visit by its link: what will be there, and how to move it, cancel it, add a ring, or choose another stone.

Looking changes nothing; every button posts. Whoever has the link may do all of it, so the page is kept by no cache and its
address is told to nobody outside.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from appointments import (
    booking,
    bringing,
    clocks,
    invitations,
    links,
    lookbook,
    looking,
    promises,
    risk,
    visits,
)
from appointments.diary import Asked, NotOffered, StoneGone
from appointments.forms import WHY_NOT
from appointments.links import LinkEnded, Purpose
from appointments.models import Appointment, PieceHold
from appointments.promises import StoneTaken
from appointments.seating import SlotTaken
from appointments.views import asking, refused, slots
from appointments.visits import NotNow
from builder import gallery, keeping, quotes, versions
from builder.models import Design, Stone
from builder.pages import page
from jeweler import visitors

Status = Appointment.Status


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def manage(request: HttpRequest, token: str) -> HttpResponse:
    now = timezone.now()
    try:
        visit = links.opened(token, now=now)
    except LinkEnded:
        return ended(request)
    if request.method == "POST":
        act = _DO.get(request.POST.get("do", ""))
        if act is not None:
            _tried(act, request, visit, now)
        return redirect("visits:manage", token)
    if request.GET.get("from") == "lookbook":
        lookbook.note_opened(visit, headers=request.headers, now=now)
    return _shown(request, visit, token=token, now=now)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, token: str) -> HttpResponse:
    """The same month as when it was booked; choosing a time moves the visit with all that is promised to it."""
    now = timezone.now()
    try:
        visit = links.opened(token, now=now)
    except LinkEnded:
        return ended(request)
    if visit.status != Status.BOOKED or visit.starts_at <= now:
        messages.error(request, "This visit cannot be moved any more.")
        return redirect("visits:manage", token)
    if request.method == "POST":
        return _moved(request, visit, token=token, now=now)
    return _times(request, visit, token=token, now=now)


@never_cache
@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The visit as a file for her own calendar, as it stands."""
    now = timezone.now()
    try:
        visit = links.opened(token, now=now)
    except LinkEnded:
        return ended(request)
    text = invitations.calendar(visit, method=invitations.PUBLISH, url=links.manage_url(visit), now=now)  # fmt: skip
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="visit.ics"'
    return refused.secret(response)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest, token: str) -> HttpResponse:
    """The link that only her mail has. The button confirms; looking does not."""
    now = timezone.now()
    try:
        visit = links.opened(token, now=now, purpose=Purpose.VERIFY)
        if request.method == "POST":
            visit = risk.verify(appointment=visit, now=now)
            return redirect(f"{reverse('visits:manage', args=[links.token(visit)])}?booked=1")
    except LinkEnded:
        return ended(request)
    except NotNow as refusal:
        messages.error(request, str(refusal))
        return redirect("visits:manage", links.token(visit))
    if not risk.is_unverified(visit):
        return redirect("visits:manage", links.token(visit))
    zone = asking.zone_of(visit)
    context = {"visit": visit, "when": clocks.in_full(visit.starts_at, zone=zone, now=now)}
    return refused.secret(page(request, "appointments/verify.html", context))


# Looking.


def _shown(request: HttpRequest, visit: Appointment, *, token: str, now: datetime) -> HttpResponse:
    zone = asking.zone_of(visit)
    is_to_come = visit.status == Status.BOOKED and visit.starts_at > now
    is_living = visit.status in promises.LIVING
    context: dict[str, Any] = {
        "visit": visit,
        "token": token,
        "zone": zone,
        "day": "\u00a0".join(clocks.day_told(visit.starts_at, zone=zone, now=now).rsplit(" ", 1)),
        "time": clocks.time_told(visit.starts_at, zone=zone),
        "zone_told": clocks.zone_told(zone),
        "store_time": _store_time(visit, zone),
        "length": clocks.minutes_told(visit.service.minutes),
        "is_new": "booked" in request.GET and is_to_come,
        "is_to_come": is_to_come,
        "is_living": is_living,
        "is_unverified": risk.is_unverified(visit),
        "rings": _rings(visit, now=now),
        "tray": _tray(visit) if is_living else [],
        "broken": _broken(visit, now=now) if is_to_come else [],
        "hers": _hers(request, visit) if is_to_come else [],
        "chosen": request.GET.get("stone", ""),
        "why_not": WHY_NOT.items(),
        "again": refused.book_again(visit),
        "map_address": visit.store.showroom.map_url or _map(visit),
    }
    status = 200 if is_living or visit.status == Status.ATTENDED else 410
    return refused.secret(page(request, "appointments/visit.html", context, status=status))


def _store_time(visit: Appointment, zone: Any) -> str:
    """The store's own clock, where it is another one than hers."""
    if zone.key == visit.store.time_zone:
        return ""
    return clocks.in_full(visit.starts_at, zone=visit.store.zone)


def _rings(visit: Appointment, *, now: datetime) -> list[dict[str, Any]]:
    found = []
    rings = visit.visit_designs.select_related(
        "design__setting", "design__metal", "design__stone", "design__store", "design__band"
    )
    for each in rings:
        quote = quotes.quote(each.design, now=now)
        if quote.picture_hash:
            gallery.remember({quote.picture_hash: quote.description}, now=now)
        said = versions.in_words(each.design)
        found.append(
            {"design": each.design, "quote": quote, "said": said, "title": _title(each.design)}
        )
    return found  # fmt: skip


def _title(design: Design) -> str:
    if design.name:
        return design.name
    return design.setting.name if design.setting else "A stone"


def _tray(visit: Appointment) -> list[dict[str, Any]]:
    """The stones that will be there: where each is, in words."""
    holds = visit.holds.filter(state__in=PieceHold.ACTIVE).select_related("stone__store")
    return [{"stone": hold.stone, "where": _where(hold.stone, visit)} for hold in holds.order_by("pk")]  # fmt: skip


def _where(stone: Stone, visit: Appointment) -> str:
    if stone.store_id == visit.store_id:
        return "is there already"
    return f"comes from {stone.store.city}" if stone.store else "comes from its cutter"


def _broken(visit: Appointment, *, now: datetime) -> list[dict[str, Any]]:
    return [
        {"hold": hold, "instead": promises.instead(hold, now=now)}
        for hold in promises.broken(visit)
    ]


def _hers(request: HttpRequest, visit: Appointment) -> list[tuple[Design, str]]:
    """Rings of this browser that could be seen as well."""
    visitor = visitors.current(request)
    if visitor is None:
        return []
    there = visit.visit_designs.values("design")
    mine = keeping.of(visitor=visitor).filter(setting__isnull=False).exclude(pk__in=there)
    shown = mine.order_by("-updated_at", "-pk")[: refused.MOST_DESIGNS]
    return [(design, versions.in_words(design)) for design in shown]


def _map(visit: Appointment) -> str:
    place = urlencode({"query": f"{visit.store.street}, {visit.store.city}"})
    return f"https://www.openstreetmap.org/search?{place}"


def _times(
    request: HttpRequest, visit: Appointment, *, token: str, now: datetime, status: int = 200
) -> HttpResponse:
    zone, asked = asking.zone_of(visit), _asked(visit)
    soonest = looking.next_available(asked, now=now)
    found = slots.month(asked, soonest=soonest, params=request.GET, zone=zone, now=now)
    here = reverse("visits:move", args=[token])
    context = slots.shown(found, asked=asked, params=request.GET, action=here, now=now) | {
        "visit": visit,
        "token": token,
        "when": clocks.in_full(visit.starts_at, zone=zone, now=now),
    }
    return refused.secret(page(request, "appointments/move.html", context, status=status))


def _asked(visit: Appointment) -> Asked:
    """The same visit at another time, with the stones that are promised to it."""
    return Asked(
        service=visit.service, store=visit.store, stones=visits.promised(visit), apart=(visit.pk,)
    )


# Acting.


def _tried(act: Any, request: HttpRequest, visit: Appointment, now: datetime) -> None:
    try:
        act(request, visit, now)
    except (NotNow, StoneGone, StoneTaken, keeping.NotHers) as refusal:
        messages.error(request, str(refusal))


def _moved(request: HttpRequest, visit: Appointment, *, token: str, now: datetime) -> HttpResponse:
    starts_at = slots.moment(request.POST.get("start", ""))
    if starts_at is None:
        messages.error(request, "Choose one of the times.")
        return _times(request, visit, token=token, now=now, status=400)
    zone = asking.zone_of(visit)
    try:
        booking.move(appointment=visit, starts_at=starts_at, now=now)
    except SlotTaken as taken:
        near: Sequence[datetime] = taken.starts
        words = "; ".join(clocks.told(at, zone=zone, now=now) for at in near)
        free = f" Near it are free: {words}." if words else ""
        messages.error(request, f"Somebody was faster. Your visit stays as it was.{free}")
        return _times(request, visit, token=token, now=now, status=409)
    except (NotNow, NotOffered, StoneGone, StoneTaken) as refusal:
        messages.error(request, f"{refusal} Your visit stays as it was.")
        return _times(request, visit, token=token, now=now, status=409)
    messages.success(request, f"It is moved to {clocks.in_full(starts_at, zone=zone, now=now)}.")
    return redirect("visits:manage", token)


def _cancel(request: HttpRequest, visit: Appointment, now: datetime) -> None:
    why = request.POST.get("why", "")
    booking.cancel(appointment=visit, why=WHY_NOT[why] if why in WHY_NOT and why else "", now=now)
    messages.success(request, "It is cancelled, and everything kept for it is free again.")


def _bring(request: HttpRequest, visit: Appointment, now: datetime) -> None:
    visitor = visitors.current(request)
    if visitor is None:
        raise keeping.NotHers
    design = keeping.find(code=request.POST.get("design", ""), visitor=visitor)
    bringing.bring(appointment=visit, design=design, now=now)
    messages.success(request, f"{_title(design)} will be there as well.")


def _replace(request: HttpRequest, visit: Appointment, now: datetime) -> None:
    """One of the twins that the page offers, in place of the stone that is gone."""
    said = request.POST.get("instead", "").partition("-")
    for hold in visit.holds.filter(state=PieceHold.State.BROKEN).select_related(
        "stone", "appointment"
    ):
        if str(hold.pk) != said[0]:
            continue
        offered = [each.stone for each in promises.instead(hold, now=now)]
        stone = next((each for each in offered if str(each.pk) == said[2]), None)
        if stone is None:
            raise StoneTaken(hold.stone)
        promises.replace(hold=hold, stone=stone, by=None, now=now)
        messages.success(request, f"{stone} will be on the tray instead.")  # fmt: skip


_DO = {"cancel": _cancel, "bring": _bring, "replace": _replace}


def ended(request: HttpRequest) -> HttpResponse:
    """One answer for what was forged, replaced or is long over."""
    return refused.secret(page(request, "appointments/ended.html", status=410))
