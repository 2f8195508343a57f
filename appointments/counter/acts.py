"""What the staff write down. Each is a POST that calls one function of the domain.

A page's script asks for JSON and gets the words alone, with 409 where it was refused; without scripts the words stand on the page one
comes back to. What was typed is never lost: a form that is refused is shown again as it was sent.
"""

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from appointments import booking, preparation, promises, receiving, refusals, visits, walk_ins
from appointments.counter import desk, forms, showing
from appointments.diary import Asked, NotOffered, StoneGone
from appointments.models import Appointment
from appointments.preparation import CannotBeBrought
from appointments.promises import StoneTaken
from appointments.seating import SlotTaken
from appointments.visits import NotNow
from appointments.walk_ins import NoName
from builder.models import Stone
from jeweler import customers
from jeweler.access import StaffRequest, staff_only

REFUSALS = (
    NotNow, StoneGone, StoneTaken, NotOffered, CannotBeBrought, NoName,
    customers.BadEmail, customers.BadPhone, customers.AmbiguousCustomer,
)  # fmt: skip
STEPS: dict[str, tuple[Callable[..., Appointment], str]] = {
    "arrived": (receiving.check_in, "is here"),
    "seen": (receiving.begin, "is being seen"),
    "missed": (receiving.miss, "did not come; her stones are free"),
}


@staff_only(*desk.SELLERS)
@require_POST
def step(request: StaffRequest, pk: int) -> HttpResponse:
    """She is here, is being seen, or did not come."""
    visit, now = desk.visit_of(request, pk), timezone.now()
    act, said = STEPS.get(request.POST.get("do", ""), (None, ""))
    if act is None:
        return _answer(request, visit, "That step is none of a visit. Load the page again.", False)
    try:
        act(appointment=visit, by=request.member, now=now)
    except REFUSALS as refusal:
        return _answer(request, visit, str(refusal), False)
    return _answer(request, visit, f"{visit.customer} {said}.")


@staff_only(*desk.SELLERS)
@require_POST
def complete(request: StaffRequest, pk: int) -> HttpResponse:
    """She has left, and what came of it."""
    visit, now = desk.visit_of(request, pk), timezone.now()
    form = forms.OutcomeForm(request.POST, visit=visit)
    if form.is_valid():
        try:
            receiving.complete(appointment=visit, **form.cleaned_data, by=request.member, now=now)
        except REFUSALS as refusal:
            form.add_error(None, str(refusal))
        else:
            return _answer(request, visit, f"{visit.customer} has left, and it is written down.")
    return showing.visit(request, visit=visit, outcome=form, now=now, status=409)


@staff_only(*desk.SELLERS)
@require_POST
def move(request: StaffRequest, pk: int) -> HttpResponse:
    """Another time or associate; what is left out stays. By drag or by form."""
    visit, now = desk.visit_of(request, pk), timezone.now()
    usual = forms.MoveForm(visit=visit).initial
    said = {name: request.POST.get(name) or value for name, value in usual.items()}
    form = forms.MoveForm(said, visit=visit)
    if form.is_valid():
        starts_at = form.cleaned_data["starts_at"]
        try:
            moved = booking.move(
                appointment=visit, starts_at=starts_at,
                associate_id=form.cleaned_data["associate"].pk, by=request.member, now=now,
            )  # fmt: skip
        except SlotTaken as taken:
            form.add_error(None, _why(form, visit, starts_at, taken, now=now))
        except REFUSALS as refusal:
            form.add_error(None, str(refusal))
        else:
            wall = moved.starts_at.astimezone(moved.store.zone)
            return _answer(request, moved, f"{moved.customer} comes on {wall:%-d %B at %H:%M}.")
    if _wants_json(request):
        words = " ".join(str(each) for errors in form.errors.values() for each in errors)
        return JsonResponse({"said": words}, status=409)
    return showing.visit(request, visit=visit, move=form, now=now, status=409)


@staff_only(*desk.SELLERS)
@require_POST
def cancel(request: StaffRequest, pk: int) -> HttpResponse:
    """With a reason; her time and stones are free at once, and she is written to."""
    visit, now = desk.visit_of(request, pk), timezone.now()
    form = forms.WordsForm(request.POST)
    if form.is_valid():
        why = form.cleaned_data["said"]
        try:
            booking.cancel(appointment=visit, by=request.member, why=why, now=now)
        except REFUSALS as refusal:
            form.add_error(None, str(refusal))
        else:
            return _answer(request, visit, f"The visit of {visit.customer} is cancelled.")
    return showing.visit(request, visit=visit, cancel=form, now=now, status=409)


@staff_only(*desk.SELLERS)
@require_POST
def note(request: StaffRequest, pk: int) -> HttpResponse:
    """A line in the visit's history."""
    visit, now = desk.visit_of(request, pk), timezone.now()
    form = forms.WordsForm(request.POST)
    if not form.is_valid():
        return showing.visit(request, visit=visit, note=form, now=now, status=409)
    visits.note(visit, "note", by=request.member, now=now, said=form.cleaned_data["said"])
    return _answer(request, visit, "It is in the visit’s history.")


# Pieces.


@staff_only(*desk.SELLERS)
@require_POST
def tick(request: StaffRequest, pk: int) -> HttpResponse:
    """It lies on the tray, or does not any more: the box as it is now."""
    hold, now = desk.hold_of(request, pk), timezone.now()
    is_brought = bool(request.POST.get("brought"))
    try:
        preparation.tick(hold=hold, is_brought=is_brought, by=request.member, now=now)
    except REFUSALS as refusal:
        return _answer(request, hold.appointment, str(refusal), False)
    words = "is on the tray" if is_brought else "is off the tray"
    return _answer(request, hold.appointment, f"{hold.stone} {words}.")


@staff_only(*desk.SELLERS)
@require_POST
def count_in(request: StaffRequest, pk: int) -> HttpResponse:
    """It has arrived here."""
    hold = desk.hold_of(request, pk)
    try:
        preparation.count_in(hold=hold, by=request.member, now=timezone.now())
    except REFUSALS as refusal:
        return _answer(request, hold.appointment, str(refusal), False)
    return _answer(request, hold.appointment, f"{hold.stone} is counted in here.")


@staff_only(*desk.SELLERS)
@require_POST
def send(request: StaffRequest, pk: int) -> HttpResponse:
    """It has left this vault."""
    hold = desk.hold_from_here(request, pk)
    preparation.send(hold=hold, by=request.member, now=timezone.now())
    return _answer(request, hold.appointment, f"{hold.stone} is on its way to {hold.store}.")


@staff_only(*desk.SELLERS)
@require_POST
def instead(request: StaffRequest, pk: int) -> HttpResponse:
    """Another stone for the one that is gone, held for the same time."""
    hold, now = desk.hold_of(request, pk), timezone.now()
    said = request.POST.get("stone", "")
    stone = Stone.objects.filter(pk=said).first() if said.isascii() and said.isdigit() else None
    if stone is None:
        return _answer(request, hold.appointment, "There is no such stone. Choose another.", False)
    try:
        promises.replace(hold=hold, stone=stone, by=request.member, now=now)
    except REFUSALS as refusal:
        return _answer(request, hold.appointment, str(refusal), False)
    return _answer(request, hold.appointment, f"{stone} is held for her in its place.")


@staff_only(*desk.SELLERS)
@require_POST
def settle(request: StaffRequest, pk: int) -> HttpResponse:
    """Somebody saw to it, or tells her herself."""
    task, now = desk.task_of(request, pk), timezone.now()
    receiving.settle(task=task, by=request.member, now=now)
    return _answer(request, task.appointment, "That is seen to.", store=task.store.code)


# A store's day.


@staff_only(*desk.SELLERS)
@require_POST
def scan(request: StaffRequest, store: str, day: str) -> HttpResponse:
    """What a scanner read off a label is on its tray."""
    found, on, now = desk.store_of(request, store), desk.day_of(day), timezone.now()
    back = reverse("floor:tray", args=[found.code, on])
    try:
        holds = preparation.scan(
            text=request.POST.get("text", ""), store=found, day=on, by=request.member, now=now
        )
    except REFUSALS as refusal:
        messages.error(request, str(refusal))
    else:
        for hold in holds:
            messages.success(request, f"{hold.stone} is on the tray.")
    return HttpResponseRedirect(back)


@staff_only(*desk.SELLERS)
@require_POST
def walk_in(request: StaffRequest, store: str, day: str) -> HttpResponse:
    """Somebody is here, or on the telephone."""
    found, on, now = desk.store_of(request, store), desk.day_of(day), timezone.now()
    is_today = on == desk.today(found, now=now)
    form = forms.WalkInForm(request.POST, store=found, day=on, is_today=is_today)
    if form.is_valid():
        said = form.cleaned_data
        associate = said["associate"].pk if said["associate"] else None
        try:
            visit = walk_ins.write(
                store=found, service=said["service"], contact=form.contact(), starts_at=said["at"],
                key=said["key"], designs=[said["code"]] if said["code"] else [],
                associate_id=associate, by=request.member, now=now,
            )  # fmt: skip
        except SlotTaken as taken:
            asked = Asked(
                service=said["service"], store=found, associate_id=associate, is_staff=True
            )
            starts_at = said["at"] or walk_ins.floored(now)
            form.add_error(None, _refused(asked, starts_at, taken, now=now))
        except REFUSALS as refusal:
            form.add_error(None, str(refusal))
        else:
            wall = visit.starts_at.astimezone(found.zone)
            with_whom = f" with {visit.associate}" if visit.associate else ""
            return _answer(request, visit, f"{visit.customer}, {wall:%H:%M}{with_whom}: written down.")  # fmt: skip
    return showing.day(request, store=found, on=on, form=form, now=now, status=409)


# Inside.


def _why(
    form: forms.MoveForm,
    visit: Appointment,
    starts_at: datetime,
    taken: SlotTaken,
    *,
    now: datetime,
) -> str:
    asked = Asked(
        service=visit.service, store=visit.store, stones=visits.promised(visit), apart=(visit.pk,),
        associate_id=form.cleaned_data["associate"].pk, is_staff=True,
    )  # fmt: skip
    return _refused(asked, starts_at, taken, now=now)


def _refused(asked: Asked, starts_at: datetime, taken: SlotTaken, *, now: datetime) -> str:
    """Why, and what is free instead."""
    said = refusals.why(asked, starts_at=starts_at, now=now)
    zone = asked.store.zone
    day = starts_at.astimezone(zone).date()
    free = [each.astimezone(zone) for each in taken.starts]
    words = [f"{each:%H:%M}" if each.date() == day else f"{each:%-d %B %H:%M}" for each in free]
    return f"{said} Free next to it: {', '.join(words)}." if words else said


def _answer(
    request: StaffRequest,
    visit: Appointment | None,
    said: str,
    is_done: bool = True,
    *,
    store: str = "",
) -> HttpResponse:
    """The words as JSON for a script, else on the page she came from or the visit's day."""
    if _wants_json(request):
        return JsonResponse({"said": said}, status=200 if is_done else 409)
    (messages.success if is_done else messages.error)(request, said)
    back = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        return HttpResponseRedirect(back)
    if visit is None:
        return HttpResponseRedirect(reverse("floor:here"))
    return HttpResponseRedirect(
        reverse("floor:day", args=[visit.store.code, desk.day_of_visit(visit)])
    )


def _wants_json(request: StaffRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")
