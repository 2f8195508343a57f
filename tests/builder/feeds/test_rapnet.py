"""RapNet's download in both of its shapes."""

from decimal import Decimal

from tests.builder.feeds.reading import csv, read_all, stones

OLDER = (
    "Seller,RapNet Seller Code,Shape,Weight,Color,Fancy Color,Fancy Intensity,Fancy Overtone,Clarity,Cut Grade,Polish,Symmetry,"
    "Fluorescence,Measurements,Lab,Cert #,Stock #,Treatment,RapNet Price,RapNet Discount Price,Depth %,Table %,Girdle,Culet,"
    "Comment,City,State,Country,Is Matched Pair Separable,Pair Stock #,Parcel number of stones,Certificate URL,RapNet Lot #,Date"
)


def older(shape: str = "R", count: str = "1", fancy: str = ",,") -> str:
    return (
        f"SELLER,1,{shape},1.01,{'' if fancy.strip(',') else 'G'},{fancy},VS1,,EX,VG,Medium Blue,6.21 x 5.20 x 3.60,GIA,2116281084,A-1,,"
        f"5000,-0.2,69.2%,66%,M,N,,NY,NY,USA,,,{count},https://example.com/c,77,1/1/15"
    )


def test_the_older_download_is_read_with_r_for_radiant() -> None:
    [stone] = stones("rapnet", csv(OLDER, older()))
    assert (stone.shape, stone.stock_number, stone.fluorescence) == ("radiant", "A-1", "medium")
    assert (stone.cost, stone.depth_pct) == (Decimal("5050.00"), Decimal("69.2"))


def test_a_parcel_is_no_single_stone_and_a_fancy_color_has_its_hue() -> None:
    parcel, fancy = read_all("rapnet", csv(OLDER, older(count="3"), older(fancy="Y,Intense,")))
    assert parcel == (2, "not_a_single_stone")
    assert not isinstance(fancy[1], str)
    assert (fancy[1].fancy_hue, fancy[1].fancy_intensity) == ("yellow", "fancy_intense")
