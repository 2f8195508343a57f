"""What every answer carries: the rules for the browser, and the visitor's cookie."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from jeweler import sheet, visitors

GetResponse = Callable[[HttpRequest], HttpResponseBase]

PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"


def policy(*, script: str = "'self'", style: str = "'self'") -> str:
    """A Content-Security-Policy: everything from our own host, nothing inline but what is named by its hash."""
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src {script}",
            f"style-src {style}",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


STRICT = policy()
# Unfold's pages are driven by Alpine, which compiles its attributes, and place things by style
# attributes. They load no script from elsewhere and have none inline.
ADMIN = policy(script="'self' 'unsafe-eval'", style="'self' 'unsafe-inline'")


def security_headers(get_response: GetResponse) -> GetResponse:
    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        match = request.resolver_match
        is_admin = match is not None and "admin" in match.app_names
        rules = ADMIN if is_admin else STRICT
        if styles := sheet.given(request):
            rules = policy(style=" ".join(["'self'", *(each.source for each in styles)]))
        sheet.remember(request, response)
        response.headers.setdefault("Content-Security-Policy", rules)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return response

    return middleware


def visitor_cookie(get_response: GetResponse) -> GetResponse:
    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        visitors.remember(request, response, now=timezone.now())
        return response

    return middleware
