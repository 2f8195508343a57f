"""Who asks, and in which store: the rules behind the associate's field."""

from datetime import datetime, timedelta
from urllib.parse import parse_qs

from django.http import Http404

from builder import lookup
from builder.codes import NotACode, read
from builder.models import Design, DesignLookup
from jeweler import audit, customers
from jeweler.access import StaffRequest, stores_of
from jeweler.models import Customer, StaffMember, Store
from pos_bridge.counter.showing import opened


def is_code(text: str) -> bool:
    try:
        read(text)
    except NotACode:
        return False
    return True


def empty_desk(request: StaffRequest, now: datetime) -> dict[str, object]:
    """What the empty desk shows: the stores to choose from, and what she opened lately."""
    lately = (
        DesignLookup.objects.filter(staff=request.member, opened_at__gt=now - timedelta(hours=12))
        .select_related("design__setting", "design__metal", "design__stone", "store")
        .order_by("-opened_at")[:8]
    )
    return {
        "stores": list(stores_of(request.member).order_by("name")),
        "lately": [opened(each) for each in lately],
    }


def look_up(*, text: str, member: StaffMember, store: Store, now: datetime) -> list[Design]:
    """The designs of her stores that the text names exactly; asking is noted, without what was asked.

    A design that was meant for another store is not found, which is noted too. Raises lookup.TooMany,
    lookup.NothingToLookFor, customers.BadEmail and customers.BadPhone.
    """
    found = lookup.find(text=text, member=member, now=now)
    ours = {None, *stores_of(member).values_list("pk", flat=True)}
    for design in found:
        if design.store_id not in ours:
            audit.record(
                action="design.refused", subject=design, actor=member.user, store=store, now=now
            )
    return [design for design in found if design.store_id in ours]


def people_with(text: str, *, key: DesignLookup.Key, store: Store) -> list[Customer]:
    """Whose whole address or number it is; the asking was noted with the designs'."""
    if key == DesignLookup.Key.EMAIL:
        return customers.find(email=text)
    if key == DesignLookup.Key.PHONE:
        return customers.find(phone=text, region=store.region)
    return []


def one_of_ours(*, code: str, member: StaffMember, store: Store, now: datetime) -> Design:
    """The design behind a page's address. Raises Http404, lookup.TooMany."""
    try:
        known = Design.objects.filter(code=read(code)).first()
    except NotACode:
        known = None
    if known and was_lately_opened(design=known, member=member, store=store, now=now):
        return known
    found = look_up(text=code, member=member, store=store, now=now) if is_code(code) else []
    if not found:
        raise Http404(f"There is no design {code} for your stores. Check it letter by letter.")
    return found[0]


def design_of(text: str, *, member: StaffMember, store: Store, now: datetime) -> Design | None:
    """The design with this code, or behind this scanned QR. Raises lookup.TooMany."""
    scanned = parse_qs(text.partition("?")[2]).get("q", [""])[0] if "?" in text else ""
    code = scanned or text
    if not is_code(code):
        return None
    found = look_up(text=code, member=member, store=store, now=now)
    return found[0] if found else None


def was_lately_opened(*, design: Design, member: StaffMember, store: Store, now: datetime) -> bool:
    lately = lookup.opened_lately(member=member, store=store, now=now)
    return lately.filter(design=design).exists()
