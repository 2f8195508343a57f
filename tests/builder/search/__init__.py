"""How these tests ask the stone list."""

from django.http import QueryDict

from builder import search
from tests.factories.jeweler import NOW


def asked(text: str = "") -> search.StoneQuery:
    return search.StoneQuery.from_params(QueryDict(text), now=NOW)


def ask(text: str = "") -> search.Results:
    return search.search(asked(text))


def counts(results: search.Results, facet: str) -> dict[str, int]:
    return {value.value: value.count for value in results.facets[facet] if value.count}
