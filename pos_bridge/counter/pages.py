"""The counter's addresses."""

from datetime import datetime
from urllib.parse import parse_qs

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from builder import lookup, sheets
from builder.models import Design, DesignLookup
from jeweler import audit, customers
from jeweler.access import STORE_KEY, Role, StaffRequest, staff_only, store_here, stores_of
from jeweler.models import Customer, Store
from pos_bridge.counter import desk, people, showing

KEYS = {key.value for key in DesignLookup.Key}
# The same for somebody who is unknown and for somebody without a design.
NOTHING = {
    DesignLookup.Key.EMAIL: "No design was saved with this address. Ask for the code in her mail.",
    DesignLookup.Key.PHONE: "No design was saved with this number. Try her e-mail address.",
    DesignLookup.Key.CODE: "No design of your stores has this code. Check it letter by letter.",
    DesignLookup.Key.REPORT: "Nobody of your stores saved the stone of this report.",
    DesignLookup.Key.QR: "This QR opens no design of your stores. Try the code beneath it.",
}


@staff_only(Role.ASSOCIATE, Role.MANAGER, Role.OWNER)
@never_cache
@require_safe
def find(request: StaffRequest) -> HttpResponse:
    """The field, and what it found. A code or a scanned QR opens its design at once."""
    now = timezone.now()
    store = store_here(request, member=request.member)
    text, is_scanned = _asked(request)
    context: dict[str, object] = {
        "text": text,
        "store": store,
        **desk.empty_desk(request, now),
    }
    if not text or store is None:
        return _rendered(request, "pos_bridge/find.html", context)
    try:
        designs = desk.look_up(text=text, member=request.member, store=store, now=now)
        key = DesignLookup.Key.QR if is_scanned else lookup.key_of(text)
    except lookup.TooMany as limit:
        return _slow_down(request, limit, context)
    except (lookup.NothingToLookFor, customers.BadEmail, customers.BadPhone) as problem:
        context["nothing"] = str(problem)
        return _rendered(request, "pos_bridge/find.html", context)
    if len(designs) == 1 and key in {DesignLookup.Key.CODE, DesignLookup.Key.QR}:
        return _to_design(designs[0], key)
    context["people"] = [
        (showing.initials(each), people.address(each, member=request.member))
        for each in desk.people_with(text, key=key, store=store)
    ]
    context["found"] = [showing.found(each) for each in designs]
    context["key"] = key
    context["nothing"] = None if designs else NOTHING[key]
    return _rendered(request, "pos_bridge/find.html", context)


@staff_only(Role.ASSOCIATE, Role.MANAGER, Role.OWNER)
@require_POST
def choose_store(request: StaffRequest) -> HttpResponse:
    """Where the associate stands today."""
    store = stores_of(request.member).filter(code=request.POST.get("store", "")).first()
    if store is None:
        raise PermissionDenied("This store is not one of yours. Ask the owner to add it.")
    request.session[STORE_KEY] = store.code
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    return HttpResponseRedirect(back if is_ours else reverse("counter"))


@staff_only(Role.ASSOCIATE, Role.MANAGER, Role.OWNER)
@never_cache
@require_safe
def design(request: StaffRequest, code: str) -> HttpResponse:
    """Open a design: the opening is noted, announced, and the design shown as it was saved."""
    now = timezone.now()
    store = store_here(request, member=request.member)
    if store is None:
        return redirect(f"{reverse('counter')}?{urlencode({'q': code})}")
    key = request.GET.get("key", "")
    try:
        opened = desk.one_of_ours(code=code, member=request.member, store=store, now=now)
        lookup.open_design(
            design=opened,
            member=request.member,
            store=store,
            key=DesignLookup.Key(key if key in KEYS else "code"),
            now=now,
        )
    except lookup.TooMany as limit:
        return _slow_down(
            request, limit, {"text": code, "store": store, **desk.empty_desk(request, now)}
        )
    return _page(request, opened, store=store, is_uncovered=False, now=now)


@staff_only(Role.ASSOCIATE, Role.MANAGER, Role.OWNER)
@never_cache
@require_POST
def reach(request: StaffRequest, code: str) -> HttpResponse:
    """The same page with her whole e-mail address and phone number, which is noted too."""
    now = timezone.now()
    store = store_here(request, member=request.member)
    if store is None:
        return redirect("counter")
    opened = Design.objects.filter(code=code).first()
    if opened is None or not desk.was_lately_opened(
        design=opened, member=request.member, store=store, now=now
    ):
        return redirect("counter-design", code)
    if opened.customer:
        audit.record(
            action="customer.uncovered",
            subject=customers.resolve(opened.customer),
            actor=request.member.user,
            store=store,
            detail={"design": opened.code},
            now=now,
        )
    return _page(request, opened, store=store, is_uncovered=True, now=now)


@staff_only(Role.ASSOCIATE, Role.MANAGER, Role.OWNER)
@never_cache
@require_safe
def sheet(request: StaffRequest, code: str, number: int) -> HttpResponse:
    """The workshop's sheet of a version of the design she has open, which is noted."""
    now = timezone.now()
    store = store_here(request, member=request.member)
    opened = Design.objects.filter(code=code).first()
    if (
        store is None
        or opened is None
        or not desk.was_lately_opened(design=opened, member=request.member, store=store, now=now)
    ):
        return redirect("counter-design", code)
    version = opened.versions.filter(number=number).first()
    if version is None:
        raise Http404(f"{opened.code} has no version {number}.")
    try:
        file = sheets.sheet(version)
    except sheets.NothingToMake as error:
        raise Http404(str(error)) from error
    audit.record(
        action="design.sheet", subject=opened, actor=request.member.user, store=store, now=now
    )
    name = f"{opened.code}-{number}.pdf"
    return HttpResponse(
        file,
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _asked(request: HttpRequest) -> tuple[str, bool]:
    """The text of the field, and whether it was scanned. A scanner types the QR's whole address."""
    text = request.GET.get("q", "").strip()[:254]
    is_scanned = request.GET.get("key") == DesignLookup.Key.QR
    if text.startswith(("http://", "https://")):
        asked = parse_qs(text.partition("?")[2]).get("q")
        return (asked[0].strip() if asked else text), True
    return text, is_scanned


def _slow_down(
    request: HttpRequest, limit: lookup.TooMany, context: dict[str, object]
) -> HttpResponse:
    context = {**context, "limit": limit}
    return _rendered(request, "pos_bridge/find.html", context, status=429)


def _rendered(
    request: HttpRequest, template: str, context: dict[str, object], *, status: int = 200
) -> HttpResponse:
    """Times on the page are the store's."""
    store = context.get("store")
    zone = store.zone if isinstance(store, Store) else None
    with timezone.override(zone):
        return render(request, template, context, status=status)


def _to_design(design: Design, key: DesignLookup.Key) -> HttpResponseRedirect:
    address = reverse("counter-design", args=[design.code])
    return HttpResponseRedirect(f"{address}?{urlencode({'key': key.value})}")


def _page(
    request: StaffRequest, design: Design, *, store: Store, is_uncovered: bool, now: datetime
) -> HttpResponse:
    context = showing.shown(
        design=design,
        number=request.GET.get("version", ""),
        store=store,
        is_uncovered=is_uncovered,
        now=now,
    )
    if context is None:
        messages.info(request, f"{design.code} was never saved by e-mail, so there is no version.")
        return redirect("counter")
    owner = context["customer"]
    if isinstance(owner, Customer):
        context["her_page"] = people.address(owner, member=request.member)
    return _rendered(request, "pos_bridge/design.html", context)
