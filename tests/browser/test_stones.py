"""The stones in a real browser: laid out three ways, put into compare, and compared, with and without scripts."""

import re

import pytest
from playwright.sync_api import Browser, expect

from builder.models import Design, Stone
from tests.browser.conftest import Visit
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db(transaction=True)


def test_stones_are_compared_through_filters_layouts_reload_and_back(visit: Visit) -> None:
    page = visit.page
    visit.go("/diamonds/?sort=-price")
    page.locator(".cmp").nth(0).click()
    expect(page.locator("#tray")).to_contain_text("1 of 4")
    page.get_by_role("link", name="Grid", exact=True).click()
    expect(page.locator("ul.cards")).to_be_visible()
    page.locator(".cmp").nth(1).click()
    expect(page.locator("#tray")).to_contain_text("2 of 4")
    visit.check("grid")
    page.reload()
    expect(page.locator("#tray")).to_contain_text("2 of 4")
    page.get_by_role("link", name="Table", exact=True).click()
    expect(page.locator("table.dense")).to_be_visible()
    page.get_by_label("Order").select_option("-carat")
    expect(page).to_have_url(re.compile("sort=-carat"))
    expect(page.locator("#tray")).to_contain_text("2 of 4")
    visit.check("table")
    page.go_back()
    expect(page.locator("#tray")).to_contain_text("2 of 4")

    page.get_by_role("link", name="Compare two").click()
    expect(page.get_by_role("heading", name="Two stones side by side")).to_be_visible()
    visit.check()
    page.get_by_role("link", name="Lay them over each other").click()
    expect(page.get_by_role("img", name=re.compile("outlines over each other"))).to_be_visible()
    page.get_by_role("link", name="Only what differs").click()
    expect(page.get_by_role("rowheader", name="Symmetry")).not_to_be_visible()
    visit.check("over")
    page.go_back()
    expect(page.get_by_role("rowheader", name="Symmetry")).to_be_visible()
    page.get_by_role("link", name="Back to the stones").click()
    expect(page.locator("#tray")).to_contain_text("2 of 4")


def test_a_stone_is_set_from_those_side_by_side(visit: Visit) -> None:
    page = visit.page
    sold, mine = Stone.objects.filter(shape="round").order_by("pk")[:2]
    Stone.objects.filter(pk=sold.pk).update(status="sold", sold_at=NOW)

    visit.go(f"/diamonds/compare/?stone={sold.pk}&stone={mine.pk}")
    expect(page.get_by_text("Two like it:")).to_be_visible()
    visit.check("sold")
    page.get_by_role("button", name="Set this stone").click()

    expect(page.get_by_role("heading", name="Settings for your 1.52 ct round")).to_be_visible()
    assert Design.objects.get().stone == mine


def test_a_fifth_stone_is_refused_where_she_sees_it(visit: Visit) -> None:
    page = visit.page
    visit.go("/diamonds/?view=grid")
    for place in range(5):
        page.locator(".cmp").nth(place).click()
        expect(page.locator("#tray")).to_contain_text(f"{min(place + 1, 4)} of 4")

    expect(page.get_by_text("Four stand side by side at the most.")).to_be_in_viewport()
    visit.check("full")


def test_a_shared_stone_opens_above_a_list_that_does_not_hold_it(visit: Visit) -> None:
    stone = Stone.objects.get(shape="oval")

    visit.go(f"/diamonds/?shape=round&view=table&open={stone.pk}")

    expect(visit.page.get_by_role("heading", name="1.80 ct oval")).to_be_visible()
    visit.check("asked")


def test_stones_side_by_side_are_printed_without_what_is_only_pressed(visit: Visit) -> None:
    page = visit.page
    chosen = Stone.objects.filter(shape="round").order_by("pk")[:3]
    visit.go(
        "/diamonds/compare/?stone=999999999&" + "&".join(f"stone={each.pk}" for each in chosen)
    )
    expect(page.get_by_text("We know no stone '999999999'.")).to_be_visible()
    only = page.get_by_role("link", name="Only what differs")
    expect(only).to_be_visible()

    page.emulate_media(media="print")
    page.set_viewport_size({"width": 720, "height": 1018})  # a sheet of A4 within its margins
    visit.picture("print")

    expect(only).not_to_be_visible()
    table = page.get_by_role("table").bounding_box()
    assert table
    assert table["x"] + table["width"] <= 720


def test_nothing_to_compare_leads_to_the_stones(visit: Visit) -> None:
    visit.go("/diamonds/compare/")
    visit.check("empty")
    visit.page.get_by_role("link", name="To the stones", exact=True).click()
    visit.page.wait_for_url("**/diamonds/**")


@pytest.mark.parametrize("width", [390, 1280])
def test_stones_are_compared_without_scripts(browser: Browser, shop: str, width: int) -> None:
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": width, "height": 844}
    )
    page = context.new_page()
    page.goto(f"{shop}/diamonds/?view=grid&color=G")
    page.locator(".cmp").nth(0).click()
    page.locator(".cmp").nth(1).click()
    page.get_by_role("link", name="Compare two").click()
    page.get_by_role("link", name="Only what differs").click()
    page.get_by_role("link", name="Back to the stones").click()
    expect(page.get_by_role("status").first).to_have_text("7 stones")
    expect(page.locator("#tray")).to_contain_text("2 of 4")
    page.get_by_role("link", name=re.compile("Take out the")).first.click()
    expect(page.locator("#tray")).to_contain_text("1 of 4")
    context.close()
