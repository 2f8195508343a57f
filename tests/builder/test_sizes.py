"""Ring sizes in the systems that people know theirs in."""

import contextlib
import math
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder import gemology, sizes

# The first example may wait for a busy machine; nothing here is about time.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

OUR_SIZES = [Decimal(half) / 2 for half in range(6, 27)]


@pytest.mark.parametrize(
    ("us", "diameter", "circumference"),
    [
        ("0", 11.63, 36.5), ("0.5", 12.04, 37.8), ("1", 12.45, 39.1), ("1.5", 12.85, 40.4),
        ("2", 13.26, 41.7), ("2.5", 13.67, 42.9), ("3", 14.07, 44.2), ("3.5", 14.48, 45.5),
        ("4", 14.88, 46.8), ("4.5", 15.29, 48.0),
    ],
)  # fmt: skip
def test_us_sizes_are_those_of_the_published_chart(
    us: str, diameter: float, circumference: float
) -> None:
    """Inside diameter and circumference as the usual conversion charts print them."""
    assert float(gemology.inner_diameter_mm(Decimal(us))) == pytest.approx(diameter, abs=0.01)
    around = float(gemology.inner_circumference_mm(Decimal(us)))
    assert around == pytest.approx(circumference, abs=0.06)


@pytest.mark.parametrize(
    ("letter", "diameter"),
    [
        ("I", 15.22), ("J", 15.61), ("K", 16.00), ("L", 16.40), ("M", 16.79), ("N", 17.18),
        ("O", 17.58), ("P", 17.97), ("Q", 18.36), ("R", 18.76), ("S", 19.15), ("Z", 21.91),
    ],
)  # fmt: skip
def test_uk_letters_are_those_of_a_british_jewelers_chart(letter: str, diameter: float) -> None:
    inside = float(sizes.circumference_of_uk(letter)) / math.pi
    assert inside == pytest.approx(diameter, abs=0.08)


@pytest.mark.parametrize(
    ("eu", "diameter"),
    [
        (49, 15.6),
        (50, 15.9),
        (52, 16.6),
        (54, 17.2),
        (57, 18.1),
        (60, 19.1),
        (65, 20.7),
        (68, 21.6),
    ],
)
def test_an_eu_size_is_the_circumference_as_the_standard_tables_it(
    eu: int, diameter: float
) -> None:
    assert eu / math.pi == pytest.approx(diameter, abs=0.06)
    us = sizes.us_size_of(eu=Decimal(eu))
    assert float(gemology.inner_circumference_mm(us)) == pytest.approx(eu, abs=0.64)


@pytest.mark.parametrize("size", OUR_SIZES)
def test_what_we_say_in_a_system_is_read_back_as_the_same_ring(size: Decimal) -> None:
    said = gemology.size_systems(size)
    assert sizes.read(said["us"]) == size
    assert sizes.read(said["uk"]) == size
    assert sizes.read(said["eu"]) == size
    assert sizes.read(f"{gemology.inner_diameter_mm(size):.2f} mm") == size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("6", "6"), ("6.5", "6.5"), ("6½", "6.5"), ("6 1/2", "6.5"), (" 6,5 ", "6.5"), ("US 6", "6"), ("6 us", "6"),
        ("L", "6"), ("l½", "6"), ("L 1/2", "6"), ("UK M", "6.5"), ("Z", "12.5"), ("Z+1", "13"), ("z + 1", "13"), ("52", "6"), ("EU 53", "6.5"),
        ("54.5", "7"), ("16.5 mm", "6"), ("16.5mm", "6"), ("52 mm", "6"),
        ("size 6", "6"), ("US size: 6½", "6.5"), ("US6", "6"), ("EU52", "6"), ("UKL", "6"), ("6-1/2", "6.5"), ("6-½", "6.5"),
    ],
)  # fmt: skip
def test_sizes_are_read_as_they_are_typed(text: str, size: str) -> None:
    assert sizes.read(text) == Decimal(size)


def test_a_system_beside_the_field_is_heeded() -> None:
    assert sizes.read("16.5", system="mm") == Decimal(6)
    assert sizes.read("52", system="eu") == Decimal(6)
    assert sizes.read("US 6", system="eu") == Decimal(6)
    with pytest.raises(sizes.Unreadable):
        sizes.read("6", system="eu")
    with pytest.raises(sizes.Unreadable, match="no system of sizes we read"):
        sizes.read("12", system="jp")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("14", "US 3 to 13, UK F. to Z+1, EU 44 to 70"), ("A", "no size we make"), ("UK 6", "Write a US size such as 6½"),
        ("6¼", "Choose 6 or 6½"), ("size 6 1/4", "Choose 6 or 6½"), ("USA", "Write a US size"), ("30 mm", "16.5 mm"), ("six", "Write a US size"), ("", "Write a US size"),
        ("-6", "Write a US size"), ("6e1", "Write a US size"), ("٦", "Write a US size"), ("L½½", "Write a US size"),
        ("9" * 400, "Write a US size"), ("L;DROP", "Write a US size"),
    ],
)  # fmt: skip
def test_what_is_no_size_is_refused_with_the_systems_or_the_range(text: str, words: str) -> None:
    with pytest.raises(sizes.Unreadable, match=words.replace("½", ".").replace("+", r"\+")):
        sizes.read(text)


@unhurried
@given(around=st.decimals(min_value=45, max_value=68, places=2))
def test_the_nearest_half_size_is_never_farther_than_half_a_step(around: Decimal) -> None:
    size = sizes.us_size_of(circumference_mm=around)
    assert size * 2 % 1 == 0
    assert abs(gemology.inner_circumference_mm(size) - around) <= Decimal("0.64")


@unhurried
@given(text=st.text(max_size=12))
def test_any_text_is_a_size_we_make_or_is_refused(text: str) -> None:
    with contextlib.suppress(sizes.Unreadable):
        assert sizes.read(text) in OUR_SIZES
