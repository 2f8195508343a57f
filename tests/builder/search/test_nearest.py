"""Nothing found is not the end: the list says what to change, and what it says is true."""

from urllib.parse import urlencode

import pytest
from django.http import QueryDict

from builder import search
from tests.builder.search import ask
from tests.factories.builder import SettingFactory, StoneFactory

pytestmark = pytest.mark.django_db


def changed(text: str, nearest: search.Nearest) -> str:
    params = QueryDict(text).dict()
    return urlencode(
        {name: value for name, value in (params | dict(nearest.changes)).items() if value}
    )


def labels(text: str) -> list[str]:
    return [each.label for each in ask(text).nearest]


def test_what_is_found_needs_no_advice() -> None:
    StoneFactory()
    assert ask().nearest == []


def test_a_range_moves_to_the_nearest_stone_on_either_side() -> None:
    for carat in ("0.90", "1.52", "1.52", "2.40"):
        StoneFactory(carat=carat)
    nearest = ask("carat_min=1.60&carat_max=2.00").nearest
    assert [(each.label, each.changes, each.count) for each in nearest] == [
        ("Carat from 1.52 ct", {"carat_min": "1.52"}, 2),
        ("Carat up to 2.4 ct", {"carat_max": "2.4"}, 1),
    ]


def test_a_grade_moves_to_the_nearest_one_that_is_there() -> None:
    StoneFactory(color="F")
    StoneFactory(color="K")
    assert labels("color=D,E") == ["Color: also F"]


def test_other_filters_are_left_out() -> None:
    StoneFactory(shape="oval", price=3000)
    setting = SettingFactory(head_shapes=["round"])
    assert labels(f"fits={setting.code}") == ["Without “Fits the setting”"]
    assert labels("shape=round") == ["Shape: also Oval"]
    assert labels("price_max=2000") == ["Price up to $3,000"]


def test_the_smallest_change_is_named_first() -> None:
    StoneFactory(shape="oval", carat="1.02")
    StoneFactory(shape="round", carat="2.50")
    assert labels("shape=round&carat_max=1.02")[0] == "Shape: also Oval"
    StoneFactory(shape="round", carat="1.03")
    assert labels("shape=round&carat_max=1.02")[0] == "Carat up to 1.03 ct"


def test_crossed_ends_are_turned_round() -> None:
    StoneFactory(carat="1.52", price=5000)
    results = ask("carat_min=2&carat_max=1&price_min=6000&price_max=4000")
    assert (results.total, results.stones) == (0, [])
    [nearest] = results.nearest
    assert nearest.label == "Carat 1 ct to 2 ct and Price $4,000 to $6,000"
    assert nearest.count == 1


def test_when_no_single_change_helps_all_filters_go() -> None:
    StoneFactory(shape="oval", color="K")
    [nearest] = ask("shape=round&color=D").nearest
    assert nearest.changes == {"shape": "", "color": ""}
    assert nearest.count == 1


def test_an_empty_house_has_no_advice() -> None:
    assert ask("shape=round").nearest == []


@pytest.mark.parametrize(
    "text",
    [
        "shape=heart&color=D&clarity=FL&carat_min=4",
        "price_max=195&color=D",
        "carat_min=3&carat_max=2&shape=round",
        "table_min=99",
        "ready_by=2026-11-23&fits=alba",
        "number=0000000000&shape=round",
        "store=nyc&fancy_hue=violet&depth_max=12",
    ],
)
def test_each_advice_finds_as_many_as_it_says(catalog: None, text: str) -> None:
    results = ask(text)
    assert results.total == 0
    assert results.nearest
    for nearest in results.nearest:
        assert ask(changed(text, nearest)).total == nearest.count > 0, nearest.label
