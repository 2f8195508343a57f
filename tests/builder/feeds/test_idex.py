"""IDEX's XML, without trusting it."""

import io
import tracemalloc
from decimal import Decimal

import pytest

from builder.feeds import idex
from builder.feeds.source import Source, UnreadableFile
from tests.builder.feeds.reading import read_all, stones
from tests.builder.feeds.test_vdb_json import Endless

ITEM = (
    '<item id="1" sr="E438-29" cut="Round" ct="1.01" col="G" cl="VS1" mk="Very Good" lab="EGL Intl." cn="11368319" ap="6000"'
    ' tp="6060" pol="VG-EX" sym="Good" mes="6.40x6.43x3.98" dp="62" tb="60" fl="Medium" rm="a &amp; b"/>'
)
BOMB = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><root><item rm="&c;"/></root>'
)


def test_an_item_is_read_from_its_attributes() -> None:
    [stone] = stones("idex", f"<root time='1'>{ITEM}</root>".encode())
    assert (stone.lab, stone.report_number, stone.cut) == ("EGL", "11368319", "very_good")
    assert (stone.polish, stone.cost, stone.table_pct) == ("very_good", Decimal(6060), Decimal(60))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (BOMB.encode(), "DTD or entities"),
        (b'<?xml version="1.0"?><!DOCTYPE r SYSTEM "file:///etc/passwd"><r/>', "DTD or entities"),
        (f"<root>{ITEM}".encode(), "cut off"),
        (b"<a>" * 50, "nested deeper"),
        (b"<root><stone/></root>", "no <item>"),
        (b"<root><item cut='\xe9'/></root>", "broken"),
        (b'<?xml version="1.0" encoding="latin-9000"?><root/>', "broken"),
        (b'{"diamonds": []}', "looks like JSON"),
        (b"Shape,Carat\nRound,1", "looks like CSV"),
        (b"<!doctype html><html></html>", "web page"),
    ],
)
def test_what_is_no_such_xml_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(UnreadableFile, match=words):
        read_all("idex", data)


@pytest.mark.parametrize("start", [b"<root><item rm='", b"<root>", b"<"])
def test_an_endless_attribute_or_text_is_refused_before_it_fills_the_memory(start: bytes) -> None:
    file = Endless(start)
    with pytest.raises(UnreadableFile, match="more than 2 MB"):
        list(idex.read(Source(file), {}))
    assert file.given < 6_000_000


def test_the_tree_does_not_grow_with_the_file() -> None:
    few, many = (f"<root>{ITEM * count}</root>".encode() for count in (500, 8000))
    peaks = []
    for data in (few, many):
        tracemalloc.start()
        assert sum(1 for _ in idex.read(Source(io.BytesIO(data)), {})) == data.count(b"<item")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 2 + 500_000
