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


def test_an_engraving_is_drawn_as_she_types_and_says_what_cannot_be_cut(visit: Visit) -> None:
    page = visit.page
    at_a_ring(visit)
    words = page.get_by_label("Engraving")
    words.fill("Ever ❤️ 💎")
    expect(page.locator("[data-engraving]")).to_contain_text("Ever ♥ 💎")
    expect(page.locator("#engraving-says")).to_have_text("We cannot engrave 💎; leave it out.")
    expect(page.locator("[data-count]")).to_have_text("8")
    visit.check("typing")
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


@pytest.mark.scene
def test_a_band_is_laid_beside_the_ring_on_its_summary(visit: Visit) -> None:
    page = visit.page
    at_a_ring(visit)
    page.get_by_role("link", name="See summary").click()
    visit.check()
    page.get_by_role("button", name="Lay the plain").click()
    expect(page.get_by_text("With the plain, 2.0 mm band beside it")).to_be_visible()
    visit.check("with-band")
    page.get_by_role("link", name="Change something").click()
    expect(page.get_by_text("The plain, 2.0 mm band lies beside it")).to_be_visible()
