"""Take fields out of what a vendor sent: what it leaves out is empty, what it means otherwise than we read it is Malformed.

Vendors cannot mend what they send, so the first thing that is wrong is enough, and named for whoever looks at the dead row.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from jeweler import money
from pos_bridge.providers.fields import Malformed, Problem

LARGEST = Decimal(10) ** 11

_DECIMAL = re.compile(r"-?\d{1,16}(?:\.\d{1,20})?", re.ASCII)
_REPORT = re.compile(r"\b(?:GIA|IGI|AGS|HRD|GCAL)\s*(?:no\.?|#)?\s*(\w*\d{6,})\b", re.IGNORECASE)
_DESIGN = re.compile(r"\b[O0]S[ \-–]?[0-9A-Z]{4}[ \-–]?[0-9A-Z]{3}\b", re.IGNORECASE)


def wrong(name: str, message: str) -> NoReturn:
    raise Malformed([Problem(field=name, message=message)])


def whole_object(body: Any) -> dict[str, Any]:
    return body if isinstance(body, dict) else wrong("(body)", "is no JSON object")


def group(row: dict[str, Any], name: str) -> dict[str, Any]:
    """The object of that name; an empty one where there is none."""
    value = row.get(name)
    if value is None:
        return {}
    return value if isinstance(value, dict) else wrong(name, "is no object")


def rows(row: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The list of objects of that name; an empty one where there is none."""
    value = row.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        wrong(name, "is no list of objects")
    return value


def text(row: dict[str, Any], name: str, *, longest: int = 200) -> str:
    """Trimmed and cut; a number as it is written."""
    value = row.get(name)
    if value is None or isinstance(value, bool):
        return ""
    if not isinstance(value, str | int):
        wrong(name, "is no text")
    return str(value).strip()[:longest].strip()


def needed(row: dict[str, Any], name: str, *, longest: int = 128) -> str:
    """An identifier, whole: a cut one would be another."""
    found = text(row, name, longest=longest + 1)
    if not found or len(found) > longest:
        wrong(name, f"is missing, or longer than {longest} characters")
    return found


def moment(row: dict[str, Any], name: str) -> datetime:
    found = maybe_moment(row, name)
    return found if found is not None else wrong(name, "is missing")


def maybe_moment(row: dict[str, Any], name: str) -> datetime | None:
    """A time without an offset is UTC, as Lightspeed's are."""
    value = row.get(name)
    if not value:
        return None
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        wrong(name, "is no time")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def version_at(at: datetime) -> int:
    """A version that grows with the time of the last change, in microseconds."""
    return int(at.timestamp()) * 1_000_000 + at.microsecond


def currency(row: dict[str, Any], name: str) -> str:
    code = text(row, name, longest=4)
    try:
        money.exponent(code)
    except money.UnknownCurrency:
        wrong(name, "is no ISO 4217 currency")
    return code


def number(row: dict[str, Any], name: str) -> Decimal:
    """Exact as it is written, whether it was a number or a text; zero where there is none."""
    value = row.get(name)
    if value is None or value == "":
        return Decimal(0)
    if isinstance(value, bool) or not isinstance(value, str | int):
        wrong(name, "is no number")
    if not _DECIMAL.fullmatch(str(value)):
        wrong(name, "is no number")
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        wrong(name, "is no number")
    return found if abs(found) < LARGEST else wrong(name, "is too large")


def amount(row: dict[str, Any], name: str, *, currency: str) -> Decimal:
    """Major units, exact in the decimals of the currency."""
    try:
        minor = money.to_minor(number(row, name), currency=currency)
    except money.FractionalMinorUnit:
        wrong(name, f"has more decimals than {currency} has")
    return money.from_minor(minor, currency=currency)


def rounded(row: dict[str, Any], name: str, *, currency: str) -> Decimal:
    """For tills that compute with more decimals than there are coins."""
    return money.rounded(number(row, name), currency=currency)


def quantity(row: dict[str, Any], name: str) -> int:
    """A whole count, or 1 for what is sold by weight or length: its amounts then are of the whole."""
    found = number(row, name)
    return int(found) if found == found.to_integral_value() and 0 < found < 10_000 else 1


def report_in(*texts: str) -> str:
    """The number of the grading report that a text names with its laboratory."""
    for each in texts:
        if found := _REPORT.search(each):
            return found[1][:32]
    return ""


def design_in(*texts: str) -> str:
    """The design code that stands in a text."""
    for each in texts:
        if found := _DESIGN.search(each):
            return found[0]
    return ""
