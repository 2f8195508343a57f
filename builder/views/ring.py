"""The ring on its stage, and its summary: each state at its own address."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from builder import (
    compatibility,
    costing,
    designs,
    engraving,
    forms,
    gemology,
    market,
    pricing,
    quotes,
    search,
    states,
    variation,
)
from builder.models import Band, Design, Setting, Stone
from builder.pages import Seen, mode_for, page, quoted, seen
from builder.views.choosing import typed
from jeweler import visitors

BANDS = 6


@require_safe
def ring(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    looked = seen(request)
    if states.said_in(request.GET) == {} and looked.hers and states.query(looked.hers):
        return redirect(states.address(looked.hers))
    design = looked.design
    quote = quoted(design, now=now)
    if design is None or quote is None or design.setting is None:
        return fresh(
            page(
                request,
                "builder/empty.html",
                about(looked, request),
                step="ring",
                design=design,
                quote=quote,
                status=looked.status,
            )
        )
    words = typed(request)
    return fresh(
        page(
            request,
            "builder/ring.html",
            about(looked, request)
            | {
                "metals": design.setting.metals.order_by("position", "id"),
                "sizes": sizes(design),
                "size_systems": gemology.size_systems(design.ring_size)
                if design.ring_size
                else None,
                "widths": widths(design, design.setting),
                "accents": accents(design, design.setting),
                "mounting": quotes.mounting_of(design),
                "engraving": design.engraving if words is None else words,
                "engraving_takes": engraving.taken(rules=design.setting.engraving_rules),
                "questions": forms.questions(looked.hers),
                "form": forms.SaveForm(),
                "gone": is_gone(design),
                "held": held(design.setting),
            },
            step="ring",
            design=design,
            quote=quote,
        )
    )


@require_safe
def summary(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    looked = seen(request)
    if states.said_in(request.GET) == {} and looked.hers and states.query(looked.hers):
        return redirect(states.address(looked.hers, page="builder:summary"))
    design, visitor = looked.design, visitors.current(request)
    quote = quoted(design, now=now)
    if design is None or quote is None or quote.missing:
        missing = quote.missing if quote else ["setting", "stone", "ring"]
        return fresh(
            page(
                request,
                "builder/missing.html",
                about(looked, request) | {"missing": missing},
                step="summary",
                design=design,
                quote=quote,
                status=looked.status,
            )
        )
    if visitor is not None and looked.is_hers:
        designs.complete(design=design, visitor=visitor, now=now)
    return fresh(
        page(
            request,
            "builder/summary.html",
            about(looked, request)
            | {
                "bands": beside(design),
                "position": position(design),
                "making": making(design, quote),
                "form": forms.SaveForm(),
                "gone": is_gone(design),
                "size_systems": gemology.size_systems(design.ring_size)
                if design.ring_size
                else None,
            },
            step="summary",
            design=design,
            quote=quote,
        )
    )


def about(looked: Seen, request: HttpRequest) -> dict[str, Any]:
    """Whose ring the page shows, and what of the address could not be had."""
    return {
        "is_hers": looked.is_hers,
        "hers": looked.hers if looked.hers and states.query(looked.hers) else None,
        "hers_address": states.address(looked.hers) if looked.hers else "",
        "source": looked.source,
        "left_out": looked.words,
        "here": request.get_full_path(),
        "own_query": urlencode(states.query(looked.design)) if looked.design else "",
    }


def fresh(response: HttpResponse) -> HttpResponse:
    """Asked for anew when she goes back to it, so that it says whether it is still the ring she was last at."""
    response.headers["Cache-Control"] = "private, no-store"
    return response


def position(design: Design) -> market.Position | None:
    """Where her stone's price stands; nothing where prices are told on request."""
    if design.stone is None or mode_for(design) == pricing.ON_REQUEST:
        return None
    return search.market_positions([design.stone]).get(design.stone.pk)


def beside(design: Design) -> list[Band]:
    """The bands that suit her ring: those that lie flush first, then by how narrow the gap is."""

    def how_close(band: Band) -> tuple[bool, Decimal]:
        lies = quotes.lies(design, band)
        return not lies.is_flush, lies.gap_mm

    return sorted(Band.objects.order_by("position", "id"), key=how_close)[:BANDS]


def making(design: Design, quote: designs.Quote) -> str:
    """What the days until it is ready are for: "22 working days at our bench, after 3 for your stone to reach it"."""
    if design.setting is None:
        return ""
    at_bench = costing.lead_days(setting=design.setting, head=quote.head, delivery_days=0)
    words = f"{at_bench} working days at our bench"
    to_it = design.stone.delivery_days if design.stone else 0
    return f"{words}, after {to_it} for your stone to reach it" if to_it else words


def sizes(design: Design) -> list[dict[str, Any]]:
    """The ruler: every half size the setting is made in."""
    if design.setting is None:
        return []
    first, last = int(design.setting.min_size * 2), int(design.setting.max_size * 2)
    return [
        {
            "value": f"{half / 2:g}",
            "label": gemology.in_halves(Decimal(half) / 2),
            "is_half": half % 2 == 1,
            "is_chosen": design.ring_size is not None and design.ring_size * 2 == half,
        }
        for half in range(first, last + 1)
    ]


def widths(design: Design, setting: Setting) -> list[dict[str, Any]]:
    """The band's widths to choose from; none where there is no choice."""
    chosen = design.width_mm or setting.mounting.shank_width_mm
    offered = setting.variety.widths
    return [
        {"value": str(each), "mm": each, "label": variation.said(each), "is_chosen": each == chosen}
        for each in (offered if len(offered) > 1 else [])
    ]


def accents(design: Design, setting: Setting) -> list[dict[str, Any]]:
    """The ways to set small diamonds along the band; none where there is no choice."""
    chosen = design.accents or setting.mounting.accents
    offered = setting.variety.ways
    return [
        {"value": each, "label": variation.ACCENTS[each], "is_chosen": each == chosen}
        for each in (offered if len(offered) > 1 else [])
    ]


def is_gone(design: Design) -> bool:
    return design.stone is not None and design.stone.status in (
        Stone.Status.SOLD,
        Stone.Status.WITHDRAWN,
    )


def held(setting: Setting | None) -> str:
    """What the setting's heads take: "6.9 to 7.7 mm, about 1.30 to 1.75 ct"."""
    if setting is None or not setting.rules.heads:
        return ""
    rules = setting.rules
    narrowest = min(head.min_width_mm for head in rules.heads)
    widest = max(head.max_width_mm for head in rules.heads)
    words = f"{narrowest:.1f} to {widest:.1f} mm"
    if len(rules.shapes) != 1:
        return words
    shape = rules.shapes[0]
    weights = [
        compatibility.carats_held(setting=rules, head=head, shape=shape) for head in rules.heads
    ]
    least, most = min(each[0] for each in weights), max(each[1] for each in weights)
    return f"{words}, about {least:.2f} to {most:.2f} ct"
