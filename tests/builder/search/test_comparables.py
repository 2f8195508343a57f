"""A page's stones stand in the market as each one does by itself, from the snapshot as from the table."""

import random
from collections.abc import Iterator

import pytest
from pytest_django import DjangoAssertNumQueries

from builder import gemology, market, search
from builder.models import Stone
from builder.search import building, comparables, snapshot
from tests.builder.search.conftest import stock
from tests.factories.builder import StoneFactory
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _stock(settings: object) -> Iterator[None]:
    settings.SEARCH_SNAPSHOT_POLL_S = 0  # type: ignore[attr-defined]
    snapshot.forget()
    stock(count=900)
    yield
    snapshot.forget()


def by_itself(stone: Stone) -> market.Position | None:
    """By the plain rule, from every stone on offer."""
    if not stone.color:
        return None
    strict = stone.lab in comparables.STRICT_LABS
    kin = [
        each
        for each in Stone.objects.filter(
            status="available", shape=stone.shape, growth=stone.growth, color__in=gemology.COLORS
        )
        if (each.lab in comparables.STRICT_LABS) == strict
    ]
    return market.position(stone=traded(stone), among=[traded(each) for each in kin])


def traded(stone: Stone) -> market.Traded:
    return market.Traded(
        id=stone.pk,
        carat_points=int(stone.carat * 100),
        color=gemology.COLORS.index(stone.color),
        clarity=gemology.CLARITIES.index(stone.clarity),
        price_cents=int((stone.price or 0) * 100),
    )


def a_page() -> list[Stone]:
    """Among them some that many are like."""
    twins = StoneFactory.create_batch(13, lab="GIA")
    StoneFactory(lab="IGI")
    offered = Stone.objects.filter(status="available").order_by("pk")
    some = random.Random(5).sample(list(offered), 120)
    return [*Stone.objects.filter(pk__in=[*(twin.pk for twin in twins), *(s.pk for s in some)])]


def assert_as_each_by_itself(stones: list[Stone]) -> None:
    expected = {stone.pk: place for stone in stones if (place := by_itself(stone))}
    assert len(expected) > 15
    assert search.market_positions(stones) == expected


def test_the_table_answers_for_a_page_in_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    page = a_page()
    assert_as_each_by_itself(page)
    asked = [comparables._asked(stone) for stone in page if stone.color]
    with django_assert_num_queries(1):
        comparables.in_table(asked)


def test_the_snapshot_answers_the_same_also_of_stones_that_changed_since() -> None:
    page = a_page()
    building.build(now=NOW)
    assert snapshot.current() is not None
    assert_as_each_by_itself(page)

    StoneFactory.create_batch(5, lab="GIA", price=9000)
    Stone.objects.filter(pk__in=[stone.pk for stone in page[::5]]).update(price=4321)
    Stone.objects.filter(pk__in=[stone.pk for stone in page[1::5]]).update(status="held")
    memory = snapshot.current()
    assert memory is not None
    assert len(memory.changed) > 5
    assert_as_each_by_itself([*Stone.objects.filter(pk__in=[stone.pk for stone in page])])


def test_a_stone_of_a_fancy_color_is_not_compared() -> None:
    pink = StoneFactory(color="", fancy_color="Fancy pink", fancy_hue="pink")
    StoneFactory.create_batch(12, color="", fancy_color="Fancy pink", fancy_hue="pink")
    assert search.market_position(pink) is None
