"""The drawn pictures of rings, kept on disk under their content hash.

Only a ring that a page or a saved version has shown is ever drawn, in three sizes and few at a time: a
made-up hash costs one look-up, and whoever draws never keeps the whole site waiting.

Every ring has an address, and whoever makes up addresses has a picture remembered for each. So only the last `MOST` that were
merely looked at are kept, with their files; what is let go is remembered anew by the next page that shows it. Pictures of
saved versions, of mails and of the settings as they are listed are never let go.
"""

import io
import re
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection
from PIL import Image

from builder import pictures
from builder.models import DesignVersion, Picture
from jeweler import files

WIDTHS = (300, 600, 900)
HASH = re.compile(r"[0-9a-f]{64}")
MOST = (
    20_000  # rows of about 2 kB, and, where somebody asked for them, files of about 150 kB together
)
WEBP_QUALITY = 86  # no difference is seen beside the PNG, also on facets
NEARLY_PAPER = 6  # levels of 255
AT_A_TIME = 200  # more than a page shows
PATIENCE_S = 20
# In one process: two draw, and four may wait for them (a browser asks for six things at a time); whoever else
# asks is told to come again, so that threads are left for pages.
_drawing = threading.BoundedSemaphore(2)
_asking = threading.BoundedSemaphore(6)


class UnknownPicture(LookupError):
    """Nobody has shown a ring with this hash, or not in this width."""


class BenchBusy(Exception):
    """Enough pictures are being drawn; ask again in a moment."""


# The eldest beyond the last ones; two who let go at once take each a part.
_LET_GO = """
    DELETE FROM builder_picture WHERE id IN (
        SELECT id FROM builder_picture
        WHERE NOT is_kept AND id <= (SELECT max(id) FROM builder_picture) - %s
        ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    ) RETURNING hash
"""


def remember(
    descriptions: dict[str, dict[str, Any]], *, now: datetime, for_good: bool = False
) -> None:
    """Make the pictures of these descriptions known by their hashes; knowing them twice is nothing.

    `for_good`: somebody has them where no page shows them anew, as in a mail. What is engraved is not seen, and not kept.
    """
    found = Picture.objects.filter(hash__in=descriptions)
    known = dict(found.values_list("hash", "is_kept"))
    if for_good and not all(known.values()):
        found.update(is_kept=True)
    new = [
        Picture(
            hash=content_hash,
            description={**description, "engraving": ""},
            is_kept=for_good,
            created_at=now,
        )
        for content_hash, description in descriptions.items()
        if content_hash not in known
    ]
    if new:
        Picture.objects.bulk_create(new, ignore_conflicts=True)
        _let_go()


def _let_go() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_LET_GO, [MOST, AT_A_TIME])
        gone = {content_hash for (content_hash,) in cursor.fetchall()}
    if not gone:
        return
    saved = DesignVersion.objects.filter(picture_hash__in=gone)
    for content_hash in gone - set(saved.values_list("picture_hash", flat=True)):
        for kind in ("pictures", "cards"):
            for file in (Path(settings.MEDIA_ROOT) / kind / content_hash[:2]).glob(
                f"{content_hash}-*"
            ):
                file.unlink(missing_ok=True)


def picture(*, content_hash: str, width: int, is_light: bool = False) -> Path:
    """The PNG of a known description, drawn now if nobody asked before. A third wider than high.

    `is_light`: as WebP without the paper, a fifth of the bytes, for browsers that say that they take it.
    Raises UnknownPicture, BenchBusy.
    """
    if width not in WIDTHS or HASH.fullmatch(content_hash) is None:
        raise UnknownPicture(f"There is no picture {content_hash!r} that is {width} px wide")
    file = Path(settings.MEDIA_ROOT) / "pictures" / content_hash[:2] / f"{content_hash}-{width}.png"
    if not file.exists():
        _draw(file, _description(content_hash), width=width)
    return _lighter(file) if is_light else file


def _lighter(png: Path) -> Path:
    file = png.with_suffix(".webp")
    if not file.exists():
        packed = io.BytesIO()
        _without_paper(Image.open(png)).save(packed, format="WEBP", quality=WEBP_QUALITY)
        files.write_whole(file, content=packed.getvalue())
    return file


def _without_paper(drawn: Image.Image) -> Image.Image:
    """Clear where there is only paper, and half clear where there is nearly: the page's own shows through, so that no edge is seen.

    WebP keeps colors by twos and threes, which beside the page's paper would be a frame around the picture.
    """
    paper = np.array(pictures.PAPER, dtype=np.float32)
    away = np.asarray(drawn.convert("RGB"), dtype=np.float32) - paper
    cover = np.rint(255 * np.clip(np.abs(away).max(axis=2) / NEARLY_PAPER, 0, 1))
    color = paper + away * (255 / np.maximum(cover, 1))[..., None]
    return Image.fromarray(
        np.dstack([np.clip(np.rint(color), 0, 255), cover]).astype(np.uint8), mode="RGBA"
    )


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
