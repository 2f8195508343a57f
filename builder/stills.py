"""The picture of a design that her own browser drew, in place of the one that the server draws.

What comes from a browser is believed to be a picture and nothing more: it is decoded within bounds, must have the scene's
proportions and look like the drawn picture of the same ring, and is encoded anew, smaller and without a word of metadata.
It is kept once for each design and ring, and shown nowhere but with that design.
"""

import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
from django.core import signing
from django.urls import reverse
from numpy.typing import NDArray
from PIL import Image

from builder import pictures
from builder.models import Design, Still

MOST_BYTES = 1_500_000
LEAST_WIDTH, MOST_WIDTH = 600, 1600
KEPT = (900, 675)
# What is compared: the ring's own box, this coarse, so that lenses, light and facets hardly count. Of 25 rings, all shapes, metals
# and styles, the scene's own stills came to 0.91 at least; other rings' to 0.83–0.96, mirrored or turned ones to 0.35, noise to 0.02.
COARSE = (18, 24)
LEAST_LIKENESS = 0.85
DRAWN = (240, 180)
INK = 60  # steps of 255 off the paper: more than a shadow
UNSAVED = 3  # stills of a design beside those of its saved versions
_SALT = "builder.stills"

Colors = NDArray[np.float64]


class NotAStill(ValueError):
    """The file is no picture of this ring, or not one that is taken."""


class UnknownStill(LookupError):
    """No still has this address."""


def keep(
    *,
    design: Design,
    picture_hash: str,
    description: Mapping[str, Any],
    file: bytes,
    now: datetime,
) -> bool:
    """Keep the file as the design's still of this ring; False: one is kept already. Raises NotAStill."""
    if Still.objects.filter(design=design, picture_hash=picture_hash).exists():
        return False
    picture = _decoded(file)
    if likeness(picture, description) < LEAST_LIKENESS:
        raise NotAStill("The picture shows another ring than the one you are at.")
    written = io.BytesIO()
    picture.resize(KEPT, Image.Resampling.LANCZOS).save(written, format="PNG", optimize=True)
    Still.objects.bulk_create(
        [
            Still(
                design=design,
                picture_hash=picture_hash,
                image=written.getvalue(),
                width=KEPT[0],
                height=KEPT[1],
                made_at=now,
            )
        ],
        ignore_conflicts=True,  # another tab was a moment earlier
    )
    _let_go(design)
    return True


def _let_go(design: Design) -> None:
    """Of rings that were never saved only the last few are kept."""
    saved = design.versions.values("picture_hash")
    passing = Still.objects.filter(design=design).exclude(picture_hash__in=saved)
    last = passing.order_by("-made_at", "-pk").values_list("pk", flat=True)[:UNSAVED]
    passing.exclude(pk__in=list(last)).delete()


def picture_url(design: Design, picture_hash: str, *, width: int = 900) -> str:
    """Where the design's picture of this hash is: her browser's still, else the drawn one; empty: nothing to draw.

    The still's address is signed, so that it is known only where it was shown.
    """
    if not picture_hash:
        return ""
    still = Still.objects.filter(design=design, picture_hash=picture_hash)
    key = still.values_list("pk", flat=True).first()
    if key is None:
        drawn = reverse("builder:picture", args=[picture_hash])
        return f"{drawn}?w={width}"
    return reverse("builder:still_shown", args=[signing.dumps(key, salt=_SALT)])


def shown(signed: str) -> bytes:
    """The PNG at a still's address. Raises UnknownStill."""
    try:
        key = signing.loads(signed, salt=_SALT)
    except signing.BadSignature as error:
        raise UnknownStill from error
    image = Still.objects.filter(pk=key).values_list("image", flat=True).first()
    if image is None:
        raise UnknownStill
    return bytes(image)


def likeness(picture: Image.Image, description: Mapping[str, Any]) -> float:
    """How much a picture looks like the drawn one of this ring: the correlation of their colors, -1 to 1; 0: it is bare.

    Coarse on purpose: it keeps out whatever is no ring in this view, not a ring that looks much the same.
    """
    drawn = Image.open(
        io.BytesIO(pictures.draw(description, width=DRAWN[0], height=DRAWN[1]))
    ).convert("RGB")
    one, other = _coarse(picture.resize(DRAWN, Image.Resampling.BOX)), _coarse(drawn)
    spread = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float((one * other).sum() / spread) if spread else 0.0


def _coarse(picture: Image.Image) -> Colors:
    """How each place of the ring's box departs from the paper, about the mean of each color."""
    away = np.asarray(picture, dtype=np.float64) - np.array(pictures.PAPER)
    rows, columns = np.nonzero(np.abs(away).max(axis=2) > INK)
    if not len(rows):
        return np.zeros((*COARSE[::-1], 3))
    box = (int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
    small = picture.crop(box).resize(COARSE, Image.Resampling.BOX)
    away = np.asarray(small, dtype=np.float64) - np.array(pictures.PAPER)
    return np.asarray(away - away.mean(axis=(0, 1)))


def _decoded(file: bytes) -> Image.Image:
    """The picture of a PNG within bounds, with its pixels read."""
    if len(file) > MOST_BYTES:
        raise NotAStill(
            f"A picture may have {MOST_BYTES // 1000} kB; this one has {len(file) // 1000}."
        )
    try:
        picture = Image.open(io.BytesIO(file), formats=["PNG"])
        _refuse_another_size(picture)  # before a pixel is read
        return picture.convert("RGB")
    except NotAStill:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise NotAStill("The file is no PNG that can be read.") from error


def _refuse_another_size(picture: Image.Image) -> None:
    width, height = picture.size
    if not LEAST_WIDTH <= width <= MOST_WIDTH or abs(width * 3 - height * 4) > 4:
        raise NotAStill(
            f"A picture is {LEAST_WIDTH} to {MOST_WIDTH} pixels wide and three quarters as high; "
            f"this one has {width} × {height}."
        )
    if getattr(picture, "n_frames", 1) != 1:
        raise NotAStill("A picture has one frame.")
