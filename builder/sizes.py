"""Ring sizes as people write them, turned into ours: "6½", "L½", "52", "16.5 mm". Values in, values out.

A size is the inside of the ring: its circumference in millimeters is the truth, and every system is a way to say it. We make
US half sizes, so what is said in another system becomes the nearest of those, at most 0.64 mm off around the finger. UK letters
follow BS 6820 (A is 37.8 mm, a letter 1.25 mm), EU sizes ISO 8653 (the circumference itself, 41 to 76). Japanese and Swiss
numbers are not read: 12 would be three different rings.
"""

import re
from decimal import ROUND_HALF_UP, Decimal

from builder import gemology

SMALLEST, LARGEST = Decimal(3), Decimal(13)
SYSTEMS = {"us": "US", "uk": "UK", "eu": "EU", "mm": "mm"}

_PER_HALF = gemology.inner_circumference_mm(Decimal(1)) - gemology.inner_circumference_mm(
    Decimal(0)
)
_FRACTIONS = {"¼": ".25", "½": ".5", "¾": ".75"}
_SPELLED = re.compile(r"[\s-]*(1/4|1/2|3/4)")
_SIZE = re.compile(r"\bSIZE\b:?")
_DIAMETERS = (Decimal(13), Decimal(23))  # inside a ring that a hand wears
_AROUND = (Decimal(41), Decimal(76))  # ISO 8653
_US = (Decimal(0), Decimal(20))
_LETTER = re.compile(r"([A-Z])(?:(?<=Z) ?\+ ?([1-6]))?(\.5)?", re.ASCII)


class Unreadable(ValueError):
    """Not a size in any system we read, or none we make."""


def read(text: str, *, system: str = "") -> Decimal:
    """The US size that is meant, in halves. `system` (us, uk, eu, mm) is only needed where the text does not say it.

    Raises Unreadable, which names the systems, or the range.
    """
    said, named = _parts(text)
    system = named or system.strip().lower()
    if system not in ("", *SYSTEMS):
        raise Unreadable(f"{system[:12]!r} is no system of sizes we read; use us, uk, eu or mm.")
    letter = _LETTER.fullmatch(said)
    if letter and system in ("", "uk"):
        beyond = f"+{letter[2]}" if letter[2] else ""
        return _made(us_size_of(uk=letter[1] + beyond + ("½" if letter[3] else "")), text)
    number = _number(said)
    if number is None or system == "uk":
        raise _unreadable(text)
    return _made(_us_of(number, system, text), text)


def us_size_of(
    *, circumference_mm: Decimal | None = None, uk: str | None = None, eu: Decimal | None = None
) -> Decimal:
    """The nearest US half size, by one of the three."""
    if uk is not None:
        circumference_mm = circumference_of_uk(uk)
    elif eu is not None:
        circumference_mm = eu
    if circumference_mm is None:
        raise ValueError("name a circumference, a UK or an EU size")
    size = (circumference_mm - gemology.inner_circumference_mm(Decimal(0))) / _PER_HALF
    return (size * 2).quantize(Decimal(1), rounding=ROUND_HALF_UP) / 2


def every() -> list[Decimal]:
    """Every half size that rings are made in, the smallest first."""
    return [Decimal(half) / 2 for half in range(int(SMALLEST * 2), int(LARGEST * 2) + 1)]


def japanese(size: Decimal) -> str:
    """The Japanese number of a US size: a third of a millimeter of diameter each, 1 being 13 mm. Only ever said, never read."""
    number = (gemology.inner_diameter_mm(size) - 13) * 3 + 1
    return str(number.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def circumference_of_uk(letter: str) -> Decimal:
    """ "L½" is 52.175 mm around (BS 6820), and "Z+1" a letter beyond Z."""
    whole, half, _ = letter.upper().partition("½")
    letters = ord(whole[0]) - ord("A") + int(whole[2:] or 0)
    halves = 2 * letters + len(half)
    return gemology.UK_START_MM + gemology.UK_STEP_MM * halves / 2


def _parts(text: str) -> tuple[str, str]:
    """What is said, with decimals for fractions, and the system where it is named: ("6.5", "us")."""
    said = text.strip().upper().replace(",", ".")[:24]
    said = _SIZE.sub(" ", said).strip()
    for fraction, decimals in _FRACTIONS.items():
        said = re.sub(rf"[\s-]*{fraction}", decimals, said)
    spelled = {"1/4": ".25", "1/2": ".5", "3/4": ".75"}
    said = _SPELLED.sub(lambda found: spelled[found[1]], said)
    for name, mark in SYSTEMS.items():
        if name == "mm":
            if said.endswith("MM"):
                return said[:-2].strip(), name
        elif re.match(rf"{mark}(\b|(?=\d|[A-Z](?![A-Z])))", said) or re.search(rf"\b{mark}$", said):
            return said.replace(mark, "", 1).strip(), name
    return said, ""


def _number(said: str) -> Decimal | None:
    return Decimal(said) if re.fullmatch(r"\d{1,2}(\.\d{1,2})?", said, re.ASCII) else None


def _us_of(number: Decimal, system: str, text: str) -> Decimal:
    is_around = _AROUND[0] <= number <= _AROUND[1]
    if system == "mm" and _DIAMETERS[0] <= number <= _DIAMETERS[1]:
        return us_size_of(circumference_mm=number * gemology.PI)
    if system in ("mm", "eu", "") and is_around:
        return us_size_of(circumference_mm=number)
    if system in ("us", "") and _US[0] <= number <= _US[1]:
        if number * 2 % 1:
            below = number * 2 // 1 / 2
            raise Unreadable(
                f"We make half sizes. Choose {gemology.in_halves(below)} or "
                f"{gemology.in_halves(below + Decimal('0.5'))}."
            )
        return number
    raise _unreadable(text)


def _made(size: Decimal, text: str) -> Decimal:
    if SMALLEST <= size <= LARGEST:
        return size
    least, most = (gemology.size_systems(each) for each in (SMALLEST, LARGEST))
    raise Unreadable(
        f"{text.strip()[:24]} is no size we make: US {least['us']} to {most['us']}, UK {least['uk']} to "
        f"{most['uk']}, EU {least['eu']} to {most['eu']}."
    )


def _unreadable(text: str) -> Unreadable:
    return Unreadable(
        f"{text.strip()[:24]!r} is no ring size we can read. Write a US size such as 6½, a UK one such as L½, "
        "an EU one such as 52, or the inside in millimeters, such as 16.5 mm."
    )
