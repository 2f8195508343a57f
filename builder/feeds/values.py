"""Numbers out of a supplier's text. Blank gives None; what is no such number raises `BadValue`."""

import re
from decimal import Decimal

# Some feeds write 28 decimals; none has a number of ten figures before the point.
_NUMBER = r"(?:\d{1,9}(?:\.\d{0,40})?|\.\d{1,40})"
_SEPARATOR = r"(?:\s*[x×*|/\-]\s*|\s+)"
_MEASURES = re.compile(rf"({_NUMBER}){_SEPARATOR}({_NUMBER}){_SEPARATOR}({_NUMBER})(?:\s*mm)?")
_REPORT = re.compile(r"(?=(?:[A-Z]*\d){5})[A-Z0-9]{5,16}")
_BLANK = frozenset({"", "-", "--", "NA", "N/A", "NONE", "NULL"})


class BadValue(ValueError):
    """The text is no number of this kind."""


def number(text: str) -> Decimal | None:
    """A plain number, also as `$1,234.50`, `60.70%` or `34.5°`; never in powers of ten."""
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
    if not low <= found <= high:
        raise BadValue(f"{found} is not between {low} and {high}")
    return found


def measures(text: str) -> tuple[Decimal, Decimal, Decimal] | None:
    """Three millimeters from `5.40X5.43X3.36`, `5.4 x 5.4 x 3.4`, `5.4|5.4|3.4`, `5.4*5.4*3.4`, `5.4-5.4x3.4` or
    `5.4 5.4 3.4`, in the order in which they stand."""
    cleaned = text.strip()
    if cleaned.upper() in _BLANK:
        return None
    found = _MEASURES.fullmatch(cleaned.lower())
    if found is None:
        raise BadValue(f"{cleaned[:40]!r} is not three millimeters")
    first, second, third = (Decimal(part) for part in found.groups())
    return first, second, third


def report_number(text: str) -> str:
    """As the lab prints it, without spaces and dashes; "" for a blank.

    `1.04075E+11` is refused: a spreadsheet has thrown the digits away and nobody can bring them back.
    """
    cleaned = re.sub(r"[\s\-]", "", text).upper().removesuffix(".0")
    if cleaned in _BLANK or not cleaned.strip("0"):
        return ""
    if not _REPORT.fullmatch(cleaned):
        raise BadValue(f"{text.strip()[:40]!r} is no report number")
    return cleaned
