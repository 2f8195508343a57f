"""What the list shows for a setting is what the fit's check says."""

import itertools
import random
from collections.abc import Iterable
from decimal import Decimal

import pytest

from builder import compatibility, search
from builder.models import Setting, Stone
from builder.search.fitting import heads_of
from tests.factories.builder import HeadFactory, SettingFactory, StoneFactory

pytestmark = pytest.mark.django_db


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
    assert len(stones) > 2000
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


def test_a_stone_is_set_in_the_first_head_that_is_preferred() -> None:
    setting = SettingFactory()
    HeadFactory(setting=setting, code="dear", position=1, extra_price=90, extra_days=1)
    HeadFactory(setting=setting, code="slow", position=2, extra_price=40, extra_days=9)
    HeadFactory(setting=setting, code="quick", position=3, extra_price=40, extra_days=3)
    assert [head.days for head in heads_of(setting.rules)] == [0, 3, 9, 1]
