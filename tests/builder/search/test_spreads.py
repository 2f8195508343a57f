"""What the snapshot counts for the histograms is what the table counts."""

import random
from collections.abc import Iterator
from decimal import Decimal
from math import floor, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.models import Stone
from builder.search import building, snapshot, spreads
from builder.views import histograms
from tests.builder.search import asked
from tests.builder.search.conftest import stock
from tests.factories.builder import StoneFactory
from tests.factories.jeweler import NOW


@pytest.fixture
def _stock(settings: object, transactional_db: None) -> Iterator[None]:
    settings.SEARCH_SNAPSHOT_POLL_S = 0  # type: ignore[attr-defined]
    snapshot.forget()
    stock(count=700)
    building.build(now=NOW)
    yield
    snapshot.forget()
    histograms.counted.cache_clear()


QUESTIONS = (
    "", "shape=round", "shape=oval&shape=pear&growth=lab", "fancy_hue=pink", "fits=alba", "fancy_hue=gray",
    "shape=round&fits=alba&carat_min=2&color=D",
)  # fmt: skip


def assert_equal_bars() -> None:
    memory = snapshot.current()
    assert memory is not None
    for text in QUESTIONS:
        heeded = histograms._asked(asked(text)).query
        found = spreads.tallies(heeded, memory=memory)
        expected = histograms._in_table(heeded)
        bars = {name: histograms._counted(name, each) for name, each in found.items()}
        assert bars == {name: histograms._counted(name, each) for name, each in expected.items()}
        assert bool(bars) == (text != "fancy_hue=gray")


@pytest.mark.usefixtures("_stock")
def test_every_bar_and_end_is_the_table_s_also_after_stones_changed() -> None:
    assert_equal_bars()
    StoneFactory.create_batch(3, price=90_000, carat="7.77", table_pct=None)
    some = random.Random(2).sample(list(Stone.objects.values_list("pk", flat=True)), 60)
    Stone.objects.filter(pk__in=some[:30]).update(status="held")
    Stone.objects.filter(pk__in=some[30:]).update(price=Decimal("61.37"))
    assert_equal_bars()


@pytest.mark.usefixtures("_stock")
def test_the_bars_of_a_page_come_from_the_snapshot(django_assert_num_queries: object) -> None:
    snapshot.current()
    with django_assert_num_queries(1):  # type: ignore[operator]  # the snapshot's own look
        carat, *_ = histograms.spreads(asked("shape=round"), now=NOW)
    assert sum(carat.stones) == Stone.objects.filter(shape="round").count()


@given(st.integers(1, 10**9))
def test_a_cell_begins_with_its_edge(cents: int) -> None:
    cell = spreads.cell_of(cents)
    assert cell == floor(log(cents) * spreads.CELLS)
    assert spreads.edge(cell) <= cents < spreads.edge(cell + 1)
