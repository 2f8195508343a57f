"""Any honest export is read, and no file makes the importer swallow it whole."""

import codecs
import io
import random
import tracemalloc

import pytest

from builder.feeds import text


class Endless(io.BytesIO):
    """A file of the given size that is never in memory."""

    def __init__(self, *, start: bytes, fill: bytes, size: int) -> None:
        super().__init__()
        self.start, self.fill, self.left = start, fill, size

    def read(self, size: int | None = -1, /) -> bytes:
        if self.start:
            start, self.start = self.start, b""
            return start
        times = min(size or 0, self.left) // len(self.fill)
        self.left -= times * len(self.fill)
        return self.fill * times


def rows(data: bytes) -> list[list[str]]:
    return [row for _, row in text.rows_of(io.BytesIO(data))]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", [b"", codecs.BOM_UTF8])
def test_any_line_end_with_or_without_a_byte_order_mark(end: str, start: bytes) -> None:
    data = start + end.join(["Shape,Carat", "Round,1.00", "", " , ", "Oval,2.00"]).encode()
    assert rows(data) == [["Shape", "Carat"], ["Round", "1.00"], ["Oval", "2.00"]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_end_that_falls_between_two_chunks_ends_one_line(
    end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"a{'b' * random.Random(k).randrange(9)},{k}" for k in range(300)]
    for size in (2, 3, 7, 64):
        monkeypatch.setattr(text, "CHUNK_BYTES", size)
        assert rows(end.join(lines).encode()) == [line.split(",") for line in lines]


def test_utf_16_with_its_mark_is_read() -> None:
    assert rows("Shape,Color\nRound,é\n".encode("utf-16")) == [["Shape", "Color"], ["Round", "é"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_header_tells_the_delimiter(delimiter: str) -> None:
    data = f"a{delimiter}b{delimiter}c\n1{delimiter}2{delimiter}3\n".encode()
    assert rows(data) == [["a", "b", "c"], ["1", "2", "3"]]


def test_a_quoted_cell_may_hold_commas_and_line_ends() -> None:
    assert rows(b'a,b\r\n"x, y","one\r\ntwo"\r\n') == [["a", "b"], ["x, y", "one\ntwo"]]


def test_each_row_tells_its_line() -> None:
    assert [line for line, _ in text.rows_of(io.BytesIO(b"a,b\n\n1,2\n3,4"))] == [1, 3, 4]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"Shape,Color\nRound,\xe9\n", "not UTF-8"),
        (b"Shape,Color\nRo\0und,G\n", "NUL"),
        (b"PK\x03\x04\x14\x00\x06\x00", "zip"),
        (b"PK\x03\x04\x14\x00[Content_Types].xml", "Excel workbook; save it as CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel workbook"),
        (b"\x1f\x8b\x08\0\0", "gzip"),
        (b"%PDF-1.7", "PDF"),
        ("Shape,Weight\nRound,1\n".encode("utf-16-le"), "UTF-16 without its mark"),
        ("Shape,Weight\nRound,1\n".encode("utf-16-be"), "UTF-16 without its mark"),
        (b'{"diamonds": []}', "looks like JSON"),
        (b"<html><body>Please log in", "web page"),
        (b"a," * 1_000_000 + b"a\n", "more than 256 kB"),
        (b"a,b\n" + b"," * 500 + b"x\n", "more than 400 columns"),
        (b'a,b\n"never closed,' + b"x\n" * 60_000, "quotation mark"),
        (b'a,b\n"closed"twice,1\n', "Line 2"),
    ],
)
def test_a_file_that_is_no_feed_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(text.UnreadableFile, match=words):
        rows(data)


@pytest.mark.parametrize("start", [b"Shape,Color\n", b'Shape,Color\n"', b""])
def test_a_cell_of_two_hundred_megabytes_is_refused_before_it_is_read(start: bytes) -> None:
    file = Endless(start=start, fill=b"x", size=200_000_000)
    with pytest.raises(text.UnreadableFile, match=r"more than 256 kB|never closed"):
        list(text.rows_of(file))
    assert file.left > 190_000_000


def test_memory_does_not_grow_with_the_file() -> None:
    file = Endless(start=b"a,b,c\n", fill=b"round,1.00,G\n", size=2_600_000)
    tracemalloc.start()
    count = sum(1 for _ in text.rows_of(file))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 200_001
    assert peak < 1_500_000
