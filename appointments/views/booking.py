"""From a ring to a booked visit: a time, ten minutes for the form, and it is booked. Three pages, no account.

What cannot be done is a page of its own with the way on, and what was typed is never lost: 409 where somebody was faster, 410
where the ten minutes ran out, 412 where it is booked already, 404 where we know nothing of it.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from appointments import booking, bringing, clocks, keys, links, looking, risk, visits
from appointments.booking import AlreadyConfirmed, HoldExpired
from appointments.diary import NotOffered, StoneGone
from appointments.forms import OCCASIONS, VisitForm
from appointments.models import Appointment
from appointments.promises import StoneTaken
from appointments.seating import SlotTaken
from appointments.views import asking, refused, slots
from appointments.visits import NoSuchVisit, NotNow
from builder import allowances, keeping, limits, versions
from builder.models import Design
from builder.pages import page, quoted
from jeweler import visitors

Status = Appointment.Status
LISTED = refused.MOST_DESIGNS


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest) -> HttpResponse:
    """Store, service, day and time, each a part of the address. Choosing a time keeps it for ten minutes."""
    now = timezone.now()
    wanted = asking.wanted(request, now=now)
    if wanted.store is None or wanted.service is None:
        return page(request, "appointments/closed.html")
    if request.method == "POST":
        return _hold(request, wanted, now=now)
    return _times(request, wanted, now=now)


@require_safe
def seen(request: HttpRequest) -> HttpResponse:
    """Where and from when on a stone can be seen, to be laid into its page after everything else is there."""
    now = timezone.now()
    wanted = asking.wanted(request, now=now)
    found = slots.places(wanted, params=request.GET, now=now) if wanted.service else []
    context = {"wanted": wanted, "places": found, "query": asking.query(request.GET)}
    return page(request, "appointments/_seen.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def form(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Who comes. Only in the browser that the time is kept for."""
    now = timezone.now()
    try:
        visit = visits.read(uid=uid)
    except NoSuchVisit:
        return refused.unknown(request)
    if visit.visitor is None or visit.visitor != visitors.current(request):
        return refused.unknown(request)
    if request.method == "POST":
        return _DO.get(request.POST.get("do", ""), _book)(request, visit, now)
    if visit.status in (Status.HELD, Status.EXPIRED):
        return _form(request, visit, _unbound(visit), now=now)
    return _booked(visit, request)


# Choosing.


def _times(
    request: HttpRequest, wanted: asking.Wanted, *, now: datetime, status: int = 200
) -> HttpResponse:
    asked = wanted.asked()
    places = slots.places(wanted, params=request.GET, now=now)
    soonest = next((each.starts_at for each in places if each.store == wanted.store), None)
    found = slots.month(asked, soonest=soonest, params=request.GET, zone=wanted.zone, now=now)
    book = reverse("visits:book")
    context = slots.shown(found, asked=asked, params=request.GET, action=book, now=now) | {
        "wanted": wanted,
        "places": places,
        "services": slots.services(wanted, params=request.GET),
        "length": clocks.minutes_told(asked.service.minutes),
        "key": uuid.uuid4(),
        "zones": asking.zones() if wanted.is_video else [],
        "said": [versions.in_words(design) for design in wanted.designs],
        "kept": asking.kept(request.GET),
    }
    return refused.secret(page(request, "appointments/choose.html", context, status=status))


def _hold(request: HttpRequest, wanted: asking.Wanted, *, now: datetime) -> HttpResponse:
    starts_at = slots.moment(request.POST.get("start", ""))
    if starts_at is None:
        messages.error(request, "Choose one of the times.")
        return _times(request, wanted, now=now, status=400)
    visitor = visitors.ensure(request, now=now)
    try:
        risk.take_hold(network=limits.network_of(request), now=now)
        visit = _reserved(request, wanted, starts_at, now=now)
    except allowances.TooMany as error:
        messages.error(request, limits.in_words(error))
        return limits.later(_times(request, wanted, now=now), error)
    except (SlotTaken, StoneTaken) as taken:
        starts = taken.starts if isinstance(taken, SlotTaken) else []
        return refused.taken(request, wanted, starts, to=starts_at, now=now)
    except (NotOffered, StoneGone, keys.KeyReused) as refusal:
        messages.error(request, str(refusal))
        return redirect(f"{reverse('visits:book')}{asking.query(request.GET)}")
    assert visit.visitor == visitor
    return redirect(_address(visit, request, wanted))


def _reserved(
    request: HttpRequest, wanted: asking.Wanted, starts_at: datetime, *, now: datetime
) -> Appointment:
    """Held once however often the form is posted; anew where the form's first hold has run out."""
    said: dict[str, Any] = {
        "asked": wanted.asked(), "starts_at": starts_at, "designs": wanted.designs,
        "visitor": visitors.ensure(request, now=now), "source": wanted.source, "now": now,
    }  # fmt: skip
    visit = booking.reserve(key=_key(request.POST.get("key", ""), request, starts_at), **said)
    if visit.status == Status.HELD and visit.expires_at and visit.expires_at > now:
        return visit
    return booking.reserve(key=uuid.uuid4(), **said)


def _key(said: str, request: HttpRequest, starts_at: datetime) -> uuid.UUID:
    """Of this form and this choice in it: another time out of the same page is another hold."""
    try:
        page_key = uuid.UUID(said)
    except ValueError:
        return uuid.uuid4()
    return uuid.uuid5(page_key, f"{starts_at.isoformat()} {asking.query(request.GET)}")


def _address(visit: Appointment, request: HttpRequest, wanted: asking.Wanted) -> str:
    address = reverse("visits:form", args=[visit.uid])
    said = {"zone": wanted.zone.key if wanted.is_video else None, "language": wanted.language}
    words = asking.query(request.GET, **dict.fromkeys((*asking.NAMES, "month", "day"), None) | said)
    return address if words == "?" else address + words


# The form.


def _unbound(visit: Appointment) -> VisitForm:
    return VisitForm(region=visit.store.region)


def _form(
    request: HttpRequest, visit: Appointment, form: VisitForm, *, now: datetime, status: int = 200
) -> HttpResponse:
    if visit.status == Status.EXPIRED or visit.expires_at is None or visit.expires_at <= now:
        found = looking.alternatives(booking.asked_of(visit), to=visit.starts_at, now=now)
        return refused.expired(request, visit, found, now=now)
    zone = refused.zone_of(request, visit)
    left = max(1, round((visit.expires_at - now) / timedelta(minutes=1)))
    designs = list(visit.designs.select_related("setting", "metal", "stone"))
    context = {
        "visit": visit,
        "form": form,
        "occasions": OCCASIONS.items(),
        "when": clocks.in_full(visit.starts_at, zone=zone, now=now),
        "length": clocks.minutes_told(visit.service.minutes),
        "left": left,
        "until": visit.expires_at,
        "said": [versions.in_words(design) for design in designs],
        "picture_hash": _picture(designs, now=now),
        "stones": visits.promised(visit),
        "hers": _others_of_hers(request, besides=designs),
        "ticked": request.POST.getlist("designs"),
        "typed": {
            name: request.POST.get(name, request.GET.get(name, "")) for name in refused.TYPED
        },
    }
    return refused.secret(page(request, "appointments/form.html", context, status=status))


def _picture(designs: Sequence[Design], *, now: datetime) -> str:
    """Of the first of them that has one; empty without."""
    quotes = (quoted(design, now=now) for design in designs)
    return next((quote.picture_hash for quote in quotes if quote and quote.picture_hash), "")


def _others_of_hers(request: HttpRequest, *, besides: Sequence[Design]) -> list[tuple[Design, str]]:
    """Her rings that she might want to see as well: those she touched last, with a setting and a stone."""
    visitor = visitors.current(request)
    if visitor is None:
        return []
    there = {design.pk for design in besides}
    mine = keeping.of(visitor=visitor).filter(setting__isnull=False).exclude(pk__in=there)
    shown = mine.select_related("setting", "metal", "stone").order_by("-updated_at", "-pk")[:LISTED]
    return [(design, versions.in_words(design)) for design in shown]


def _book(request: HttpRequest, visit: Appointment, now: datetime) -> HttpResponse:
    form = VisitForm(request.POST, region=visit.store.region)
    if not form.is_valid():
        return _form(request, visit, form, now=now, status=400)
    try:
        booked = _confirmed(request, visit, form, now=now)
    except HoldExpired as error:
        return refused.expired(request, visit, error.starts, now=now)
    except AlreadyConfirmed as error:
        return refused.already(request, error.appointment)
    except risk.TooManyVisits as error:
        form.add_error("email", str(error))
        return _form(request, visit, form, now=now, status=400)
    except allowances.TooMany as error:
        form.add_error("email", limits.in_words(error))
        return limits.later(_form(request, visit, form, now=now), error)
    return _booked(booked, request)


def _confirmed(
    request: HttpRequest, visit: Appointment, form: VisitForm, *, now: datetime
) -> Appointment:
    email = form.cleaned_data["email"]
    is_held = visit.status == Status.HELD and visit.expires_at and visit.expires_at > now
    if is_held:
        risk.take_booking(network=limits.network_of(request), email=email, now=now)
        _bring_ticked(request, visit, now=now)
    return booking.confirm(
        uid=visit.uid,
        contact=form.contact(language=request.POST.get("language", "")[:8]),
        wishes=form.wishes(zone=request.POST.get("zone", "")[:64]),
        risk=risk.judge(email=email),
        now=now,
    )


def _bring_ticked(request: HttpRequest, visit: Appointment, *, now: datetime) -> None:
    """More of her rings, with what became of those whose stones cannot be there."""
    visitor = visitors.current(request)
    for code in request.POST.getlist("designs")[:LISTED]:
        try:
            design = keeping.find(code=code, visitor=visitor) if visitor else None
            if design is not None:
                bringing.bring(appointment=visit, design=design, now=now)
        except keeping.NotHers:
            continue
        except (StoneGone, StoneTaken) as refusal:
            messages.error(request, f"One of your rings stays out of this visit: {refusal}")


def _longer(request: HttpRequest, visit: Appointment, now: datetime) -> HttpResponse:
    """Ten minutes more, once; what was typed stays."""
    try:
        visit = booking.extend(appointment=visit, now=now)
    except HoldExpired:
        pass  # the page says so, with what is free
    except NotNow as refusal:
        messages.error(request, str(refusal))
    form = VisitForm(initial=request.POST.dict(), region=visit.store.region)
    return _form(request, visits.read(uid=visit.uid), form, now=now)


def _anew(request: HttpRequest, visit: Appointment, now: datetime) -> HttpResponse:
    """One click after the ten minutes ran out: the time is taken anew and, with what was typed, booked."""
    starts_at = slots.moment(request.POST.get("start", "")) or visit.starts_at
    asked = booking.asked_of(visit)
    try:
        risk.take_hold(network=limits.network_of(request), now=now)
        held = booking.reserve(
            asked=asked, starts_at=starts_at, key=uuid.uuid5(visit.uid, starts_at.isoformat()),
            designs=list(visit.designs.order_by("visit_designs__position")), visitor=visit.visitor,
            source=visit.source, now=now,
        )  # fmt: skip
    except allowances.TooMany as error:
        messages.error(request, limits.in_words(error))
        return limits.later(refused.expired(request, visit, [], now=now), error)
    except (SlotTaken, StoneTaken) as taken:
        starts = taken.starts if isinstance(taken, SlotTaken) else []
        found = starts or looking.alternatives(asked, to=starts_at, now=now)
        return refused.expired(request, visit, found, now=now, status=409)
    held = visits.read(uid=held.uid)
    if held.status not in (Status.HELD, Status.EXPIRED):
        return refused.already(request, held)
    if not request.POST.get("email"):
        return redirect(reverse("visits:form", args=[held.uid]))
    return _book(request, held, now)


def _let_go(request: HttpRequest, visit: Appointment, now: datetime) -> HttpResponse:
    """Another time after all: this one is free at once."""
    again = refused.book_again(visit)
    if visit.status == Status.HELD:
        booking.cancel(appointment=visit, now=now)
    return redirect(again)


_DO = {"longer": _longer, "anew": _anew, "leave": _let_go}


def _booked(visit: Appointment, request: HttpRequest) -> HttpResponse:
    if risk.is_unverified(visit):
        return refused.secret(page(request, "appointments/inbox.html", {"visit": visit}))
    return redirect(f"{reverse('visits:manage', args=[links.token(visit)])}?booked=1")
