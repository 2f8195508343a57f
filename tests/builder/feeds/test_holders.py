"""Import and fit judge by one rule: what no setting holds is what every check refuses."""

from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from builder import compatibility
from builder.compatibility import Head, SettingRules, StoneMeasures
from builder.feeds.holders import Holders
from builder.models import FeedImport
from tests.builder.test_catalog import feed, line, take_in
from tests.factories.builder import SettingFactory, SupplierFactory

MM = st.integers(200, 1500).map(lambda hundredths: Decimal(hundredths) / 100)


def head(**changes: object) -> Head:
    told: dict[str, object] = {
        "code": "four", "name": "four-prong head", "kind": "prong", "prongs": 4, "shapes": ("round", "cushion"),
        "min_width_mm": Decimal("5.0"), "max_width_mm": Decimal("8.0"), "min_length_mm": Decimal("5.0"),
        "max_length_mm": Decimal("8.6"), "rise_mm": Decimal("6.0"), "overhang_mm": Decimal("0.5"),
        "extra_price": Decimal(0), "extra_days": 0, "setting_fee": Decimal(0),
    }  # fmt: skip
    return Head(**told | changes)  # type: ignore[arg-type]


HOUSE = [
    SettingRules(
        name="The Alba", thickness_mm=Decimal("1.7"), min_size=Decimal(3), max_size=Decimal(10),
        heads=[head(), head(code="six", name="six-prong head", prongs=6, shapes=("round", "oval"),
                            max_width_mm=Decimal("10.0"), max_length_mm=Decimal("12.0"))],
    ),
    SettingRules(
        name="The Seal", thickness_mm=Decimal("2.0"), min_size=Decimal(4), max_size=Decimal(9),
        heads=[head(code="bezel", name="bezel", kind="bezel", prongs=0, shapes=("pear", "cushion"),
                    rise_mm=Decimal("3.2"))],
    ),
]  # fmt: skip


@given(st.sampled_from(["round", "oval", "cushion", "pear", "heart"]), MM, MM, MM)
@settings(max_examples=600, deadline=None)
def test_a_stone_is_counted_if_and_only_if_every_check_refuses_it(
    shape: str, one: Decimal, other: Decimal, depth: Decimal
) -> None:
    width, length = sorted((one, other))
    stone = StoneMeasures(
        shape=shape, carat=Decimal(1), length_mm=length, width_mm=width, depth_mm=depth
    )
    fits = any(
        compatibility.check(setting=rules, stone=stone, size=None).verdict != "does_not_fit"
        for rules in HOUSE
    )
    held = Holders(HOUSE).hold(shape=shape, length_mm=length, width_mm=width, depth_mm=depth)
    assert held == fits


@pytest.mark.django_db
def test_the_command_tells_how_many_stones_no_setting_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    SettingFactory()
    SupplierFactory(code="north")
    usual = line(1, carat="1.52", mm="7.40x7.43x4.55")
    huge = line(2, carat="12.00", mm="14.60x14.70x9.00", total="900000")
    (tmp_path / "feed.csv").write_bytes(feed(usual, huge))
    call_command("import_stones", tmp_path / "feed.csv", supplier="north")
    assert "that no setting holds: 1  round 1" in capsys.readouterr().out
    assert FeedImport.objects.get().report["without_setting"] == {"round": 1}


@pytest.mark.django_db
def test_a_setting_that_is_not_offered_holds_nothing() -> None:
    SettingFactory(is_offered=False)
    assert "without_setting" not in take_in(feed(line(1))).report


@pytest.mark.django_db
def test_a_house_without_settings_counts_nothing() -> None:
    assert "without_setting" not in take_in(feed(line(1))).report
