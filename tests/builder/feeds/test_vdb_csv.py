"""VDB's template for natural and for lab-grown stones."""

from decimal import Decimal

from tests.builder.feeds.reading import csv, read_all, stones

HEADER = (
    "Stock #,Availability,Shape,Weight,Clarity,Color,Price,Total Price,Cut Grade,Polish,Symmetry,Depth Percent,Table Percent,"
    "Fluorescence Intensity,Lab,Certificate #,Measurements"
)
ROW = "V-1,G,Round,1.01,VS1,G,6000,6060,EX,EX,EX,62,57,VSL,IGI,LG61920440,6.40x6.43x3.98"


def test_a_form_with_growth_types_is_of_lab_grown_stones_also_where_a_cell_is_blank() -> None:
    blank, cvd = stones("vdb_csv", csv(f"{HEADER},Growth Type", f"{ROW},", f"{ROW},CVD"))
    assert (blank.growth, cvd.growth, blank.fluorescence) == ("lab", "lab", "faint")
    assert blank.cost == Decimal(6060)


def test_a_lab_grown_report_among_natural_stones_is_refused() -> None:
    assert read_all("vdb_csv", csv(HEADER, ROW)) == [(2, "growth_and_report_disagree")]
    assert stones("vdb_csv", csv(HEADER, ROW.replace("LG6", "6")))[0].growth == "natural"
