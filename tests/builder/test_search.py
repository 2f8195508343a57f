"""What the list shows is what was asked, and what it counts is what the next click would find."""

import itertools
import random
from collections.abc import Iterable
from decimal import Decimal

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from builder import compatibility, search
from builder.models import Setting, Stone
from demo.catalog import load_catalog
from tests.factories.builder import SettingFactory, StoneFactory
from tests.factories.jeweler import NOW, StoreFactory

pytestmark = pytest.mark.django_db


def ask(text: str = "") -> search.Results:
    return search.search(search.StoneQuery.from_params(QueryDict(text)))


def counts(results: search.Results, facet: str) -> dict[str, int]:
    return {value.value: value.count for value in results.facets[facet] if value.count}


@pytest.fixture
def catalog() -> None:
    StoreFactory(code="nyc")
    load_catalog(now=NOW, count=1500)


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
        ("color=D&color=E", lambda stone: stone.color in "DE"),
        ("clarity=vs1", lambda stone: stone.clarity == "VS1"),
        ("cut=excellent", lambda stone: stone.cut == "excellent"),
        ("growth=lab", lambda stone: stone.growth == "lab"),
        ("lab=GIA,AGS", lambda stone: stone.lab in ("GIA", "AGS")),
        ("fluorescence=none", lambda stone: stone.fluorescence == "none"),
        ("store=nyc", lambda stone: stone.store_id is not None),
        ("fits=vesper", lambda stone: fits(stone, "vesper")),
        ("fits=alba&shape=oval&color=G,H&growth=natural", lambda stone: (
            fits(stone, "alba") and stone.shape == "oval" and stone.color in "GH" and stone.growth == "natural"
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
    assert ask("utm_source=google&gclid=x&shape=&carat_min=+&store=").total == 1500


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("shape=trapeze", "shape"),
        ("color=C", "color"),
        ("carat_min=one", "carat_min"),
        ("carat_min=-1", "carat_min"),
        ("price_max=NaN", "price_max"),
        ("price_max=1e400", "price_max"),
        ("carat_min=2&carat_max=1", "carat_min"),
        ("store=nowhere", "store"),
        ("fits=nothing", "fits"),
        ("fits=%00", "fits"),
        ("sort=random", "sort"),
        ("page=0", "page"),
        ("page=1.5", "page"),
        ("page=²", "page"),
        ("page_size=97", "page_size"),
    ],
)
def test_a_filter_that_cannot_be_used_is_named(text: str, field: str) -> None:
    with pytest.raises(search.BadFilter) as refusal:
        search.StoneQuery.from_params(QueryDict(text))
    assert refusal.value.field == field
    assert refusal.value.message


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
            assert search.search(search.StoneQuery.from_params(others)).total == value.count, name


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


def test_any_search_is_asked_in_three_queries(catalog: None) -> None:
    query = search.StoneQuery.from_params(QueryDict("fits=alba&shape=round&color=G&store=nyc"))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        search.search(query)
    assert len(queries) == 3


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
    results = ask("page=9999")
    assert (results.page, results.pages) == (63, 63)
    assert len(results.stones) == 1500 - 62 * 24


def test_nothing_found_is_one_empty_page() -> None:
    results = ask("shape=heart")
    assert (results.stones, results.total, results.page, results.pages) == ([], 0, 1, 1)


# The fit.


def stones_near_the_limits(settings: Iterable[Setting]) -> list[Stone]:
    """Stones a hundredth of a millimeter inside, on and outside of each limit, and anywhere between."""
    dice = random.Random(7)
    step = Decimal("0.01")
    stones = []
    envelopes = [compatibility.envelopes(setting=setting.rules) for setting in settings]
    for limits in itertools.chain.from_iterable(envelopes):
        for shape, deepest in limits.max_depth_mm.items():
            for _ in range(40):
                width = dice.choice([limits.min_width_mm, limits.max_width_mm, Decimal("6.5")])
                length = dice.choice([width, limits.max_length_mm, width * Decimal("1.3")])
                depth = dice.choice([deepest, width * Decimal("0.6")])
                off = [dice.choice([-step, Decimal(0), step]) for _ in range(3)]
                width = (width + off[0]).quantize(step)
                stones.append(
                    StoneFactory.build(
                        shape=shape,
                        report_number=f"{len(stones):010}",
                        width_mm=width,
                        length_mm=max(width, (length + off[1]).quantize(step)),
                        depth_mm=(depth + off[2]).quantize(step),
                    )
                )
    return Stone.objects.bulk_create(stones)


def test_the_list_and_the_fit_agree_on_thousands_of_stones(catalog: None) -> None:
    settings = [*Setting.objects.all(), SettingFactory(), SettingFactory(head_prongs=0)]
    stones_near_the_limits(settings)
    stones = list(Stone.objects.all())
    assert len(stones) > 3000
    for setting in settings:
        listed = set(
            Stone.objects.filter(search.fitting(setting.rules)).values_list("pk", flat=True)
        )
        checked = {
            stone.pk
            for stone in stones
            if compatibility.check(setting=setting.rules, stone=stone.measures, size=None).fits
        }
        assert listed == checked
        assert 0 < len(listed) < len(stones)


def test_a_head_that_takes_no_shape_holds_no_stone() -> None:
    StoneFactory()
    assert not Stone.objects.filter(search.fitting(SettingFactory(head_shapes=[]).rules)).exists()


# Stand-ins.


def test_a_stand_in_faces_up_the_same_and_fits_the_setting() -> None:
    gone_stone = StoneFactory(status="sold", sold_at=NOW)
    near = StoneFactory(price=12900, width_mm="7.30", length_mm="7.36")
    nearer = StoneFactory(price=12300, color="H")
    StoneFactory(price=12480, width_mm="6.90", length_mm="6.95")
    StoneFactory(price=12480, color="J")
    StoneFactory(price=12480, shape="oval")
    StoneFactory(price=12480, growth="lab")
    setting = SettingFactory()
    assert search.like(stone=gone_stone, setting=setting) == [nearer, near]
    assert search.like(stone=gone_stone, limit=1) == [nearer]
