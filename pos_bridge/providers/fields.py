"""Take fields out of a JSON object, collecting every problem with its field and the way out."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from jeweler import money

MOST_DIGITS = 11  # before the decimal point, as the columns have
_DECIMAL = re.compile(r"\d{1,11}(?:\.\d{1,4})?", re.ASCII)
# As the published schema has it: the extended form only, and years that a till can mean.
_MOMENT = re.compile(
    r"20\d\d-\d\d-\d\dT\d\d:\d\d(:\d\d([.,]\d{1,6})?)?(Z|[+-]\d\d:?\d\d)", re.ASCII
)


@dataclass(frozen=True, kw_only=True)
class Problem:
    field: str
    message: str


class Malformed(ValueError):
    """The event says something that cannot be understood; each problem names its field."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{found.field}: {found.message}" for found in problems))
        self.problems = problems


@dataclass(kw_only=True)
class Fields:
    """One JSON object and where it stands. What is missing or wrong is noted, never raised."""

    values: dict[str, Any]
    path: str = ""
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, name: str, message: str) -> None:
        problem = Problem(field=self.path + name, message=message)
        if problem not in self.problems:
            self.problems.append(problem)

    def group(self, name: str, *, is_required: bool = True) -> "Fields":
        value = self.values.get(name)
        if value is None and not is_required:
            value = {}
        if not isinstance(value, dict):
            self.wrong(name, "is missing; send an object")
            value = {}
        return Fields(values=value, path=f"{self.path}{name}.", problems=self.problems)

    def each(self, name: str, *, most: int) -> list["Fields"]:
        value = self.values.get(name)
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            self.wrong(name, f"is a list of 1 to {most} objects")
            return []
        return [self._item(name, position, item) for position, item in enumerate(value)]

    def text(self, name: str, *, longest: int, is_required: bool = False) -> str:
        value = self.values.get(name)
        if value is None and not is_required:
            return ""
        if value is None:
            self.wrong(name, f"is missing; send a text of at most {longest} characters")
        elif not isinstance(value, str):
            self.wrong(name, "is a text; put it in quotation marks")
        elif len(value) > longest:
            self.wrong(name, f"has {len(value)} characters; send at most {longest}")
        elif is_required and not value.strip():
            self.wrong(name, "is empty; send its value")
        else:
            return value.strip()
        return ""

    def choice(self, name: str, *, of: Collection[str], default: str = "") -> str:
        value = self.values.get(name, default or None)
        if isinstance(value, str) and value in of:
            return value
        self.wrong(name, f"is one of {', '.join(of)}")
        return default

    def whole(self, name: str, *, least: int, most: int, default: int | None = None) -> int:
        value = self.values.get(name, default)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self.wrong(name, f"is a whole number from {least} to {most}")
        return least

    def truth(self, name: str, *, default: bool) -> bool:
        value = self.values.get(name, default)
        if isinstance(value, bool):
            return value
        self.wrong(name, "is true or false")
        return default

    def moment(self, name: str) -> datetime:
        value = self.values.get(name)
        found = _moment(value) if isinstance(value, str) else None
        if found is None:
            self.wrong(name, "is a time with its offset, such as 2026-11-21T14:10:00-05:00")
            return datetime.max.replace(tzinfo=UTC)
        return found

    def currency(self, name: str) -> str:
        value = self.values.get(name)
        try:
            if isinstance(value, str) and value.isascii() and value.isupper():
                money.exponent(value)
                return value
        except money.UnknownCurrency:
            pass
        self.wrong(name, "is an ISO 4217 code in capitals, such as USD")
        return ""

    def amount(self, name: str, *, currency: str, default: Decimal | None = None) -> Decimal:
        """`<name>_minor` as a whole number of minor units, or `<name>` as a decimal string."""
        minor, major = self.values.get(f"{name}_minor"), self.values.get(name)
        if minor is not None and major is not None:
            self.wrong(name, f"is there twice; send {name}_minor or {name}")
        elif minor is None and major is None and default is None:
            self.wrong(name, f"is missing; send {name}_minor as a whole number of minor units")
        elif minor is not None:
            return self._from_minor(f"{name}_minor", minor, currency)
        elif major is not None:
            return self._from_major(name, major, currency)
        return Decimal(0) if default is None else default

    def _from_minor(self, name: str, value: Any, currency: str) -> Decimal:
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or not 0 <= value < 10**MOST_DIGITS:
            self.wrong(name, "is a whole number of minor units, zero or more: 508800 for 5,088.00")
        elif currency:
            return money.from_minor(value, currency=currency)
        return Decimal(0)

    def _from_major(self, name: str, value: Any, currency: str) -> Decimal:
        if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
            self.wrong(
                name, f'is a decimal in a string, zero or more: "5088.00"; or send {name}_minor'
            )
        elif currency:
            try:
                minor = money.to_minor(Decimal(value), currency=currency)
                return money.from_minor(minor, currency=currency)
            except money.FractionalMinorUnit as error:
                self.wrong(name, f"{error}; round it at the till")
        return Decimal(0)

    def _item(self, name: str, position: int, item: Any) -> "Fields":
        path = f"{self.path}{name}[{position}]"
        if not isinstance(item, dict):
            self.problems.append(Problem(field=path, message="is an object"))
            item = {}
        return Fields(values=item, path=f"{path}.", problems=self.problems)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if _MOMENT.fullmatch(text) else None
    except ValueError:
        return None
