"""The drawn pictures of rings, kept on disk under their content hash.

Only a ring that a page or a saved version has shown is ever drawn, in three sizes and few at a time: a
made-up hash costs one look-up, and whoever draws never keeps the whole site waiting.
"""

import re
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from builder import pictures
from builder.models import DesignVersion, Picture
from jeweler import files

WIDTHS = (300, 600, 900)
HASH = re.compile(r"[0-9a-f]{64}")
PATIENCE_S = 20
# In one process: two draw, and four may wait for them (a browser asks for six things at a time); whoever else
# asks is told to come again, so that threads are left for pages.
_drawing = threading.BoundedSemaphore(2)
_asking = threading.BoundedSemaphore(6)


class UnknownPicture(LookupError):
    """Nobody has shown a ring with this hash, or not in this width."""


class BenchBusy(Exception):
    """Enough pictures are being drawn; ask again in a moment."""


def remember(descriptions: dict[str, dict[str, Any]], *, now: datetime) -> None:
    """Make the pictures of these descriptions known by their hashes; knowing them twice is nothing."""
    known = set(Picture.objects.filter(hash__in=descriptions).values_list("hash", flat=True))
    Picture.objects.bulk_create(
        [
            Picture(hash=content_hash, description=description, created_at=now)
            for content_hash, description in descriptions.items()
            if content_hash not in known
        ],
        ignore_conflicts=True,
    )


def picture(*, content_hash: str, width: int) -> Path:
    """The PNG of a known description, drawn now if nobody asked before. A quarter wider than high.

    Raises UnknownPicture, BenchBusy.
    """
    if width not in WIDTHS or HASH.fullmatch(content_hash) is None:
        raise UnknownPicture(f"There is no picture {content_hash!r} that is {width} px wide")
    file = Path(settings.MEDIA_ROOT) / "pictures" / content_hash[:2] / f"{content_hash}-{width}.png"
    if not file.exists():
        _draw(file, _description(content_hash), width=width)
    return file


def _draw(file: Path, description: dict[str, Any], *, width: int) -> None:
    if not _asking.acquire(blocking=False):
        raise BenchBusy
    try:
        if not _drawing.acquire(timeout=PATIENCE_S):
            raise BenchBusy
        try:
            if not file.exists():
                png = pictures.draw(description, width=width, height=width * 3 // 4)
                files.write_whole(file, content=png)
        finally:
            _drawing.release()
    finally:
        _asking.release()


def _description(content_hash: str) -> dict[str, Any]:
    known = Picture.objects.filter(hash=content_hash).values_list("description", flat=True).first()
    if known is None:
        saved = DesignVersion.objects.filter(picture_hash=content_hash)
        known = saved.values_list("description", flat=True).first()
    if known is None:
        raise UnknownPicture(f"Nobody has shown a ring {content_hash}")
    description: dict[str, Any] = known
    return description
