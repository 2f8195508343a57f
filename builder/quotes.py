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
    head: compatibility.Head | None
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
    fit = fit_of(design)
    head = _head(design, fit)
    breakdown = _breakdown(design, head)
    promise = _promise(design, today=today)
    kept = promise if promise and promise.price <= breakdown.total else None
    description = _description(design, head)
    return Quote(
        lines=lines_of(kept) if kept else breakdown.lines,
        total=kept.price if kept else breakdown.total,
        missing=missing(design),
        fit=fit,
        head=head,
        ready_date=_ready_date(design, head, today=today),
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
        setting=design.setting.rules, stone=design.stone.measures, size=design.ring_size
    )


def head_of(design: Design) -> compatibility.Head | None:
    """The head it is made with: the one that holds its stone, else the one its setting is shown with."""
    return _head(design, fit_of(design))


def _head(design: Design, fit: compatibility.Fit | None) -> compatibility.Head | None:
    if design.setting is None or not design.setting.rules.heads:
        return None
    rules = design.setting.rules
    return (rules.head(fit.head) if fit else None) or rules.heads[0]


def _description(design: Design, head: compatibility.Head | None) -> dict[str, Any]:
    """Empty until there is a setting in a metal to draw."""
    if design.setting is None or design.metal is None or head is None:
        return {}
    return geometry.describe(
        setting=design.setting.mounting,
        head=head,
        metal=design.metal,
        stone=design.stone,
        ring_size=design.ring_size,
        engraving=design.engraving,
    )


def _breakdown(design: Design, head: compatibility.Head | None) -> pricing.PriceBreakdown:
    size = f" at size {gemology.in_halves(design.ring_size)}" if design.ring_size else ""
    return pricing.price_ring(
        stone=_stone_cost(design.stone) if design.stone else None,
        setting=_setting_cost(design, design.setting, head) if design.setting and head else None,
        metal=_metal_parts(design, head),
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


def _setting_cost(
    design: Design, setting: Setting, head: compatibility.Head
) -> pricing.SettingCost:
    label, note = _accents(setting.mounting, head, design.stone)
    return pricing.SettingCost(
        name=setting.name,
        labor=setting.labor_price + head.setting_fee + head.extra_price,
        accents_label=label,
        accents_note=note,
        accents=setting.accent_price,
    )


PLACES = {
    "sides": "Side stones",
    "halo": "Halo",
    "hidden_halo": "Hidden halo",
    "half_band": "Half pavé",
    "full_band": "Full pavé",
}


def _accents(
    mounting: geometry.Mounting, head: compatibility.Head, stone: Stone | None
) -> tuple[str, str]:
    """What else is set, and how much of it: ("Half pavé", "18 diamonds, 0.18 ct together")."""
    names, count, carats = [], 0, 0.0
    for location in mounting.locations:
        stones = geometry.stone_count(location, head=head, stone=stone)
        names.append(PLACES[location.place])
        count += stones
        carats += geometry.melee_carats(stone_mm=float(location.width_mm), count=stones)
    label = " and ".join(names)
    return label[:1] + label[1:].lower(), f"{count} diamonds, {carats:.2f} ct together"


def _metal_parts(design: Design, head: compatibility.Head | None) -> list[pricing.MetalPart]:
    """The shank and, where the head is of another metal, the head."""
    setting, metal = design.setting, design.metal
    if setting is None or metal is None or head is None:
        return []
    volume = geometry.metal_volume(
        setting=setting.mounting, head=head, stone=design.stone, ring_size=design.ring_size
    )
    head_metal = _head_metal(head, metal)
    if head_metal == metal:
        return [_part(metal, cubic_mm=volume.shank + volume.head)]
    return [_part(metal, cubic_mm=volume.shank), _part(head_metal, cubic_mm=volume.head)]


def _head_metal(head: compatibility.Head, metal: Metal) -> Metal:
    if head.metal_family in ("", metal.family):
        return metal
    found = Metal.objects.filter(family=head.metal_family).order_by("position").first()
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


def lead_days(design: Design, head: compatibility.Head | None) -> int:
    """Working days: the stone must lie on the bench before the ring is begun, and another head takes longer."""
    making = design.setting.lead_days if design.setting else 0
    arriving = design.stone.delivery_days if design.stone else 0
    return arriving + making + (head.extra_days if head else 0)


def _ready_date(design: Design, head: compatibility.Head | None, *, today: date) -> date:
    """Working days from today, without the house's holidays."""
    days = lead_days(design, head)
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
