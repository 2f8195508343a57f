"""How a saved design is shown at the counter: what `showroom` says of it, whose it is, and how the till finds it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from appointments.models import Appointment
from builder import codes, diagrams, showroom, versions
from builder.models import Design, DesignLookup, DesignVersion
from jeweler import customers, qr
from jeweler.models import ContactPoint, Customer, Store


@dataclass(frozen=True, kw_only=True)
class Found:
    """A design in the list: enough to pick the right one, too little to know whose it is."""

    design: Design
    said: str
    initials: str


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A design she opened lately."""

    design: Design
    said: str
    key: str
    opened_at: datetime


def shown(
    *, design: Design, number: str, store: Store, is_uncovered: bool, now: datetime
) -> dict[str, object] | None:
    """What the design's page needs, for the version asked for or the last; nothing if none was saved."""
    facts = showroom.facts(design=design, number=number, store=store, now=now)
    if facts is None:
        return None
    customer = customers.resolve(design.customer) if design.customer else None
    return {
        "design": design,
        "facts": facts,
        "version": facts.version,
        "currency": facts.currency,
        "plan": _drawing(diagrams.stone_plan, facts.version),
        "profile": _drawing(diagrams.stone_profile, facts.version),
        "customer": customer,
        "contacts": contacts(customer=customer, is_uncovered=is_uncovered) if customer else [],
        "is_uncovered": is_uncovered,
        "visits": _visits(customer, now=now) if customer else [],
        "qr": qr.svg(
            text=codes.scanned_address(code=design.code, site=settings.SITE_URL),
            label=f"QR code of {design.code}",
        ),
        "store": store,
        "text": design.code,
    }


def found(design: Design) -> Found:
    """The design as the list shows it."""
    customer = customers.resolve(design.customer) if design.customer else None
    return Found(design=design, said=_said(design), initials=initials(customer) if customer else "")


def initials(customer: Customer) -> str:
    """C. W."""
    names = [customer.first_name, customer.last_name]
    return " ".join(f"{name[0]}." for name in names if name)


def opened(lookup: DesignLookup) -> Opened:
    """The look-up as the empty desk shows it."""
    return Opened(
        design=lookup.design,
        said=_said(lookup.design),
        key=lookup.get_key_display(),
        opened_at=lookup.opened_at,
    )


def _said(design: Design) -> str:
    return versions.for_others(design) or "Nothing chosen yet"


def contacts(*, customer: Customer, is_uncovered: bool) -> list[str]:
    """Her addresses and numbers, the newest first, covered unless somebody asked to see them."""
    points = ContactPoint.objects.filter(customer__in=customers.ids_of(customer))
    ordered = points.order_by("kind", "-created_at")
    return [point.value if is_uncovered else customers.covered(point) for point in ordered]


def _drawing(draw: Callable[[dict[str, Any]], str], version: DesignVersion) -> SafeString:
    stone = version.description.get("stone")
    return mark_safe(draw(stone) if stone else "")  # noqa: S308  drawn by us from numbers


def _visits(customer: Customer, *, now: datetime) -> list[Appointment]:
    """Her visits from yesterday on, the next first."""
    visits = Appointment.objects.filter(
        customer__in=customers.ids_of(customer), starts_at__gt=now - timedelta(days=1)
    ).exclude(status=Appointment.Status.CANCELLED)
    return list(visits.select_related("store").order_by("starts_at")[:3])
