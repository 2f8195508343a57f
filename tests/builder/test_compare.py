"""Stones put side by side: the tray in the list's address, and the page that compares them line by line."""

import html
import re
from datetime import UTC, datetime

import pytest
import time_machine
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from builder.models import Design
from builder.views import trays
from tests.factories.builder import SettingFactory, StoneFactory
from tests.factories.jeweler import NOW, StoreFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return Client(headers={"user-agent": "Mozilla/5.0 (Macintosh) Safari/605"})


def compared(client: Client, *stones: object, **more: str) -> str:
    keys = [str(getattr(stone, "pk", stone)) for stone in stones]
    answer = client.get(reverse("builder:compare"), {"stone": keys, **more})
    assert answer.status_code == 200
    return answer.content.decode()


def line(shown: str, label: str) -> str:
    """The row of the page that has this label."""
    found = re.search(rf"<tr[^>]*>\s*<th scope=\"row\"[^>]*><span>{label}.*?</tr>", shown, re.S)
    assert found, label
    return found[0]


def test_the_day_a_stone_can_be_seen_is_counted_where_she_is(
    client: Client, settings: Settings
) -> None:
    settings.HOUSE_TIME_ZONE = "America/New_York"
    away = StoneFactory(delivery_days=1)
    with time_machine.travel(
        datetime(2026, 3, 3, 3, tzinfo=UTC), tick=True
    ):  # Monday evening there
        assert "To be seen with us from March 3" in line(compared(client, away), "Where it is")


def test_the_ticks_against_the_market_are_explained_where_there_are_any(client: Client) -> None:
    alike = StoneFactory.create_batch(30)
    assert "the dark mark is this stone" in compared(client, *alike[:2])
    assert "the dark mark" not in compared(client, StoneFactory(shape="heart"))


def test_an_empty_comparison_leads_to_the_plain_list(client: Client) -> None:
    shown = compared(client)
    assert 'href="/diamonds/"' in shown
    assert 'href="/diamonds/?"' not in shown


# The tray.


def test_a_chosen_stone_stays_in_the_tray_through_filters_pages_and_layouts(client: Client) -> None:
    stone = StoneFactory(color="D")
    StoneFactory.create_batch(30, color="G")

    shown = client.get(f"/diamonds/?color=G&compare={stone.pk}").content.decode()

    assert "1 of 4" in shown
    assert f'<input type="hidden" name="compare" value="{stone.pk}">' in shown
    assert f'<input type="hidden" form="find" name="compare" value="{stone.pk}">' in shown
    for link in (r'rel="next" href="([^"]+)"', r'href="([^"]+)"[^>]*id="view-grid"', r'href="([^"]+)">Clear filters',
                 r'href="([^"]+)"[^>]*>Lab-grown</a>', r'class="open" href="([^"]+)"'):  # fmt: skip
        found = re.search(link, shown)
        assert found, link
        assert f"compare={stone.pk}" in found[1]


def test_a_stone_like_the_opened_one_is_looked_at_with_the_tray_as_it_is(client: Client) -> None:
    mine, twin = StoneFactory(), StoneFactory(color="F")

    shown = client.get(f"/diamonds/?view=grid&compare={mine.pk}&open={mine.pk}").content.decode()

    assert f"?number={twin.report_number}&amp;view=grid&amp;compare={mine.pk}" in shown


def test_a_stone_is_put_in_and_taken_out_by_the_same_word(client: Client) -> None:
    first, second = StoneFactory.create_batch(2)

    def toggle(address: str) -> str:
        shown = client.get(address).content.decode()
        found = re.search(
            rf'class="cmp[^"]*" href="([^"#]+)#[^"]*"[^>]*id="compare-{second.pk}"', shown
        )
        assert found
        return f"/diamonds/{html.unescape(found[1])}"

    with_both = toggle(f"/diamonds/?compare={first.pk}")
    assert with_both == f"/diamonds/?compare={first.pk}&compare={second.pk}"
    assert toggle(with_both) == f"/diamonds/?compare={first.pk}"


def test_a_fifth_stone_is_refused_with_the_way_out_and_the_four_stay(client: Client) -> None:
    stones = StoneFactory.create_batch(5)
    asked = "&".join(f"compare={stone.pk}" for stone in stones)

    shown = client.get(f"/diamonds/?{asked}").content.decode()

    assert "Four stand side by side at the most. Take one out first" in shown
    assert "4 of 4" in shown
    assert f'<input type="hidden" name="compare" value="{stones[4].pk}">' not in shown


@pytest.mark.parametrize(
    "nonsense", ["abc", "999999999999999999", "9" * 40, "-1", "\0", "😀", "1e3", "x" * 3000]
)
def test_what_is_no_stone_is_left_out_with_a_word(client: Client, nonsense: str) -> None:
    stone = StoneFactory()

    for address, name in (("/diamonds/", "compare"), ("/diamonds/compare/", "stone")):
        answer = client.get(address, {name: [nonsense, str(stone.pk)]})
        assert answer.status_code == 200
        assert "We know no stone" in answer.content.decode()


def test_a_stone_named_twice_stands_once() -> None:
    stone = StoneFactory()

    tray = trays.read(QueryDict(f"compare={stone.pk}&compare=0{stone.pk}&compare={stone.pk}"))

    assert tray.keys == [str(stone.pk)]


def test_an_address_of_thousands_of_stones_asks_for_a_few(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_max_num_queries(1):
        tray = trays.read(QueryDict("&".join(f"compare={number}" for number in range(900))))

    assert tray.stones == []
    assert "We know 900 of these stones no more." in tray.words[0]


# Side by side.


def test_lines_that_differ_are_marked_and_a_link_leaves_only_those(client: Client) -> None:
    mine, other = StoneFactory(color="G"), StoneFactory(color="D")

    shown = compared(client, mine, other)

    assert 'class="differs"' in line(shown, "Color")
    assert 'class="differs"' not in line(shown, "Clarity")
    assert "They differ in 1 of" in shown
    only = re.search(r'href="([^"]+)"[^>]*>Only what differs', shown)
    assert only
    less = client.get(html.unescape(only[1])).content.decode()
    assert "<span>Color</span>" in less
    assert "<span>Clarity" not in less


def test_stones_alike_in_every_point_say_so(client: Client) -> None:
    shown = compared(client, *StoneFactory.create_batch(2))

    assert "They agree in every point." in shown
    assert "Only what differs" not in shown


def test_outlines_are_laid_over_each_other_at_one_scale(client: Client) -> None:
    small = StoneFactory(length_mm="5.00", width_mm="5.00")
    large = StoneFactory(length_mm="10.00", width_mm="10.00")

    shown = compared(client, small, large, over="1")

    scales = [
        float(found)
        for found in re.findall(r'transform="scale\(([\d.]+)\)" stroke-width="1.2"', shown)
    ]
    assert scales == [0.05, 0.1]
    assert 'aria-label="Their outlines over each other: 5.00 by 5.00 millimeters; 10.00 by' in shown


def test_what_the_report_leaves_out_is_told_as_usual(client: Client) -> None:
    full, bare = StoneFactory(), StoneFactory(crown_angle=None)

    shown = compared(client, full, bare)

    assert line(shown, "Crown").count("Usual for the shape") == 1
    assert "34.5°" in line(shown, "Crown")


def test_where_each_lies_and_when_it_can_be_seen(client: Client) -> None:
    here = StoneFactory(store=StoreFactory(city="Boston"))
    away = StoneFactory(delivery_days=3)

    shown = line(compared(client, here, away), "Where it is")

    assert "In Boston" in shown
    assert "To be seen there now" in shown
    assert "To be seen with us from" in shown


def test_the_fit_in_her_setting_is_told_with_its_reason_and_the_stone_can_be_set(
    client: Client,
) -> None:
    client.post(reverse("builder:choose"), {"setting": SettingFactory().code})
    held, small = StoneFactory(), StoneFactory(width_mm="5.00", length_mm="5.02", depth_mm="3.1")

    shown = compared(client, held, small)

    fits = line(shown, "In the Alba")
    assert "0.3 mm to spare" in fits
    assert "Does not fit" in fits
    assert f'form="set" name="stone" value="{held.pk}"' in shown
    assert f'form="set-alone" name="stone" value="{small.pk}"' in shown
    client.post(reverse("builder:choose"), {"stone": str(held.pk)})
    assert Design.objects.get().stone == held
    assert "In your ring" in compared(client, held, small)


def test_a_sold_stone_is_shown_as_sold_with_others_in_its_place(client: Client) -> None:
    sold = StoneFactory(status="sold", sold_at=NOW)
    other, twin = StoneFactory(color="D", price=20000), StoneFactory(price=12400)

    shown = compared(client, sold, other)

    assert "Sold on" in line(shown, "Price")
    assert f'value="{sold.pk}"' not in shown
    instead = re.search(r'<ul class="instead"><li><a class="num" href="([^"]+)">', shown)
    assert instead
    assert html.unescape(instead[1]) == f"/diamonds/compare/?stone={twin.pk}&stone={other.pk}"


def test_one_is_taken_out_and_the_way_back_leads_to_the_same_list(client: Client) -> None:
    first, second = StoneFactory.create_batch(2)

    shown = compared(client, first, second, color="G", view="grid", sort="-carat")

    back = re.search(r'href="([^"]+)">Back to the stones', shown)
    assert back
    assert html.unescape(back[1]) == (
        f"/diamonds/?color=G&view=grid&sort=-carat&compare={first.pk}&compare={second.pk}"
    )
    without = re.search(rf'href="([^"]+)"[^>]*id="without-{first.pk}"', shown)
    assert without
    assert (
        html.unescape(without[1])
        == f"/diamonds/compare/?stone={second.pk}&color=G&view=grid&sort=-carat"
    )


def test_nothing_and_one_alone_are_told_the_way_on(client: Client) -> None:
    assert "Nothing to compare yet" in compared(client)
    assert "One stone stands alone." in compared(client, StoneFactory())


def test_prices_on_request_are_not_given_away_by_what_differs(
    client: Client, settings: Settings
) -> None:
    settings.PRICE_MODE = "on_request"
    cheap, dear = StoneFactory(price=1111), StoneFactory(price=99999)

    shown = compared(client, cheap, dear)

    assert "They agree in every point." in shown
    assert "Price on request" in shown
    assert "1,111" not in shown
    assert "99,999" not in shown


def test_a_setting_nobody_has_is_no_setting(client: Client) -> None:
    assert "<span>In the " not in compared(
        client, StoneFactory(), fits="no-such-setting" + "x" * 900
    ).replace("<span>In the earth", "")
