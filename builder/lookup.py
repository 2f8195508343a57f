"""An associate finds the design of the customer in front of her, and opens it.

Only whole keys find anything: an e-mail address, a phone number, a design code, the link behind a QR, or the number of the
grading report of a stone that was saved. Each search and
each opening is audited, with limits per hour; nothing personal is written into the audit. A design that she took off her list
is found by its code or QR alone, which she hands over herself.
"""

import re
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet

from builder import codes
from builder.events import DesignLookedUp
from builder.models import Design, DesignLink, DesignLookup, DesignVersion, Stone
from jeweler import access, audit, customers, outbox, tokens
from jeweler.models import AuditEntry, Customer, StaffMember, Store

MOST_FOUND = 20
SAME_VISIT = timedelta(minutes=30)
HOUR = timedelta(hours=1)
LOOKUPS_AN_HOUR = 100
OPENINGS_AN_HOUR = 40  # a code that is typed is looked up twice: in the field, and to open it
_REPORT = re.compile(r"(?:(?:GIA|IGI|HRD|GCAL|AGS|EGL)[ \-:]*)?([A-Z]{0,3}\d{6,16})", re.IGNORECASE)
_PHONE = re.compile(r"[\d\s()+./\-–]{7,}")


class NothingToLookFor(ValueError):
    """The text is no whole key."""

    def __init__(self) -> None:
        super().__init__(
            f"Type the whole e-mail address, phone number, report number or design code, such as "
            f"{codes.PREFIX}-7K4Q-2M9, or scan the QR."
        )


class TooMany(Exception):
    """One member asked or opened too much within an hour."""

    def __init__(self, *, what: str, limit: int, again_at: datetime) -> None:
        super().__init__(what)
        self.what, self.limit, self.again_at = what, limit, again_at


class NotYourStore(PermissionDenied):
    """A design is opened in a store where the member works."""

    def __init__(self, *, store: Store) -> None:
        super().__init__(f"You are not on the staff of {store.name}; choose your own store.")


def key_of(text: str) -> DesignLookup.Key:
    """By what kind of key the text would find a design; a number that is a known report's is no phone's. Raises NothingToLookFor."""
    wanted = text.strip()
    if _token(wanted):
        return DesignLookup.Key.QR
    if "@" in wanted:
        return DesignLookup.Key.EMAIL
    if _code(wanted):
        return DesignLookup.Key.CODE
    if _report(wanted):
        return DesignLookup.Key.REPORT
    if _PHONE.fullmatch(wanted):
        return DesignLookup.Key.PHONE
    raise NothingToLookFor


def find(*, text: str, member: StaffMember, now: datetime) -> list[Design]:
    """The designs that the key leads to, the last touched first.

    A code or QR, which the customer herself hands over, finds her design wherever she meant to come; an e-mail or
    phone finds those meant for the member's own stores or for none. Raises TooMany, NothingToLookFor,
    customers.BadEmail and customers.BadPhone.
    """
    asked = AuditEntry.objects.filter(action="design.searched", actor=member.user)
    times = asked.filter(at__gt=now - HOUR).order_by("at").values_list("at", flat=True)
    _check_limit("look-ups", list(times), limit=LOOKUPS_AN_HOUR)
    key = key_of(text)
    designs = _found(text.strip(), key, member=member, now=now)
    found = list(
        designs.select_related("setting", "metal", "stone", "customer", "store").order_by(
            "-updated_at", "-id"
        )[:MOST_FOUND]
    )
    audit.record(
        action="design.searched",
        subject="design",
        actor=member.user,
        detail={"by": str(key), "found": len(found)},
        now=now,
    )
    return found


def open_design(
    *, design: Design, member: StaffMember, store: Store, key: str, now: datetime
) -> DesignLookup:
    """Note that the member opened the design in the store, and announce it.

    Opening it again during the same visit (half an hour) is the same look-up. Raises NotYourStore and TooMany.
    """
    if not access.stores_of(member).filter(pk=store.pk).exists():
        raise NotYourStore(store=store)
    with transaction.atomic():
        Design.objects.select_for_update(no_key=True).only("pk").get(pk=design.pk)
        earlier = opened_lately(member=member, store=store, now=now).filter(design=design).first()
        if earlier is None:
            _check_openings(member, now=now)
        audit.record(
            action="design.opened",
            subject=design,
            actor=member.user,
            store=store,
            detail={"by": str(DesignLookup.Key(key))},
            now=now,
        )
        if earlier:
            return earlier
        lookup = DesignLookup.objects.create(
            design=design, staff=member, store=store, key=key, opened_at=now
        )
        outbox.publish(
            DesignLookedUp(design_id=design.pk, lookup_id=lookup.pk, store_id=store.pk), at=now
        )
    return lookup


def note_till(*, design: Design, store: Store, now: datetime) -> None:
    """Note that a till of the store opened the design, and announce it, once for the visit. Whoever asks limits and audits tills.

    Must run inside a transaction.
    """
    opened = DesignLookup.objects.filter(store=store, staff=None, opened_at__gt=now - SAME_VISIT)
    if opened.filter(design=design).exists():
        return
    lookup = DesignLookup.objects.create(
        design=design, store=store, key=DesignLookup.Key.CODE, opened_at=now
    )
    outbox.publish(
        DesignLookedUp(design_id=design.pk, lookup_id=lookup.pk, store_id=store.pk), at=now
    )


def opened_lately(*, member: StaffMember, store: Store, now: datetime) -> QuerySet[DesignLookup]:
    """The look-ups of the visit that may still last."""
    return DesignLookup.objects.filter(
        staff=member, store=store, opened_at__gt=now - SAME_VISIT
    ).order_by("-opened_at")


def _check_openings(member: StaffMember, *, now: datetime) -> None:
    opened = DesignLookup.objects.filter(staff=member, opened_at__gt=now - HOUR)
    times = opened.order_by("opened_at").values_list("opened_at", flat=True)
    _check_limit("opened designs", list(times), limit=OPENINGS_AN_HOUR)


def _check_limit(what: str, times: list[datetime], *, limit: int) -> None:
    if len(times) >= limit:
        raise TooMany(what=what, limit=limit, again_at=times[-limit] + HOUR)


def _found(
    wanted: str, key: DesignLookup.Key, *, member: StaffMember, now: datetime
) -> QuerySet[Design]:
    if key == DesignLookup.Key.QR:
        links = DesignLink.objects.filter(
            token_hash=tokens.hashed(_token(wanted)), revoked_at=None, expires_at__gt=now
        )
        return Design.objects.filter(links__in=links)
    if key == DesignLookup.Key.CODE:
        return Design.objects.filter(code=_code(wanted))
    stores = access.stores_of(member)
    meant_for_us = Q(store=None) | Q(store__in=stores)
    saved = Design.objects.filter(meant_for_us, saved_at__isnull=False, removed_at=None)
    if key == DesignLookup.Key.REPORT:
        theirs = DesignVersion.objects.filter(stone__report_number=_report(wanted))
        return saved.filter(Q(pk__in=theirs.values("design")))
    if key == DesignLookup.Key.EMAIL:
        people = customers.find(email=wanted)
    else:
        people = _with_phone(wanted, regions=sorted({store.region for store in stores}))
    ids = [pk for person in people for pk in customers.ids_of(person)]
    return saved.filter(customer__in=ids)


def _with_phone(text: str, *, regions: list[str]) -> list[Customer]:
    """A number without a country is read as one of the member's stores' countries."""
    found: dict[int, Customer] = {}
    for region in regions or ["US"]:
        found |= {person.pk: person for person in customers.find(phone=text, region=region)}
    return list(found.values())


def _code(text: str) -> str:
    try:
        return codes.read(text)
    except codes.NotACode:
        return ""


def _report(text: str) -> str:
    """The number of a report that we know a stone of, "" when it is none."""
    found = _REPORT.fullmatch(text)
    number = found[1].upper() if found else ""
    return number if number and Stone.objects.filter(report_number=number).exists() else ""


def _token(text: str) -> str:
    """The token in a design's link, "" when it is none."""
    try:
        path = urlsplit(text).path if "/d/" in text else ""
    except ValueError:  # such as an unclosed IPv6 bracket
        return ""
    found = re.fullmatch(r"/d/([\w-]{20,64})/?", path)
    return found[1] if found else ""
