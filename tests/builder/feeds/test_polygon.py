"""Polygon's CSV."""

from decimal import Decimal

from tests.builder.feeds.reading import csv, read_all, stones

HEADER = (
    "Supplier ID,Shape,Weight,Color,Clarity,Total Price,Lot Number,Stock Number,Lab,Cert #,Dimension,Depth %,Table %,Polish,"
    "Symmetry,Fluor Intensity,Enhancements,Availability,Is Active,FC-Main Body,FC- Intensity,FC- Overtone,Cut Grade"
)
ROW = "89613,Round,1.01,{color},VS1,6000,,100-1,GIA,1205970864,6.4|6.43|3.98,62,57,VG,G,Very Slight,,Not Specified,{active},{fancy},"


def test_millimeters_between_bars_and_availability_not_specified_are_read() -> None:
    [stone] = stones("polygon", csv(HEADER, ROW.format(color="G", active="Y", fancy=",,")))
    assert (stone.length_mm, stone.fluorescence) == (Decimal("6.43"), "faint")


def test_what_is_not_active_is_not_offered_and_brown_is_a_fancy_color() -> None:
    inactive, brown = read_all(
        "polygon",
        csv(
            HEADER,
            ROW.format(color="G", active="N", fancy=",,"),
            ROW.format(color="", active="Y", fancy="Brown,Fancy,Grayish Greenish"),
        ),
    )
    assert inactive == (2, "not_available")
    assert getattr(brown[1], "fancy_color", "") == "fancy grayish greenish brown"
