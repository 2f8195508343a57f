"""A number finds its stone however it is written, and says what became of one that is gone."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from builder.search import numbers
from tests.builder.search import ask
from tests.factories.builder import StoneFactory, StoneOfferFactory
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "written",
    ["LG612345678", "lg 6123 45678", "LG-612345678", "IGI LG612345678", "igi-lg612345678"],
)
def test_a_report_is_found_however_its_number_is_written(written: str) -> None:
    stone = StoneFactory(lab="IGI", report_number="LG612345678")
    StoneFactory()
    assert ask(f"number={written}").stones == [stone]


def test_a_stock_number_is_found_unless_its_offer_was_withdrawn() -> None:
    offer = StoneOfferFactory(stock_number="N 77-b")
    StoneOfferFactory(stock_number="N78", withdrawn_at=NOW)
    assert ask("number=n77B").stones == [offer.stone]
    assert ask("number=N78").total == 0


def test_a_part_of_a_number_finds_nothing() -> None:
    StoneFactory(report_number="6214000123")
    results = ask("number=621400012")
    assert results.total == 0
    assert results.note == "No stone of ours has the number 621400012."


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"status": "sold", "sold_at": datetime(2026, 3, 4, tzinfo=UTC)}, "sold on March 4, 2026"),
        ({"status": "held"}, "held for another customer"),
        ({"status": "withdrawn"}, "no longer offered"),
    ],
)
def test_a_stone_that_is_gone_says_so(fields: dict[str, object], words: str) -> None:
    StoneFactory(report_number="6214000123", **fields)
    results = ask("number=6214000123")
    assert results.total == 0
    assert words in results.note
    assert "GIA 6214000123" in results.note


def test_the_other_filters_still_hold_and_say_so() -> None:
    StoneFactory(report_number="6214000123", color="G")
    results = ask("number=6214000123&color=D")
    assert results.total == 0
    assert [nearest.label for nearest in results.nearest] == ["Color: also G"]


def test_a_number_is_looked_up_in_an_index() -> None:
    """Postgres reads so small a table faster whole; forbidden to, it must have another way."""
    StoneOfferFactory()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for model in (numbers.by_report({"N77"}), numbers.by_offer({"N77"})):
            assert "_bare" in model.explain()
