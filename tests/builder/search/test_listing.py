"""What the list shows is what was asked, and what it counts is what the next click would find."""

from decimal import Decimal

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from builder import compatibility, search
from builder.models import Setting, Stone
from tests.builder.search import ask, asked, counts
from tests.builder.search.conftest import COUNT
from tests.factories.builder import StoneFactory
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db


# Filters.


def test_only_stones_on_offer_are_shown() -> None:
    shown_stone = StoneFactory()
    StoneFactory(status="sold", sold_at=NOW)
    StoneFactory(status="withdrawn")
    StoneFactory(status="held")
    assert ask().stones == [shown_stone]


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("shape=round&shape=oval", lambda stone: stone.shape in ("round", "oval")),
        ("shape=Round,OVAL", lambda stone: stone.shape in ("round", "oval")),
        ("carat_min=1&carat_max=1.5", lambda stone: 1 <= stone.carat <= Decimal("1.5")),
        ("price_min=$2,000&price_max=9000", lambda stone: 2000 <= stone.price <= 9000),
        ("color=D&color=E", lambda stone: stone.color in ("D", "E")),
        ("clarity=vs1", lambda stone: stone.clarity == "VS1"),
        ("cut=excellent", lambda stone: stone.cut == "excellent"),
        ("growth=lab", lambda stone: stone.growth == "lab"),
        ("lab=GIA,AGS", lambda stone: stone.lab in ("GIA", "AGS")),
        ("fluorescence=none", lambda stone: stone.fluorescence == "none"),
        ("polish=excellent,very_good", lambda stone: stone.polish in ("excellent", "very_good")),
        ("symmetry=good", lambda stone: stone.symmetry == "good"),
        ("fancy_hue=pink", lambda stone: stone.fancy_hue == "pink"),
        ("fancy_intensity=fancy,fancy_vivid", lambda stone: stone.fancy_intensity in ("fancy", "fancy_vivid")),
        ("ratio_min=1.3&ratio_max=1.5", lambda stone: 1.295 <= stone.length_mm / stone.width_mm < 1.505),
        ("table_min=57.5", lambda stone: stone.table_pct is not None and stone.table_pct >= Decimal("57.5")),
        ("depth_max=60", lambda stone: stone.depth_pct <= 60),
        ("ready_by=2026-11-26", lambda stone: stone.delivery_days <= 3),
        ("store=nyc", lambda stone: stone.store_id is not None),
        ("fits=vesper", lambda stone: fits(stone, "vesper")),
        ("fits=alba&shape=oval&color=G,H&growth=natural", lambda stone: (
            fits(stone, "alba") and stone.shape == "oval" and stone.color in ("G", "H") and stone.growth == "natural"
        )),
    ],
)  # fmt: skip
def test_a_filter_shows_all_that_hold_to_it_and_nothing_else(
    catalog: None, text: str, holds: object
) -> None:
    results = ask(f"{text}&page_size=96")
    expected = {stone.pk for stone in Stone.objects.all() if holds(stone)}  # type: ignore[operator]
    assert results.total == len(expected) > 0
    shown = [stone.pk for page in range(1, results.pages + 1) for stone in page_of(text, page)]
    assert len(shown) == len(expected)
    assert set(shown) == expected


def page_of(text: str, page: int) -> list[Stone]:
    return ask(f"{text}&page_size=96&page={page}").stones


def fits(stone: Stone, code: str) -> bool:
    rules = Setting.objects.get(code=code).rules
    return compatibility.check(setting=rules, stone=stone.measures, size=None).fits


def test_ad_parameters_and_blanks_are_no_filters(catalog: None) -> None:
    assert ask("utm_source=google&gclid=x&shape=&carat_min=+&store=").total == COUNT


# Facets.


@pytest.mark.parametrize(
    "text",
    ["", "shape=round", "shape=round,oval&color=D,E&clarity=VS1", "growth=lab&lab=IGI&carat_min=1", "fits=lune&cut=excellent"],
)  # fmt: skip
def test_each_value_counts_what_choosing_it_alone_would_find(catalog: None, text: str) -> None:
    results = ask(text)
    for name, values in results.facets.items():
        others = QueryDict(text, mutable=True)
        others.pop(name, None)
        for value in values:
            others[name] = value.value
            assert (
                search.search(search.StoneQuery.from_params(others, now=NOW)).total == value.count
            ), name


def test_chosen_values_are_marked_and_stay_visible_at_zero() -> None:
    StoneFactory()
    facets = ask("shape=heart&color=Z").facets
    assert [value.value for value in facets["shape"] if value.selected] == ["heart"]
    assert [(value.value, value.count) for value in facets["color"] if value.selected] == [("Z", 0)]
    assert len(facets["shape"]) == 10


def test_a_stone_without_a_cut_grade_is_in_no_cut_facet() -> None:
    StoneFactory(cut="")
    assert counts(ask(), "cut") == {}
    assert ask().total == 1


def test_any_search_is_asked_in_four_queries(catalog: None) -> None:
    """Whether there is a snapshot, the counts, the page, and its rows."""
    query = asked("fits=alba&shape=round&color=G&store=nyc")
    with CaptureQueriesContext(connection) as queries:
        search.search(query)
    assert len(queries) == 4


# Sorting and pages.


@pytest.mark.parametrize(
    ("sort", "key"),
    [
        ("price", lambda stone: stone.price),
        ("-price", lambda stone: -stone.price),
        ("carat", lambda stone: stone.carat),
        ("-carat", lambda stone: -stone.carat),
        ("color", lambda stone: stone.color or "~"),
        ("clarity", lambda stone: ["IF", "VVS2", "VS1", "I1"].index(stone.clarity)),
    ],
)
def test_stones_are_sorted_from_the_best_or_the_least(sort: str, key: object) -> None:
    for number, (color, clarity) in enumerate(
        [("H", "I1"), ("D", "VS1"), ("", "IF"), ("G", "VVS2")]
    ):
        StoneFactory(
            color=color, clarity=clarity, carat=1 + Decimal(number) / 10, price=9000 - number * 100
        )
    shown = [key(stone) for stone in ask(f"sort={sort}").stones]  # type: ignore[operator]
    assert shown == sorted(shown)


def test_a_page_after_the_last_is_the_last(catalog: None) -> None:
    results = ask("page=400")
    assert (results.page, results.pages) == (25, 25)
    assert len(results.stones) == COUNT - 24 * 24


@pytest.mark.parametrize("sort", search.SORTS)
@pytest.mark.parametrize("filters", ["", "shape=round,oval&clarity=VS1,VS2"])
def test_following_the_cursors_passes_each_stone_once_in_the_pages_order(
    catalog: None, sort: str, filters: str
) -> None:
    text = f"{filters}&sort={sort}&page_size=50"
    first = ask(text)
    by_number = [pk for page in range(1, first.pages + 1) for pk in ask(f"{text}&page={page}").ids]
    results, forward = first, list(first.ids)
    while results.next_cursor:
        results = ask(f"{text}&after={results.next_cursor}")
        forward += results.ids
    backward = list(results.ids)
    while results.previous_cursor:
        results = ask(f"{text}&before={results.previous_cursor}")
        backward = results.ids + backward
    assert forward == by_number == backward
    assert len(set(forward)) == first.total
    assert results.ids == first.ids


def test_a_cursor_stays_where_it_is_when_stones_come_and_go() -> None:
    for price in range(1000, 1060, 10):
        StoneFactory(price=price)
    first = ask("page_size=3")
    StoneFactory(price=500)
    Stone.objects.filter(pk=first.ids[2]).update(status="held")
    second = ask(f"page_size=3&after={first.next_cursor}")
    assert [int(stone.price) for stone in second.stones] == [1030, 1040, 1050]
    assert second.next_cursor is None
    assert second.previous_cursor is not None
    assert second.page is None


def test_nothing_found_is_one_empty_page() -> None:
    results = ask("shape=heart")
    assert (results.stones, results.total, results.page, results.pages) == ([], 0, 1, 1)


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("", "stone_by_price"),
        ("sort=-price&color=D", "stone_by_price"),
        ("sort=carat&shape=oval", "stone_by_carat"),
        ("price_min=2000&price_max=3000", "stone_by_price"),
        ("carat_min=1&carat_max=1.1&sort=carat", "stone_by_carat"),
    ],
)
def test_a_page_is_found_by_walking_an_index(text: str, index: str) -> None:
    """Of so few rows Postgres would read all; forbidden to, it must have another way."""
    StoneFactory(color="D", shape="oval", price=2500, carat="1.05")
    with CaptureQueriesContext(connection) as queries:
        search.listing(asked(text))
    [page] = [
        each["sql"]
        for each in queries
        if "GROUPING SETS" not in each["sql"] and "LIMIT 24" in each["sql"]
    ]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN {page}")
        assert index in str(cursor.fetchall())
