"""One row becomes one stone, or is refused with a reason."""

from decimal import Decimal

import pytest

from builder.feeds import generic, layout, rapnet, rows
from builder.feeds.rows import Refused
from builder.feeds.stones import read

ROW = {
    "stock_number": "N-1", "shape": "Round", "carat": "1.01", "color": "G", "clarity": "VS1", "cut": "EX",
    "polish": "X", "symmetry": "VG-EX", "fluorescence": "Faint Blue", "measurements": "6.40-6.43x3.98",
    "lab": "GIA", "report_number": "2116281084", "price_total": "6000", "table_pct": "57.00%",
    "depth_pct": "62.0", "crown_angle": "34.5",
}  # fmt: skip


def test_a_row_is_read_in_our_own_words() -> None:
    reading = read(ROW, aliases={})
    stone = reading.stone
    assert (stone.shape, stone.carat, stone.lab, stone.growth) == (
        "round",
        Decimal("1.01"),
        "GIA",
        "natural",
    )
    assert (stone.length_mm, stone.width_mm, stone.depth_mm) == (
        Decimal("6.43"),
        Decimal("6.40"),
        Decimal("3.98"),
    )
    assert (stone.cut, stone.polish, stone.symmetry) == ("excellent", "excellent", "very_good")
    assert (stone.fluorescence, stone.table_pct, stone.pavilion_angle) == (
        "faint",
        Decimal("57.0"),
        None,
    )
    assert stone.cost == Decimal("6000.00")
    assert reading.unknown == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"shape": "Trapeze"}, "unknown_word"),
        ({"shape": "R"}, "unknown_word"),
        ({"color": "C"}, "unknown_word"),
        ({"clarity": "VS"}, "unknown_word"),
        ({"lab": "FDI"}, "unknown_word"),
        ({"availability": "Perhaps"}, "unknown_word"),
        ({"growth": "moon"}, "unknown_word"),
        ({"fancy_color": "Chameleon"}, "unknown_word"),
        ({"color": ""}, "blank"),
        ({"lab": "NONE"}, "no_report"),
        ({"report_number": ""}, "no_report"),
        ({"report_number": "1.04075E+11"}, "bad_report_number"),
        ({"carat": "much"}, "bad_weight"),
        ({"carat": "9000"}, "bad_weight"),
        ({"measurements": ""}, "no_measurements"),
        ({"measurements": "0|0|5.5"}, "no_measurements"),
        ({"measurements": "six"}, "bad_measurements"),
        ({"measurements": "6.4x6.4x39.8"}, "weight_and_measures_disagree"),
        ({"carat": "10.1"}, "weight_and_measures_disagree"),
        ({"price_total": ""}, "no_price"),
        ({"price_total": "1e4"}, "bad_price"),
        ({"price_total": "3"}, "price_out_of_range"),
        ({"price_per_carat": "7000"}, "prices_disagree"),
        ({"availability": "Memo"}, "not_available"),
        ({"treatment": "HPHT"}, "treated"),
        ({"treatment": rows.JOINT.join(["", "FALSE", "TRUE"])}, "treated"),
        ({"stone_count": "4"}, "not_a_single_stone"),
    ],
)
def test_a_row_that_would_need_a_guess_is_refused(change: dict[str, str], reason: str) -> None:
    with pytest.raises(Refused) as refusal:
        read(ROW | change, aliases={})
    assert refusal.value.reason == reason


def test_what_a_stone_can_do_without_is_left_blank_and_counted() -> None:
    reading = read(ROW | {"polish": "shiny", "table_pct": "710", "crown_angle": "0.1"}, aliases={})
    assert (reading.stone.polish, reading.stone.table_pct, reading.stone.crown_angle) == (
        "",
        None,
        None,
    )
    assert reading.unknown == [("polish", "shiny"), ("table_pct", "710"), ("crown_angle", "0.1")]


def test_r_is_radiant_to_one_supplier_and_round_to_another() -> None:
    radiant = ROW | {"shape": "R", "measurements": "6.2x5.2x3.6"}
    assert read(radiant, aliases=rapnet.ALIASES).stone.shape == "radiant"
    assert read(ROW | {"shape": "R"}, aliases={"shape": {"r": "round"}}).stone.shape == "round"


def test_a_price_per_carat_is_multiplied() -> None:
    row = ROW | {"price_total": "", "price_per_carat": "5,940.60"}
    assert read(row, aliases={}).stone.cost == Decimal("6000.01")


def test_a_fancy_color_is_kept_in_words_without_a_letter() -> None:
    row = ROW | {
        "color": "",
        "fancy_intensity": "Fancy Deep",
        "fancy_overtone": "Yellowish",
        "fancy_color": "Brown",
    }
    stone = read(row, aliases={}).stone
    assert (stone.color, stone.fancy_color) == ("", "fancy deep yellowish brown")


def test_without_a_stock_number_the_report_stands_for_it() -> None:
    assert read(ROW | {"stock_number": ""}, aliases={}).stone.stock_number == "GIA-2116281084"


def test_only_a_web_address_is_kept_as_one() -> None:
    assert read(ROW | {"report_url": "javascript:alert(1)"}, aliases={}).stone.report_url == ""


def test_a_header_without_a_price_says_what_to_name() -> None:
    header = [
        "Shape",
        "Weight",
        "Color",
        "Clarity",
        "Lab",
        "Certificate #",
        "Measurements",
        "Price",
    ]
    with pytest.raises(layout.MissingColumns, match=r"price_total or price_per_carat.*has: Shape"):
        layout.lay_out(header=header, columns=generic.columns({}))


def test_a_suppliers_own_columns_come_first_and_may_be_one_value_for_all() -> None:
    columns = generic.columns(
        {"price_per_carat": "Price", "growth": "=lab", "shape": ["Cut", "Form"]}
    )
    header = [
        "Form",
        "Weight",
        "Color",
        "Clarity",
        "Lab",
        "Certificate #",
        "Measurements",
        "Price",
        "Shape",
    ]
    row = layout.lay_out(header=header, columns=columns).named(
        ["Oval", "1", "G", "VS1", "GIA", "2116281084", "7x5x3", "6000", "Round"]
    )
    assert (row["shape"], row["growth"], row["price_per_carat"]) == ("Oval", "lab", "6000")


def test_a_supplier_cannot_map_a_field_that_stones_do_not_have() -> None:
    with pytest.raises(generic.UnknownField, match="sparkle"):
        generic.columns({"sparkle": "Sparkle"})
