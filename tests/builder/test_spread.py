"""Stones that are unusually large or small for their weight."""

from decimal import Decimal

import pytest

from builder import gemology, spread
from builder.templatetags.ring import faces_up_sentence
from tests.factories.builder import StoneFactory


@pytest.mark.parametrize("shape", gemology.SHAPES)
def test_a_stone_on_the_law_is_like_others(shape: str) -> None:
    usual = gemology.expected_mm(shape=shape, carat=1.3)
    measured = {"carat": 1.3, "length_mm": usual.length, "width_mm": usual.width}
    assert spread.deviations(shape=shape, **measured) == pytest.approx(0)
    assert spread.faces_up(shape=shape, **measured) == ""


@pytest.mark.parametrize(
    ("width", "flag"), [(6.15, "small"), (6.18, ""), (6.40, ""), (6.62, ""), (6.66, "large")]
)
def test_a_round_of_one_carat_is_flagged_beyond_three_deviations(width: float, flag: str) -> None:
    """Three deviations of 2.5 % are 7.4 % of the outline, a quarter of a millimeter of the width."""
    assert spread.faces_up(shape="round", carat=1.0, length_mm=width, width_mm=width) == flag


def test_long_shapes_may_stray_farther_than_rounds() -> None:
    assert spread.DEVIATIONS["marquise"] > 3 * spread.DEVIATIONS["round"]


def test_a_stone_s_own_line_says_that_it_is_unusual() -> None:
    usual, deep = StoneFactory.build(), StoneFactory.build(carat=Decimal("1.90"))
    assert "unusually" not in faces_up_sentence(usual)
    assert faces_up_sentence(deep) == (
        "Faces up like a 1.52 ct: unusually small for its weight. Ask us to look at it."
    )
