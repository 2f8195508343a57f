"""What can be engraved inside a ring: characters, how many, and how wide they run. Values in, values out.

A setting says how many characters it takes, and whether symbols and accents are among them. Letters stand 1.5 mm high; their
widths are those of an upright serif at that height, by three classes, which is right to a tenth of a line. The part of the inside that
is free of the head and of its gallery is taken as three fifths of the circumference.
"""

import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from builder import gemology

LONGEST = 32  # what a design keeps
PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .,-–+&/'’!?:()")
SYMBOLS = frozenset("♥∞ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿŒœß")
FREE_PART = Decimal("0.6")

_LOOKS = "\ufe0e\ufe0f"  # whether a symbol is drawn plain or colored
_NARROW = frozenset("iIjlftr .,-'’!:()/")
_WIDE = frozenset("mwMWÆŒæœ&∞♥")
_NARROW_MM, _USUAL_MM, _WIDE_MM = Decimal("0.6"), Decimal("1.0"), Decimal("1.4")


class BadEngraving(ValueError):
    """The text cannot be cut into this ring."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Of one setting. `limit` 0: it cannot be engraved."""

    limit: int = 16
    has_symbols: bool = True
    price: Decimal = Decimal(0)


def tidied(text: str) -> str:
    """The text as it is kept, whichever keyboard it came from: one character for a letter and its accent, single spaces, a heart
    that is cut and not colored, and nothing that cannot be seen.
    """
    composed = unicodedata.normalize("NFC", text).replace("❤", "♥")
    seen = (each for each in composed if unicodedata.category(each) != "Cf" and each not in _LOOKS)
    return " ".join("".join(seen).split())


def check(text: str, *, rules: Rules, size: Decimal | None) -> None:
    """Raises BadEngraving with the way out. `size` is US; None: not chosen yet, and the width is not judged."""
    if not text:
        return
    if rules.limit == 0:
        raise BadEngraving("This ring has no room inside for an engraving; take the text away.")
    if strange := sorted(set(text) - PLAIN - SYMBOLS):
        raise BadEngraving(f"We cannot engrave {' '.join(map(_shown, strange))}; leave it out.")
    if not rules.has_symbols and (drawn := sorted(set(text) & SYMBOLS)):
        raise BadEngraving(
            f"This ring takes plain letters, digits and points; leave out {' '.join(drawn)}."
        )
    if len(text) > rules.limit:
        raise BadEngraving(
            f"{rules.limit} characters fit inside this ring; yours has {len(text)}. Shorten it."
        )
    if size is not None and width_mm(text) > room_mm(size):
        raise BadEngraving(
            f"Your text is about {width_mm(text):.0f} mm long; inside this size {room_mm(size):.0f} mm "
            "are free. Shorten it."
        )


def taken(*, rules: Rules) -> str:
    """Every character that the ring takes, for a page that says so while she types."""
    return "".join(sorted(PLAIN | SYMBOLS if rules.has_symbols else PLAIN))


def width_mm(text: str) -> Decimal:
    """How long the text runs."""
    return sum((_advance(character) for character in text), Decimal(0))


def room_mm(size: Decimal) -> Decimal:
    """How much of the inside is free at this US size."""
    return gemology.inner_circumference_mm(size) * FREE_PART


def _shown(strange: str) -> str:
    """A character in a sentence: a mark without its letter stands on a circle."""
    if not strange.isprintable():
        return "what cannot be seen"
    return f"◌{strange}" if unicodedata.combining(strange) else strange


def _advance(character: str) -> Decimal:
    if character in _NARROW:
        return _NARROW_MM
    return _WIDE_MM if character in _WIDE else _USUAL_MM
