"""What is kept, in a real browser: saved at any step, taken up elsewhere, shown to others, and watched."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import expect

from builder import inventory, living
from builder.models import Design, DesignVersion, Stone
from jeweler.models import EmailMessage
from tests.browser.conftest import Visit, rounds

pytestmark = pytest.mark.django_db(transaction=True)

TO_A_RING = re.compile(r"/ring/\?setting=")


def mailed(to: str = "ada@example.com") -> EmailMessage:
    """The last mail to her."""
    return EmailMessage.objects.filter(to=to).latest("id")


def link_in(mail: EmailMessage) -> str:
    """Its link, as far as it leads into the shop."""
    found = re.search(r"/(?:d|ring/saved/all)/[\w:.-]+/(?:\?\S+)?", mail.text)
    assert found, mail.text
    return found[0]


def save(visit: Visit) -> EmailMessage:
    visit.go("/ring/save/")
    visit.page.get_by_label("Your e-mail").fill("ada@example.com")
    visit.page.get_by_role("button", name="Send it to me").click()
    expect(visit.page.get_by_role("heading", name="It is kept")).to_be_visible()
    return mailed()


def unfold(visit: Visit) -> None:
    visit.page.get_by_text("Name it, copy it, take it off").first.click()


def test_a_setting_alone_is_saved_and_gone_on_with_on_another_device(
    visit: Visit, elsewhere: Visit
) -> None:
    page = visit.page
    visit.take_up(setting="alba")
    visit.go("/ring/")
    page.get_by_role("link", name="Need time to think?").click()
    expect(page.get_by_role("heading", name="Take your time")).to_be_visible()
    visit.check("thinking")
    page.get_by_label("Your e-mail").fill("ada@example.com")
    page.get_by_role("button", name="Send it to me").click()
    expect(page.get_by_text("Still open: the stone and your size.")).to_be_visible()
    visit.check("in-part")

    elsewhere.go(link_in(mailed()))
    expect(elsewhere.page.get_by_text("Still open: the stone and your size.")).to_be_visible()
    elsewhere.check("in-part")
    elsewhere.page.get_by_role("button", name="Go on with it here").click()
    elsewhere.page.wait_for_url("**/diamonds/**")
    elsewhere.page.locator("a.open").first.click()
    elsewhere.page.get_by_role("button", name="Set this stone").click()
    expect(elsewhere.page).to_have_url(TO_A_RING)

    visit.go("/ring/")
    expect(page.locator("#steps")).to_contain_text("1.52 ct round")
    assert Design.objects.count() == 1


def test_a_whole_ring_is_taken_up_as_it_was_left_in_a_browser_that_knows_nothing(
    visit: Visit, elsewhere: Visit
) -> None:
    visit.take_up(setting="alba", stone=rounds()[2].pk, ring_size="6.5", metal="18k-rose")
    link = link_in(save(visit))
    visit.check("whole")

    elsewhere.go(link)
    expect(elsewhere.page.get_by_text("This price is yours until")).to_be_visible()
    elsewhere.check("whole")
    elsewhere.page.get_by_role("button", name="Go on with it here").click()
    expect(elsewhere.page.get_by_text("It is all here, just as you left it.")).to_be_visible()
    expect(elsewhere.page).to_have_url(
        re.compile(rf"metal=18k-rose&stone={rounds()[2].pk}&size=6\.5$")
    )
    elsewhere.check("resumed")


def test_my_designs_are_named_copied_taken_off_and_put_back(visit: Visit) -> None:
    page = visit.page
    visit.take_up()
    save(visit)

    unfold(visit)
    page.get_by_label("Your name for it").fill("For May")
    page.get_by_role("button", name="Keep this name").click()
    expect(page.get_by_text("It is called “For May” now.")).to_be_visible()
    expect(page.get_by_role("heading", name="For May")).to_be_visible()
    expect(page.get_by_role("heading", name="My designs")).to_be_visible()
    unfold(visit)
    visit.check("unfolded")
    page.get_by_role("button", name="Make a copy to change").click()
    expect(page.get_by_text("There are two of it now.")).to_be_visible()

    visit.go("/ring/saved/")
    expect(page.get_by_role("heading", name="For May, again")).to_be_visible()
    visit.check("two")
    page.get_by_role("button", name="Open it").click()
    expect(page).to_have_url(TO_A_RING)
    visit.go("/ring/saved/")
    unfold(visit)
    page.get_by_role("button", name="Take it off my list").first.click()
    expect(page.get_by_text("It is off your list")).to_be_visible()
    expect(page.get_by_role("heading", name="For May", exact=True)).not_to_be_visible()
    visit.check("taken-off")
    page.get_by_role("button", name="Put it back").click()
    expect(page.get_by_role("heading", name="For May", exact=True)).to_be_visible()


def test_an_older_version_is_gone_back_to(visit: Visit) -> None:
    page = visit.page
    visit.take_up()
    save(visit)
    visit.take_up(ring_size="7", engraving="Ever & always")
    save(visit)

    page.get_by_text("2 versions").click()
    expect(page.get_by_text("Size 7, before 6")).to_be_visible()
    visit.check("versions")
    page.get_by_role("button", name="Go back to the version").click()
    expect(page.get_by_text("Your ring is as it was in version 1.")).to_be_visible()
    design = Design.objects.get()
    assert (f"{design.ring_size:.1f}", design.engraving) == ("6.0", "")
    assert DesignVersion.objects.count() == 2


def test_a_friend_sees_a_shared_ring_without_its_price_and_starts_one_of_her_own(
    visit: Visit, elsewhere: Visit
) -> None:
    page, friend = visit.page, elsewhere.page
    mine = visit.take_up()
    visit.go("/ring/")
    page.get_by_role("link", name="Share it").click()
    visit.check()
    page.get_by_role("button", name="Make the link").click()
    address = page.get_by_label("Copy it").input_value()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the link").click()
    expect(page.get_by_text("It is copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == address
    visit.check("made")

    friend.goto(address)
    expect(friend.get_by_text("Somebody would like you to see this")).to_be_visible()
    elsewhere.check("shared")
    assert "$" not in friend.locator("main").inner_text()
    friend.get_by_role("button", name="Start from this ring").click()
    expect(friend).to_have_url(TO_A_RING)
    elsewhere.pick("Size 7", exact=True)
    expect(friend).to_have_url(re.compile(r"size=7"))
    mine.refresh_from_db()
    assert mine.ring_size == 6
    assert Design.objects.count() == 2

    visit.go("/ring/saved/")
    page.get_by_text("1 open link").click()
    page.get_by_role("button", name="Take back the link").click()
    expect(page.get_by_text("Nobody can open that link any more.")).to_be_visible()
    friend.goto(address)
    expect(friend.get_by_role("heading", name="This link no longer opens")).to_be_visible()
    elsewhere.check("gone")


def test_a_hint_names_the_day_and_never_a_price(visit: Visit, elsewhere: Visit) -> None:
    page = visit.page
    visit.take_up()
    wanted = timezone.localdate() + timedelta(days=200)
    visit.go("/ring/hint/")
    visit.check()
    page.get_by_label("Their e-mail").fill("bo@example.com")
    page.get_by_label("Your name, as they know it").fill("Ada")
    page.get_by_label("A word from you").fill("See www.example.com")
    page.get_by_label("Is there a day for it?").fill(wanted.isoformat())
    page.get_by_role("button", name="Send the hint").click()
    expect(page.get_by_role("alert")).to_contain_text("no addresses and no links")
    visit.check("refused")
    page.get_by_label("A word from you").fill("Only if you were wondering.")
    page.get_by_role("button", name="Send the hint").click()
    expect(page.get_by_text("on its way to bo@example.com")).to_be_visible()
    visit.check("sent")

    mail, day = mailed("bo@example.com"), f"{wanted:%B} {wanted.day}, {wanted.year}"
    assert day in mail.text
    assert "$" not in mail.text + mail.html
    elsewhere.go(link_in(mail))
    expect(elsewhere.page.get_by_text("A hint from Ada")).to_be_visible()
    expect(elsewhere.page.get_by_text(f"To be worn on {day}")).to_be_visible()
    elsewhere.check("hint")
    assert "$" not in elsewhere.page.locator("main").inner_text()


def test_what_is_like_a_stone_that_was_sold_is_set_by_one_click_out_of_the_mail(
    visit: Visit, elsewhere: Visit
) -> None:
    design = visit.take_up()
    save(visit)
    sold = Stone.objects.get(pk=design.stone_id)
    noon = timezone.now().replace(hour=17, minute=0)
    inventory.sell(stone=sold, sale_id=1, at=noon, now=noon)
    living.ring(stone_ids=[sold.pk])
    living.watch(now=noon)
    news = mailed()
    assert news.kind == "builder/design_gone"

    elsewhere.go(link_in(news))
    expect(elsewhere.page.get_by_text("This stone was sold.")).to_be_visible()
    elsewhere.check("sold")
    visit.go("/ring/saved/")
    expect(visit.page.get_by_text("we wrote to you, its stone was sold")).to_be_visible()
    visit.check("sold")

    elsewhere.page.get_by_role("button", name="Set the 1.52 carat").first.click()
    expect(elsewhere.page.get_by_text("It is all here, just as you left it.")).to_be_visible()
    design.refresh_from_db()
    assert design.stone_id != sold.pk
    expect(elsewhere.page).to_have_url(re.compile(rf"stone={design.stone_id}"))


def test_a_twin_is_set_by_one_click_where_she_is_on_the_ring_and_on_its_summary(
    visit: Visit,
) -> None:
    page = visit.page
    design = visit.take_up()
    Stone.objects.filter(pk=design.stone_id).update(status="sold", sold_at=timezone.now())
    visit.go("/ring/summary/")
    expect(page.get_by_text("This stone was sold.")).to_be_visible()
    expect(page.get_by_text("This price is yours until")).not_to_be_visible()
    visit.check("sold")
    page.get_by_role("button", name="Set the 1.52 carat").first.click()
    expect(page).to_have_url(TO_A_RING)
    expect(page.get_by_text("0.3 mm to spare.")).to_be_visible()
    expect(page.get_by_text("This stone was sold.")).not_to_be_visible()


def test_mails_about_saved_rings_end_by_one_button_and_come_back_by_another(visit: Visit) -> None:
    page = visit.page
    visit.take_up()
    save(visit)
    noon = timezone.now().replace(hour=17, minute=0)
    sold = Stone.objects.get(pk=Design.objects.get().stone_id)
    inventory.sell(stone=sold, sale_id=1, at=noon, now=noon)
    living.ring(stone_ids=[sold.pk])
    living.watch(now=noon)
    stop = re.search(r"/mail/stop/\S+/", mailed().text)
    assert stop

    visit.go(stop[0])
    visit.check("asked")
    page.get_by_role("button", name="Stop these mails").click()
    expect(page.get_by_role("heading", name="We will not write of this again")).to_be_visible()
    visit.check("stopped")
    page.get_by_role("button", name="Write to me after all").click()
    expect(page.get_by_role("heading", name="We will write to you again")).to_be_visible()
    visit.go("/mail/stop/forged/")
    visit.check("forged")


def test_who_lost_her_link_is_sent_one_that_opens_all_her_rings(
    visit: Visit, elsewhere: Visit
) -> None:
    visit.take_up()
    save(visit)

    elsewhere.go("/ring/saved/")
    elsewhere.page.get_by_role("link", name="Have the link sent again").click()
    elsewhere.check()
    elsewhere.page.get_by_label("The e-mail you saved it under").fill("ada@example.com")
    elsewhere.page.get_by_role("button", name="Send me a new link").click()
    expect(elsewhere.page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    elsewhere.check("sent")
    elsewhere.go(link_in(mailed()))
    elsewhere.check()
    elsewhere.page.get_by_role("button", name="Show my designs here").click()
    expect(elsewhere.page.get_by_role("heading", name="The Alba")).to_be_visible()
    assert settings.SITE_URL in mailed().text
