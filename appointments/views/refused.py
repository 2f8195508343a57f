"""What cannot be done, each on a page of its own with the way on; and what every page behind a key has in its head."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from appointments import clocks, links, looking, risk
from appointments.models import Appointment
from appointments.views import asking
from builder.pages import page

MOST_DESIGNS = 6
TYPED = (
    "name",
    "email",
    "phone",
    "occasion",
    "occasion_date",
    "is_surprise",
    "note",
    "zone",
    "language",
)


def taken(
    request: HttpRequest, wanted: asking.Wanted, starts: Sequence[datetime], *, to: datetime, now: datetime
) -> HttpResponse:  # fmt: skip
    nearest = list(starts) or looking.alternatives(wanted.asked(), to=to, now=now)
    context = {
        "wanted": wanted,
        "gone_told": clocks.told(to, zone=wanted.zone, now=now),
        "starts": _told(nearest, to=to, zone=wanted.zone, now=now),
        "zone_told": clocks.zone_told(wanted.zone),
        "key": uuid.uuid4(),
        "query": asking.query(request.GET),
    }
    return secret(page(request, "appointments/taken.html", context, status=409))


def expired(
    request: HttpRequest, visit: Appointment, starts: Sequence[datetime], *, now: datetime, status: int = 410
) -> HttpResponse:  # fmt: skip
    """The ten minutes are over: what is free now, each one click, with all that was typed."""
    zone = zone_of(request, visit)
    typed = [(name, request.POST[name]) for name in TYPED if request.POST.get(name)]
    typed += [("designs", code) for code in request.POST.getlist("designs")[:MOST_DESIGNS]]
    context = {
        "visit": visit,
        "is_same": visit.starts_at in starts,
        "when": clocks.told(visit.starts_at, zone=zone, now=now),
        "starts": _told(starts, to=visit.starts_at, zone=zone, now=now),
        "zone_told": clocks.zone_told(zone),
        "typed": typed,
        "is_typed": bool(request.POST.get("email")),
        "again": book_again(visit),
        "was_faster": status == 409,
    }
    return secret(page(request, "appointments/expired.html", context, status=status))


def already(request: HttpRequest, visit: Appointment) -> HttpResponse:
    """It is booked: the way to it, in the browser that booked it."""
    context = {
        "visit": visit,
        "when": clocks.in_full(visit.starts_at, zone=visit.store.zone),
        "address": "" if risk.is_unverified(visit) else links.manage_url(visit),
    }
    return secret(page(request, "appointments/already.html", context, status=412))


def unknown(request: HttpRequest) -> HttpResponse:
    return page(request, "appointments/unknown.html", status=404)


def secret(response: HttpResponse) -> HttpResponse:
    """Of a page whose address is a key. Not "no-referrer": a browser would then not say where a form comes from."""
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def book_again(visit: Appointment) -> str:
    """The same visit at another time, with its ring where it is hers."""
    stone = visit.holds.order_by("pk").values_list("stone_id", flat=True).first()
    said = {"store": visit.store.code, "service": visit.service.code}
    design = visit.designs.order_by("visit_designs__position").first()
    if design is not None:
        said["design"] = design.code
    elif stone is not None:
        said["stone"] = str(stone)
    return f"{reverse('visits:book')}?{urlencode(said)}"


def zone_of(request: HttpRequest, visit: Appointment) -> ZoneInfo:
    """Hers for a video call, else the store's."""
    said = request.POST.get("zone") or request.GET.get("zone", "")
    return asking.zone_of(visit, said=said)


def _told(
    starts: Sequence[datetime], *, to: datetime, zone: ZoneInfo, now: datetime
) -> list[tuple[datetime, str]]:
    """The nearest first."""
    nearest = sorted(starts, key=lambda at: abs(at - to))
    return [(at, clocks.told(at, zone=zone, now=now)) for at in nearest]
