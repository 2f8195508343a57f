"""What a design costs, whether it fits, and when it is ready: read from the design, nothing is written.

A saved, unchanged design keeps its promised price until the promise's last day.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import timezone

from builder import compatibility, gemology, geometry, pictures, pricing
from builder.models import Design, DesignVersion, Metal, Setting, Shape, Stone

STATE = ("setting_id", "metal_id", "stone_id", "ring_size", "engraving")


@dataclass(frozen=True, kw_only=True)
class Quote:
    """A design as a page shows it. `missing` names steps: setting, stone, ring."""

    lines: list[pricing.PriceLine]
    total: Decimal
    missing: list[str]
    fit: compatibility.Fit | None
    ready_date: date
    price_until: date
    description: dict[str, Any]
    picture_hash: str
    is_promised: bool

    @property
    def is_complete(self) -> bool:
        return not self.missing


def quote(design: Design, *, now: datetime | None = None) -> Quote:
    """Price, fit, dates and description of the design as it is. `now`: the clock, when not given.

    A saved, unchanged design keeps its promised price until the promise's last day, and gets a lower
    one at once when today's is lower.
    """
    today = (now or timezone.now()).date()
    breakdown = _breakdown(design)
    promise = _promise(design, today=today)
    kept = promise if promise and promise.price <= breakdown.total else None
    description = _description(design)
    return Quote(
        lines=lines_of(kept) if kept else breakdown.lines,
        total=kept.price if kept else breakdown.total,
        missing=missing(design),
        fit=fit_of(design),
        ready_date=_ready_date(design, today=today),
        price_until=(
            kept.price_until_date if kept else today + timedelta(days=settings.PRICE_PROMISE_DAYS)
        ),
        description=description,
        picture_hash=pictures.content_hash(description) if description else "",
        is_promised=kept is not None,
    )


def missing(design: Design) -> list[str]:
    steps = {
        "setting": design.setting_id is not None,
        "stone": design.stone_id is not None,
        "ring": design.metal_id is not None and design.ring_size is not None,
    }
    return [step for step, is_done in steps.items() if not is_done]


def fit_of(design: Design) -> compatibility.Fit | None:
    if design.setting is None or design.stone is None:
        return None
    return compatibility.check(
        head=design.setting.head, stone=design.stone.measures, size=design.ring_size
    )


def _description(design: Design) -> dict[str, Any]:
    """Empty until there is a setting in a metal to draw."""
    if design.setting is None or design.metal is None:
        return {}
    return geometry.describe(
        setting=design.setting,
        metal=design.metal,
        stone=design.stone,
        ring_size=design.ring_size,
        engraving=design.engraving,
    )


def _breakdown(design: Design) -> pricing.PriceBreakdown:
    size = f" at size {gemology.in_halves(design.ring_size)}" if design.ring_size else ""
    return pricing.price_ring(
        stone=_stone_cost(design.stone) if design.stone else None,
        setting=_setting_cost(design.setting, design.stone) if design.setting else None,
        metal=_metal_parts(design),
        size_in_words=size,
        included=_included(design),
    )


def _stone_cost(stone: Stone) -> pricing.StoneCost:
    """A stone that left the market keeps its last price until she chooses another."""
    color = stone.color or stone.fancy_color
    cut = f", {gemology.GRADE_LABELS[stone.cut].lower()} cut" if stone.cut else ""
    grown = "lab-grown " if stone.growth == Stone.Growth.LAB else ""
    return pricing.StoneCost(
        label=f"{Shape(stone.shape).label} {grown}diamond",
        note=f"{stone.carat:.2f} ct, {color}, {stone.clarity}{cut}",
        price=stone.price or Decimal(0),
    )


def _setting_cost(setting: Setting, stone: Stone | None) -> pricing.SettingCost:
    label, note = _accents(setting, stone)
    return pricing.SettingCost(
        name=setting.name,
        labor=setting.labor_price,
        accents_label=label,
        accents_note=note,
        accents=setting.accent_price,
    )


def _accents(setting: Setting, stone: Stone | None) -> tuple[str, str]:
    """What else is set, and how much of it: ("Half pavé", "18 diamonds, 0.18 ct together")."""
    halo = geometry.halo_count(setting=setting, stone=stone)
    names, count, carats = [], 0, 0.0
    if setting.side_stone_mm:
        names.append("Side stones")
        count += 2
        carats += geometry.melee_carats(stone_mm=float(setting.side_stone_mm), count=2)
    if halo:
        names.append("Halo")
        count += halo
        carats += geometry.melee_carats(stone_mm=float(setting.halo_mm), count=halo)
    if setting.accent_kind != "none":
        names.append({"half_pave": "Half pavé", "full_pave": "Full pavé"}[setting.accent_kind])
        count += setting.accent_count
        carats += geometry.melee_carats(
            stone_mm=float(setting.accent_mm), count=setting.accent_count
        )
    label = " and ".join(names)
    return label[:1] + label[1:].lower(), f"{count} diamonds, {carats:.2f} ct together"


def _metal_parts(design: Design) -> list[pricing.MetalPart]:
    """The shank and, where the head is of another metal, the head."""
    setting, metal = design.setting, design.metal
    if setting is None or metal is None:
        return []
    volume = geometry.metal_volume(setting=setting, stone=design.stone, ring_size=design.ring_size)
    head_metal = _head_metal(setting, metal)
    if head_metal == metal:
        return [_part(metal, cubic_mm=volume.shank + volume.head)]
    return [_part(metal, cubic_mm=volume.shank), _part(head_metal, cubic_mm=volume.head)]


def _head_metal(setting: Setting, metal: Metal) -> Metal:
    if setting.head_metal in ("", metal.family):
        return metal
    found = Metal.objects.filter(family=setting.head_metal).order_by("position").first()
    return found or metal


def _part(metal: Metal, *, cubic_mm: float) -> pricing.MetalPart:
    return pricing.MetalPart(
        name=metal.name,
        grams=geometry.grams(cubic_mm=cubic_mm, density=metal.density),
        price_per_gram=metal.price_per_gram,
    )


def _included(design: Design) -> str:
    if design.setting is None:
        return ""
    engraving = "Engraving, first" if design.engraving else "First"
    return f"{engraving} resize, insured delivery"


def _promise(design: Design, *, today: date) -> DesignVersion | None:
    """The version whose price still holds: the last one, unchanged since, not expired."""
    if design.saved_at is None:
        return None
    last = design.versions.order_by("-number").first()
    if last is None or last.price_until_date < today or not is_same(design, last):
        return None
    return last


def is_same(design: Design, other: Design | DesignVersion) -> bool:
    return all(getattr(design, name) == getattr(other, name) for name in STATE)


def lines_of(version: DesignVersion) -> list[pricing.PriceLine]:
    return [
        pricing.PriceLine(
            label=line["label"],
            note=line["note"],
            amount=None if line["amount"] is None else Decimal(line["amount"]),
        )
        for line in version.price_lines
    ]


def _ready_date(design: Design, *, today: date) -> date:
    """Working days from today, without the house's holidays."""
    days = design.setting.lead_days if design.setting else 0
    ready = today
    while days:
        ready += timedelta(days=1)
        days -= ready.weekday() < 5
    return ready


def written(lines: list[pricing.PriceLine]) -> list[dict[str, str | None]]:
    return [
        {
            "label": line.label,
            "note": line.note,
            "amount": None if line.amount is None else str(line.amount),
        }
        for line in lines
    ]
