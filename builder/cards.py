"""A ring's share card: what a chat or a social site shows beside a link to it, 1200 × 630 pixels.

Her picture on the house's ground, the ring's name in the serif and one line; never a price, and no word of hers. What it says is
in its signed address, so that nobody has the house print words of their own; a card is made once and kept on disk.
"""

import hashlib
import io
from pathlib import Path

from django.conf import settings
from django.core import signing
from django.urls import reverse
from PIL import Image, ImageDraw, ImageFont

from builder import pictures
from jeweler import files

SIZE = (1200, 630)
PICTURE = (840, 630)
MARGIN = 84
INK, QUIET = (0x16, 0x18, 0x1D), (0x55, 0x52, 0x4C)
RULE = (0xDD, 0xD5, 0xC7)
# The shop's own fonts, as npm brings them; (axes) as the file has them.
SERIF = ("newsreader-latin-opsz-normal.woff2", (380, 60))  # weight, optical size
SANS = ("hanken-grotesk-latin-wght-normal.woff2", (420,))
MOST_NAME, MOST_LINE = 60, 90
DESIGN = 1  # raise it when a card looks otherwise: its address changes, and sites fetch it anew
_SALT = "builder.cards"


class UnknownCard(LookupError):
    """The house never made this address."""


def address(*, picture_hash: str, name: str, line: str) -> str:
    """Where the card of this ring is, which says this name and this line under it."""
    said = {"v": DESIGN, "p": picture_hash, "n": name[:MOST_NAME], "l": line[:MOST_LINE]}
    return reverse("builder:card", args=[signing.dumps(said, salt=_SALT, compress=True)])


def said(signed: str) -> dict[str, str]:
    """What an address stands for: `p` the picture's hash, `n` the name, `l` the line. Raises UnknownCard."""
    try:
        words: dict[str, str] = signing.loads(signed, salt=_SALT)
    except signing.BadSignature as error:
        raise UnknownCard from error
    return words


def card(words: dict[str, str], *, picture: Path) -> Path:
    """The card's file, made now if nobody asked before. `picture`: the drawn ring on the page's paper."""
    said_hash = hashlib.sha256("\n".join(str(words[key]) for key in "vpnl").encode()).hexdigest()
    shown = words["p"]  # under the picture that it shows, with which it is let go
    file = Path(settings.MEDIA_ROOT) / "cards" / shown[:2] / f"{shown}-{said_hash[:16]}.png"
    if not file.exists():
        png = drawn(picture=picture.read_bytes(), name=words["n"], line=words["l"])
        files.write_whole(file, content=png)
    return file


def drawn(*, picture: bytes, name: str, line: str) -> bytes:
    """The card's PNG."""
    paper = Image.new("RGB", SIZE, pictures.PAPER)
    ring = Image.open(io.BytesIO(picture)).convert("RGB").resize(PICTURE, Image.Resampling.LANCZOS)
    paper.paste(ring, (SIZE[0] - PICTURE[0] + 60, 0))
    pen = ImageDraw.Draw(paper)
    room = 480
    house = _font(SANS, 22)
    pen.text(
        (MARGIN, MARGIN), settings.SITE_NAME.upper(), font=house, fill=QUIET, features=["kern"]
    )
    lines = _wrapped(name, _font(SERIF, 76), room=room)
    small = _wrapped(line, _font(SANS, 27), room=room)
    top = SIZE[1] - MARGIN - 40 * len(small) - 84 * len(lines) - 36
    for number, each in enumerate(lines):
        pen.text((MARGIN, top + 84 * number), each, font=_font(SERIF, 76), fill=INK)
    rule = top + 84 * len(lines) + 14
    pen.line((MARGIN, rule, MARGIN + 56, rule), fill=RULE, width=2)
    for number, each in enumerate(small):
        pen.text((MARGIN, rule + 22 + 40 * number), each, font=_font(SANS, 27), fill=QUIET)
    file = io.BytesIO()
    paper.save(file, format="PNG", optimize=True)
    return file.getvalue()


def _wrapped(words: str, font: ImageFont.FreeTypeFont, *, room: int) -> list[str]:
    """At most three lines that fit the room; what is longer ends in an ellipsis."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    cut = lines[:3]
    if len(lines) > 3:
        cut[-1] += " …"
    return [_shortened(each, font, room=room) for each in cut]


def _shortened(line: str, font: ImageFont.FreeTypeFont, *, room: int) -> str:
    while line and font.getlength(line) > room:
        line = line.rstrip(" …")[:-1] + "…"
    return line


def _font(face: tuple[str, tuple[int, ...]], size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(Path(settings.BASE_DIR) / "static" / "dist" / "fonts" / face[0], size)
    font.set_variation_by_axes(list(face[1]))
    return font
