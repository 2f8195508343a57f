"""Ways to a ring, in a real browser: from the stone, swapped on the way, without scripts, without a scene."""

import re

import pytest
from playwright.sync_api import Route, expect
from pytest_playwright import CreateContextCallback

from builder.models import Design, Stone
from jeweler.models import EmailMessage
from tests.browser.conftest import Visit, rounds
from tests.factories.builder import SettingFactory, StoneFactory
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db(transaction=True)


# Where the bar of the price begins, and where what has the focus ends; the bar's own links are above themselves.
REACHED = """() => {
  const [bar, focused] = [document.querySelector("#pricebar .bar"), document.activeElement];
  const part = focused.closest("label") ?? focused;
  const below = bar.contains(focused) ? 0 : part.getBoundingClientRect().bottom;
  const isOver = getComputedStyle(bar).position === "sticky";
  return { name: focused.name ?? "", below, bar: isOver ? bar.getBoundingClientRect().top : 1e6 };
}"""


def small_setting() -> None:
    SettingFactory(
        name="The Small", code="small", head_min_width_mm="4.00", head_max_width_mm="5.00"
    )


def test_from_a_stone_to_the_whole_ring(visit: Visit) -> None:
    page = visit.page
    visit.go("/")
    page.get_by_role("link", name="Begin with a stone").click()
    expect(page.get_by_role("heading", name="The stones")).to_be_visible()
    page.locator("a.open").first.click()
    visit.check("opened")
    page.get_by_role("button", name="Set this stone").click()
    expect(page.get_by_role("heading", name="Settings for your 1.52 ct round")).to_be_visible()
    visit.check("for-a-stone")
    visit.go("/ring/")
    expect(page.get_by_role("heading", name="Your stone waits for its setting")).to_be_visible()
    visit.check("stone-alone")
    page.get_by_role("link", name="Choose a setting").click()
    page.get_by_role("button", name="Choose the Lune").click()
    expect(page.get_by_text("18 diamonds of 1.4 mm")).to_be_visible()
    visit.go("/ring/summary/")
    expect(page.get_by_role("heading", name="Almost a ring")).to_be_visible()
    visit.check("almost")
    page.get_by_role("link", name="Choose your size").click()
    page.get_by_label("Or type it").fill("L½")
    page.get_by_label("Or type it").press("Enter")
    expect(page.locator("#steps")).to_contain_text("size 6")
    page.get_by_role("link", name="See summary").click()
    expect(page.get_by_role("heading", name="The Lune, in yellow gold")).to_be_visible()


def test_a_ring_that_has_just_got_its_size_is_saved_without_leaving_the_page(visit: Visit) -> None:
    page = visit.page
    visit.take_up(setting="alba", stone=rounds()[0].pk)
    visit.go("/ring/")
    visit.pick("Size 6", exact=True)
    expect(page).to_have_url(re.compile("size=6"))
    page.get_by_role("link", name="Save my design").locator("visible=true").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("Keep this ring")


def test_a_setting_that_became_a_misfit_is_refused_with_those_that_hold_the_stone(
    visit: Visit,
) -> None:
    page = visit.page
    small_setting()
    visit.take_up(setting="alba")
    visit.go("/rings/")
    visit.take_up(stone=rounds()[0].pk)  # in another tab
    page.get_by_role("button", name="Choose the Small").click()
    words = page.locator("#words")
    expect(words).to_contain_text("7.34 mm wide")
    visit.check("refused")
    assert Design.objects.get().setting_id is not None
    page.get_by_role("button", name="Take the Small and choose another stone").first.click()
    page.wait_for_url("**/diamonds/?fits=small")
    design = Design.objects.select_related("setting").get()
    assert design.setting is not None
    assert (design.setting.code, design.stone) == ("small", None)
    expect(page.get_by_role("heading", name="No stone is all of this at once")).to_be_visible()
    visit.check("none-fits")


def test_a_stone_that_does_not_fit_is_taken_only_with_another_setting(visit: Visit) -> None:
    page = visit.page
    large = StoneFactory(carat="3.02", width_mm="9.20", length_mm="9.24", depth_mm="5.60")
    visit.take_up()
    visit.go("/diamonds/?carat_min=3")
    page.locator("a.open").first.click()
    expect(page.get_by_text("9.20 mm wide")).to_be_visible()
    visit.check("misfit")
    page.get_by_role("button", name="Take it, and another setting").click()
    expect(page.get_by_role("heading", name="Settings for your 3.02 ct round")).to_be_visible()
    design = Design.objects.get()
    assert (design.stone_id, design.setting) == (large.pk, None)


def test_stone_and_setting_are_swapped_and_each_says_that_it_fits(visit: Visit) -> None:
    page = visit.page
    visit.take_up()
    visit.go("/ring/")
    page.get_by_role("link", name="Change stone").click()
    page.locator("a.open").nth(1).click()
    page.get_by_role("button", name="Set this stone").click()
    expect(page.locator(".fit")).to_contain_text("0.3 mm to spare.")
    visit.go("/rings/")
    expect(page.locator("#lune")).to_contain_text("to spare")
    page.get_by_role("button", name="Choose the Lune").click()
    expect(page.locator("#panel h1")).to_have_text("The Lune")
    expect(page.locator(".fit")).to_contain_text("0.3 mm to spare.")
    design = Design.objects.get()
    assert (design.stone_id, design.ring_size) == (rounds()[1].pk, 6)


def test_every_state_has_its_address_for_back_forward_and_reload(visit: Visit) -> None:
    page = visit.page
    visit.take_up()
    visit.go("/rings/")
    visit.pick("Pavé")
    expect(page).to_have_url(re.compile("style=pave"))
    expect(page.get_by_role("heading", name="The Alba")).not_to_be_visible()
    page.reload()
    expect(page.get_by_role("radio", name="Pavé")).to_be_checked()

    visit.go("/ring/")
    visit.pick("Rose gold")
    expect(page).to_have_url(re.compile("metal=18k-rose"))
    page.get_by_role("link", name="See summary").click()
    expect(page.get_by_role("heading", name="in rose gold")).to_be_visible()
    rose = page.url
    page.go_back()
    expect(page.get_by_role("radio", name="Rose gold")).to_be_checked()
    page.go_back()
    expect(page.get_by_role("radio", name="Rose gold")).not_to_be_checked()
    expect(page.get_by_text("This is not the ring you were last at.")).to_be_visible()
    page.go_forward()
    expect(page.get_by_role("radio", name="Rose gold")).to_be_checked()
    page.go_forward()
    expect(page).to_have_url(rose)
    page.reload()
    expect(page.get_by_role("heading", name="in rose gold")).to_be_visible()
    expect(page.get_by_text("This is not the ring you were last at.")).not_to_be_visible()


def test_a_choice_made_before_the_page_s_script_has_come_is_kept(visit: Visit) -> None:
    page = visit.page
    late: list[Route] = []
    visit.take_up()

    def hold(script: Route) -> None:
        late.append(script)

    page.route("**/dist/stage*.js", hold)
    page.goto(visit.shop + "/ring/", wait_until="commit")
    visit.pick("Rose gold")
    page.wait_for_timeout(100)
    for script in late:
        script.continue_()
    expect(page).to_have_url(re.compile("metal=18k-rose"))
    metal = Design.objects.get().metal
    assert metal is not None
    assert metal.code == "18k-rose"


def test_where_no_scene_can_be_drawn_the_picture_is_there_and_follows_each_choice(
    visit: Visit,
) -> None:
    page = visit.page
    visit.take_up()
    visit.go("/ring/")
    drawn = page.locator("#drawn")
    expect(drawn).to_be_visible()
    before = drawn.get_attribute("src")
    visit.pick("Rose gold")
    expect(drawn).not_to_have_attribute("src", before or "")
    expect(drawn).to_have_attribute("alt", re.compile("rose gold"))
    expect(drawn).to_have_js_property("complete", value=True)
    assert drawn.evaluate("(each) => each.naturalWidth") > 0
    expect(page.locator("#stage canvas")).to_have_count(0)
    visit.check("no-scene")


def test_what_the_keyboard_reaches_is_not_beneath_the_bar_of_the_price(visit: Visit) -> None:
    visit.take_up()
    visit.go("/ring/")
    expect(visit.page.get_by_role("link", name="See summary")).to_be_visible()
    visit.page.get_by_role("link", name="Change stone").focus()
    reached = []
    for _ in range(9):
        visit.page.keyboard.press("Tab")
        reached.append(visit.page.evaluate(REACHED))
    assert {"metal", "ring_size", "engraving"} <= {each["name"] for each in reached}
    assert [each for each in reached if each["below"] > each["bar"]] == []


@pytest.mark.parametrize("width", [390, 1280])
def test_a_ring_is_designed_kept_shown_and_taken_up_without_scripts(
    new_context: CreateContextCallback, shop: str, width: int
) -> None:
    size = {"width": width, "height": 844}
    page = new_context(java_script_enabled=False, viewport=size).new_page()

    def press(name: str) -> None:
        page.get_by_role("button", name=name).first.click()

    page.goto(shop)
    page.get_by_role("link", name="Begin with a setting").click()
    press("Choose the Alba")
    page.locator("a.open").first.click()
    press("Set this stone")
    page.get_by_role("radio", name="Rose gold").press("Space")
    page.get_by_role("radio", name="Size 6½").press("Space")
    page.get_by_label("Engraving").fill("Ever & always")
    press("Keep these choices")
    expect(page.locator("#steps")).to_contain_text("Rose gold, size 6½")
    page.get_by_role("link", name="See summary").click()
    press("Lay the plain")
    expect(page.get_by_text("With the plain, 2.0 mm band beside it")).to_be_visible()
    page.get_by_role("link", name="Save my design").first.click()
    page.get_by_label("Your e-mail").fill("ada.example.com")
    press("Send it to me")
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Your e-mail").fill("ada@example.com")
    press("Send it to me")
    expect(page.get_by_role("heading", name="It is kept")).to_be_visible()

    page.get_by_text("Name it, copy it, take it off").click()
    page.get_by_label("Your name for it").fill("For May")
    press("Keep this name")
    expect(page.get_by_role("heading", name="For May")).to_be_visible()
    page.get_by_role("link", name="Share it").click()
    press("Make the link")
    expect(page.get_by_label("Copy it")).to_have_value(re.compile(r"/d/[\w-]+/$"))
    page.goto(f"{shop}/ring/hint/")
    page.get_by_label("Their e-mail").fill("bo@example.com")
    page.get_by_label("Your name, as they know it").fill("Ada")
    press("Send the hint")
    expect(page.get_by_role("heading", name="The hint is dropped")).to_be_visible()

    other = new_context(java_script_enabled=False, viewport=size).new_page()
    text = EmailMessage.objects.get(to="ada@example.com").text
    link = re.search(r"/d/[\w-]+/", text)
    assert link
    Stone.objects.filter(pk=Design.objects.get().stone_id).update(status="sold", sold_at=NOW)
    other.goto(shop + link[0])
    expect(other.get_by_text("This stone was sold.")).to_be_visible()
    other.get_by_role("button", name="Set the 1.52 carat").first.click()
    expect(other.get_by_text("It is all here, just as you left it.")).to_be_visible()
    expect(other.get_by_label("Engraving")).to_have_value("Ever & always")
