"""How a saved design is shown at the counter: what was chosen, where the stone is, whose it is."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from appointments.models import Appointment
from builder import codes, compatibility, diagrams, gemology, pricing, quotes
from builder.models import Design, DesignVersion, Stone
from jeweler import customers, qr
from jeweler.models import ContactPoint, Customer, Store


@dataclass(frozen=True, kw_only=True)
class Found:
    """A design in the list: enough to pick the right one, too little to know whose it is."""

    design: Design
    initials: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a version changed: (what, before, after)."""

    what: str
    before: str
    after: str


def shown(
    *, design: Design, number: str, store: Store, is_uncovered: bool, now: datetime
) -> dict[str, object] | None:
    """What the design's page needs, for the version asked for or the last; nothing if none was saved."""
    versions = list(
        design.versions.select_related("setting", "metal", "stone__store").order_by("number")
    )
    version = _chosen(versions, number)
    if version is None:
        return None
    earlier = next((each for each in versions if each.number == version.number - 1), None)
    customer = customers.resolve(design.customer) if design.customer else None
    return {
        "design": design,
        "version": version,
        "versions": versions,
        "cut": gemology.GRADE_LABELS.get(version.stone.cut, "").lower(),
        "sizes": gemology.size_systems(version.ring_size),
        "changes": changes(before=earlier, after=version) if earlier else [],
        "more": version.price - earlier.price if earlier else None,
        "less": earlier.price - version.price if earlier else None,
        "currency": version.price_inputs.get("currency", pricing.CURRENCY),
        "head": head(version),
        "fit": quotes.fit_of(version),
        "picture": _picture(version),
        "plan": _drawing(diagrams.stone_plan, version),
        "profile": _drawing(diagrams.stone_profile, version),
        "place": whereabouts(stone=version.stone, store=store),
        "is_promised": version.price_until_date >= now.astimezone(store.zone).date(),
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
    names = [customer.first_name, customer.last_name] if customer else []
    return Found(design=design, initials=" ".join(f"{name[0]}." for name in names if name))


def whereabouts(*, stone: Stone, store: Store) -> str:
    """Where the stone is now, in a sentence."""
    if stone.status == Stone.Status.SOLD:
        sold_at = stone.sold_at.astimezone(store.zone) if stone.sold_at else None
        return f"The stone was sold on {sold_at:%-d %B %Y}." if sold_at else "The stone was sold."
    if stone.status == Stone.Status.WITHDRAWN:
        return "The stone is no longer offered by its supplier."
    held = ", held for somebody" if stone.status == Stone.Status.HELD else ""
    if stone.store is None:
        return f"The stone is at its supplier’s{held}."
    place = "here" if stone.store == store else f"in {stone.store.name}"
    return f"The stone is {place}{held}."


def head(version: DesignVersion) -> str:
    """What holds the stone, as it was saved: "four-prong head, platinum"."""
    saved = version.description.get("head", {})
    if "kind" not in saved:
        return ""
    words = compatibility.named(kind=saved["kind"], prongs=saved.get("prongs", 0))
    metal = saved.get("metal", version.metal.family)
    return words if metal == version.metal.family else f"{words}, {metal}"


def changes(*, before: DesignVersion, after: DesignVersion) -> list[Change]:
    """What the customer changed between two versions."""
    pairs = [
        ("Setting", str(before.setting), str(after.setting)),
        ("Metal", str(before.metal), str(after.metal)),
        ("Stone", _stone_words(before.stone), _stone_words(after.stone)),
        ("Size", f"US {before.ring_size:g}", f"US {after.ring_size:g}"),
        ("Engraving", before.engraving or "none", after.engraving or "none"),
    ]
    return [Change(what=what, before=old, after=new) for what, old, new in pairs if old != new]


def contacts(*, customer: Customer, is_uncovered: bool) -> list[str]:
    """Her addresses and numbers, the newest first, covered unless somebody asked to see them."""
    points = ContactPoint.objects.filter(customer__in=customers.ids_of(customer))
    ordered = points.order_by("kind", "-created_at")
    return [point.value if is_uncovered else covered(point) for point in ordered]


def covered(point: ContactPoint) -> str:
    """cl…@…ple.com, or …0142: enough to compare with what she says, too little to use."""
    if point.kind == ContactPoint.Kind.PHONE:
        return f"…{re.sub(r'[^0-9]', '', point.canonical)[-4:]}"
    local, _, domain = point.canonical.partition("@")
    return f"{local[:2]}…@…{domain[-7:]}"


def _chosen(versions: list[DesignVersion], number: str) -> DesignVersion | None:
    wanted = [each for each in versions if str(each.number) == number] or versions[-1:]
    return wanted[0] if wanted else None


def _picture(version: DesignVersion) -> str:
    if not version.picture_hash:
        return ""
    return reverse("builder:picture", args=[version.picture_hash])


def _drawing(draw: Callable[[dict[str, Any]], str], version: DesignVersion) -> SafeString:
    stone = version.description.get("stone")
    return mark_safe(draw(stone) if stone else "")  # noqa: S308  drawn by us from numbers


def _visits(customer: Customer, *, now: datetime) -> list[Appointment]:
    """Her visits from yesterday on, the next first."""
    visits = Appointment.objects.filter(
        customer__in=customers.ids_of(customer), starts_at__gt=now - timedelta(days=1)
    ).exclude(status=Appointment.Status.CANCELLED)
    return list(visits.select_related("store").order_by("starts_at")[:3])


def _stone_words(stone: Stone) -> str:
    return f"{stone.carat} ct {stone.shape}, {stone.lab} {stone.report_number}"
