"""A query string is read name by name, and what cannot be read is refused in words."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from builder.search import keys
from builder.search.facets import FACETS, SORTS
from builder.search.query import BadFilter, StoneQuery
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db


def read(text: str) -> StoneQuery:
    return StoneQuery.from_params(QueryDict(text), now=NOW)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("shape=trapeze", "shape"),
        ("color=C", "color"),
        ("polish=shiny", "polish"),
        ("fancy_hue=plaid", "fancy_hue"),
        ("carat_min=one", "carat_min"),
        ("carat_min=-1", "carat_min"),
        ("price_max=NaN", "price_max"),
        ("price_max=1e400", "price_max"),
        ("ratio_min=wide", "ratio_min"),
        ("table_max=%00", "table_max"),
        ("store=nowhere", "store"),
        ("fits=nothing", "fits"),
        ("fits=%00", "fits"),
        ("ready_by=soon", "ready_by"),
        ("ready_by=2020-02-30", "ready_by"),
        ("ready_by=2020-02-20", "ready_by"),
        ("ready_by=20991224", "ready_by"),
        ("number=%00", "number"),
        ("number=--", "number"),
        ("number=" + "9" * 65, "number"),
        ("sort=random", "sort"),
        ("page=0", "page"),
        ("page=1.5", "page"),
        ("page=²", "page"),
        ("page=401", "page"),
        ("page=999999999999999999999", "page"),
        ("page_size=97", "page_size"),
        ("after=x", "after"),
        ("before=%F0%9F%92%8E", "before"),
    ],
)
def test_a_filter_that_cannot_be_used_is_named(text: str, field: str) -> None:
    with pytest.raises(BadFilter) as refusal:
        read(text)
    assert refusal.value.field == field
    assert refusal.value.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("price_max=lots", "Price up to: 'lots' is no amount; write one such as 5000"),
        ("table_min=x", "Table from: 'x' is no amount; write one such as 57"),
        ("color=C", "Color: 'C' is unknown; use any of D, E, F"),
        ("page=401", "filter more closely"),
        ("ready_by=soon", "Ready by: 'soon' is no date; write one such as 20"),
    ],
)
def test_a_refusal_speaks_as_people_do_and_shows_the_way_out(text: str, words: str) -> None:
    with pytest.raises(BadFilter) as refusal:
        read(text)
    assert words in str(refusal.value)


def test_blanks_and_ads_names_are_no_filters() -> None:
    query = read("utm_source=google&gclid=x&shape=&carat_min=+&store=&number=&ready_by=")
    assert query.filters == []


def test_amounts_become_whole_numbers_without_letting_more_in() -> None:
    query = read("carat_min=1.001&carat_max=1.509&price_max=$4,999.999&table_min=57.25%25")
    assert query.bounds("carat") == (101, 150)
    assert query.bounds("price") == (None, 499_999)
    assert query.bounds("table") == (573, None)
    assert query.bounds("depth") == (None, None)


def test_crossed_ends_are_seen_and_not_refused() -> None:
    assert read("carat_min=2&carat_max=1&price_min=5").crossed == ["carat"]


def test_a_day_has_not_passed_before_it_has_where_the_house_is(settings: Settings) -> None:
    evening = datetime(2026, 3, 3, 3, tzinfo=UTC)  # March 2 in New York
    settings.HOUSE_TIME_ZONE = "America/New_York"
    asked = QueryDict("ready_by=2026-03-02")
    assert StoneQuery.from_params(asked, now=evening).ready_by == date(2026, 3, 2)
    settings.HOUSE_TIME_ZONE = "Asia/Tokyo"
    with pytest.raises(BadFilter, match="has passed"):
        StoneQuery.from_params(asked, now=evening)


def test_the_days_left_are_working_days() -> None:
    query = read("ready_by=2099-12-24")
    assert query.ready_by == date(2099, 12, 24)
    assert (
        query.days_left
        == StoneQuery.from_params(QueryDict("ready_by=2099-12-25"), now=NOW).days_left - 1
    )


def test_leaving_a_filter_out_keeps_the_others_and_starts_anew() -> None:
    query = read("shape=oval&carat_min=1&carat_max=2&number=123&page=7")
    assert query.filters == ["shape", "carat", "number"]
    assert query.without("carat").filters == ["shape", "number"]
    assert query.without("shape").ranges == {"carat_min": Decimal(1), "carat_max": Decimal(2)}
    assert query.without("number").page == 1


@given(
    st.sampled_from(sorted(SORTS)),
    st.integers(0, 10**6),
    st.integers(0, 10**10),
    st.integers(1, 10**12),
)
def test_a_key_is_read_as_it_was_written(sort: str, rank: int, price: int, pk: int) -> None:
    key = keys.key_of(sort=sort, rank=rank, price=price, pk=pk)
    assert keys.Key.read(key.written(sort=sort), sort=sort) == key


@given(st.text(max_size=120))
def test_any_other_text_is_no_key(text: str) -> None:
    found = keys.Key.read(text, sort="price")
    assert found is None or found.written(sort="price") == text.rstrip("=")


def test_a_key_of_another_order_is_refused() -> None:
    text = keys.key_of(sort="carat", rank=150, price=5, pk=1).written(sort="carat")
    assert keys.Key.read(text, sort="-carat") is None


def test_facets_are_named_and_all_are_counted_when_none_is() -> None:
    assert read("facets=lab, shape&facets=cut").counted == ("shape", "cut", "lab")
    assert read("facets=").counted == read("").counted == tuple(FACETS)
    with pytest.raises(BadFilter, match="Facets: 'karat' is unknown; use any of shape, "):
        read("facets=shape,karat")
