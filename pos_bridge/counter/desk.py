"""Who asks, in which store, and how often: the rules behind the associate's field."""

from datetime import datetime, timedelta

from django.http import Http404

from builder import lookup
from builder.codes import NotACode, read
from builder.models import Design, DesignLookup
from jeweler import audit
from jeweler.access import StaffRequest, stores_of
from jeweler.models import AuditEntry, StaffMember, Store

LOOKUPS_AN_HOUR = 100
OPENINGS_AN_HOUR = 40  # a code that is typed is looked up twice: in the field, and to open it
HOUR = timedelta(hours=1)
STORE_KEY = "counter_store"


class TooMany(Exception):
    """One associate asked or opened too much within an hour."""

    def __init__(self, *, what: str, limit: int, again_at: datetime) -> None:
        super().__init__(what)
        self.what, self.limit, self.again_at = what, limit, again_at


def is_code(text: str) -> bool:
    try:
        read(text)
    except NotACode:
        return False
    return True


def store_of(request: StaffRequest) -> Store | None:
    """The store the associate stands in: her only one, or the one she chose."""
    stores = stores_of(request.member).order_by("name")
    if len(stores) == 1:
        return stores[0]
    return stores.filter(code=request.session.get(STORE_KEY, "")).first()


def empty_desk(request: StaffRequest, now: datetime) -> dict[str, object]:
    """What the empty desk shows: the stores to choose from, and what she opened lately."""
    lately = (
        DesignLookup.objects.filter(staff=request.member, opened_at__gt=now - timedelta(hours=12))
        .select_related("design__setting", "design__stone", "store")
        .order_by("-opened_at")[:8]
    )
    return {"stores": list(stores_of(request.member).order_by("name")), "lately": list(lately)}


def look_up(*, text: str, member: StaffMember, store: Store, now: datetime) -> list[Design]:
    """The designs of her stores that the text names exactly; asking is noted, without what was asked.

    A design that was meant for another store is not found, which is noted too. Raises TooMany,
    lookup.NothingToLookFor, customers.BadEmail and customers.BadPhone.
    """
    asked = AuditEntry.objects.filter(action="design.searched", actor=member.user)
    times = list(asked.filter(at__gt=now - HOUR).order_by("at").values_list("at", flat=True))
    _check_limit("look-ups", times, limit=LOOKUPS_AN_HOUR)
    found = lookup.find(text=text, member=member, now=now)
    ours = {None, *stores_of(member).values_list("pk", flat=True)}
    for design in found:
        if design.store_id not in ours:
            audit.record(
                action="design.refused", subject=design, actor=member.user, store=store, now=now
            )
    return [design for design in found if design.store_id in ours]


def one_of_ours(*, code: str, member: StaffMember, store: Store, now: datetime) -> Design:
    """The design behind a page's address. Raises Http404, TooMany."""
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


def note_opening(
    *, design: Design, member: StaffMember, store: Store, key: DesignLookup.Key, now: datetime
) -> None:
    """Every look is noted; those of one visit are one look-up. Raises TooMany."""
    if not was_lately_opened(design=design, member=member, store=store, now=now):
        opened = DesignLookup.objects.filter(staff=member, opened_at__gt=now - HOUR)
        times = list(opened.order_by("opened_at").values_list("opened_at", flat=True))
        _check_limit("opened designs", times, limit=OPENINGS_AN_HOUR)
    lookup.open_design(design=design, member=member, store=store, key=key, now=now)


def was_lately_opened(*, design: Design, member: StaffMember, store: Store, now: datetime) -> bool:
    same = DesignLookup.objects.filter(design=design, staff=member, store=store)
    return same.filter(opened_at__gt=now - lookup.SAME_VISIT).exists()


def _check_limit(what: str, times: list[datetime], *, limit: int) -> None:
    if len(times) >= limit:
        raise TooMany(what=what, limit=limit, again_at=times[-limit] + HOUR)
