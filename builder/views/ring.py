"""The ring on its stage, its summary, and every choice that is made on the way."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from builder import compatibility, costing, designs, forms, gemology, search
from builder.models import Band, Design, Setting, Stone
from builder.templatetags.bands import laid
from builder.views.pages import design_of, page, quoted
from jeweler import visitors

BANDS = 6
REFUSALS = (
    designs.DoesNotFit,
    designs.StoneGone,
    designs.BadEngraving,
    designs.BadSize,
    designs.BadMetal,
    designs.BadIntent,
    forms.Unreadable,
)


@require_safe
def ring(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    design = design_of(request)
    quote = quoted(design, now=now)
    if design is None or quote is None or design.setting is None:
        return page(request, "builder/empty.html", step="ring", design=design, quote=quote)
    return page(
        request,
        "builder/ring.html",
        {
            "metals": design.setting.metals.order_by("position"),
            "sizes": sizes(design),
            "size_systems": gemology.size_systems(design.ring_size) if design.ring_size else None,
            "questions": forms.questions(design),
            "form": forms.SaveForm(),
            "gone": is_gone(design),
            "like": like(design),
            "held": held(design.setting),
        },
        step="ring",
        design=design,
        quote=quote,
    )


@require_safe
def summary(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    design = design_of(request)
    visitor = visitors.current(request)
    quote = quoted(design, now=now)
    if design is None or quote is None or visitor is None or quote.missing:
        missing = quote.missing if quote else ["setting", "stone", "ring"]
        return page(
            request,
            "builder/missing.html",
            {"missing": missing},
            step="summary",
            design=design,
            quote=quote,
        )
    designs.complete(design=design, visitor=visitor, now=now)
    return page(
        request,
        "builder/summary.html",
        {
            "bands": beside(design),
            "making": making(design, quote),
            "today": timezone.localdate(),
            "form": forms.SaveForm(),
            "gone": is_gone(design),
            "size_systems": gemology.size_systems(design.ring_size) if design.ring_size else None,
        },
        step="summary",
        design=design,
        quote=quote,
    )


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Take any choices and go on to the next open step; a refusal goes back and says why."""
    now = timezone.now()
    visitor = visitors.ensure(request, now=now)
    if "another" in request.POST:
        designs.start(visitor=visitor, now=now)
        return redirect("builder:rings")
    design = designs.current(visitor=visitor) or designs.start(visitor=visitor, now=now)
    try:
        read = forms.choices(request.POST)
        chosen = designs.choose(design=design, now=now, **read)
    except REFUSALS as refusal:
        messages.error(request, str(refusal))
        return back(request)
    if words := changed_metal(before=design, after=chosen, read=read):
        messages.info(request, words)
    return next_step(chosen, read)


@require_POST
def intent(request: HttpRequest) -> HttpResponse:
    """What she has in mind, when she cares to say."""
    now = timezone.now()
    visitor = visitors.ensure(request, now=now)
    design = designs.current(visitor=visitor) or designs.start(visitor=visitor, now=now)
    try:
        designs.choose(design=design, now=now, **forms.intent(request.POST))
    except REFUSALS as refusal:
        messages.error(request, str(refusal))
        return back(request)
    messages.success(request, "Thank you. We keep it with your ring, and nowhere else.")
    return back(request)


def changed_metal(*, before: Design, after: Design, read: designs.Choices) -> str:
    """Another setting may not be made in her metal: then she hears which one it is in now. Empty: as she chose."""
    was, now_is, setting = before.metal, after.metal, after.setting
    if "metal" in read or was is None or setting is None or was == now_is:
        return ""
    now_in = f"yours is in {now_is.name} now" if now_is else "choose another setting"
    return f"{setting.name} is not made in {was.name}; {now_in}."


def back(request: HttpRequest) -> HttpResponseRedirect:
    """To the page the form stood on, if it is one of ours."""
    came_from = request.POST.get("back", "")
    if url_has_allowed_host_and_scheme(came_from, allowed_hosts=None) and came_from[:1] == "/":
        return HttpResponseRedirect(came_from)
    return redirect("builder:ring")


def next_step(design: Design, read: designs.Choices) -> HttpResponseRedirect:
    if read.get("setting") and design.setting and design.stone is None:
        address = redirect("builder:diamonds").url
        return redirect(f"{address}?{urlencode({'fits': design.setting.code})}")
    if design.setting is None:
        return redirect("builder:rings")
    return redirect("builder:ring")


def beside(design: Design) -> list[Band]:
    """The bands that suit her ring: those that lie flush first, then by how narrow the gap is."""

    def how_close(band: Band) -> tuple[bool, Decimal]:
        lies = laid(design, band)
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


def is_gone(design: Design) -> bool:
    return design.stone is not None and design.stone.status in (
        Stone.Status.SOLD,
        Stone.Status.WITHDRAWN,
    )


def like(design: Design) -> list[Stone]:
    """Stones that could stand in for one that was sold, the nearest price first."""
    if design.stone is None or not is_gone(design):
        return []
    return search.like(stone=design.stone, setting=design.setting)


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
