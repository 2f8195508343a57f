"""What every page knows of the house."""

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static


def house(request: HttpRequest) -> dict[str, object]:
    return {
        "house_name": settings.SITE_NAME,
        "demo": settings.DEMO,
        "site_url": settings.SITE_URL,
    }


def admin_styles(request: HttpRequest) -> str:
    return static("dist/admin.css")


def icon(request: HttpRequest) -> str:
    return static("icon.svg")
