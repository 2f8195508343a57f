"""The ring in a real browser, on a phone and at a desk: its addresses, its band, its words and its size."""

import re
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from builder.models import Design, Setting, Stone
from tests.browser.conftest import Visit

pytestmark = pytest.mark.django_db(transaction=True)


def at_a_ring(visit: Visit) -> None:
    """The Alba with a stone, taken up from an address that somebody sent."""
    Setting.objects.filter(code="alba").update(
        widths_mm=["2.4"], band_accents=["none", "half"], accent_mm="1.40"
    )
    stone = Stone.objects.filter(shape="round").earliest("id")
    visit.go(f"/ring/?setting=alba&metal=18k-yellow&stone={stone.pk}&size=6")
    visit.page.get_by_role("radio", name="Size 6½").check(force=True)
    expect(visit.page).to_have_url(re.compile(r"size=6\.5"))


@pytest.mark.width(390)
def test_back_leads_to_the_ring_before_and_a_choice_there_takes_it_up(visit: Visit) -> None:
    page = visit.page
    at_a_ring(visit)
    page.get_by_role("radio", name="2.4 mm").check(force=True)
    expect(page).to_have_url(re.compile(r"width=2\.4"))
    page.get_by_role("radio", name="Half way").check(force=True)
    expect(page).to_have_url(re.compile(r"accents=half"))
    expect(page.get_by_text("16 diamonds of 1.4 mm")).to_be_visible()
    visit.check("varied")

    page.go_back()
    expect(page.get_by_text("This is not the ring you were last at.")).to_be_visible()
    expect(page.get_by_role("radio", name="None", exact=True)).to_be_checked()
    visit.check("earlier")
    assert Design.objects.get().accents == "half"

    page.get_by_role("radio", name="Rose gold").check(force=True)
    expect(page).to_have_url(re.compile(r"metal=18k-rose.*width=2\.4$"))
    expect(page.get_by_text("This is not the ring you were last at.")).not_to_be_visible()
    kept = Design.objects.select_related("metal").get()
    assert kept.metal is not None
    assert (kept.metal.code, kept.width_mm, kept.accents) == ("18k-rose", Decimal("2.4"), "")

    page.reload()
    expect(page.get_by_role("radio", name="2.4 mm")).to_be_checked()
    expect(page.get_by_text("This is not the ring you were last at.")).not_to_be_visible()


@pytest.mark.width(390)
def test_an_engraving_is_drawn_as_she_types_and_says_what_cannot_be_cut(visit: Visit) -> None:
    page = visit.page
    at_a_ring(visit)
    words = page.get_by_label("Engraving")
    words.fill("Ever ❤️ 💎")
    expect(page.locator("[data-engraving]")).to_contain_text("Ever ♥ 💎")
    expect(page.locator("#engraving-says")).to_have_text("We cannot engrave 💎; leave it out.")
    expect(page.locator("[data-count]")).to_have_text("8")
    visit.check("typing")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        words.press("Tab")
    expect(page.get_by_text("We cannot engrave 💎; leave it out.").first).to_be_visible()
    expect(page.get_by_label("Engraving")).to_have_value("Ever ❤️ 💎")
    assert Design.objects.get().engraving == ""

    words = page.get_by_label("Engraving")
    words.fill("A word too long to be cut")
    expect(page.locator("#engraving-says")).to_contain_text("16 characters fit inside this ring")
    words.fill("Ever & always")
    expect(page.locator("#engraving-says")).to_be_hidden()
    words.press("Tab")
    expect(page).to_have_url(re.compile(r"engraving=Ever"))
    assert Design.objects.get().engraving == "Ever & always"


def test_the_size_guide_is_to_the_scale_of_a_card_and_leads_back(visit: Visit) -> None:
    page = visit.page
    at_a_ring(visit)
    page.get_by_role("link", name="Find your size").click()
    expect(page.get_by_role("heading", name="Find your size")).to_be_visible()
    visit.check()
    slider = page.get_by_role("slider", name="Width of the card on your screen")
    slider.focus()
    slider.press("End")
    across = page.locator("#circle").evaluate("(drawn) => drawn.getBoundingClientRect().width")
    assert abs(across - 9 * 16.91) < 1
    page.get_by_label("Its length in millimeters").fill("54.4")
    page.locator("#by-strip").get_by_role("button", name="Take this size").click()
    expect(page).to_have_url(re.compile(r"/ring/\?setting=alba.*size=7"))


# What moved under her eyes, and whether the ring has come to rest.
WATCH = """
  window.shifted = 0;
  addEventListener("ring:still", () => { document.documentElement.dataset.rests = "yes"; });
  new PerformanceObserver((list) => {
    for (const each of list.getEntries()) if (!each.hadRecentInput) window.shifted += each.value;
  }).observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.width(390)
@pytest.mark.scene
def test_a_band_is_laid_beside_the_ring_in_the_scene_of_its_summary(visit: Visit) -> None:
    page = visit.page
    page.set_default_timeout(60_000)
    page.add_init_script(WATCH)
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.url) if "/still/" in asked.url else None)
    visit.take_up()
    with page.expect_response("**/ring/still/") as answer:
        visit.go("/ring/summary/")
    assert answer.value.status == 204
    canvas = page.locator("#stage canvas")
    expect(canvas).to_have_attribute("aria-label", re.compile("The Alba in .*Turn it with"))
    page.get_by_role("button", name="Above").click()
    expect(page.get_by_role("button", name="Above")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("shifted") < 0.02
    visit.check()

    page.evaluate("window.stayed = true")
    with page.expect_response("**/ring/still/"):
        page.get_by_role("button", name="Lay the plain").click()
        expect(page.get_by_text("With the plain, 2.0 mm band beside it")).to_be_visible()
    expect(canvas).to_have_attribute("aria-label", re.compile("Plain, 2.0 mm beside it"))
    expect(page.get_by_role("button", name="Take the band away")).to_be_focused()
    expect(page.locator("#stage")).to_be_in_viewport(ratio=0.7)
    expect(page).to_have_url(re.compile("band=none"))
    page.get_by_role("button", name="Ring", exact=True).click()
    visit.check("with-band")

    page.get_by_role("button", name="Take the band away").click()
    expect(page.get_by_text("With the plain, 2.0 mm band beside it")).to_have_count(0)
    expect(canvas).to_be_focused()
    assert page.evaluate("stayed")
    assert len(sent) == 2

    page.go_back()
    expect(page.get_by_text("With the plain, 2.0 mm band beside it")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-rests", "yes")
    page.evaluate("new Promise((quiet) => requestIdleCallback(quiet))")
    expect(page.locator("#stage canvas")).to_have_count(1)
    assert len(sent) == 2


@pytest.mark.width(390)
def test_without_a_scene_the_summary_s_picture_follows_its_band(visit: Visit) -> None:
    page = visit.page
    at_a_ring(visit)
    page.get_by_role("link", name="See summary").click()
    drawn = page.locator("#drawn")
    before = drawn.get_attribute("src")
    page.get_by_role("button", name="Lay the plain").click()
    expect(drawn).to_have_attribute("alt", re.compile("the plain, 2.0 mm band beside it"))
    expect(drawn).not_to_have_attribute("src", before or "")
    expect(page.locator("#stage canvas")).to_have_count(0)
    page.get_by_role("link", name="Change something").click()
    expect(page.get_by_text("The plain, 2.0 mm band lies beside it")).to_be_visible()
