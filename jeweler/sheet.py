"""The storefront's sheets of styles: in the page itself for a browser that has not got them yet, as files for all others.

Every page has the shop's own sheet, and names the one of its kind besides: a template says `{% sheets "ring" %}` for
frontend/styles/ring.css. A first page is then painted with what its first answer brings, without another way to the server and
back, and brings nothing of other kinds of pages. The browser fetches the files when it is idle, and a cookie says which editions
it was given; it says nothing of who she is.
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

COOKIE = "sheet"
MOST = 16  # editions that the cookie tells; the oldest are forgotten first
_YEAR = 365 * 24 * 3600
_GIVEN = "jeweler.sheet"  # in the request's environment: the editions that its page has in it


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """`source` allows it in a Content-Security-Policy, `edition` tells it from what it was before."""

    text: SafeString
    source: str
    edition: str


def file_of(*, name: str) -> str:
    return f"dist/{name}.css"


def for_page(request: HttpRequest, *, name: str) -> Sheet | None:
    """What the page is to have in it; None where the browser has it, or it was not built.

    A page that a script asks for brings none: the page it is put into has its sheets, and allows no others.
    """
    if request.headers.get("Sec-Fetch-Dest", "document") != "document":
        return None
    sheet = _read(*_place(file_of(name=name)))
    if sheet is None or sheet.edition in _known(request):
        return None
    request.META[_GIVEN] = (*given(request), sheet)
    return sheet


def given(request: HttpRequest) -> tuple[Sheet, ...]:
    """What the request's page has in it."""
    sheets: tuple[Sheet, ...] = request.META.get(_GIVEN, ())
    return sheets


def remember(request: HttpRequest, response: HttpResponseBase) -> None:
    """Have the browser tell from now on that it was given these editions."""
    fresh = [sheet.edition for sheet in given(request)]
    if fresh:
        response.set_cookie(
            COOKIE, ".".join([*_known(request), *fresh][-MOST:]), max_age=_YEAR, httponly=True, samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )  # fmt: skip


def _known(request: HttpRequest) -> list[str]:
    return [each for each in request.COOKIES.get(COOKIE, "").split(".") if each][-MOST:]


def _place(name: str) -> tuple[str, int]:
    """Where it lies, and when it was written: in production once for all."""
    if isinstance(staticfiles_storage, ManifestFilesMixin):
        return staticfiles_storage.path(staticfiles_storage.stored_name(name)), 0
    path = finders.find(name) or ""
    return path, Path(path).stat().st_mtime_ns if path else 0


@functools.lru_cache(maxsize=32)
def _read(path: str, written_ns: int) -> Sheet | None:
    if not path:
        return None
    # What stands beside the file is named from the site's root, for the page lies elsewhere.
    beside = f"{settings.STATIC_URL}dist/"
    text = re.sub(r'url\((["\']?)(?:\./)?fonts/', rf"url(\1{beside}fonts/", Path(path).read_text())
    digest = hashlib.sha256(text.encode()).digest()
    return Sheet(
        text=mark_safe(text),  # noqa: S308  our own, and a style element ends at "</style" alone
        source=f"'sha256-{base64.b64encode(digest).decode()}'",
        edition=digest.hex()[:12],
    )
