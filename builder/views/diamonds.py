"""The stones: filtered, counted, sorted and paged, each with the twin of its report."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.views.decorators.http import require_safe

from builder import compatibility, search
from builder.models import Setting, Shape, Stone
from builder.views.histograms import spreads
from builder.views.pages import design_of, page, quoted
from builder.views.ring import held
from jeweler.models import Store

SORTS = {
    "price": "Lowest price first",
    "-price": "Highest price first",
    "carat": "Smallest first",
    "-carat": "Largest first",
    "color": "Best color first",
    "clarity": "Best clarity first",
}
PAGE_SIZE = 24


@dataclass(frozen=True, kw_only=True)
class Row:
    stone: Stone
    is_open: bool
    is_asked: bool
    fit: compatibility.Fit | None
    is_mine: bool

    @property
    def key(self) -> str:
        """Its number as an address has it, without the thousands' commas that templates write."""
        return str(self.stone.pk)


@require_safe
def diamonds(request: HttpRequest) -> HttpResponse:
    """A filter that says nothing is left out with a word; the rest still holds."""
    now = timezone.now()
    design = design_of(request)
    params, refused = readable(request.GET)
    query = search.StoneQuery.from_params(params)
    results = search.search(query)
    setting = query.fits
    opened = params.get("open", "")
    return page(
        request,
        "builder/diamonds.html",
        {
            "results": results,
            "rows": [
                Row(
                    stone=stone,
                    is_asked=str(stone.pk) == opened,
                    is_open=str(stone.pk) == opened or (not opened and number == 0),
                    fit=fit_in(setting, stone),
                    is_mine=design is not None and design.stone_id == stone.pk,
                )
                for number, stone in enumerate(results.stones)
            ],
            "facets": results.facets,
            "spreads": spreads(query, now=now),
            "stores": Store.objects.filter(is_open=True).order_by("id"),
            "refused": refused,
            "setting": setting,
            "held": held(setting),
            "shape": Shape(params["shape"]).label
            if len(params.getlist("shape")) == 1 and params["shape"] in Shape.values
            else "",
            "sorts": SORTS,
            "sort": params.get("sort", "price"),
            "params": params,
            "address": address_of(params),
            "more_chosen": any(name in params for name in ("cut", "fluorescence", "lab")),
            "chosen_count": sum(
                1 for name in params if name not in ("fits", "sort", "page", "open", "shape")
            ),
        },
        step="stone",
        design=design,
        quote=quoted(design, now=now),
        status=400 if refused else 200,
    )


def address_of(params: QueryDict) -> str:
    """The list's own query, ready for one more name."""
    kept = params.copy()
    kept.pop("open", None)
    return f"{kept.urlencode()}&" if kept else ""


def readable(asked: QueryDict) -> tuple[QueryDict, list[str]]:
    """The parameters that can be read, and what was wrong with the others."""
    params = asked.copy()
    for name in [name for name, values in params.lists() if not any(values)]:
        del params[name]
    refused: list[str] = []
    while True:
        try:
            search.StoneQuery.from_params(params)
        except search.BadFilter as error:
            if error.field not in params:
                return QueryDict(), [*refused, str(error)]
            refused.append(str(error))
            del params[error.field]
        else:
            return params, refused


def fit_in(setting: Setting | None, stone: Stone) -> compatibility.Fit | None:
    if setting is None:
        return None
    return compatibility.check(setting=setting.rules, stone=stone.measures, size=None)
