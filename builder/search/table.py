"""The engine that asks the table: always exact, and slower the more stones there are.

One pass counts all facets, a second finds the page. Used while there is no snapshot (docs/algorithms/search.md).
"""

from functools import reduce
from math import ceil
from operator import and_
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import (
    BooleanField,
    Case,
    ExpressionWrapper,
    F,
    IntegerField,
    Max,
    Min,
    Q,
    QuerySet,
    Value,
    When,
)

from builder.models import Stone
from builder.search.facets import FACETS, MEASURES, SORTS
from builder.search.fitting import any_of, fitting, promptness, within
from builder.search.keys import Key, key_of
from builder.search.query import StoneQuery
from builder.search.results import Beside, Counts, Found

name = "table"

# Counted in few goes: a group by each facet alone takes half as long again, and one by all gathers nothing.
TOGETHER = (
    ("shape", "cut", "growth", "lab", "fluorescence"),
    ("color", "clarity"),
    ("polish", "symmetry"),
    ("fancy_hue", "fancy_intensity"),
)
Among = frozenset[int] | None


def find(query: StoneQuery, *, among: Among) -> Found:
    counts = _counts(query, among)
    total = counts.get("", {}).get("", 0)
    keys, page, has_previous, has_next = _page(query, among, total=total)
    return Found(
        total=total,
        counts=counts,
        keys=keys,
        page=page,
        has_previous=has_previous,
        has_next=has_next,
    )


def count(query: StoneQuery, *, among: Among) -> int:
    return _matching(query, among).count()


def beside(query: StoneQuery, measure: str, *, among: Among) -> Beside:
    column = MEASURES[measure].column
    low, high = sorted_bounds(query, measure)
    stones = _matching(query.without(measure), among)
    below = stones.filter(**{f"{column}__lt": low}) if low is not None else stones.none()
    above = stones.filter(**{f"{column}__gt": high}) if high is not None else stones.none()
    nearest_below = below.aggregate(value=Max(column))["value"]
    nearest_above = above.aggregate(value=Min(column))["value"]
    return Beside(
        below=nearest_below,
        below_count=_with_value(below, column, nearest_below),
        above=nearest_above,
        above_count=_with_value(above, column, nearest_above),
    )


def sorted_bounds(query: StoneQuery, measure: str) -> tuple[int | None, int | None]:
    low, high = query.bounds(measure)
    return (high, low) if low is not None and high is not None and low > high else (low, high)


def _with_value(stones: "QuerySet[Stone]", column: str, value: int | None) -> int:
    return 0 if value is None else stones.filter(**{column: value}).count()


# Conditions.


def _offered(query: StoneQuery, among: Among) -> "QuerySet[Stone]":
    """What every facet heeds: offered, in the ranges, in the store, fitting, and there in time."""
    stones = Stone.objects.filter(status=Stone.Status.AVAILABLE)
    if among is not None:
        stones = stones.filter(pk__in=list(among))
    for measure in query.measured:
        column = MEASURES[measure].column
        low, high = query.bounds(measure)
        if low is not None:
            stones = stones.filter(**{f"{column}__gte": low})
        if high is not None:
            stones = stones.filter(**{f"{column}__lte": high})
    if query.store:
        stones = stones.filter(store=query.store)
    if query.ready_by:
        return stones.filter(_in_time(query))
    return stones.filter(fitting(query.fits.rules)) if query.fits else stones


def _in_time(query: StoneQuery) -> Q:
    """There and, with a setting, set in it by the day; a stone is set in the first head that holds it."""
    if query.fits is None:
        return Q(delivery_days__lte=query.days_left)
    return any_of(
        any_of(within(limits) for limits in each.head.limits)
        & ~any_of(within(limits) for head in each.before for limits in head.limits)
        & Q(delivery_days__lte=each.days)
        for each in promptness(query.fits, days_left=query.days_left)
        if each.days >= 0
    )


def _holds(query: StoneQuery, facet: str) -> Q:
    return Q(**{f"{FACETS[facet].column}__in": query.chosen[facet]})


def _matching(query: StoneQuery, among: Among) -> "QuerySet[Stone]":
    chosen = reduce(and_, (_holds(query, facet) for facet in query.chosen), Q())
    return _offered(query, among).filter(chosen)


# The page.


def _page(
    query: StoneQuery, among: Among, *, total: int
) -> tuple[list[Key], int | None, bool, bool]:
    """The page's keys, its number if it has one, and whether there are stones before and after it."""
    size = query.page_size
    if query.after:
        keys = _keys(query, among, after=query.after, limit=size + 1)
        has_previous = bool(_keys(query, among, before=keys[0], limit=1)) if keys else total > 0
        return keys[:size], None, has_previous, len(keys) > size
    if query.before:
        keys = _keys(query, among, before=query.before, limit=size + 1)
        has_next = bool(_keys(query, among, after=keys[-1], limit=1)) if keys else total > 0
        return keys[-size:], None, len(keys) > size, has_next
    pages = max(1, ceil(total / size))
    page = min(query.page, pages)
    keys = _keys(query, among, start=(page - 1) * size, limit=size) if total else []
    return keys, page, page > 1, page < pages


def _keys(
    query: StoneQuery,
    among: Among,
    *,
    after: Key | None = None,
    before: Key | None = None,
    start: int = 0,
    limit: int,
) -> list[Key]:
    """In the query's order. Before a key: those next to it."""
    order = SORTS[query.sort]
    rank = _rank(query.sort)
    stones = (
        _matching(query, among).alias(rank=rank) if rank is not None else _matching(query, among)
    )
    has_rank = rank is not None
    down = order.is_descending
    directions = (
        [("rank", down), ("price_cents", False), ("id", False)]
        if has_rank
        else [
            ("price_cents", down),
            ("id", down),
        ]
    )
    if after or before:
        stones = stones.filter(_beyond(directions, after or before, is_before=bool(before)))
    turned = bool(before)
    stones = stones.order_by(
        *(f"{'-' if is_down != turned else ''}{column}" for column, is_down in directions)
    )
    columns = [F("rank") if has_rank else Value(0), F("price_cents"), F("id")]
    rows = list(stones.values_list(*columns)[start : start + limit])
    keys = [key_of(sort=query.sort, rank=row[0], price=row[1], pk=row[2]) for row in rows]
    return keys[::-1] if turned else keys


def _rank(sort: str) -> Any:
    """What the order goes by, as SQL; None for the price."""
    order = SORTS[sort]
    if order.measure:
        return F(MEASURES[order.measure].column)
    if order.facet:
        facet = FACETS[order.facet]
        places = [
            When(**{facet.column: value}, then=Value(place))
            for place, value in enumerate(facet.labels)
        ]
        return Case(*places, default=Value(len(places)), output_field=IntegerField())
    return None


def _beyond(directions: list[tuple[str, bool]], key: Key | None, *, is_before: bool) -> Q:
    """After the key in the order of its columns: greater in the first that differs."""
    assert key is not None
    values = [abs(value) for value in (key if len(directions) == 3 else key[1:])]
    condition, same = Q(pk__in=[]), Q()
    for (column, is_down), value in zip(directions, values, strict=True):
        comparison = "lt" if is_down != is_before else "gt"
        condition |= same & Q(**{f"{column}__{comparison}": value})
        same &= Q(**{column: value})
    return condition


# The facets.


def _is(condition: Q) -> "ExpressionWrapper[Q]":
    return ExpressionWrapper(condition, output_field=BooleanField())


def _counts(query: StoneQuery, among: Among) -> Counts:
    """How many stones have each value of each facet, and under "" how many match everything.

    One pass over the stones that miss at most one chosen facet; `missed` is that facet's name, or empty. They are
    gathered by TOGETHER, which leaves a few hundred sums, and each facet adds up those that miss none but itself.
    """
    try:
        sql, parameters = _counting(query, among)
    except EmptyResultSet:  # Django saw that nothing can match
        return {}
    counts: dict[str, dict[str, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        for facet, value, stones in cursor.fetchall():
            if stones and (value or not facet):
                counts.setdefault(facet, {})[value] = stones
    return counts


def _counting(query: StoneQuery, among: Among) -> tuple[str, tuple[Any, ...]]:
    flags = {f"holds_{facet}": _is(_holds(query, facet)) for facet in query.chosen}
    base, parameters = (
        _offered(query, among)
        .annotate(**{f"facet_{facet}": F(FACETS[facet].column) for facet in FACETS}, **flags)
        .values_list(*(f"facet_{facet}" for facet in FACETS), *flags)
        .query.sql_with_params()
    )
    columns = ", ".join(f"facet_{facet}" for facet in FACETS)
    sets = ", ".join(f"({', '.join(f'facet_{facet}' for facet in names)})" for names in TOGETHER)
    sums = [_sum_of(facet) for facet in FACETS]
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
    return sql, tuple(parameters)


def _sum_of(facet: str) -> str:
    """A facet's counts from what was gathered, where its column is null in the sets that leave it out."""
    return f"""
        SELECT '{facet}', facet_{facet},
               coalesce(sum(stones) FILTER (WHERE missed IN ('', '{facet}')), 0)::bigint
        FROM gathered WHERE facet_{facet} IS NOT NULL GROUP BY facet_{facet}
    """  # noqa: S608  names are ours


def _missed(query: StoneQuery) -> str:
    if not query.chosen:
        return "''"
    whens = (f"WHEN NOT holds_{facet} THEN '{facet}'" for facet in query.chosen)
    return f"CASE {' '.join(whens)} ELSE '' END"


def _misses_at_most_one(query: StoneQuery) -> str:
    """A row that holds to fewer is counted by no facet."""
    held = " + ".join(f"holds_{facet}::int" for facet in query.chosen)
    return f"{held} >= {len(query.chosen) - 1}" if len(query.chosen) > 1 else "true"
