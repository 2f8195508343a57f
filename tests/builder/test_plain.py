"""A query is read as Django reads it, only sooner."""

import pytest
from django.http import QueryDict
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from builder import plain


@given(st.text("a=&;b,. -+%é0", max_size=40))
@pytest.mark.parametrize("longer", ["", "&carat_min=1.50" * 80])
def test_any_query_is_read_as_django_reads_it(longer: str, query: str) -> None:
    query += longer
    request = RequestFactory().get("/", QUERY_STRING=query)
    assert dict(plain.params(request).lists()) == dict(QueryDict(query).lists())


def test_one_without_escapes_is_not_left_to_django() -> None:
    request = RequestFactory().get("/", QUERY_STRING="color=G&color=H&facets=")
    assert plain.fields(request) == [("color", "G"), ("color", "H"), ("facets", "")]
    escaped = RequestFactory().get("/", QUERY_STRING="price_min=%242000")
    assert plain.fields(escaped) is None
