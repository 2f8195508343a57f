"""The sample house has something to sell, once."""

from decimal import Decimal

import pytest
from django.db.models import Count, F

from builder import compatibility
from builder.models import Band, Metal, Setting, Stone, StoneOffer
from demo.catalog import load_catalog
from tests.factories.jeweler import NOW, StoreFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def _house() -> None:
    for code in ("boston", "nyc", "sf"):
        StoreFactory(code=code)
    load_catalog(now=NOW, count=1200)


@pytest.mark.usefixtures("_house")
def test_loading_it_again_changes_nothing() -> None:
    before = list(Stone.objects.order_by("id").values())
    load_catalog(now=NOW, count=1200)
    assert list(Stone.objects.order_by("id").values()) == before
    assert (Metal.objects.count(), Setting.objects.count(), Band.objects.count()) == (5, 6, 7)


@pytest.mark.usefixtures("_house")
def test_every_setting_is_made_in_every_metal_and_holds_many_stones() -> None:
    stones = list(Stone.objects.all())
    for setting in Setting.objects.annotate(metal_count=Count("metals")):
        assert setting.metal_count == 5
        fits = [
            compatibility.check(setting=setting.rules, stone=stone.measures, size=Decimal(6))
            for stone in stones
        ]
        assert sum(fit.fits for fit in fits) > 200
        assert sum(fit.verdict == "does_not_fit" for fit in fits) > 100


@pytest.mark.usefixtures("_house")
def test_each_stone_has_one_offer_at_its_price_and_some_lie_in_each_store() -> None:
    assert StoneOffer.objects.filter(price=F("stone__price")).count() == 1200
    in_stores = Stone.objects.exclude(store=None).values("store").annotate(count=Count("id"))
    assert {row["count"] for row in in_stores} == {33, 34}


def test_without_stores_all_stones_are_the_cutters() -> None:
    load_catalog(now=NOW, count=50)
    assert not Stone.objects.exclude(store=None).exists()
