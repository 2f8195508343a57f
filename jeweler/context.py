"""What every page knows of the house."""

import functools

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static

from jeweler import sheet


def house(request: HttpRequest) -> dict[str, object]:
    return {
        "house_name": settings.SITE_NAME,
        "demo": settings.DEMO,
        "site_url": settings.SITE_URL,
        "sheet": functools.partial(sheet.for_page, request),
    }


def admin_styles(request: HttpRequest) -> str:
    return static("dist/admin.css")


def icon(request: HttpRequest) -> str:
    return static("icon.svg")
