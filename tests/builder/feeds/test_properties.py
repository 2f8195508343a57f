"""Whatever a feed says: read or refused, twice the same, and the cheapest living offer is the price."""

import io
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from django.db.models import Min
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from builder import catalog
from builder.feeds import generic, sql, staging
from builder.feeds.rows import Refused
from builder.feeds.stones import Reader
from builder.models import Stone, StoneOffer, Supplier
from tests.builder.feeds.test_stones import ROW
from tests.builder.test_catalog import feed, line
from tests.factories.builder import SupplierFactory
from tests.factories.jeweler import NOW

CHECKOUT = Path(__file__).resolve().parents[3]
NOISE = st.one_of(
    st.text(max_size=30),
    st.text(alphabet="0123456789.xX|*-/ ,%$+=@eE", max_size=20),
    st.sampled_from(
        ["", "NA", "Round", "R", "GIA", "G-VG", "FIY", "Fancy", "1e9", "NaN", "-0", "LG12345678"]
    ),
)


@given(st.dictionaries(st.sampled_from(generic.FIELDS), NOISE))
@settings(max_examples=400, deadline=None)
def test_any_row_is_read_or_refused_and_what_is_read_can_be_stored(noise: dict[str, str]) -> None:
    try:
        stone = Reader(aliases={}).read(ROW | noise).stone
    except Refused:
        return
    copied = staging.copied(stone)
    assert copied.count("\t") == len(sql.STAGED) - 1
    assert "\n" not in copied
    assert 0 < len(stone.stock_number) <= 64
    assert stone.length_mm >= stone.width_mm > 0
    assert bool(stone.color) != bool(stone.fancy_hue)
    assert Decimal("0.01") <= stone.cost < 10**8


@given(st.dictionaries(st.sampled_from(generic.FIELDS), NOISE))
@settings(max_examples=200, deadline=None)
def test_a_reader_that_remembers_answers_like_one_that_does_not(noise: dict[str, str]) -> None:
    seasoned = Reader(aliases={})
    for _ in range(2):
        told = _answer(seasoned, ROW | noise)
        assert told == _answer(Reader(aliases={}), ROW | noise)


def _answer(reader: Reader, row: dict[str, str]) -> object:
    try:
        return reader.read(row)
    except Refused as refusal:
        return refusal.reason, refusal.detail


FEEDS = st.lists(
    st.tuples(
        st.sampled_from(["north", "south", "east"]),
        st.lists(
            st.tuples(
                st.integers(0, 5), st.integers(2000, 9000), st.sampled_from(["G", "H", "oops"])
            ),
            max_size=6,
        ),
    ),
    min_size=1,
    max_size=5,
)


class AfterAnyFeeds(TestCase):
    @given(FEEDS)
    @settings(max_examples=25, deadline=None)
    def test_the_cheapest_living_offer_is_the_price_and_a_second_time_changes_nothing(
        self, feeds: list[tuple[str, list[tuple[int, int, str]]]]
    ) -> None:
        for code, stones in feeds:
            supplier = SupplierFactory(code=code)
            lines = [
                line(number, stock=f"{code}-{number}", total=str(cost), color=color)
                for number, cost, color in stones
            ]
            for is_again in (False, True):
                before = list(Stone.objects.order_by("id").values())
                report = take_in(supplier, feed(*lines))
                assert report["offers"] + sum(report["refused"].values()) == report["rows"]
                if is_again:
                    assert (report["new"], report["changed"], report["withdrawn"]) == (0, 0, 0)
                    assert list(Stone.objects.order_by("id").values()) == before
            for stone in Stone.objects.all():
                living = StoneOffer.objects.filter(stone=stone, withdrawn_at=None)
                cheapest = living.aggregate(least=Min("price"))["least"]
                assert (stone.status == "available") == (cheapest is not None)
                assert cheapest is None or stone.price == cheapest


def take_in(supplier: Supplier, data: bytes) -> dict[str, object]:
    record = catalog.import_feed(
        supplier=supplier,
        file=io.BytesIO(data),
        file_name="x.csv",
        feed_format="generic",
        dry_run=False,
        allow_shrink=True,
        now=NOW,
    )
    report: dict[str, object] = record.report
    return report


MEASURE = """
import io, os, resource, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "jeweler.settings"
import django
django.setup()
from builder.feeds import formats
from builder.feeds.rows import Refused
from builder.feeds.source import Source
from builder.feeds.stones import Reader
from builder.feeds.staging import Staging
from demo import wholesale
import contextlib
class Sink:
    @contextlib.contextmanager
    def copy(self, statement):
        yield self
    def write(self, text):
        self.written = len(text)
    def execute(self, statement):
        pass
path, count = sys.argv[1], int(sys.argv[2])
with open(path, "w") as file:
    wholesale.write_csv(file, count=count, seed=7)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
reader, staged = Reader(aliases={}), Staging(Sink())
with open(path, "rb") as file, staged.streaming():
    for place, row in formats.find("generic").read(Source(file), {}):
        staged.add(reader.read(row).stone, place=place)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_does_not_grow_with_the_feed(tmp_path: Path) -> None:
    """Four times the rows may cost a few megabytes for words met later, not four times the memory."""
    grown = [
        int(
            subprocess.run(
                [sys.executable, "-c", MEASURE, str(tmp_path / "feed.csv"), str(count)],
                cwd=CHECKOUT,
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
        for count in (20_000, 80_000)
    ]
    assert grown[1] < grown[0] + 16_000  # kB


@pytest.mark.django_db
def test_a_reader_remembers_only_so_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builder.feeds.stones.MOST_REMEMBERED", 10)
    reader = Reader(aliases={})
    for number in range(100):
        reader.read(ROW | {"carat": f"1.0{number:02}", "polish": f"shiny {number}"})
    assert max(len(known) for _, known in reader._optional_words) <= 10
    assert len(reader._carat) <= 10
