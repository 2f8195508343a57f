"""The builder in a real browser, on a phone and at a desk: every page accessible, nothing said in the console."""

import re
from decimal import Decimal

import pytest
from playwright.sync_api import expect
from pytest_playwright import CreateContextCallback

from builder.models import Design, DesignVersion, Stone
from jeweler.models import EmailMessage
from tests.browser.conftest import Visit
from tests.factories.builder import SettingFactory
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db(transaction=True)

# As on a train: an answer comes when she is already typing.
LATE_ANSWERS = """() => {
  const real = window.fetch;
  window.fetch = async (...asked) => {
    const answer = await real(...asked);
    await new Promise((go) => setTimeout(go, 1500));
    return answer;
  };
}"""


def open_filters(visit: Visit) -> None:
    """On the phone they are folded; the keyboard opens them too."""
    summary = visit.page.locator("#filters-summary")
    if summary.is_visible():
        summary.focus()
        visit.page.keyboard.press("Enter")


@pytest.mark.scene(390)
def test_a_ring_is_designed_and_saved_from_the_landing_to_the_mail_s_link(visit: Visit) -> None:
    page = visit.page

    visit.go("/")
    visit.check()
    page.get_by_role("link", name="Begin with a setting").click()
    visit.check()
    page.get_by_role("button", name="Choose the Alba").click()
    expect(page.get_by_role("heading", name="Stones that fit the Alba")).to_be_visible()
    visit.check()
    page.locator("a.open").nth(2).click()
    page.get_by_role("button", name="Set this stone").click()

    expect(page.get_by_text("0.3 mm to spare.")).to_be_visible()
    if visit.width == "390":
        page.locator("#stage canvas").wait_for(timeout=60_000)
        expect(page.locator("#caliper")).to_contain_text("7.34 mm")
    page.get_by_role("radio", name="Size 6½").check(force=True)
    expect(page.get_by_text("US 6½")).to_be_visible()
    page.get_by_role("radio", name="Rose gold").check(force=True)
    expect(page.locator("#steps")).to_contain_text("Rose gold, size 6½")
    page.get_by_label("Engraving").fill("Ever & always")
    expect(page.locator("[data-count]")).to_have_text("13")
    page.get_by_label("Engraving").press("Tab")
    expect(page.get_by_role("link", name="See summary")).to_be_visible()
    visit.check()

    page.get_by_role("link", name="See summary").click()
    expect(page.get_by_text("Size 6½, with “Ever & always” inside the band.")).to_be_visible()
    visit.check()
    page.locator("[data-dialog=save]:visible").first.click()
    page.get_by_label("Your e-mail").fill("ada.example.com")
    page.get_by_role("button", name="Send it to me").click()
    expect(page.get_by_role("alert")).to_contain_text("We keep your ring open while you look.")
    visit.check("refused")
    page.get_by_label("Your e-mail").fill("ada@example.com")
    page.get_by_role("button", name="Send it to me").click()
    expect(page.get_by_text("on its way to ada@example.com")).to_be_visible()
    expect(page.get_by_role("img", name=f"QR code of {Design.objects.get().code}")).to_be_visible()
    visit.check()

    link = re.search(r"/d/[\w-]+/", EmailMessage.objects.get().text)
    assert link
    visit.go(link[0])
    expect(page.get_by_text("This price is yours until")).to_be_visible()
    visit.check()
    page.get_by_role("button", name="Go on with it here").click()
    expect(page.get_by_text("It is all here, just as you left it.")).to_be_visible()
    assert DesignVersion.objects.get().engraving == "Ever & always"


def test_filters_change_the_list_and_the_address_and_survive_reload_and_back(visit: Visit) -> None:
    page = visit.page
    visit.go("/diamonds/")
    open_filters(visit)

    page.get_by_role("checkbox", name="Color G").check(force=True)
    expect(page.get_by_role("status")).to_have_text("7 stones")
    assert "color=G" in page.url
    page.get_by_label("Price to", exact=True).fill("10000")
    page.get_by_label("Price to", exact=True).press("Enter")
    expect(page.get_by_role("status")).to_have_text("1 stone")
    visit.check()
    page.reload()
    expect(page.get_by_role("status")).to_have_text("1 stone")
    page.go_back()
    expect(page.get_by_role("status")).to_have_text("7 stones")
    open_filters(visit)
    expect(page.get_by_role("checkbox", name="Color G")).to_be_checked()
    page.go_back()
    expect(page.get_by_role("status")).to_have_text("31 stones")


@pytest.mark.width(390)
def test_a_range_is_moved_by_the_keyboard(visit: Visit) -> None:
    page = visit.page
    visit.go("/diamonds/")
    open_filters(visit)

    lower = page.get_by_role("slider", name="Price, lower end")
    lower.focus()
    for _ in range(60):
        lower.press("ArrowRight")

    expect(page.get_by_label("Price from", exact=True)).not_to_have_value("")
    expect(page.get_by_role("status")).not_to_have_text("31 stones")
    assert "price_min=" in page.url


def test_every_filter_is_at_hand_and_the_unfolded_ones_stay_so(visit: Visit) -> None:
    page = visit.page
    visit.go("/diamonds/")
    open_filters(visit)
    page.get_by_text("Cut, finish, proportions, laboratory").click()
    visit.check("more")

    page.get_by_role("checkbox", name="Polish Excellent").check(force=True)
    expect(page).to_have_url(re.compile("polish=excellent"))
    expect(page.get_by_role("status")).to_have_text("31 stones")
    upper = page.get_by_role("slider", name="Length to width, upper end")
    expect(upper).to_be_visible()
    upper.focus()
    for _ in range(20):
        upper.press("ArrowLeft")
    expect(page.get_by_role("status")).to_have_text("30 stones")
    assert "ratio_max=" in page.url
    expect(page.get_by_role("checkbox", name="Symmetry Excellent")).to_be_visible()


def test_a_phone_s_sheet_of_filters_leads_down_to_the_stones(visit: Visit) -> None:
    page = visit.page
    visit.go("/diamonds/")
    open_filters(visit)
    way_out = page.get_by_role("link", name="Show 31 stones")
    if visit.width == "390":
        way_out.click()
        expect(page.get_by_role("slider", name="Price, lower end")).not_to_be_visible()
    expect(way_out).not_to_be_visible()


def test_a_page_of_nothing_leads_to_the_nearest_that_is_there(visit: Visit) -> None:
    page = visit.page
    visit.go("/diamonds/?shape=round&carat_min=1.6")
    visit.check("nearest")

    page.get_by_role("link", name="Carat from 1.52 ct").click()

    expect(page.get_by_role("status")).to_have_text("30 stones")


@pytest.mark.width(390)
def test_a_number_leads_to_its_stone_and_nonsense_is_answered(visit: Visit) -> None:
    page = visit.page
    stone = Stone.objects.order_by("-price").first()
    assert stone
    visit.go("/diamonds/")
    field = page.get_by_label("Report or stock number")

    field.fill(f"GIA {stone.report_number}")
    field.press("Enter")
    expect(page.get_by_role("status")).to_have_text("1 stone")
    expect(page.get_by_role("heading", name="Three like it")).to_be_visible()
    expect(page.get_by_text("Against its market.")).to_be_visible()
    visit.check("number")
    field.fill("12345")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_text("No stone of ours has the number 12345.")).to_be_visible()
    field.fill("; drop")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_text("is no number of a report or of our stock")).to_be_visible()


@pytest.mark.width(390)
def test_kinds_of_stones_are_changed_in_place(visit: Visit) -> None:
    page = visit.page
    Stone.objects.filter(shape="oval").update(
        color="", fancy_color="Fancy pink", fancy_hue="pink", fancy_intensity="fancy"
    )
    visit.go("/diamonds/?color=G")
    open_filters(visit)

    page.get_by_role("link", name="Fancy color").click()
    expect(page.get_by_role("status")).to_have_text("1 stone")
    expect(page.get_by_role("link", name="Fancy color")).to_have_attribute("aria-current", "true")
    expect(page.get_by_role("checkbox", name="Hue Pink")).to_be_visible()
    visit.check("fancy")
    page.get_by_role("link", name="All", exact=True).click()
    expect(page.get_by_role("checkbox", name="Color G")).to_be_checked()
    expect(page.get_by_role("status")).to_have_text("6 stones")


@pytest.mark.width(390)
def test_settings_that_do_not_hold_her_stone_stand_last_and_may_be_taken(visit: Visit) -> None:
    page = visit.page
    SettingFactory(
        name="The Small", code="small", head_min_width_mm="4.00", head_max_width_mm="5.00"
    )
    visit.go("/diamonds/?shape=round")
    page.locator("a.open").first.click()
    page.get_by_role("button", name="Set this stone").click()
    page.wait_for_url("**/rings/")

    expect(page.get_by_role("heading", name="The Alba")).to_be_visible()
    expect(page.get_by_role("heading", name="One that would not hold it")).to_be_visible()
    expect(page.get_by_text("is 7.34 mm wide")).to_be_visible()
    visit.check("left-out")
    page.get_by_role("button", name="Take the Small and choose another stone").click()
    page.wait_for_url("**/diamonds/?fits=small")


@pytest.mark.parametrize("width", [390, 1280])
def test_the_stones_are_filtered_found_and_set_without_scripts(
    new_context: CreateContextCallback, shop: str, width: int
) -> None:
    size = {"width": width, "height": 844}
    page = new_context(java_script_enabled=False, viewport=size).new_page()
    page.goto(f"{shop}/diamonds/")
    if width == 390:
        page.locator("#filters-summary").click()
    page.get_by_role("checkbox", name="Color G").check(force=True)
    page.get_by_label("Price to", exact=True).fill("10000")
    page.get_by_role("button", name="Show these").click()
    expect(page.get_by_role("status")).to_have_text("1 stone")
    page.get_by_role("link", name="Lab-grown").click()
    expect(page.get_by_role("heading", name="No stone is all of this at once")).to_be_visible()
    page.get_by_role("link", name="Origin: also Natural").click()
    expect(page.get_by_role("status")).to_have_text("1 stone")
    page.locator("a.open").first.click()
    page.get_by_role("button", name="Set this stone").click()
    expect(page.get_by_role("heading", name="Settings for your 1.52 ct round")).to_be_visible()


def test_pages_of_few_words_are_accessible_too(visit: Visit) -> None:
    for address, state in (
        ("/ring/", "empty"),
        ("/ring/summary/", "empty"),
        ("/ring/saved/", "empty"),
        ("/d/forged/", "gone"),
        ("/no/such/page/", ""),
        ("/diamonds/?carat_min=9", "none"),
        ("/diamonds/?carat_min=lots", "nonsense"),
    ):
        visit.go(address)
        visit.check(state)


@pytest.mark.width(390)
def test_a_stone_that_was_sold_says_so_where_she_is(visit: Visit) -> None:
    page = visit.page
    visit.go("/rings/")
    page.get_by_role("button", name="Choose the Lune").click()
    page.locator("a.open").first.click()
    page.get_by_role("button", name="Set this stone").click()
    expect(page.get_by_text("18 diamonds of 1.4 mm")).to_be_visible()
    Stone.objects.filter(pk=Design.objects.get().stone_id).update(status="sold", sold_at=NOW)

    visit.go("/ring/")

    expect(page.get_by_text("This stone was sold.")).to_be_visible()
    visit.check("sold")


@pytest.mark.width(390)
def test_words_typed_while_another_choice_is_on_its_way_are_kept(visit: Visit) -> None:
    page = visit.page
    visit.go("/rings/")
    page.get_by_role("button", name="Choose the Alba").click()
    page.locator("a.open").first.click()
    page.get_by_role("button", name="Set this stone").click()
    page.wait_for_url("**/ring/?**", wait_until="load")
    page.evaluate(LATE_ANSWERS)

    page.get_by_role("radio", name="Size 6½").check(force=True)
    page.get_by_label("Engraving").press_sequentially("Ever & always")
    expect(page.locator("#steps")).to_contain_text("size 6½")
    expect(page.get_by_label("Engraving")).to_have_value("Ever & always")
    page.get_by_label("Engraving").press("Tab")

    expect(page.get_by_label("Engraving")).to_have_attribute("value", "Ever & always")
    assert Design.objects.get().engraving == "Ever & always"
    assert Design.objects.get().ring_size == Decimal("6.5")
