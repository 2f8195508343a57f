"""The storefront's one sheet of styles: in the page itself for a browser that has not got it yet, as a file for all others.

A first page is then painted with what its first answer brings, without another way to the server and back. The browser fetches
the file when it is idle, and a cookie says which edition it was given; it says nothing of who she is.
"""

import base64
import functools
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage
from django.http import HttpRequest, HttpResponseBase
from django.utils.safestring import SafeString, mark_safe

NAME = "dist/site.css"
COOKIE = "sheet"
_YEAR = 365 * 24 * 3600
_GIVEN = "jeweler.sheet"  # in the request's environment: the edition that its page has in it


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """`source` allows it in a Content-Security-Policy, `edition` tells it from what it was before."""

    text: SafeString
    source: str
    edition: str


def for_page(request: HttpRequest) -> Sheet | None:
    """What the page is to have in it; None where the browser has it, or it was not built."""
    sheet = _read(*_file())
    if sheet is None or request.COOKIES.get(COOKIE) == sheet.edition:
        return None
    request.META[_GIVEN] = sheet
    return sheet


def given(request: HttpRequest) -> Sheet | None:
    """What the request's page has in it."""
    sheet: Sheet | None = request.META.get(_GIVEN)
    return sheet


def remember(request: HttpRequest, response: HttpResponseBase) -> None:
    """Have the browser tell from now on that it was given this edition."""
    sheet = given(request)
    if sheet is not None:
        response.set_cookie(
            COOKIE, sheet.edition, max_age=_YEAR, httponly=True, samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )  # fmt: skip


def _file() -> tuple[str, int]:
    """Where it lies, and when it was written: in production once for all."""
    if isinstance(staticfiles_storage, ManifestFilesMixin):
        return staticfiles_storage.path(staticfiles_storage.stored_name(NAME)), 0
    path = finders.find(NAME) or ""
    return path, Path(path).stat().st_mtime_ns if path else 0


@functools.lru_cache(maxsize=2)
def _read(path: str, written_ns: int) -> Sheet | None:
    if not path:
        return None
    # What stands beside the file is named from the site's root, for the page lies elsewhere.
    beside = f"{settings.STATIC_URL}{NAME.rpartition('/')[0]}/"
    text = re.sub(r'url\((["\']?)(?:\./)?fonts/', rf"url(\1{beside}fonts/", Path(path).read_text())
    digest = hashlib.sha256(text.encode()).digest()
    return Sheet(
        text=mark_safe(text),  # noqa: S308  our own, and a style element ends at "</style" alone
        source=f"'sha256-{base64.b64encode(digest).decode()}'",
        edition=digest.hex()[:12],
    )
