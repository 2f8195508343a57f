"""Numbers as suppliers write them."""

from decimal import Decimal

import pytest

from builder.feeds import values


@pytest.mark.parametrize(
    "text",
    [
        "5.40X5.43X3.36", "5.40 x 5.43 x 3.36", "5.40x5.43x3.36", "5.40|5.43|3.36", "5.40*5.43*3.36",
        "5.40 5.43 3.36", "5.40-5.43x3.36", "5.40 - 5.43 X 3.36 mm", "5.40×5.43×3.36", " 5.40/5.43/3.36 ",
    ],
)  # fmt: skip
def test_millimeters_are_read_with_every_separator(text: str) -> None:
    assert values.measures(text) == (Decimal("5.40"), Decimal("5.43"), Decimal("3.36"))


@pytest.mark.parametrize("text", ["", " ", "-", "N/A"])
def test_a_blank_is_nothing(text: str) -> None:
    assert values.measures(text) is None
    assert values.number(text) is None


@pytest.mark.parametrize(
    "text", ["5.4x5.4", "5.4x5.4x3.4x1", "about 5x5x3", "5..4x5x3", "9" * 12 + "x1x1"]
)
def test_what_is_not_three_millimeters_is_refused(text: str) -> None:
    with pytest.raises(values.BadValue):
        values.measures(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("60.70%", "60.70"), ("60.7", "60.7"), ("$1,234.50", "1234.50"), (".61", "0.61"), ("34.5°", "34.5"),
        ("1234.5678901234567890123456", "1234.5678901234567890123456"), ("-0.24", "-0.24"),
    ],
)  # fmt: skip
def test_plain_numbers_are_read_exactly(text: str, number: str) -> None:
    assert values.number(text) == Decimal(number)


@pytest.mark.parametrize("text", ["1e5", "1.04E+11", "nan", "inf", "1.2.3", "x", "1234567890.5"])
def test_no_other_number_is_guessed(text: str) -> None:
    with pytest.raises(values.BadValue):
        values.number(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2116281084", "2116281084"), ("LG 619 2044 08", "LG619204408"), ("1234-5678", "12345678"),
        ("2158809618.0", "2158809618"), ("S3G45566", "S3G45566"), ("", ""), ("0", ""), ("N/A", ""),
    ],
)  # fmt: skip
def test_report_numbers_are_read_as_the_lab_prints_them(text: str, number: str) -> None:
    assert values.report_number(text) == number


@pytest.mark.parametrize(
    "text", ["1.04075E+11", "1.0407E+11", "1E+11", "277764.001.02", "see remark", "12"]
)
def test_a_ruined_report_number_is_refused(text: str) -> None:
    with pytest.raises(values.BadValue, match="no report number"):
        values.report_number(text)
