"""Which size she wears: three ways to find it at home, one table of all systems, and back to her ring with it."""

from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from builder import gemology, sizes, states
from builder.pages import page, quoted, seen
from builder.views.ring import about
from jeweler.models import Store


@require_safe
def guide(request: HttpRequest) -> HttpResponse:
    looked = seen(request)
    design = looked.design
    setting = design.setting if design else None
    rows = [row(size, chosen=design.ring_size if design else None) for size in sizes.every()]
    return page(
        request,
        "builder/sizes.html",
        about(looked, request)
        | {
            "rows": rows,
            "made": [setting.min_size, setting.max_size] if setting else None,
            "setting": setting,
            "ring_page": states.address(design) if design else "",
            "stores": Store.objects.filter(is_open=True).order_by("id"),
        },
        step="ring",
        design=design,
        quote=quoted(design, now=timezone.now()),
    )


def row(size: Decimal, *, chosen: Decimal | None) -> dict[str, Any]:
    """One size in every system, and its circle in millimeters."""
    return {
        "value": f"{size.normalize():f}",
        "is_chosen": size == chosen,
        "diameter": gemology.inner_diameter_mm(size),
        "around": gemology.inner_circumference_mm(size),
        "japan": sizes.japanese(size),
        **gemology.size_systems(size),
    }
