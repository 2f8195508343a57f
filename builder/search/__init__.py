"""The stone list: filters, facets, sorting and pages; stones by number; stand-ins (docs/algorithms/search.md).

Facets are disjunctive: each one's counts heed every filter but its own, so that they say what another click would find.
`fits` filters by the very limits that `compatibility.check` judges by. Two engines give the same answer: a snapshot in this
process's memory, and the table, which is asked while there is none.
"""

from dataclasses import fields
from math import ceil

from builder.models import Stone
from builder.search import numbers, snapshot, table
from builder.search.comparables import market_position, market_positions
from builder.search.facets import FACETS, MEASURES, PARAMETERS, RANGES, SORTS, TITLES
from builder.search.fitting import fitting
from builder.search.nearest import nearest
from builder.search.query import (
    CODE,
    LARGEST_PAGE,
    LAST_PAGE,
    PAGE_SIZE,
    BadFilter,
    StoneQuery,
)
from builder.search.results import Engine, FacetValue, Listing, Nearest, Results, facet_values
from builder.search.twins import Twin, like, twins

__all__ = [
    "CODE",
    "FACETS",
    "LARGEST_PAGE",
    "LAST_PAGE",
    "MEASURES",
    "PAGE_SIZE",
    "PARAMETERS",
    "RANGES",
    "SORTS",
    "TITLES",
    "BadFilter",
    "FacetValue",
    "Listing",
    "Nearest",
    "Results",
    "StoneQuery",
    "Twin",
    "fitting",
    "like",
    "listing",
    "market_position",
    "market_positions",
    "search",
    "snapshot",
    "twins",
]


def search(query: StoneQuery) -> Results:
    """The page's stones with their stores. One that was sold a moment ago is left out of it."""
    found = listing(query)
    rows = {
        stone.pk: stone
        for stone in Stone.objects.select_related("store").filter(
            pk__in=found.ids, status=Stone.Status.AVAILABLE
        )
    }
    told = {each.name: getattr(found, each.name) for each in fields(Listing)}
    return Results(**told, stones=[rows[pk] for pk in found.ids if pk in rows])


def listing(query: StoneQuery) -> Listing:
    """The same with the stones' ids alone."""
    memory = snapshot.current()
    if memory is None:
        return _listing(query, engine=table)
    return _listing(query, engine=memory)


def _listing(query: StoneQuery, *, engine: Engine) -> Listing:
    numbered = numbers.find(query.number) if query.number else None
    among = numbered.ids if numbered else None
    found = engine.find(query, among=among)
    first, last = (found.keys[0], found.keys[-1]) if found.keys else (None, None)
    return Listing(
        ids=found.ids,
        total=found.total,
        facets=facet_values(query, found.counts),
        page=found.page,
        pages=max(1, ceil(found.total / query.page_size)),
        next_cursor=last.written(sort=query.sort) if last and found.has_next else None,
        previous_cursor=first.written(sort=query.sort) if first and found.has_previous else None,
        engine=engine.name,
        note=numbered.note if numbered else "",
        nearest=[] if found.total else nearest(query, found.counts, engine=engine, among=among),
    )
