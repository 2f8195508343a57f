"""The stone list: filters, facets, sorting and pages, in three queries whatever is asked.

Facets are disjunctive: each one's counts heed every filter but its own, so that they say what another click would find.
`fits` filters by the very limits that `compatibility.check` judges by.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import reduce
from math import ceil
from operator import and_, or_
from typing import Any, TypeVar

from django.db import connection
from django.db.models import BooleanField, Case, ExpressionWrapper, F, Q, QuerySet, Value, When
from django.http import QueryDict

from builder import compatibility, gemology
from builder.models import Setting, Shape, Stone
from jeweler.models import Store

CODE = re.compile(r"[\w-]{1,50}", re.ASCII)
Row = TypeVar("Row", Store, Setting)

PAGE_SIZE, LARGEST_PAGE = 24, 96
SORTS: dict[str, tuple[str, ...]] = {
    "price": ("price", "id"),
    "-price": ("-price", "id"),
    "carat": ("carat", "price", "id"),
    "-carat": ("-carat", "price", "id"),
    "color": ("has_no_letter", "color", "price", "id"),
    "clarity": ("clarity_place", "price", "id"),
}
RANGES = {
    "carat_min": "carat__gte",
    "carat_max": "carat__lte",
    "price_min": "price__gte",
    "price_max": "price__lte",
}


@dataclass(frozen=True, kw_only=True)
class Facet:
    """A column that is counted by value. `always` are shown even when no stone has them."""

    column: str
    labels: Mapping[str, str]
    always: Sequence[str]


def _same(values: Sequence[str]) -> dict[str, str]:
    return {value: value for value in values}


FACETS = {
    "shape": Facet(column="shape", labels=dict(Shape.choices), always=gemology.SHAPES),
    "color": Facet(column="color", labels=_same(gemology.COLORS), always=gemology.COLORS[:8]),
    "clarity": Facet(
        column="clarity", labels=_same(gemology.CLARITIES), always=gemology.CLARITIES[:8]
    ),
    "cut": Facet(
        column="cut", labels=gemology.GRADE_LABELS, always=("excellent", "very_good", "good")
    ),
    "growth": Facet(column="growth", labels=dict(Stone.Growth.choices), always=Stone.Growth.values),
    "lab": Facet(column="lab", labels=_same(gemology.LABS), always=()),
    "fluorescence": Facet(
        column="fluorescence",
        labels=gemology.FLUORESCENCE_LABELS,
        always=gemology.FLUORESCENCES,
    ),
}
# Counted in one go, all facets in two: a group by each facet alone takes half as long again.
TOGETHER = (("shape", "cut", "growth", "lab", "fluorescence"), ("color", "clarity"))
PARAMETERS = frozenset({*FACETS, *RANGES, "store", "fits", "sort", "page", "page_size"})


class BadFilter(ValueError):
    """A filter that cannot be used: which one, and what to write instead."""

    def __init__(self, *, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field, self.message = field, message


@dataclass(frozen=True, kw_only=True)
class StoneQuery:
    """What is asked of the stone list. `chosen` maps a facet to its chosen values; empty: any."""

    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ranges: Mapping[str, Decimal] = field(default_factory=dict)
    store: Store | None = None
    fits: Setting | None = None
    sort: str = "price"
    page: int = 1
    page_size: int = PAGE_SIZE

    @classmethod
    def from_params(cls, params: QueryDict) -> "StoneQuery":
        """Read a query string: lists are repeated or comma-separated, blanks are no filter.

        Names that are no filter, such as an ad's, are left alone. Raises BadFilter.
        """
        ranges = {
            name: _amount(name, text) for name in RANGES if (text := params.get(name, "").strip())
        }
        for name in ("carat", "price"):
            if ranges.get(f"{name}_min", Decimal(0)) > ranges.get(f"{name}_max", Decimal("Inf")):
                raise BadFilter(field=f"{name}_min", message=f"is more than {name}_max; swap them")
        return cls(
            chosen={name: chosen for name in FACETS if (chosen := _values(name, params))},
            ranges=ranges,
            store=_named("store", params, Store.objects.filter(is_open=True)),
            fits=_named(
                "fits", params, Setting.objects.filter(is_offered=True).prefetch_related("heads")
            ),
            sort=_one_of("sort", params.get("sort", "").strip() or "price", SORTS),
            page=_count("page", params, default=1, most=100_000),
            page_size=_count("page_size", params, default=PAGE_SIZE, most=LARGEST_PAGE),
        )


@dataclass(frozen=True, kw_only=True)
class FacetValue:
    value: str
    label: str
    count: int
    selected: bool


@dataclass(frozen=True, kw_only=True)
class Results:
    """`page` is the one that is given: the last when a later one was asked for."""

    stones: list[Stone]
    total: int
    facets: dict[str, list[FacetValue]]
    page: int
    pages: int


def search(query: StoneQuery) -> Results:
    counts = _counts(query)
    total = counts.get(("", ""), 0)
    pages = max(1, ceil(total / query.page_size))
    page = min(query.page, pages)
    return Results(
        stones=_stones(query, page=page) if total else [],
        total=total,
        facets=_facets(query, counts),
        page=page,
        pages=pages,
    )


def fitting(rules: compatibility.SettingRules) -> Q:
    """The stones that `compatibility.check` finds to fit this setting, as a filter."""
    return reduce(or_, map(_within, compatibility.envelopes(setting=rules)), Q(pk__in=[]))


def _within(limits: compatibility.Envelope) -> Q:
    shapes_by_depth: dict[Decimal, list[str]] = {}
    for shape, deepest in limits.max_depth_mm.items():
        shapes_by_depth.setdefault(deepest, []).append(shape)
    shallow_enough = [
        Q(shape__in=shapes, depth_mm__lte=deepest) for deepest, shapes in shapes_by_depth.items()
    ]
    return reduce(or_, shallow_enough) & Q(
        width_mm__gte=limits.min_width_mm,
        width_mm__lte=limits.max_width_mm,
        length_mm__gte=limits.min_length_mm,
        length_mm__lte=limits.max_length_mm,
    )


def like(*, stone: Stone, setting: Setting | None = None, limit: int = 3) -> list[Stone]:
    """Stones on offer that could stand in for this one: they face up the same, and cost about the same.

    Same shape and growth, length and width within 3 %, at most one color and one clarity plainer, and they fit
    the setting. Nearest price first.
    """
    span = Decimal("0.03")
    found = Stone.objects.filter(
        status=Stone.Status.AVAILABLE,
        shape=stone.shape,
        growth=stone.growth,
        length_mm__range=(stone.length_mm * (1 - span), stone.length_mm * (1 + span)),
        width_mm__range=(stone.width_mm * (1 - span), stone.width_mm * (1 + span)),
        color__in=_down_to(gemology.COLORS, stone.color),
        clarity__in=_down_to(gemology.CLARITIES, stone.clarity),
    ).exclude(pk=stone.pk)
    if setting is not None:
        found = found.filter(fitting(setting.rules))
    wanted = stone.price or Decimal(0)
    nearest = sorted(found, key=lambda each: (abs((each.price or wanted) - wanted), each.pk))
    return nearest[:limit]


def _down_to(grades: Sequence[str], grade: str) -> list[str]:
    """This grade, the better ones, and the next plainer one."""
    if grade not in grades:
        return [grade]
    return list(grades[: grades.index(grade) + 2])


# Asking the table.


def _offered(query: StoneQuery) -> QuerySet[Stone]:
    """What every facet heeds: offered, in the ranges, in the store, and fitting."""
    conditions = {RANGES[name]: amount for name, amount in query.ranges.items()}
    stones = Stone.objects.filter(status=Stone.Status.AVAILABLE, **conditions)
    if query.store:
        stones = stones.filter(store=query.store)
    return stones.filter(fitting(query.fits.rules)) if query.fits else stones


def _holds(query: StoneQuery, name: str) -> Q:
    return Q(**{f"{FACETS[name].column}__in": query.chosen[name]})


def _stones(query: StoneQuery, *, page: int) -> list[Stone]:
    chosen = reduce(and_, (_holds(query, name) for name in query.chosen), Q())
    stones = _offered(query).filter(chosen)
    if query.sort == "color":
        stones = stones.alias(has_no_letter=_is(Q(color="")))
    if query.sort == "clarity":
        places = [
            When(clarity=clarity, then=Value(place))
            for place, clarity in enumerate(gemology.CLARITIES)
        ]
        stones = stones.alias(clarity_place=Case(*places, default=Value(len(places))))
    start = (page - 1) * query.page_size
    # Ids first: sorting whole rows takes three times as long.
    ids = stones.order_by(*SORTS[query.sort]).values_list("pk", flat=True)
    page_ids = list(ids[start : start + query.page_size])
    rows = Stone.objects.select_related("store").in_bulk(page_ids)
    return [rows[pk] for pk in page_ids]


def _is(condition: Q) -> "ExpressionWrapper[Q]":
    return ExpressionWrapper(condition, output_field=BooleanField())


def _counts(query: StoneQuery) -> dict[tuple[str, str], int]:
    """How many stones have each value of each facet, and ("", ""): how many match everything.

    One pass over the stones that miss at most one chosen facet; `missed` is that facet's name, or empty. They are
    gathered by TOGETHER, which leaves a few hundred sums, and each facet adds up those that miss none but itself.
    """
    flags = {f"holds_{name}": _is(_holds(query, name)) for name in query.chosen}
    base, parameters = (
        _offered(query)
        .annotate(**{f"facet_{name}": F(FACETS[name].column) for name in FACETS}, **flags)
        .values_list(*(f"facet_{name}" for name in FACETS), *flags)
        .query.sql_with_params()
    )
    columns = ", ".join(f"facet_{name}" for name in FACETS)
    sets = ", ".join(f"({', '.join(f'facet_{name}' for name in names)})" for names in TOGETHER)
    sums = [_sum_of(name) for name in FACETS]
    sql = f"""
        WITH gathered AS MATERIALIZED (
            SELECT missed, {columns}, count(*) AS stones
            FROM (SELECT {columns}, {_missed(query)} AS missed FROM ({base}) AS base
                  WHERE {_misses_at_most_one(query)}) AS near
            GROUP BY missed, GROUPING SETS ({sets})
        )
        {" UNION ALL ".join(sums)} UNION ALL
        SELECT '', '', coalesce(sum(stones), 0)::bigint FROM gathered
        WHERE missed = '' AND facet_{TOGETHER[0][0]} IS NOT NULL
    """  # noqa: S608  names are ours and values are parameters
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return {(name, value): count for name, value, count in cursor.fetchall()}


def _sum_of(name: str) -> str:
    """A facet's counts from what was gathered, where its column is null in the sets that leave it out."""
    return f"""
        SELECT '{name}', facet_{name},
               coalesce(sum(stones) FILTER (WHERE missed IN ('', '{name}')), 0)::bigint
        FROM gathered WHERE facet_{name} IS NOT NULL GROUP BY facet_{name}
    """  # noqa: S608  names are ours


def _missed(query: StoneQuery) -> str:
    if not query.chosen:
        return "''"
    whens = (f"WHEN NOT holds_{name} THEN '{name}'" for name in query.chosen)
    return f"CASE {' '.join(whens)} ELSE '' END"


def _misses_at_most_one(query: StoneQuery) -> str:
    """A row that holds to fewer is counted by no facet."""
    held = " + ".join(f"holds_{name}::int" for name in query.chosen)
    return f"{held} >= {len(query.chosen) - 1}" if len(query.chosen) > 1 else "true"


def _facets(
    query: StoneQuery, counts: Mapping[tuple[str, str], int]
) -> dict[str, list[FacetValue]]:
    facets = {}
    for name, facet in FACETS.items():
        chosen = query.chosen.get(name, ())
        found = {value for facet_name, value in counts if facet_name == name}
        shown = found | {*facet.always, *chosen}
        facets[name] = [
            FacetValue(
                value=value,
                label=label,
                count=counts.get((name, value), 0),
                selected=value in chosen,
            )
            for value, label in facet.labels.items()
            if value in shown
        ]
    return facets


# Reading the query string.


def _values(name: str, params: QueryDict) -> tuple[str, ...]:
    given = [value.strip() for text in params.getlist(name) for value in text.split(",")]
    labels = FACETS[name].labels
    by_spelling = {value.lower(): value for value in labels}
    values = []
    for value in filter(None, given):
        if value.lower() not in by_spelling:
            raise BadFilter(
                field=name, message=f"{value[:40]!r} is unknown; use any of {', '.join(labels)}"
            )
        values.append(by_spelling[value.lower()])
    return tuple(dict.fromkeys(values))


def _amount(name: str, text: str) -> Decimal:
    wrong = BadFilter(field=name, message=f"{text[:40]!r} is no amount; write one such as 1.50")
    try:
        amount = Decimal(text.replace(",", "").removeprefix("$"))
    except InvalidOperation:
        raise wrong from None
    if not amount.is_finite() or not 0 <= amount < 10**8:
        raise wrong
    return amount


def _count(name: str, params: QueryDict, *, default: int, most: int) -> int:
    text = params.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= most):
        raise BadFilter(field=name, message=f"{text[:40]!r} is not a number from 1 to {most}")
    return int(text[:9])


def _one_of(name: str, text: str, known: Mapping[str, Any]) -> str:
    if text not in known:
        raise BadFilter(
            field=name, message=f"{text[:40]!r} is unknown; use one of {', '.join(known)}"
        )
    return text


def _named(name: str, params: QueryDict, rows: QuerySet[Row]) -> Row | None:
    code = params.get(name, "").strip()
    if not code:
        return None
    found = rows.filter(code=code).first() if CODE.fullmatch(code) else None
    if found is None:
        raise BadFilter(field=name, message=f"{code[:40]!r} is unknown")
    return found
