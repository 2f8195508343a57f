"""VDB's JSON, of any size."""

import io
import json
from decimal import Decimal
from typing import Any

import pytest

from builder.feeds import vdb_json
from builder.feeds.source import Source, UnreadableFile
from tests.builder.feeds.reading import read_all, stones

STONE: dict[str, Any] = {
    "shape": "Round", "size": 1.01, "color": "G", "clarity": "VS1", "cut": None, "polish": "Excellent", "symmetry": "Good",
    "fluor_intensity": "STG B", "lab": "GIA", "cert_num": "2116281084", "meas_length": 6.4, "meas_width": "6.43", "meas_depth": 3.98,
    "total_sales_price": "6000.50", "price_per_carat": None, "available": 1, "lab_grown": False, "stock_num": "481-146",
    "bad_fields": ["culet"], "depth_percent": "62.1", "fancy_color_dominant_color": None,
}  # fmt: skip


def answer(*found: dict[str, Any]) -> bytes:
    return json.dumps({"response": {"body": {"diamonds": list(found)}, "total": 1}}).encode()


def test_a_stone_is_read_with_its_numbers_as_they_are_written() -> None:
    [stone] = stones("vdb_json", b"\xef\xbb\xbf" + answer(STONE))
    assert (stone.carat, stone.cost) == (Decimal("1.01"), Decimal("6000.50"))
    assert (stone.growth, stone.fluorescence, stone.cut) == ("natural", "strong", "")
    assert (stone.length_mm, stone.depth_pct) == (Decimal("6.43"), Decimal("62.1"))


def test_a_plain_list_is_read_too_and_each_stone_has_its_place() -> None:
    sold = STONE | {"available": 0}
    read = read_all("vdb_json", json.dumps([STONE, sold, STONE | {"lab_grown": True}]).encode())
    assert [place for place, _ in read] == [1, 2, 3]
    assert read[1][1] == "not_available"
    assert getattr(read[2][1], "growth", "") == "lab"


def test_whether_it_grew_in_a_lab_is_never_guessed() -> None:
    untold = {name: value for name, value in STONE.items() if name != "lab_grown"}
    assert read_all("vdb_json", answer(untold)) == [(1, "blank")]
    assert stones("vdb_json", answer(untold), {"growth": "=lab"})[0].growth == "lab"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (answer(STONE)[:-40], "cut off"),
        (answer(STONE) + b"}", "broken"),
        (b'{"diamonds": [{"a": nope}]}', "broken"),
        (b"[" * 100_000, "nested deeper"),
        (b'[{"a":' * 50_000, "nested deeper"),
        (b'{"data": {"diamonds_by_query": {"items": []}}}', "its lists: data.diamonds_by_query"),
        (b'{"error": "log in"}', "no list of stones"),
        (b"Shape,Carat\nRound,1", "looks like CSV"),
        (b"<root/>", "looks like XML"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b'[{"shape": "\xe9"}]', "broken"),
        (b'[{"stock_num": "a\\u0000b"}]', "NUL"),
        ('[{"a": 1}]'.encode("utf-16-le"), "UTF-16 without its mark"),
        (b'[{"size": ' + b"9" * 100_000 + b"}]", "hundreds of digits"),
        (b'[{"size": ' + b" " * 16_100 + b"9" * 5000 + b"}]", "hundreds of digits"),
        (json.dumps([{str(key): 1 for key in range(1001)}]).encode(), "more than 1000 values"),
    ],
)
def test_what_is_no_such_json_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(UnreadableFile, match=words):
        read_all("vdb_json", data)


class Endless(io.BytesIO):
    """A start and then the same byte for ever, without holding any of it."""

    def __init__(self, start: bytes) -> None:
        super().__init__(start)
        self.given = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size) or b"x" * (size or 0)
        self.given += len(data)
        return data


def test_an_endless_text_is_refused_before_it_fills_the_memory() -> None:
    file = Endless(b'[{"shape": "')
    with pytest.raises(UnreadableFile, match="a single value or tag has more than 2 MB"):
        list(vdb_json.read(Source(file), {}))
    assert file.given < 5_000_000


def test_a_number_in_powers_of_ten_is_a_ruined_report() -> None:
    data = answer(STONE).replace(b'"2116281084"', b"1.04075E+11")
    assert read_all("vdb_json", data) == [(1, "bad_report_number")]
