"""The stone list as a list, a grid and a table, and a stone's own address in it."""

import html
import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from builder.models import Stone
from builder.templatetags import plans
from tests.factories.builder import StoneFactory
from tests.factories.jeweler import NOW, StoreFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return Client(headers={"user-agent": "Mozilla/5.0 (Macintosh) Safari/605"})


@pytest.mark.parametrize("view", ["list", "grid", "table"])
def test_each_layout_shows_the_same_stones_and_how_many_are_left(client: Client, view: str) -> None:
    stones = StoneFactory.create_batch(3, color="G")
    StoneFactory(color="D")

    shown = client.get(f"/diamonds/?color=G&view={view}").content.decode()

    assert "3 stones</b>" in shown
    assert {int(key) for key in re.findall(r'id="stone-(\d+)"', shown)} == {
        each.pk for each in stones
    }
    assert re.search(rf'aria-current="true"[^>]*id="view-{view}"', shown)


def test_an_unknown_layout_is_refused_with_a_word_and_the_list_is_shown(client: Client) -> None:
    StoneFactory()

    answer = client.get("/diamonds/?view=mosaic")

    assert answer.status_code == 400
    assert (
        "View: &#x27;mosaic&#x27; is unknown; write one of list, grid, table"
        in answer.content.decode()
    )


@pytest.mark.parametrize("view", ["list", "grid", "table"])
def test_a_longer_page_asks_the_database_no_more(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries, view: str
) -> None:
    stones = StoneFactory.create_batch(40, store=StoreFactory())

    with django_assert_max_num_queries(11):
        client.get(
            f"/diamonds/?view={view}&compare={stones[0].pk}&compare={stones[1].pk}",
            headers={"sec-fetch-site": "same-origin"},
        )


def test_the_table_s_heads_sort_and_turn_round(client: Client) -> None:
    StoneFactory()

    def head(key: str, address: str) -> tuple[str, str]:
        shown = client.get(f"/diamonds/{address}").content.decode()
        found = re.search(rf'<th scope="col"([^>]*)><a href="([^"]+)"[^>]*id="by-{key}"', shown)
        assert found
        return found[1], html.unescape(found[2])

    _, up = head("carat", "?view=table&color=G")
    assert up == "?view=table&color=G&sort=carat#list"
    said, down = head("carat", up.removesuffix("#list"))
    assert 'aria-sort="ascending"' in said
    assert "sort=-carat" in down
    said, _ = head("carat", down.removesuffix("#list"))
    assert 'aria-sort="descending"' in said


@pytest.mark.parametrize("view", ["list", "grid", "table"])
def test_prices_on_request_stay_untold_in_every_layout(
    client: Client, settings: Settings, view: str
) -> None:
    settings.PRICE_MODE = "on_request"
    stone = StoneFactory(price=12345)

    shown = client.get(f"/diamonds/?view={view}&compare={stone.pk}").content.decode()

    assert "12,345" not in shown
    assert "Price on request" in shown
    assert 'id="by-price"' not in shown


def test_the_grid_draws_each_stone_at_one_scale_from_its_millimeters() -> None:
    small = StoneFactory.build(length_mm=5, width_mm=5)
    large = StoneFactory.build(length_mm=10, width_mm=10)
    slender = StoneFactory.build(shape="oval", length_mm=9, width_mm=6)

    field = plans.field_mm([small, large, slender])

    assert field == pytest.approx(10 * plans.MARGIN)
    for stone in (small, large, slender):
        drawn = plans.plan_to_scale(stone, field)
        across, along = re.findall(r"scale\(([\d.]+) ([\d.]+)\)", drawn)[0]
        cut = plans.cut_of(stone)
        assert float(across) * 2 * plans.HALF == pytest.approx(float(stone.width_mm), abs=0.01)
        assert float(along) * 2 * plans.HALF * cut.ratio == pytest.approx(
            float(stone.length_mm), abs=0.01
        )


def test_small_stones_are_not_blown_up() -> None:
    assert plans.field_mm([StoneFactory.build(length_mm=3, width_mm=3)]) == plans.field_mm([])


def test_every_stone_s_cut_is_drawn_on_the_page_once(client: Client) -> None:
    StoneFactory.create_batch(5)
    StoneFactory(shape="oval", length_mm="9.00", width_mm="6.50")

    shown = client.get("/diamonds/?view=grid").content.decode()

    used = set(re.findall(r'<use href="#(cut-[\w-]+)"', shown))
    drawn = re.findall(r'<g id="(cut-[\w-]+)"', shown)
    assert len(used) == 2
    assert sorted(drawn) == sorted(used)


@pytest.mark.parametrize("view", ["list", "grid", "table"])
def test_a_shared_stone_opens_where_it_is_not_among_those_listed(client: Client, view: str) -> None:
    stone = StoneFactory(color="D")
    StoneFactory(color="G")

    shown = client.get(f"/diamonds/?color=G&view={view}&open={stone.pk}").content.decode()

    assert "The stone that was asked for. It is not among those below." in shown
    assert f'name="stone" value="{stone.pk}"' in shown


def test_the_address_of_a_stone_sold_meanwhile_shows_what_is_like_it(client: Client) -> None:
    stone = StoneFactory()
    StoneFactory(price=12400)
    Stone.objects.filter(pk=stone.pk).update(status="sold", sold_at=NOW)

    shown = client.get(f"/diamonds/?open={stone.pk}").content.decode()

    assert "This stone was sold on" in shown
    assert "One like it" in shown
    assert f'name="stone" value="{stone.pk}"' not in shown


@pytest.mark.parametrize("asked", ["999999999999999999", "9" * 60, "x", "\0", "-3"])
def test_an_opened_stone_that_there_is_not_is_no_error(client: Client, asked: str) -> None:
    StoneFactory()

    assert client.get("/diamonds/", {"open": asked}).status_code == 200
