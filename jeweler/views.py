"""Whether this process can serve, and what is shown for a request that no page could take."""

from django.conf import settings
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from jeweler import health


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while the database answers. The broker is not asked: no page needs it."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
        told = health.told()
    except OperationalError:
        return JsonResponse({"status": "the database does not answer"}, status=503)
    return JsonResponse({"status": "ok", **told})


# Django's own two look for the form's token first, and so fail again over a body that cannot be read. These
# ask nothing of the request, of the database or of a context processor.


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: too large, too many fields, garbled, or for another host."""
    return _bare("400.html", status=400)


def broken(request: HttpRequest) -> HttpResponse:
    """500: our fault, and logged."""
    return _bare("500.html", status=500)


def _bare(template: str, *, status: int) -> HttpResponse:
    html = render_to_string(template, {"house_name": settings.SITE_NAME})
    return HttpResponse(html, status=status, headers={"Cache-Control": "no-store"})
