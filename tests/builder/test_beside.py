"""How close a wedding band lies to a ring."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder import beside

# The first example may wait for a busy machine; nothing here is about time.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

RING = beside.Ring(
    stone_length=Decimal("7.38"),
    rise=Decimal("3.2"),
    top_width=Decimal("1.7"),
    thickness=Decimal("1.7"),
)


def lie(thickness: str = "2.4", *, is_curved: bool = False, **ring: Any) -> beside.Beside:
    return beside.lie(
        ring=replace(RING, **ring),
        thickness=Decimal(thickness),
        is_curved=is_curved,
    )


def test_a_band_no_higher_than_the_shank_sits_flush() -> None:
    found = lie("1.7")
    assert (found.gap_mm, found.is_flush) == (0, True)
    assert found.sentence == "Passes under the head, no gap."


def test_a_higher_band_meets_the_head_s_cone() -> None:
    """0.7 mm up, 0.22 of the rise: 0.765 + (4.14 − 0.765) × 0.22 = 1.50, which is 0.7 beyond the shank's edge."""
    found = lie("2.4")
    assert (found.gap_mm, found.is_flush) == (Decimal("0.7"), False)
    assert found.sentence == "Its height meets the head. A curved band closes it."


def test_a_curved_band_is_made_around_whatever_stands_there() -> None:
    assert lie("4.0", is_curved=True, hidden_halo=Decimal(1)).is_flush


@pytest.mark.parametrize(
    ("thickness", "ring", "gap", "what"),
    [
        ("3.4", {"is_bezel": True}, "3.2", "bezel"),
        ("4.2", {"hidden_halo": Decimal("1.2")}, "2.8", "hidden halo"),
        ("4.6", {"hidden_halo": Decimal("1.2")}, "3.0", "head"),
        ("3.4", {"hidden_halo": Decimal("1.2")}, "1.7", "head"),
        ("2.4", {"side_stone": Decimal("9.0")}, "1.2", "side stones"),
        ("2.4", {"side_stone": Decimal("3.6")}, "0.7", "head"),
    ],
)
def test_the_gap_is_that_of_what_reaches_farthest(
    thickness: str, ring: dict[str, Any], gap: str, what: str
) -> None:
    found = lie(thickness, **ring)
    assert found.gap_mm == Decimal(gap)
    assert f"meets the {what}." in found.sentence


lengths = st.decimals(min_value=0, max_value=3, places=2)


@unhurried
@given(thickness=lengths, more=lengths, hidden=lengths, side=lengths, is_bezel=st.booleans())
def test_a_higher_band_never_lies_closer_and_neither_does_one_beside_more_stones(
    thickness: Decimal, more: Decimal, hidden: Decimal, side: Decimal, is_bezel: bool
) -> None:
    low = lie(str(thickness), is_bezel=is_bezel)
    assert lie(str(thickness + more), is_bezel=is_bezel).gap_mm >= low.gap_mm
    laden = lie(str(thickness), is_bezel=is_bezel, hidden_halo=hidden, side_stone=side)
    assert laden.gap_mm >= low.gap_mm
    assert laden.is_flush is (laden.gap_mm == 0)
