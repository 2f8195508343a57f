"""Whether this process can serve, what is shown for a request that no page could take, and how mails end."""

from django.conf import settings
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from jeweler import health, subscriptions


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


@never_cache
@csrf_exempt  # a mail program presses the button for her (RFC 8058); the link itself is the permission
@require_http_methods(["GET", "HEAD", "POST"])
def stop_mails(request: HttpRequest, token: str) -> HttpResponse:
    """Ask, end, or take back. Looking changes nothing, for mail scanners follow links."""
    try:
        if request.method != "POST":
            topic, is_stopped = subscriptions.topic_of(given=token)
        elif "again" in request.POST:
            topic, is_stopped = subscriptions.go_on(given=token), False
        else:
            topic, is_stopped = subscriptions.stop(given=token, now=timezone.now()), True
    except subscriptions.NoSuchLink as error:
        return _stop_page(request, {"error": error}, status=404)
    return _stop_page(
        request,
        {"topic": topic, "is_stopped": is_stopped, "is_answer": request.method == "POST"},
    )


def _stop_page(
    request: HttpRequest, context: dict[str, object], *, status: int = 200
) -> HttpResponse:
    response = render(request, "store/stop.html", context, status=status)
    response.headers["Referrer-Policy"] = "same-origin"  # the address is a key
    response.headers["X-Robots-Tag"] = "noindex"
    return response


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
