"""Nivoda's answers: pages of stones, prices in cents."""

import json
from decimal import Decimal
from typing import Any

import pytest

from builder.feeds.source import UnreadableFile
from tests.builder.feeds.reading import read_all, stones


def item(number: int = 1, **report: Any) -> dict[str, Any]:
    told = {
        "lab": "GIA", "certNumber": str(2116281000 + number), "shape": "CUSHION MODIFIED", "carats": 1.01, "color": "G", "clarity": "VS1",
        "cut": "", "polish": "EX", "symmetry": "VG", "floInt": "FNT", "length": 5.97, "width": 5.45, "depth": 3.75,
        "depthPercentage": 68.8, "table": 62, "pdfUrl": "https://example.com/r.pdf", "labgrown": False,
    }  # fmt: skip
    diamond = {"availability": "AVAILABLE", "supplierStockId": "S", "certificate": told | report}
    return {"id": f"DIAMOND/{number}", "price": 350_000, "markup_price": 1, "diamond": diamond}


def one_page(*items: dict[str, Any]) -> bytes:
    return json.dumps({"data": {"diamonds_by_query": {"items": list(items)}}}).encode()


def test_the_price_is_the_total_in_cents() -> None:
    [stone] = stones("nivoda", one_page(item()))
    assert (stone.cost, stone.shape, stone.fluorescence) == (Decimal(3500), "cushion", "faint")
    assert (stone.stock_number, stone.growth) == ("DIAMOND/1", "natural")


@pytest.mark.parametrize("join", [b"", b"\n", b"[]"])
def test_several_pages_are_read_as_one_feed(join: bytes) -> None:
    pages = [one_page(item(1), item(2)), one_page(), one_page(item(3))]
    data = b"[" + b",".join(pages) + b"]" if join == b"[]" else join.join(pages)
    assert [place for place, _ in read_all("nivoda", data)] == [1, 2, 3]


def test_a_page_that_failed_is_not_a_page_without_stones() -> None:
    failed = json.dumps({"errors": [{"message": "Too many requests"}], "data": None}).encode()
    with pytest.raises(UnreadableFile, match="Too many requests"):
        read_all("nivoda", one_page(item()) + failed)


def test_natural_or_lab_grown_must_be_said_by_the_answer_or_by_the_supplier() -> None:
    assert read_all("nivoda", one_page(item(labgrown=None))) == [(1, "blank")]
    [stone] = stones("nivoda", one_page(item(labgrown=None)), {"growth": "=lab"})
    assert stone.growth == "lab"


def test_vdbs_answer_is_not_taken_for_nivodas() -> None:
    with pytest.raises(UnreadableFile, match=r"its lists: body\.diamonds"):
        read_all("nivoda", b'{"body": {"diamonds": [{"a": 1}]}}')
