"""The landing, and the settings."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from builder import forms, portraits
from builder.models import Metal, Setting, Shape, Stone
from builder.pages import design_of, page, quoted
from jeweler.models import Store


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    design = design_of(request)
    settings = portraits.offered()
    shown = portraits.of_settings(
        settings[:4], metal=None, stone=None, store=design.store if design else None, now=now
    )
    return page(
        request,
        "builder/home.html",
        {
            "hero": shown[0] if shown else None,
            "shown": shown[1:] or shown,
            "setting_count": len(settings),
            "stone_count": Stone.objects.filter(status=Stone.Status.AVAILABLE).count(),
            "shapes": Shape.choices,
            "stores": Store.objects.filter(is_open=True).order_by("id"),
            "questions": forms.questions(design),
        },
        design=design,
        quote=quoted(design, now=now),
    )


@require_safe
def rings(request: HttpRequest) -> HttpResponse:
    """The settings, drawn: each says whether it holds the chosen stone in her size; those that do not stand last, with the reason."""
    now = timezone.now()
    design = design_of(request)
    metals = list(Metal.objects.order_by("position", "id"))
    style = request.GET.get("style", "")
    metal = next((each for each in metals if each.code == request.GET.get("metal")), None)
    settings = portraits.offered()
    chosen = settings
    if style in Setting.Style.values:
        chosen = [each for each in chosen if each.style == style]
    if metal:
        chosen = [each for each in chosen if metal in each.metals.all()]
    stone = design.stone if design else None
    found = portraits.of_settings(
        chosen,
        metal=metal,
        stone=stone,
        size=design.ring_size if design else None,
        store=design.store if design else None,
        now=now,
    )
    return page(
        request,
        "builder/rings.html",
        {
            "shown": [each for each in found if each.fit is None or each.fit.fits],
            "left_out": [each for each in found if each.fit and not each.fit.fits],
            "styles": [
                each for each in Setting.Style.choices if each[0] in {of.style for of in settings}
            ],
            "metals": metals,
            "style": style if style in Setting.Style.values else "",
            "metal": metal,
            "stone": stone,
        },
        step="setting",
        design=design,
        quote=quoted(design, now=now),
    )
