"""Numbers out of a supplier's text. Blank gives None; what is no such number raises `BadValue`."""

import re
from decimal import Decimal

# Some feeds write 28 decimals; none has a number of ten figures before the point.
_NUMBER = r"(?:[0-9]{1,9}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})"
_PLAIN = re.compile(_NUMBER, re.ASCII)
_SEPARATOR = r"(?:\s*[xX×*|/\-]\s*|\s+)"
_MEASURES = re.compile(
    rf"({_NUMBER}){_SEPARATOR}({_NUMBER}){_SEPARATOR}({_NUMBER})(?:\s*[mM]{{2}})?"
)
_REPORT = re.compile(r"(?=(?:[A-Z]*\d){5})[A-Z0-9]{5,16}")
_BLANK = frozenset({"", "-", "--", "NA", "N/A", "NONE", "NULL"})


class BadValue(ValueError):
    """The text is no number of this kind."""


def number(text: str) -> Decimal | None:
    """A plain number, also as `$1,234.50`, `60.70%` or `34.5°`; never in powers of ten."""
    if _PLAIN.fullmatch(text):
        return Decimal(text)
    cleaned = re.sub(r"[\s$,%°]", "", text)
    if cleaned.upper() in _BLANK:
        return None
    if not re.fullmatch(rf"-?{_NUMBER}", cleaned):
        raise BadValue(f"{text.strip()[:40]!r} is no number")
    return Decimal(cleaned)


def within(text: str, low: float, high: float) -> Decimal | None:
    """A number that must lie in a range, else `BadValue`; zero says that it is not known."""
    found = number(text)
    if not found:
        return None
    if not Decimal(str(low)) <= found <= Decimal(str(high)):
        raise BadValue(f"{found} is not between {low} and {high}")
    return found


def three_parts(text: str) -> tuple[str, str, str] | None:
    """Three millimeters from `5.40X5.43X3.36`, `5.4 x 5.4 x 3.4`, `5.4|5.4|3.4`, `5.4*5.4*3.4`, `5.4-5.4x3.4` or
    `5.4 5.4 3.4`, as they are written and in the order in which they stand."""
    found = _MEASURES.fullmatch(text)
    if found is None:
        cleaned = text.strip()
        if cleaned.upper() in _BLANK:
            return None
        found = _MEASURES.fullmatch(cleaned)
        if found is None:
            raise BadValue(f"{cleaned[:40]!r} is not three millimeters")
    first, second, third = found.groups()
    return first, second, third


def measures(text: str) -> tuple[Decimal, Decimal, Decimal] | None:
    """The three as exact numbers."""
    parts = three_parts(text)
    return None if parts is None else (Decimal(parts[0]), Decimal(parts[1]), Decimal(parts[2]))


def report_number(text: str) -> str:
    """As the lab prints it, without spaces and dashes; "" for a blank.

    `1.04075E+11` is refused: a spreadsheet has thrown the digits away and nobody can bring them back.
    """
    if text.isdecimal() and text.isascii() and 5 <= len(text) <= 16 and text.strip("0"):
        return text
    cleaned = re.sub(r"[\s\-]", "", text).upper().removesuffix(".0")
    if cleaned in _BLANK or not cleaned.strip("0"):
        return ""
    if not _REPORT.fullmatch(cleaned):
        raise BadValue(f"{text.strip()[:40]!r} is no report number")
    return cleaned
