"""The stones: filtered, counted, sorted and paged, each with the twin of its report."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.views.decorators.http import require_safe

from builder import pricing, search
from builder.pages import design_of, mode_for, page, quoted, today_for
from builder.search import numbers
from builder.views import filters, layouts, looks, trays
from builder.views.histograms import Spread, spreads
from builder.views.ring import held
from builder.views.stones import Alike, Looker, asked_elsewhere, rows
from jeweler.models import Store

KEPT_WHEN_CLEARED = ("fits", "sort", layouts.NAME, trays.NAME)
SORTS = {value: sort.title for value, sort in search.SORTS.items()}


@require_safe
def diamonds(request: HttpRequest) -> HttpResponse:
    """A filter that says nothing is left out with a word; the rest still holds."""
    now = timezone.now()
    design = design_of(request)
    mode = mode_for(design)
    params, query, refused = readable(request.GET, mode=mode, now=now)
    layout, unknown = layouts.read(params)
    tray = trays.read(params)
    params = tray.address
    looker = Looker(setting=query.fits, design=design, mode=mode, now=now)
    results = search.search(query)
    listed = rows(results.stones, params=params, looker=looker, opens_first=layout == layouts.LIST)
    sorts = {
        value: title
        for value, title in SORTS.items()
        if "price" not in value or mode != pricing.ON_REQUEST
    }
    refused += unknown
    return page(
        request,
        "builder/diamonds.html",
        {
            "results": results,
            "rows": listed,
            "listed": results.stones,
            "drawn": [*(results.stones if layout == layouts.GRID else []), *tray.stones],
            "has_market": any(row.position for row in listed),
            "layout": layout,
            "layouts": layouts.layouts(params, present=layout),
            "heads": layouts.heads(params, sort=query.sort, sorts=sorts),
            "tray": tray,
            "carried": [
                (name, value)
                for name in (layouts.NAME, trays.NAME)
                for value in params.getlist(name)
            ],
            "asked": asked_elsewhere(results.stones, params=params, looker=looker),
            "gone_alike": gone_alike(query, results, looker=looker),
            "stores": Store.objects.filter(is_open=True).order_by("id"),
            "refused": refused,
            "setting": query.fits,
            "held": held(query.fits),
            "sorts": sorts,
            "sort": query.sort,
            "params": params,
            "today": today_for(None, now=now),  # by which `ready_by` is read
            "address": address_of(params),
            "cleared": cleared(params),
        }
        | filtered(query, results, params=params, mode=mode, now=now),
        step="stone",
        design=design,
        quote=quoted(design, now=now),
        status=400 if refused else 200,
    )


def filtered(
    query: search.StoneQuery,
    results: search.Results,
    *,
    params: QueryDict,
    mode: str,
    now: datetime,
) -> dict[str, Any]:
    """What the page says of its filters: what each would leave, what is chosen, and the way on when nothing is left."""
    is_fancy = looks.present(params) == looks.FANCY
    measured = {
        each.name: as_told(each, mode=mode)
        for each in spreads(query, now=now)
        if each.name != "price" or mode != pricing.ON_REQUEST
    }
    nearest = [
        each
        for each in results.nearest
        if "number" not in each.changes  # "All stones" says so
        and (mode == pricing.SHOWN or not any("price" in name for name in each.changes))
    ]
    return {
        "facets": filters.shown(results, is_fancy=is_fancy, params=params),
        "is_fancy": is_fancy,
        "looks": looks.looks(params),
        "kept": [(name, params.getlist(name)) for name in looks.dormant(params)],
        "look": params.get("look", ""),
        "in_sight": [measured[name] for name in filters.IN_SIGHT if name in measured],
        "more_measured": [each for name, each in measured.items() if name not in filters.IN_SIGHT],
        "more_chosen": filters.is_more_chosen(params, measured),
        "ways": filters.ways(nearest, params),
        "chosen": filters.chosen_words(query, results.facets, is_fancy=is_fancy),
        "chosen_count": filters.chosen_count(params),
    }


def as_told(spread: Spread, *, mode: str) -> Spread:
    """The ends of the prices are themselves prices: in a range they are the steps that hold them."""
    if spread.name != "price" or mode == pricing.SHOWN:
        return spread
    return replace(spread, least=pricing.ends(spread.least)[0], most=pricing.ends(spread.most)[1])


def readable(
    given: QueryDict, *, mode: str, now: datetime
) -> tuple[QueryDict, search.StoneQuery, list[str]]:
    """The parameters that can be read, what they ask for, and what was wrong with the others.

    `facets` is left out: the API counts only those, and the page shows the counts of all.
    """
    params = given.copy()
    params.pop("facets", None)
    for name in [name for name, values in params.lists() if not any(values)]:
        del params[name]
    refused: list[str] = []
    if mode == pricing.ON_REQUEST:
        refused += _without_prices(params)
    while True:
        try:
            query = search.StoneQuery.from_params(looks.asked(params), now=now)
        except search.BadFilter as error:
            refused.append(str(error))
            if error.field not in params:
                return QueryDict(), search.StoneQuery(), refused
            del params[error.field]
        else:
            return params, query, refused


def _without_prices(params: QueryDict) -> list[str]:
    """Prices on request are not to be found out by filtering; the list begins with the largest stones."""
    asked = [name for name in ("price_min", "price_max") if params.pop(name, None)]
    if "price" in params.get("sort", "price"):
        params["sort"] = "-carat"
    return (
        ["Price: we tell our prices on request, so the list does not go by them"] if asked else []
    )


def gone_alike(query: search.StoneQuery, results: search.Results, *, looker: Looker) -> list[Alike]:
    """What could stand in for the stone whose number was asked for and that is gone."""
    gone = numbers.gone(query.number) if query.number and not results.total else None
    return looker.alike(gone) if gone else []


def cleared(params: QueryDict) -> str:
    """The list without filters, laid out and for the setting as it is, with the tray as it is."""
    kept = QueryDict(mutable=True)
    for name in KEPT_WHEN_CLEARED:
        if name in params:
            kept.setlist(name, params.getlist(name))
    return f"?{kept.urlencode()}" if kept else "?"


def address_of(params: QueryDict) -> str:
    """The list's own query, ready for one more name."""
    kept = params.copy()
    kept.pop("open", None)
    return f"{kept.urlencode()}&" if kept else ""
