"""What the stone list's page says of its filters: which are in sight, which are set, and what to change when nothing is found."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.http import QueryDict

from builder import search
from builder.templatetags.ring import chosen_span
from builder.views import looks
from builder.views.histograms import Spread

IN_SIGHT = ("carat", "price")
MORE = ("cut", "polish", "symmetry", "fluorescence", "lab")
PLACES = ("open", "page", "after", "before")  # where in the list, not what is listed
NO_FILTER = (*PLACES, "fits", "sort", "shape", "growth", "look", "page_size")


@dataclass(frozen=True, kw_only=True)
class Way:
    """A change of the filters that finds something, as a link."""

    label: str
    count: int
    address: str


def shown(
    results: search.Results, *, is_fancy: bool, params: QueryDict
) -> dict[str, list[search.FacetValue]]:
    """As they are shown: hues that stand for "any" are not ticked."""
    if not is_fancy or "fancy_hue" in params:
        return results.facets
    hues = [replace(value, selected=False) for value in results.facets["fancy_hue"] if value.count]
    return {**results.facets, "fancy_hue": hues}


def is_more_chosen(params: QueryDict, measured: Mapping[str, Spread]) -> bool:
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
            words.append(chosen_span(values[name]))
    return words


def _range_words(query: search.StoneQuery, name: str) -> str:
    measure = search.MEASURES[name]
    low, high = query.ranges.get(f"{name}_min"), query.ranges.get(f"{name}_max")
    title = "" if name in IN_SIGHT else f"{measure.title} "
    if low is None and high is not None:
        return f"{title}up to {measure.said(high)}"
    if high is None and low is not None:
        return f"{title}from {measure.said(low)}"
    if low is None or high is None:
        return ""
    from_word = measure.said(low) if name == "price" else measure.written(low)
    return f"{title}{from_word} to {measure.said(high)}"


def chosen_count(params: QueryDict) -> int:
    """Of the filters below the shapes."""
    kept = [*NO_FILTER, *looks.dormant(params)]
    return sum(1 for name in params if name in search.PARAMETERS and name not in kept)
