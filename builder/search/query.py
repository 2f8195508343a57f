"""What is asked of the stone list, read from a query string and checked name by name.

A refusal names the field in the words that people use and says what to write instead.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import NoReturn
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from builder import pricebook, workdays
from builder.models import Setting
from builder.search.facets import FACETS, MEASURES, RANGES, SORTS, TITLES
from builder.search.keys import Key
from jeweler.models import Store

Params = MultiValueDict[str, str]  # such as a QueryDict

CODE = re.compile(r"[\w-]{1,50}", re.ASCII)
NUMBER = re.compile(r"[\w ./#-]{1,64}", re.ASCII)

PAGE_SIZE, LARGEST_PAGE = 24, 96
LAST_PAGE = 400  # whoever wants more pages takes the cursor of the page before


class BadFilter(ValueError):
    """A filter that cannot be used: which one, and what to write instead."""

    def __init__(self, *, field: str, message: str) -> None:
        super().__init__(f"{TITLES[field]}: {message}")
        self.field, self.message = field, message


@dataclass(frozen=True, kw_only=True)
class StoneQuery:
    """What is asked of the stone list. `chosen` maps a facet to its chosen values; empty: any.

    `days_left` are the working days from today until `ready_by`. A page is named by its number or by a key of the stone
    that it comes `after` or `before`. `counted` are the facets whose counts are wanted.
    """

    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ranges: Mapping[str, Decimal] = field(default_factory=dict)
    store: Store | None = None
    fits: Setting | None = None
    ready_by: date | None = None
    days_left: int = 0
    number: str = ""
    sort: str = "price"
    page: int = 1
    page_size: int = PAGE_SIZE
    after: Key | None = None
    before: Key | None = None
    counted: tuple[str, ...] = tuple(FACETS)

    @classmethod
    def from_params(cls, params: Params, *, now: datetime | None = None) -> "StoneQuery":
        """Read a query string: lists are repeated or comma-separated, blanks are no filter.

        Names that are no filter, such as an ad's, are left alone. `now`: the clock, when not given. Raises BadFilter.
        """
        today = _today(now or timezone.now()) if "ready_by" in params else None
        ready_by = _ready_by(params, today=today) if today else None
        sort = _one_of("sort", _text("sort", params) or "price", SORTS)
        after, before = _key("after", params, sort=sort), _key("before", params, sort=sort)
        if after and before:
            raise BadFilter(field="before", message="give either this or After, not both")
        return cls(
            chosen={name: chosen for name in FACETS if (chosen := _values(name, params))},
            ranges={
                name: _amount(name, text)
                for name in RANGES
                if name in params and (text := _text(name, params))
            },
            store=_store(params),
            fits=_fits(params),
            ready_by=ready_by,
            days_left=workdays.until(ready_by, today=today) if today and ready_by else 0,
            number=_number(params),
            sort=sort,
            page=_count("page", params, default=1, most=LAST_PAGE),
            page_size=_count("page_size", params, default=PAGE_SIZE, most=LARGEST_PAGE),
            after=after,
            before=before,
            counted=_counted(params),
        )

    def bounds(self, name: str) -> tuple[int | None, int | None]:
        """The least and the most whole number of a measure that is asked for; None: no limit."""
        measure = MEASURES[name]
        low, high = self.ranges.get(f"{name}_min"), self.ranges.get(f"{name}_max")
        return (
            None if low is None else measure.least(low),
            None if high is None else measure.most(high),
        )

    @property
    def measured(self) -> list[str]:
        """The measures that are limited."""
        return [
            name
            for name in MEASURES
            if f"{name}_min" in self.ranges or f"{name}_max" in self.ranges
        ]

    @property
    def crossed(self) -> list[str]:
        """The measures whose least is more than their most: nothing can be found."""
        nothing = []
        for name in self.measured:
            low, high = self.ranges.get(f"{name}_min"), self.ranges.get(f"{name}_max")
            if low is not None and high is not None and low > high:
                nothing.append(name)
        return nothing

    def with_ranges(self, ranges: Mapping[str, Decimal]) -> "StoneQuery":
        return replace(self, ranges=ranges, page=1, after=None, before=None)

    def without(self, name: str) -> "StoneQuery":
        """The same without a facet's, a measure's or another filter; the first page of it."""
        first = replace(self, page=1, after=None, before=None)
        if name in FACETS:
            return replace(first, chosen={k: v for k, v in self.chosen.items() if k != name})
        if name in MEASURES:
            ends = (f"{name}_min", f"{name}_max")
            return first.with_ranges({k: v for k, v in self.ranges.items() if k not in ends})
        if name == "store":
            return replace(first, store=None)
        if name == "fits":
            return replace(first, fits=None)
        if name == "ready_by":
            return replace(first, ready_by=None)
        return replace(first, number="")

    @property
    def filters(self) -> list[str]:
        """What is filtered by, in the order in which it is shown."""
        others = {
            "store": self.store,
            "fits": self.fits,
            "ready_by": self.ready_by,
            "number": self.number,
        }
        return [
            *(name for name in FACETS if name in self.chosen),
            *self.measured,
            *(name for name, value in others.items() if value),
        ]


# Reading the query string.


def _today(now: datetime) -> date:
    """By the house's clock: whoever asks has no store yet, or may ask without one."""
    return now.astimezone(ZoneInfo(settings.HOUSE_TIME_ZONE)).date()


_SPELLINGS = {
    name: {value.lower(): value for value in facet.labels} for name, facet in FACETS.items()
}


def _text(name: str, params: Params) -> str:
    return params.get(name, "").strip()


def _values(name: str, params: Params) -> tuple[str, ...]:
    if name not in params:
        return ()
    given = [value.strip() for text in params.getlist(name) for value in text.split(",")]
    by_spelling = _SPELLINGS[name]
    values = []
    for value in filter(None, given):
        if value.lower() not in by_spelling:
            known = ", ".join(FACETS[name].labels)
            raise BadFilter(field=name, message=f"{value[:40]!r} is unknown; use any of {known}")
        values.append(by_spelling[value.lower()])
    return tuple(dict.fromkeys(values))


def _counted(params: Params) -> tuple[str, ...]:
    """In the list's own order; all of them when nothing is said."""
    given = (name.strip() for text in params.getlist("facets") for name in text.split(","))
    asked = {name for name in given if name}
    if strange := sorted(asked - FACETS.keys()):
        known = ", ".join(FACETS)
        raise BadFilter(
            field="facets", message=f"{strange[0][:40]!r} is unknown; use any of {known}"
        )
    return tuple(name for name in FACETS if name in asked) or tuple(FACETS)


def _amount(name: str, text: str) -> Decimal:
    example = MEASURES[name.rpartition("_")[0]].example
    wrong = BadFilter(
        field=name, message=f"{text[:40]!r} is no amount; write one such as {example}"
    )
    try:
        amount = Decimal(text.replace(",", "").removeprefix("$").removesuffix("%").strip())
    except InvalidOperation:
        raise wrong from None
    if not amount.is_finite() or not 0 <= amount < 10**8:
        raise wrong
    return amount


def _ready_by(params: Params, *, today: date) -> date | None:
    text = _text("ready_by", params)
    if not text:
        return None
    example = workdays.after(today, days=30).isoformat()
    try:
        day = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        day = None
    if day is None:
        raise BadFilter(
            field="ready_by", message=f"{text[:40]!r} is no date; write one such as {example}"
        )
    if day < today:
        raise BadFilter(
            field="ready_by", message=f"{text} has passed; write a later day, such as {example}"
        )
    return day


def _number(params: Params) -> str:
    text = _text("number", params)
    if text and not (NUMBER.fullmatch(text) and any(each.isalnum() for each in text)):
        raise BadFilter(
            field="number",
            message=f"{text[:40]!r} is no number of a report or of our stock; "
            "write it as it is printed, such as GIA 6214000123",
        )
    return text


def _count(name: str, params: Params, *, default: int, most: int) -> int:
    text = _text(name, params)
    if not text:
        return default
    is_number = text.isascii() and text.isdigit()
    if is_number and name == "page" and int(text[:9]) > most:
        raise BadFilter(
            field=name,
            message=f"{text[:40]} is too far; filter more closely, or follow After from a page "
            f"before {most}",
        )
    if not (is_number and 1 <= int(text[:9]) <= most):
        raise BadFilter(field=name, message=f"{text[:40]!r} is not a number from 1 to {most}")
    return int(text[:9])


def _key(name: str, params: Params, *, sort: str) -> Key | None:
    text = _text(name, params)
    if not text:
        return None
    key = Key.read(text, sort=sort)
    if key is None:
        raise BadFilter(
            field=name,
            message=f"{text[:40]!r} is no place in this order; take it from the page beside it",
        )
    return key


def _one_of(name: str, text: str, known: Collection[str]) -> str:
    if text not in known:
        raise BadFilter(
            field=name, message=f"{text[:40]!r} is unknown; use one of {', '.join(known)}"
        )
    return text


def _store(params: Params) -> Store | None:
    code = _text("store", params)
    if not code:
        return None
    known = CODE.fullmatch(code) and Store.objects.filter(is_open=True, code=code).first()
    return known or _unknown("store", code)


def _fits(params: Params) -> Setting | None:
    code = _text("fits", params)
    if not code:
        return None
    known = CODE.fullmatch(code) and _setting(code, pricebook.current().number)
    return known or _unknown("fits", code)


@lru_cache(maxsize=256)
def _setting(code: str, version: int) -> Setting | None:
    """As of a version of the catalog, whose number changes with whatever changes a setting or its heads."""
    offered = Setting.objects.filter(is_offered=True, code=code)
    return offered.prefetch_related("heads").first()


def _unknown(name: str, code: str) -> NoReturn:
    raise BadFilter(field=name, message=f"{code[:40]!r} is unknown")
