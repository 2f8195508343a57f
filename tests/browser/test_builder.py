"""The builder in a real browser, on a phone and at a desk: every page accessible, nothing said in the console."""

import re
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from builder.models import Design, DesignVersion, Stone
from jeweler.models import EmailMessage
from tests.browser.conftest import Visit
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


def test_words_typed_while_another_choice_is_on_its_way_are_kept(visit: Visit) -> None:
    page = visit.page
    visit.go("/rings/")
    page.get_by_role("button", name="Choose the Alba").click()
    page.locator("a.open").first.click()
    page.get_by_role("button", name="Set this stone").click()
    page.wait_for_url("**/ring/", wait_until="load")
    page.evaluate(LATE_ANSWERS)

    page.get_by_role("radio", name="Size 6½").check(force=True)
    page.get_by_label("Engraving").press_sequentially("Ever & always")
    expect(page.locator("#steps")).to_contain_text("size 6½")
    expect(page.get_by_label("Engraving")).to_have_value("Ever & always")
    page.get_by_label("Engraving").press("Tab")

    expect(page.get_by_label("Engraving")).to_have_attribute("value", "Ever & always")
    assert Design.objects.get().engraving == "Ever & always"
    assert Design.objects.get().ring_size == Decimal("6.5")
