"""What suppliers upload to RapNet."""

from decimal import Decimal

import pytest

from tests.builder.feeds.reading import csv, read_all, stones

HEADER = (
    "Stock #,Availability,Shape,Weight,Color,Clarity,Cut Grade,Polish,Symmetry,Fluorescence Intensity,Measurements,Lab,{report},"
    "Treatment,RapNet Price,Cash Price,Fancy Color,Fancy Color Intensity,Depth %,Table %"
)
ROW = (
    "U-1,{availability},R,1.01,G,VS1,,EX,VG,N,6.21*5.20*3.60,GIA,2116281084,,{price},4800,,,69.2,66"
)


@pytest.mark.parametrize("report", ["Certificate #", "Report #"])
def test_prices_are_per_carat_and_the_rapnet_price_comes_first(report: str) -> None:
    header = HEADER.format(report=report)
    [dear, cash] = stones(
        "rapnet_upload",
        csv(
            header,
            ROW.format(availability="Guaranteed", price="5000"),
            ROW.format(availability="GA", price=""),
        ),
    )
    assert (dear.cost, cash.cost, dear.shape) == (Decimal(5050), Decimal(4848), "radiant")


@pytest.mark.parametrize("availability", ["M", "Memo", "NA"])
def test_what_is_out_on_memo_is_not_offered(availability: str) -> None:
    data = csv(HEADER.format(report="Report #"), ROW.format(availability=availability, price="5"))
    assert read_all("rapnet_upload", data) == [(2, "not_available")]
