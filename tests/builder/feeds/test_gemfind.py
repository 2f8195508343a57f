"""GemFind's upload, where a column is known by its place."""

from decimal import Decimal

import pytest

from builder.feeds.source import UnreadableFile
from tests.builder.feeds.reading import csv, read_all, stones

ROW = (
    "Round,1.01,G,VS1,6000,GIA,62,57,M,N,EX,VG-EX,F,34.5,40.8,6.40x6.43x3.98,fine,1,2116281084,G-1"
)


def test_the_first_row_is_a_stone() -> None:
    [stone] = stones("gemfind", csv(ROW))
    assert (stone.cost, stone.symmetry, stone.stock_number) == (Decimal(6060), "very_good", "G-1")


def test_a_header_that_should_not_be_there_is_passed_over() -> None:
    assert len(stones("gemfind", csv("Cut(Shape),Size,Color,Clarity,Cost Per Carat", ROW))) == 1


def test_a_row_without_one_of_the_first_five_is_refused() -> None:
    short, blank = read_all("gemfind", csv(ROW, "Round,1.01,G", ROW.replace("6000", ""), ROW))[1:3]
    assert (short[1], blank[1]) == ("blank", "blank")


def test_a_row_without_a_report_is_refused_by_the_one_judge() -> None:
    assert read_all("gemfind", csv("Round,1.01,G,VS1,6000")) == [(1, "no_report")]


@pytest.mark.parametrize(
    "data", [b"Stock,Shape,Weight,Color,Clarity,Lab\n1,2,3,4,5,6", b"a,b\n1,2"]
)
def test_another_table_is_named(data: bytes) -> None:
    with pytest.raises(UnreadableFile, match="other columns"):
        read_all("gemfind", data)
