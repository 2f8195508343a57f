"""Whether a head holds a stone, said in millimeters."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.compatibility import Head, SettingRules, StoneMeasures, check, envelopes

HEAD = Head(
    code="six-prong",
    name="six-prong head",
    kind="prong",
    prongs=6,
    shapes=["round", "oval", "princess"],
    min_width_mm=Decimal("6.90"),
    max_width_mm=Decimal("7.70"),
    min_length_mm=Decimal("6.90"),
    max_length_mm=Decimal("9.00"),
    rise_mm=Decimal("3.20"),
)
SETTING = SettingRules(
    name="The Alba",
    thickness_mm=Decimal("1.70"),
    min_size=Decimal(3),
    max_size=Decimal(10),
    heads=[HEAD],
)
STONE = StoneMeasures(
    shape="round",
    carat=Decimal("1.52"),
    length_mm=Decimal("7.38"),
    width_mm=Decimal("7.34"),
    depth_mm=Decimal("4.49"),
)


def setting(**head: Any) -> SettingRules:
    return replace(SETTING, heads=[replace(HEAD, **head)])


def judged(*, size: str | None = "6", head: dict[str, Any] | None = None, **stone: Any) -> Any:
    measures = {
        name: Decimal(value) if name.endswith("mm") else value for name, value in stone.items()
    }
    return check(
        setting=setting(**(head or {})),
        stone=replace(STONE, **measures),
        size=None if size is None else Decimal(size),
    )


def test_a_stone_that_fits_says_by_how_much() -> None:
    fit = judged()
    assert (fit.fits, fit.verdict, fit.margin_mm) == (True, "fits", Decimal("0.36"))
    assert fit.reason == "This six-prong head holds your 1.52 ct round: 0.4 mm to spare."


def test_less_than_a_tenth_is_said_in_hundredths() -> None:
    assert judged(width_mm="7.65", length_mm="7.66").reason.endswith("0.05 mm to spare.")


def test_prongs_that_the_setter_can_move_are_a_fit_with_a_change() -> None:
    fit = judged(width_mm="7.82", length_mm="7.85")
    assert (fit.fits, fit.verdict, fit.margin_mm) == (True, "fits_with_change", Decimal("-0.12"))
    assert "moved its prongs by 0.1 mm" in fit.reason
    assert str(fit.fix).startswith("Included")


def test_a_bezel_is_cut_to_its_stone_and_gives_nothing() -> None:
    fit = judged(
        head={"kind": "bezel", "prongs": 0, "name": "bezel"}, width_mm="7.82", length_mm="7.85"
    )
    assert not fit.fits
    assert "this bezel takes 6.9 to 7.7 mm" in fit.reason


@pytest.mark.parametrize(
    ("stone", "words"),
    [
        ({"width_mm": "8.76", "length_mm": "8.80"}, "is 8.76 mm wide"),
        ({"width_mm": "6.40", "length_mm": "6.44"}, "is 6.40 mm wide"),
        ({"shape": "oval", "length_mm": "9.40"}, "is 9.40 mm long"),
        ({"shape": "princess", "depth_mm": "6.50"}, "would touch your finger"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_millimeters_and_a_way_out(
    stone: dict[str, Any], words: str
) -> None:
    fit = judged(**stone)
    assert (fit.fits, fit.verdict) == (False, "does_not_fit")
    assert fit.margin_mm is not None
    assert fit.margin_mm < 0
    assert words in fit.reason
    assert str(fit.fix).startswith("Choose")


def test_the_way_out_names_the_weights_that_would_fit() -> None:
    fit = judged(width_mm="8.76", length_mm="8.80")
    assert str(fit.fix) == (
        "Choose a round of about 1.25 to 1.75 ct, or a setting whose head takes 8.8 × 8.8 mm."
    )


def test_a_wrong_shape_has_no_margin_and_names_the_right_ones() -> None:
    fit = judged(shape="emerald")
    assert (fit.fits, fit.margin_mm) == (False, None)
    assert fit.reason == (
        "This six-prong head is made for round, oval and princess stones, not for an emerald."
    )


def test_a_deep_stone_is_lifted_off_the_finger_while_the_head_can_be_raised() -> None:
    fit = judged(head={"rise_mm": Decimal("1.60")}, depth_mm="4.60")
    assert fit.verdict == "fits_with_change"
    assert "raised the head by 0.5 mm" in fit.reason


@pytest.mark.parametrize("size", ["2.5", "10.5"])
def test_a_size_the_ring_is_not_made_in_is_refused(size: str) -> None:
    fit = judged(size=size)
    assert not fit.fits
    assert "sizes 3 to 10" in fit.reason


def test_without_a_size_only_the_stone_is_judged() -> None:
    assert judged(size=None).verdict == "fits"


millimeters = st.decimals(min_value=3, max_value=14, places=2)


@given(width=millimeters, more=st.decimals(min_value=0, max_value=5, places=2), depth=millimeters)
def test_a_stone_fits_exactly_when_it_is_within_the_envelope(
    width: Decimal, more: Decimal, depth: Decimal
) -> None:
    stone = replace(STONE, width_mm=width, length_mm=width + more, depth_mm=depth)
    within = any(
        limits.holds(shape="round", length_mm=width + more, width_mm=width, depth_mm=depth)
        for limits in envelopes(setting=SETTING)
    )
    assert check(setting=SETTING, stone=stone, size=None).fits is within


@given(width=millimeters, depth=millimeters)
def test_a_larger_head_never_holds_less(width: Decimal, depth: Decimal) -> None:
    stone = replace(STONE, width_mm=width, length_mm=width, depth_mm=depth)
    larger = setting(max_width_mm=Decimal(8), max_length_mm=Decimal(10), rise_mm=Decimal(4))
    if check(setting=SETTING, stone=stone, size=None).fits:
        assert check(setting=larger, stone=stone, size=None).fits
