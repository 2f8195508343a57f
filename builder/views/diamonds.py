"""The stones: filtered, counted, sorted and paged, each with the twin of its report."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.views.decorators.http import require_safe

from builder import compatibility, costing, pricing, search
from builder.models import Design, Setting, Shape, Stone
from builder.views import looks
from builder.views.histograms import Spread, spreads
from builder.views.pages import design_of, mode_for, page, quoted
from builder.views.ring import held
from jeweler.models import Store

SORTS = {value: sort.title for value, sort in search.SORTS.items()}
IN_SIGHT = ("carat", "price")
MORE = ("cut", "polish", "symmetry", "fluorescence", "lab")
PLACES = ("open", "page", "after", "before")  # where in the list, not what is listed
NO_FILTER = (*PLACES, "fits", "sort", "shape", "growth", "look", "page_size")
TWINS = 3


@dataclass(frozen=True, kw_only=True)
class Row:
    """`fit` and `twins` are worked out for an open row alone: it is what shows them."""

    stone: Stone
    is_open: bool = False
    is_asked: bool = False
    is_mine: bool = False
    fit: compatibility.Fit | None = None
    twins: list[search.Twin] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Its number as an address has it, without the thousands' commas that templates write."""
        return str(self.stone.pk)


@dataclass(frozen=True, kw_only=True)
class Way:
    """A change of the filters that finds something, as a link."""

    label: str
    count: int
    address: str


@require_safe
def diamonds(request: HttpRequest) -> HttpResponse:
    """A filter that says nothing is left out with a word; the rest still holds."""
    now = timezone.now()
    design = design_of(request)
    mode = mode_for(design)
    params, query, refused = readable(request.GET, mode=mode, now=now)
    results = search.search(query)
    is_fancy = looks.present(params) == looks.FANCY
    measured = {
        each.name: each
        for each in spreads(query, now=now)
        if each.name != "price" or mode != pricing.ON_REQUEST
    }
    return page(
        request,
        "builder/diamonds.html",
        {
            "results": results,
            "rows": rows(
                results.stones, params=params, setting=query.fits, design=design, mode=mode
            ),
            "facets": facets(results, query, is_fancy=is_fancy, params=params),
            "is_fancy": is_fancy,
            "looks": looks.looks(params),
            "kept": [(name, params.getlist(name)) for name in looks.dormant(params)],
            "look": params.get("look", ""),
            "in_sight": [measured[name] for name in IN_SIGHT if name in measured],
            "more_measured": [each for name, each in measured.items() if name not in IN_SIGHT],
            "more_chosen": is_more_chosen(params, measured),
            "ways": ways(results.nearest, params),
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
            "chosen": chosen_words(query, results.facets, is_fancy=is_fancy),
            "chosen_count": sum(1 for name in looks.asked(params) if name not in NO_FILTER)
            - (1 if is_fancy and "fancy_hue" not in params else 0),
        },
        step="stone",
        design=design,
        quote=quoted(design, now=now),
        status=400 if refused else 200,
    )


def readable(
    given: QueryDict, *, mode: str, now: datetime
) -> tuple[QueryDict, search.StoneQuery, list[str]]:
    """The parameters that can be read, what they ask for, and what was wrong with the others."""
    params = given.copy()
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
    found = []
    for place, stone in enumerate(stones):
        is_mine = design is not None and design.stone_id == stone.pk
        is_asked = str(stone.pk) == opened
        row = Row(stone=stone, is_asked=is_asked, is_mine=is_mine)
        if is_asked or (not opened and place == 0):
            fit = costing.fit_told(fit_in(holder, stone), mode=mode)
            row = replace(row, is_open=True, fit=fit)
        if is_asked:
            twins = search.twins(stone=stone, setting=setting, limit=TWINS)
            row = replace(row, twins=twins)
        found.append(row)
    return found


def fit_in(setting: Setting | None, stone: Stone) -> compatibility.Fit | None:
    if setting is None:
        return None
    return compatibility.check(setting=setting.rules, stone=stone.measures, size=None)


# Filters, and words about them.


def facets(
    results: search.Results, query: search.StoneQuery, *, is_fancy: bool, params: QueryDict
) -> dict[str, list[search.FacetValue]]:
    """As they are shown: hues that stand for "any" are not ticked."""
    if not is_fancy or "fancy_hue" in params:
        return results.facets
    hues = [replace(value, selected=False) for value in results.facets["fancy_hue"] if value.count]
    return {**results.facets, "fancy_hue": hues}


def is_more_chosen(params: QueryDict, measured: dict[str, Spread]) -> bool:
    return any(name in params for name in MORE) or any(
        each.is_limited for name, each in measured.items() if name not in IN_SIGHT
    )


def ways(nearest: list[search.Nearest], params: QueryDict) -> list[Way]:
    """Each change as an address; whoever goes on from a number looks among all stones."""
    found = []
    for each in nearest:
        query = params.copy()
        for name in PLACES:
            query.pop(name, None)
        for name, text in each.changes.items():
            query.pop(name, None)
            if text:
                query[name] = text
        if not each.changes.get("fancy_hue", "any"):
            query.pop("look", None)
        found.append(Way(label=each.label, count=each.count, address=f"?{query.urlencode()}"))
    return found


def chosen_words(
    query: search.StoneQuery, values: dict[str, list[search.FacetValue]], *, is_fancy: bool
) -> list[str]:
    """What is filtered by, as the closed sheet of a phone says it: "1.4 to 1.75 ct", "D to H"."""
    words = [_range_words(query, name) for name in query.measured]
    for name in query.chosen:
        if name not in ("shape", "growth") and not (is_fancy and name == "fancy_hue"):
            words.append(span(values[name]))
    return words


def _range_words(query: search.StoneQuery, name: str) -> str:
    measure = search.MEASURES[name]
    low, high = query.ranges.get(f"{name}_min"), query.ranges.get(f"{name}_max")
    title = "" if name in IN_SIGHT else f"{measure.title} "
    if low is None and high is not None:
        return f"{title}up to {measure.said(high)}"
    if high is None and low is not None:
        return f"{title}from {measure.said(low)}"
    assert low is not None and high is not None
    from_word = measure.said(low) if name == "price" else measure.written(low)
    return f"{title}{from_word} to {measure.said(high)}"


def span(values: list[search.FacetValue]) -> str:
    """ "D to H" where neighbors are chosen, else each of them."""
    places = [place for place, value in enumerate(values) if value.selected]
    if not places:
        return ""
    first, last = values[places[0]].label, values[places[-1]].label
    if len(places) == places[-1] - places[0] + 1 > 2:
        return f"{first} to {last}"
    return ", ".join(values[place].label for place in places)


def address_of(params: QueryDict) -> str:
    """The list's own query, ready for one more name."""
    kept = params.copy()
    kept.pop("open", None)
    return f"{kept.urlencode()}&" if kept else ""
