"""Stand-ins are near, fit, and say what is different."""

from decimal import Decimal

import pytest

from builder import search
from builder.models import Stone
from tests.factories.builder import SettingFactory, StoneFactory
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db


def test_a_stand_in_faces_up_the_same_and_fits_the_setting() -> None:
    sold = StoneFactory(status="sold", sold_at=NOW)
    gone_stone = Stone.objects.get(pk=sold.pk)
    near = StoneFactory(price=12900, width_mm="7.30", length_mm="7.36")
    plainer = StoneFactory(price=12300, color="H")
    StoneFactory(price=12480, width_mm="6.90", length_mm="6.95")
    StoneFactory(price=12480, color="J")
    StoneFactory(price=12480, cut="good")
    StoneFactory(price=12480, shape="oval")
    StoneFactory(price=12480, growth="lab")
    setting = SettingFactory()
    assert search.like(stone=gone_stone, setting=setting) == [near, plainer]
    assert search.like(stone=gone_stone, limit=1) == [near]
    distances = [twin.distance for twin in search.twins(stone=gone_stone, setting=setting)]
    assert distances == pytest.approx([1.63, 4.14], abs=0.01)


def test_what_is_different_is_said_in_words() -> None:
    stone = StoneFactory()
    StoneFactory(price=12360, color="F", width_mm="7.36", length_mm="7.38")
    [twin] = search.twins(stone=stone)
    assert twin.words(currency="USD") == "0.02 mm wider, one color better, $120 less"
    assert twin.words(currency="GBP") == "0.02 mm wider, one color better, £120 less"
    assert twin.words() == "0.02 mm wider, one color better"


def test_a_stone_alike_in_everything_is_no_distance_away() -> None:
    stone = StoneFactory()
    StoneFactory()
    [twin] = search.twins(stone=stone)
    assert (twin.distance, twin.words(currency="USD")) == (0, "the same in every measure and grade")


def test_a_better_grade_is_nearer_than_a_plainer_one() -> None:
    stone = StoneFactory()
    plainer = StoneFactory(clarity="VS2")
    better = StoneFactory(clarity="VVS1")
    assert search.like(stone=stone) == [better, plainer]


def test_a_fancy_colored_stone_is_replaced_by_its_own_color() -> None:
    pink = {"color": "", "fancy_hue": "pink", "fancy_intensity": "fancy"}
    stone = StoneFactory(**pink)
    same = StoneFactory(**pink)
    StoneFactory(**pink | {"fancy_hue": "blue"})
    StoneFactory(**pink | {"fancy_intensity": "fancy_vivid"})
    assert search.like(stone=stone) == [same]


def test_the_span_is_exactly_three_percent() -> None:
    stone = StoneFactory(width_mm=Decimal("7.00"), length_mm=Decimal("7.00"))
    at_the_end = StoneFactory(width_mm="7.00", length_mm="7.21")
    StoneFactory(width_mm="7.00", length_mm="7.22")
    assert search.like(stone=stone) == [at_the_end]
