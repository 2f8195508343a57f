"""The drawn pictures of rings, kept on disk under their content hash.

Only a ring that a page or a saved version has shown is ever drawn, in three sizes, and few at a time: a made-up hash
costs one look-up.
"""

import os
import re
import tempfile
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe

from builder import pictures
from builder.models import DesignVersion, Picture

WIDTHS = (300, 600, 900)
HASH = re.compile(r"[0-9a-f]{64}")
AT_A_TIME = threading.BoundedSemaphore(2)
PATIENCE_S = 20
A_YEAR = "public, max-age=31536000, immutable"


@require_safe
def picture(request: HttpRequest, content_hash: str) -> HttpResponseBase:
    """The PNG of a known description, `?w=` 300, 600 or 900 pixels wide (900 when not said)."""
    width = _width(request.GET.get("w", "900"))
    if HASH.fullmatch(content_hash) is None:
        raise Http404
    file = Path(settings.MEDIA_ROOT) / "pictures" / content_hash[:2] / f"{content_hash}-{width}.png"
    if not file.exists():
        description = _description(content_hash)
        if not AT_A_TIME.acquire(timeout=PATIENCE_S):
            return HttpResponse(
                "The bench is busy; ask again.", status=503, headers={"Retry-After": "5"}
            )
        try:
            if not file.exists():
                _keep(file, pictures.draw(description, width=width, height=width * 3 // 4))
        finally:
            AT_A_TIME.release()
    response = FileResponse(file.open("rb"), content_type="image/png")
    response.headers["Cache-Control"] = A_YEAR
    return response


def _width(text: str) -> int:
    if text not in {str(width) for width in WIDTHS}:
        raise Http404
    return int(text)


def _description(content_hash: str) -> dict[str, Any]:
    known = Picture.objects.filter(hash=content_hash).values_list("description", flat=True).first()
    if known is None:
        known = (
            DesignVersion.objects.filter(picture_hash=content_hash)
            .values_list("description", flat=True)
            .first()
        )
    if known is None:
        raise Http404
    description: dict[str, Any] = known
    return description


def _keep(file: Path, png: bytes) -> None:
    """Write it whole or not at all, so that a reader never sees half a picture."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as unfinished:
        unfinished.write(png)
    os.replace(unfinished.name, file)
