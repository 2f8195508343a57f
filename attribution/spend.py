"""Import what the advertising cost, from a CSV file of one row per day and term.

Promise: the same file twice changes nothing the second time; a corrected file corrects; every refused row
is named with its field, and the others are imported. Columns: date, source, amount, and, where there
is one, channel, medium, campaign, term, clicks, currency. Without a channel the source and the medium (`cpc`
when none is given) say it, by the rules of `attribution.channels`.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TextIO

from django.db import transaction

from attribution.channels import Channel, classify, clean
from attribution.models import AdSpend
from jeweler import money

NEEDED = ("date", "source", "amount")
KNOWN = {*NEEDED, "channel", "medium", "campaign", "term", "clicks", "currency"}
LARGEST = Decimal(10) ** 9
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class UnreadableFile(ValueError):
    """It is no CSV with the columns that are needed."""


@dataclass(frozen=True, kw_only=True)
class RowError:
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"Line {self.line}, {self.field}: {self.message}"


@dataclass(frozen=True, kw_only=True)
class SpendImport:
    """What came of a file."""

    added: int
    changed: int
    unchanged: int
    errors: list[RowError]


class _BadField(ValueError):
    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@transaction.atomic
def import_spend(*, file: TextIO) -> SpendImport:
    """Import the rows that can be, in one transaction. Raises UnreadableFile."""
    errors: list[RowError] = []
    read = list(_read(file, errors))
    found = {_key(row): row for row in AdSpend.objects.filter(date__in={row.date for row in read})}
    new = [row for row in read if _key(row) not in found]
    known = [(row, found[_key(row)]) for row in read if _key(row) in found]
    changed = [_onto(row, old) for row, old in known if _values(row) != _values(old)]
    AdSpend.objects.bulk_create(new, batch_size=2000)
    AdSpend.objects.bulk_update(
        changed, ["channel", "clicks", "amount", "currency"], batch_size=1000
    )
    return SpendImport(
        added=len(new), changed=len(changed), unchanged=len(known) - len(changed), errors=errors
    )


def _key(row: AdSpend) -> tuple[date, str, str, str]:
    return row.date, row.source, row.campaign, row.term


def _values(row: AdSpend) -> tuple[str, int, Decimal, str]:
    return row.channel, row.clicks, row.amount, row.currency


def _onto(row: AdSpend, old: AdSpend) -> AdSpend:
    old.channel, old.clicks, old.amount, old.currency = _values(row)
    return old


def _read(file: TextIO, errors: list[RowError]) -> Iterator[AdSpend]:
    lines = csv.DictReader(file, strict=True)
    try:
        columns = [
            (name or "").strip().lower().removeprefix("\ufeff") for name in lines.fieldnames or []
        ]
        _check_columns(columns)
        lines.fieldnames = columns
        yield from _rows(lines, errors)
    except csv.Error as error:
        raise UnreadableFile(f"Line {lines.line_num} is no CSV: {error}") from error
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"The file is not in UTF-8: {error}. Export it as UTF-8") from error


def _rows(lines: "csv.DictReader[str]", errors: list[RowError]) -> Iterator[AdSpend]:
    seen: dict[tuple[date, str, str, str], int] = {}
    for values in lines:
        try:
            row = _row(
                {name: (text or "").strip() for name, text in values.items() if name in KNOWN}
            )
            before = seen.setdefault(_key(row), lines.line_num)
            if before != lines.line_num:
                raise _BadField(
                    "term",
                    f"the same day, source, campaign and term stand on line {before}; add the two up",
                )
        except _BadField as error:
            errors.append(RowError(line=lines.line_num, field=error.field, message=str(error)))
        else:
            yield row


def _check_columns(columns: list[str]) -> None:
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise UnreadableFile(
            f"The file has no column {', '.join(missing)}. It needs {', '.join(NEEDED)}, and may have "
            f"{', '.join(sorted(KNOWN - set(NEEDED)))}"
        )
    unknown = [name for name in columns if name not in KNOWN]
    if unknown:
        raise UnreadableFile(
            f"Unknown column {', '.join(unknown)}; remove it, or name it as one of "
            f"{', '.join(sorted(KNOWN))}"
        )


def _row(values: Mapping[str, str]) -> AdSpend:
    source = clean(values["source"].lower())
    if not source:
        raise _BadField("source", "is empty; say where the ad ran, such as google")
    campaign, medium = clean(values.get("campaign", "")), values.get("medium") or "cpc"
    return AdSpend(
        date=_date(values["date"]),
        channel=_channel(
            values.get("channel", ""), source=source, medium=medium, campaign=campaign
        ),
        source=source,
        campaign=campaign,
        term=clean(values.get("term", "")),
        clicks=_clicks(values.get("clicks", "")),
        amount=_amount(values["amount"]),
        currency=_currency(values.get("currency", "")),
    )


def _date(text: str) -> date:
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise _BadField("date", f"{text!r} is no day; write it as 2026-11-21")


def _channel(text: str, *, source: str, medium: str, campaign: str) -> Channel:
    if not text:
        return classify(source=source, medium=medium, campaign=campaign)
    by_name = {name.lower(): Channel(value) for value, name in Channel.choices}
    by_name |= {value: Channel(value) for value in Channel.values}
    if text.lower() not in by_name:
        raise _BadField(
            "channel", f"{text!r} is no channel; use one of {', '.join(sorted(Channel.labels))}"
        )
    return by_name[text.lower()]


def _clicks(text: str) -> int:
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise _BadField("clicks", f"{text!r} is no whole number of clicks")
    return int(text or 0)


def _amount(text: str) -> Decimal:
    """With a point and without thousands separators: "1.234" could be either."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount.as_tuple().exponent < -2 or amount >= LARGEST:  # type: ignore[operator]
        raise _BadField("amount", f"{text!r} is no amount; write it as 1234.50")
    if amount < 0:
        raise _BadField("amount", f"{text} is negative; take a credit note off its day's amount")
    return amount


def _currency(text: str) -> str:
    code = text.upper() or "USD"
    try:
        money.exponent(code)
    except money.UnknownCurrency as error:
        raise _BadField("currency", str(error)) from error
    return code
