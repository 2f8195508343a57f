"""The replay screen: what came, by filters; one event with its body and history; a trial; many at once."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from jeweler.access import Role, StaffRequest, staff_only, stores_of
from jeweler.audit import named
from jeweler.backoffice import user_of
from jeweler.models import AuditEntry, StaffMember, Store
from pos_bridge import replaying
from pos_bridge.models import Connection, InboxEvent
from pos_bridge.office.masking import masked

State = InboxEvent.State
PER_PAGE = 50
TIMES = {"1": "the last hour", "24": "24 hours", "168": "7 days", "720": "30 days"}
STUCK = {"stuck": "Parked or given up", **dict(State.choices), "all": "All"}
FILTERS = ("till", "store", "topic", "state", "reason", "hours", "sale", "owner")


@staff_only(Role.MANAGER, Role.OWNER)
@never_cache
@require_safe
def listed(request: StaffRequest) -> HttpResponse:
    """What came, newest first; at first what is stuck."""
    now = timezone.now()
    hers = replaying.of_member(request.member)
    rows = _filtered(hers, request, now=now)
    page = Paginator(rows.select_related("connection", "owner").order_by("-id"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "page": page,
        "count": page.paginator.count,
        "most": replaying.MOST_AT_ONCE,
        "chosen": {name: _asked(request, name) for name in FILTERS},
        "choices": _choices(hers, request),
        "query": urlencode({name: request.GET[name] for name in FILTERS if request.GET.get(name)}),
        "can_replay": page.paginator.count
        and _asked(request, "state") in {"stuck", State.PARKED, State.DEAD},
    }
    return render(request, "pos_bridge/office/inbox.html", context)


@staff_only(Role.MANAGER, Role.OWNER)
@never_cache
@require_safe
def one(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, _event(request, pk))


@staff_only(Role.MANAGER, Role.OWNER)
@never_cache
@require_POST
def trial(request: StaffRequest, pk: int) -> HttpResponse:
    """The event, and what trying it again would change. Nothing of it is kept."""
    event = _event(request, pk)
    found = replaying.trial(event=event, now=timezone.now())
    tables = groupby(found.changes, key=lambda change: change.table)
    return _page(
        request,
        _event(request, pk),
        trial=found,
        tables=[(name, list(changes)) for name, changes in tables],
        becomes=State(found.state).label,
    )


@staff_only(Role.MANAGER, Role.OWNER)
@require_POST
def replay(request: StaffRequest, pk: int) -> HttpResponse:
    event = _event(request, pk)
    _replay(request, [event])
    return redirect("till-event", pk=event.pk)


@staff_only(Role.MANAGER, Role.OWNER)
@require_POST
def replay_many(request: StaffRequest) -> HttpResponse:
    """All that the filters of the list let through, or those that were ticked."""
    rows = _filtered(replaying.of_member(request.member), request, now=timezone.now())
    ticked = [int(pk) for pk in request.POST.getlist("event") if pk.isascii() and pk.isdigit()]
    if ticked:
        rows = rows.filter(pk__in=ticked[:PER_PAGE])
    elif "all" not in request.POST:
        messages.error(request, "Tick the events, or choose all that the filters show.")
        return _back(request)
    _replay(request, list(rows.order_by("id")[: replaying.MOST_AT_ONCE + 1]))
    return _back(request)


@staff_only(Role.MANAGER, Role.OWNER)
@require_POST
def assign(request: StaffRequest, pk: int) -> HttpResponse:
    event = _event(request, pk)
    chosen = request.POST.get("owner", "")
    to = _managers().filter(user_id=int(chosen)).first() if chosen.isdecimal() else None
    try:
        replaying.assign(event=event, to=to, by=user_of(request), now=timezone.now())
    except replaying.NotHers as refusal:
        messages.error(request, str(refusal))
    else:
        said = f"{to.user} sees to it." if to else "Nobody sees to it now."
        messages.success(request, said)
    return redirect("till-event", pk=event.pk)


# Inside.


def _event(request: StaffRequest, pk: int) -> InboxEvent:
    """Hers, or none: another store's does not exist for her."""
    rows = replaying.of_member(request.member).select_related("connection__store", "owner")
    event = rows.filter(pk=pk).first() if pk < 2**63 else None
    if event is None:
        raise Http404("There is no such event in your stores.")
    return event


def _page(request: StaffRequest, event: InboxEvent, **more: object) -> HttpResponse:
    others = InboxEvent.objects.none()
    if event.sale_external_id:
        others = (
            replaying.of_member(request.member)
            .filter(connection=event.connection, sale_external_id=event.sale_external_id)
            .exclude(pk=event.pk)
            .order_by("id")[:50]
        )
    context = {
        "event": event,
        "body": json.dumps(masked(event.body), indent=2, ensure_ascii=False),
        "is_emptied": not event.body,
        "is_stuck": event.state in {State.PARKED, State.DEAD},
        "others": others,
        "history": AuditEntry.objects.filter(subject=named(event))
        .select_related("actor")
        .order_by("at"),
        "managers": _who_may(event),
        **more,
    }
    return render(request, "pos_bridge/office/event.html", context)


def _who_may(event: InboxEvent) -> list[StaffMember]:
    return [
        member for member in _managers() if replaying.of_member(member).filter(pk=event.pk).exists()
    ]


def _managers() -> QuerySet[StaffMember]:
    of_role = StaffMember.objects.filter(role__in=[Role.MANAGER, Role.OWNER], user__is_active=True)
    return of_role.select_related("user").order_by("user__username")


def _replay(request: StaffRequest, events: Sequence[InboxEvent]) -> None:
    try:
        done = replaying.replay_all(
            events=events,
            by=user_of(request),
            because=request.POST.get("because", ""),
            now=timezone.now(),
        )
    except (replaying.NoReason, replaying.TooMany) as refusal:
        messages.error(request, str(refusal))
        return
    for refused in done.refused[:3]:
        messages.warning(request, f"{refused}.")
    if done.count:
        word = "event" if done.count == 1 else "events"
        messages.success(request, f"{done.count} {word} will be tried again within seconds.")


def _asked(request: HttpRequest, name: str) -> str:
    value = request.GET.get(name) or request.POST.get(name) or ""
    return value.replace("\0", "")[:128] or ("stuck" if name == "state" else "")


def _filtered(
    rows: QuerySet[InboxEvent], request: HttpRequest, *, now: datetime
) -> QuerySet[InboxEvent]:
    asked = {name: _asked(request, name) for name in FILTERS}
    if asked["state"] == "stuck":
        rows = rows.filter(state__in=[State.PARKED, State.DEAD])
    elif asked["state"] in State.values:
        rows = rows.filter(state=asked["state"])
    if asked["store"]:
        chosen = Store.objects.filter(code=asked["store"])
        rows = rows.filter(replaying.in_stores(chosen))
    if asked["hours"] in TIMES:
        rows = rows.filter(received_at__gte=now - timedelta(hours=int(asked["hours"])))
    if asked["owner"] == "nobody":
        rows = rows.filter(owner=None)
    elif asked["owner"] == "me":
        rows = rows.filter(owner=user_of(request))
    plain = {
        "till": "connection__code",
        "topic": "type",
        "reason": "reason",
        "sale": "sale_external_id",
    }
    return rows.filter(**{plain[name]: asked[name] for name in plain if asked[name]})


def _choices(hers: QuerySet[InboxEvent], request: StaffRequest) -> dict[str, object]:
    """What can be chosen. Topics and reasons are of what is stuck: the few that somebody looks for."""
    stuck = hers.filter(state__in=[State.PARKED, State.DEAD])
    return {
        "till": Connection.objects.filter(inbox__in=stuck).distinct().order_by("code"),
        "store": stores_of(request.member).order_by("name"),
        "topic": stuck.order_by("type").values_list("type", flat=True).distinct(),
        "reason": [
            (reason, reason.replace("_", " "))
            for reason in stuck.exclude(reason="")
            .order_by("reason")
            .values_list("reason", flat=True)
            .distinct()
        ],
        "state": STUCK.items(),
        "hours": TIMES.items(),
    }


def _back(request: HttpRequest) -> HttpResponseRedirect:
    chosen = {name: request.POST[name] for name in FILTERS if request.POST.get(name)}
    return HttpResponseRedirect(f"{reverse('till-inbox')}?{urlencode(chosen)}")
