"""The stones: filtered, counted, sorted and paged, each with the twin of its report."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.views.decorators.http import require_safe

from builder import compatibility, costing, market, pricing, search
from builder.models import Design, Setting, Stone
from builder.search import numbers
from builder.views import filters, looks
from builder.views.histograms import Spread, spreads
from builder.views.pages import design_of, mode_for, page, quoted
from builder.views.ring import held
from jeweler.models import Store

SORTS = {value: sort.title for value, sort in search.SORTS.items()}
TWINS = 3


@dataclass(frozen=True, kw_only=True)
class Alike:
    """A stone that could stand in for the row's, with what is different in words."""

    stone: Stone
    words: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """`fit` is worked out for an open row alone, twins for the one that was asked for: they show them."""

    stone: Stone
    is_open: bool = False
    is_asked: bool = False
    is_mine: bool = False
    fit: compatibility.Fit | None = None
    position: market.Position | None = None
    twins: list[Alike] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Its number as an address has it, without the thousands' commas that templates write."""
        return str(self.stone.pk)


@require_safe
def diamonds(request: HttpRequest) -> HttpResponse:
    """A filter that says nothing is left out with a word; the rest still holds."""
    now = timezone.now()
    design = design_of(request)
    mode = mode_for(design)
    params, query, refused = readable(request.GET, mode=mode, now=now)
    results = search.search(query)
    listed = rows(results.stones, params=params, setting=query.fits, design=design, mode=mode)
    is_fancy = looks.present(params) == looks.FANCY
    measured = {
        each.name: as_told(each, mode=mode)
        for each in spreads(query, now=now)
        if each.name != "price" or mode != pricing.ON_REQUEST
    }
    return page(
        request,
        "builder/diamonds.html",
        {
            "results": results,
            "rows": listed,
            "has_market": any(row.position for row in listed),
            "facets": filters.shown(results, query, is_fancy=is_fancy, params=params),
            "is_fancy": is_fancy,
            "looks": looks.looks(params),
            "kept": [(name, params.getlist(name)) for name in looks.dormant(params)],
            "look": params.get("look", ""),
            "in_sight": [measured[name] for name in filters.IN_SIGHT if name in measured],
            "more_measured": [
                each for name, each in measured.items() if name not in filters.IN_SIGHT
            ],
            "more_chosen": filters.is_more_chosen(params, measured),
            "ways": filters.ways(
                [
                    each
                    for each in results.nearest
                    if "number" not in each.changes  # "All stones" says so
                    and (mode == pricing.SHOWN or not any("price" in name for name in each.changes))
                ],
                params,
            ),
            "gone_alike": gone_alike(query, results, mode=mode),
            "stores": Store.objects.filter(is_open=True).order_by("id"),
            "refused": refused,
            "setting": query.fits,
            "held": held(query.fits),
            "sorts": {
                value: title
                for value, title in SORTS.items()
                if "price" not in value or mode != pricing.ON_REQUEST
            },
            "sort": query.sort,
            "params": params,
            "today": timezone.localdate(now),
            "address": address_of(params),
            "chosen": filters.chosen_words(query, results.facets, is_fancy=is_fancy),
            "chosen_count": filters.chosen_count(params),
        },
        step="stone",
        design=design,
        quote=quoted(design, now=now),
        status=400 if refused else 200,
    )


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


def rows(
    stones: list[Stone],
    *,
    params: QueryDict,
    setting: Setting | None,
    design: Design | None,
    mode: str,
) -> list[Row]:
    """The row that was asked for is open; without one the first is, on a desk."""
    opened = params.get("open", "")
    if params.get("number") and len(stones) == 1:
        opened = str(stones[0].pk)
    holder = setting or (design.setting if design else None)
    # Where prices are told on request, their order among others is not to be read either.
    positions = {} if mode == pricing.ON_REQUEST else search.market_positions(stones)
    found = []
    for place, stone in enumerate(stones):
        is_mine = design is not None and design.stone_id == stone.pk
        is_asked = str(stone.pk) == opened
        position = positions.get(stone.pk)
        row = Row(stone=stone, is_asked=is_asked, is_mine=is_mine, position=position)
        if is_asked or (not opened and place == 0):
            fit = costing.fit_told(fit_in(holder, stone), mode=mode)
            row = replace(row, is_open=True, fit=fit)
        if is_asked:
            row = replace(row, twins=alike(stone, setting, mode=mode))
        found.append(row)
    return found


def alike(stone: Stone, setting: Setting | None, *, mode: str) -> list[Alike]:
    """Differences in price are left out where prices are not shown."""
    currency = pricing.CURRENCY if mode == pricing.SHOWN else ""
    found = []
    for twin in search.twins(stone=stone, setting=setting, limit=TWINS):
        words = twin.words(currency=currency)
        found.append(Alike(stone=twin.stone, words=words[:1].upper() + words[1:]))
    return found


def gone_alike(query: search.StoneQuery, results: search.Results, *, mode: str) -> list[Alike]:
    """What could stand in for the stone whose number was asked for and that is gone."""
    gone = numbers.gone(query.number) if query.number and not results.total else None
    return alike(gone, query.fits, mode=mode) if gone else []


def fit_in(setting: Setting | None, stone: Stone) -> compatibility.Fit | None:
    if setting is None:
        return None
    return compatibility.check(setting=setting.rules, stone=stone.measures, size=None)


def address_of(params: QueryDict) -> str:
    """The list's own query, ready for one more name."""
    kept = params.copy()
    kept.pop("open", None)
    return f"{kept.urlencode()}&" if kept else ""
