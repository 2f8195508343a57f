"""A setting's rules and shape as values, out of its heads and locations."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from builder.engraving import Rules
from builder.models import Setting
from tests.factories.builder import HeadFactory, LocationFactory, SettingFactory

pytestmark = pytest.mark.django_db


def test_its_heads_come_in_their_order_and_are_called_as_in_a_sentence() -> None:
    setting = SettingFactory()
    HeadFactory(setting=setting, position=2, prongs=0)
    HeadFactory(setting=setting, position=1, min_width_mm="7.50", max_width_mm="9.20")
    HeadFactory(setting=setting, position=3, min_width_mm="4.00", max_width_mm="5.00")
    HeadFactory(setting=setting, position=4, min_width_mm="9.00", max_width_mm="9.90")
    assert [head.name for head in Setting.objects.get().rules.heads] == [
        "six-prong head",
        "larger six-prong head",
        "bezel",
        "smaller six-prong head",
        "larger six-prong head 5",
    ]


def test_its_stones_are_found_by_their_place() -> None:
    mounting = SettingFactory(stones={"sides": "3.60", "full_band": "1.30"}).mounting
    assert mounting.band_kind == "full_pave"
    assert (mounting.width_at("sides"), mounting.width_at("halo")) == (Decimal("3.60"), 0)
    assert [location.count for location in mounting.locations] == [2, 36]


def test_read_with_its_parts_it_asks_nothing_more(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    SettingFactory.create_batch(3, stones={"halo": "1.20"})
    with django_assert_num_queries(3):
        for setting in Setting.objects.prefetch_related("heads", "locations"):
            assert len(setting.rules.heads) == len(setting.mounting.locations) == 1


def test_its_engraving_follows_its_own_rules() -> None:
    setting = SettingFactory(engraving_limit=8, engraving_symbols=False, engraving_price="60")
    assert setting.engraving_rules == Rules(limit=8, has_symbols=False, price=Decimal(60))


def whole(factory: Any, **values: object) -> None:
    """To the end of the save, where what is unique is judged."""
    factory(**values)
    connection.check_constraints()


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_width_mm": "8.00"}, {"max_length_mm": "7.00"}, {"min_length_mm": "6.00"}, {"rise_mm": "0"},
        {"prongs": 2}, {"kind": "bezel"}, {"position": 0},
    ],
)  # fmt: skip
def test_the_database_refuses_a_head_that_cannot_be(wrong: dict[str, object]) -> None:
    setting = SettingFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        whole(HeadFactory, setting=setting, **({"position": 1} | wrong))


@pytest.mark.parametrize(
    "wrong", [{"number": 1}, {"width_mm": "0"}, {"length_mm": "1.00"}, {"place": "halo"}]
)
def test_the_database_refuses_a_location_that_cannot_be(wrong: dict[str, object]) -> None:
    setting = SettingFactory(stones={"halo": "1.20"})
    with pytest.raises(IntegrityError), transaction.atomic():
        whole(LocationFactory, setting=setting, **wrong)
