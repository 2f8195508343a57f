"""Whose designs are listed where, and what is done with them there."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from builder import designs, keeping, links, saving
from builder.models import Design
from jeweler import privacy
from jeweler.models import EmailMessage, IdentityEdge
from tests.factories.builder import DesignFactory, MetalFactory, SettingFactory, StoneFactory
from tests.factories.jeweler import NOW, VisitorFactory

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(minutes=5)


def save(design: Design, **changes: Any) -> saving.Saved:
    wishes = {"email": "ada@example.com", "visitor": design.visitor, "is_discreet": False}
    return saving.save(**{"design": design, **wishes, "now": LATER, **changes})


def listed(visitor: Any) -> set[Design]:
    visitor.refresh_from_db()
    return set(keeping.listed(visitor=visitor))


# Whose they are.


def test_a_browser_lists_what_was_begun_in_it_saved_or_not() -> None:
    mine, someone_elses = DesignFactory(), DesignFactory()
    begun = DesignFactory(visitor=mine.visitor, stone=None)
    DesignFactory(visitor=mine.visitor, setting=None, stone=None)  # nothing is chosen in it
    save(mine)
    assert listed(mine.visitor) == {mine, begun}
    assert listed(someone_elses.visitor) == {someone_elses}


def test_a_mailed_link_shows_all_that_was_saved_under_its_address_and_the_first_device_keeps_it() -> (
    None
):
    first, second = DesignFactory(), DesignFactory()
    token = save(first).token
    save(second)
    phone = VisitorFactory()
    saving.resume(token=token, visitor=phone, now=LATER)
    assert listed(phone) == {first, second}
    assert listed(first.visitor) == {first}


def test_an_address_that_was_only_typed_opens_nobody_s_list() -> None:
    hers = DesignFactory()
    save(hers)
    stranger = DesignFactory()
    save(stranger)  # under her address
    assert listed(stranger.visitor) == {stranger}
    with pytest.raises(keeping.NotHers):
        keeping.find(code=hers.code, visitor=stranger.visitor)


def test_a_browser_that_became_another_person_s_lists_the_first_one_s_saved_elsewhere_no_more() -> (
    None
):
    elsewhere, opened, his = DesignFactory(), DesignFactory(), DesignFactory()
    save(elsewhere)
    laptop = VisitorFactory()
    saving.resume(token=save(opened).token, visitor=laptop, now=LATER)
    assert elsewhere in listed(laptop)
    saving.resume(token=save(his, email="tom@example.com").token, visitor=laptop, now=LATER)
    assert listed(laptop) == {opened, his}


def test_a_store_s_own_tablet_lists_only_the_ring_it_is_at() -> None:
    tablet = VisitorFactory(is_store_device=True)
    earlier = DesignFactory(visitor=tablet)
    save(earlier)
    present = DesignFactory(visitor=tablet, updated_at=LATER)
    assert listed(tablet) == {present}


def test_who_was_forgotten_is_listed_nowhere_by_her_address() -> None:
    saved = save(DesignFactory())
    phone = VisitorFactory()
    saving.resume(token=saved.token, visitor=phone, now=LATER)
    save(other := DesignFactory())
    privacy.forget(customer=saved.customer, now=LATER)
    assert other not in listed(phone)


def test_a_long_list_is_read_in_as_many_queries_as_a_short_one() -> None:
    visitor = VisitorFactory()
    counts = []
    for _ in range(2):
        for _ in range(3):
            save(DesignFactory(visitor=visitor))
        with CaptureQueriesContext(
            connection,
        ) as captured:
            keeping.listed(visitor=visitor)
        counts.append(len(captured))
    assert counts[0] == counts[1]


# A link to all of hers.


def mailed() -> EmailMessage:
    return EmailMessage.objects.filter(kind="builder/designs_again").latest("pk")


def token_of(mail: EmailMessage) -> str:
    return mail.text.split("/ring/saved/all/")[1].split("/")[0]


def test_a_link_to_all_of_hers_is_mailed_and_opens_them_where_it_is_followed() -> None:
    hers = DesignFactory()
    save(hers)
    keeping.send_again(email="Ada@Example.com", now=LATER)
    phone = VisitorFactory()
    keeping.open_list(token=token_of(mailed()), visitor=phone, now=LATER)
    assert listed(phone) == {hers}
    assert phone.edges.get().evidence == IdentityEdge.Evidence.MAGIC_LINK


def test_known_and_unknown_addresses_cost_the_same_questions_and_one_mail_each() -> None:
    save(DesignFactory())
    counts = []
    for address in ("ada@example.com", "nobody@example.com"):
        with CaptureQueriesContext(connection) as captured:
            keeping.send_again(email=address, now=LATER)
        counts.append(len(captured))
        assert (mailed().to, mailed().subject) == (address, "Here is your link")
    assert counts[0] == counts[1]


def test_an_unknown_address_is_told_so_and_gets_no_link() -> None:
    keeping.send_again(email="nobody@example.com", now=LATER)
    assert "Nothing is kept under this address" in mailed().text
    assert "/ring/saved/all/" not in mailed().html


def test_asking_twice_in_a_minute_sends_one_mail() -> None:
    for _ in range(2):
        keeping.send_again(email="ada@example.com", now=LATER)
    assert EmailMessage.objects.count() == 1


@pytest.mark.parametrize("given", ["", "x", "MA:1:abc", "0" * 10_000])
def test_a_forged_link_to_a_list_is_gone(given: str) -> None:
    with pytest.raises(links.LinkGone):
        keeping.open_list(token=given, visitor=VisitorFactory(), now=LATER)


def test_a_link_to_the_list_of_somebody_forgotten_is_gone() -> None:
    saved = save(DesignFactory())
    keeping.send_again(email="ada@example.com", now=LATER)
    token = token_of(mailed())
    privacy.forget(customer=saved.customer, now=LATER)
    with pytest.raises(links.LinkGone):
        keeping.open_list(token=token, visitor=VisitorFactory(), now=LATER)


def test_the_mail_with_the_link_to_her_list_is_forgotten_with_her() -> None:
    saved = save(DesignFactory())
    keeping.send_again(email="ada@example.com", now=LATER)
    privacy.forget(customer=saved.customer, now=LATER)
    assert "ada@example.com" not in str(EmailMessage.objects.values())


# Names, copies, removal.


def test_a_name_is_tidied_and_an_empty_one_takes_it_away() -> None:
    design = DesignFactory()
    assert keeping.rename(design=design, name="  For   May 🌷 ") == "For May 🌷"
    assert keeping.rename(design=design, name=" \n") == ""


@pytest.mark.parametrize(
    ("name", "words"), [("a" * 10_000, "has 10,000"), ("a\u202eb", "cannot be shown")]
)
def test_a_name_that_cannot_be_kept_is_refused_and_the_old_one_stays(name: str, words: str) -> None:
    design = DesignFactory(name="Hers")
    with pytest.raises(keeping.BadName, match=words):
        keeping.rename(design=design, name=name)
    design.refresh_from_db()
    assert design.name == "Hers"


def test_a_copy_is_a_ring_of_its_own_and_changing_it_leaves_the_first() -> None:
    design = DesignFactory(name="Hers", width_mm=None)
    save(design)
    copy = keeping.duplicate(design=design, visitor=design.visitor, now=LATER)
    designs.choose(design=copy, engraving="Other", now=LATER)
    design.refresh_from_db()
    assert (design.engraving, copy.name, copy.saved_at) == ("Ever & always", "Hers, again", None)
    assert copy.code != design.code
    assert designs.current(visitor=design.visitor) == copy


def test_a_copy_of_a_ring_with_a_long_name_keeps_to_the_length() -> None:
    design = DesignFactory(name="a" * 60)
    copy = keeping.duplicate(design=design, visitor=design.visitor, now=LATER)
    assert len(copy.name) <= keeping.NAME_LENGTH


def test_a_removed_ring_is_off_the_list_until_it_is_put_back() -> None:
    design = DesignFactory()
    save(design)
    keeping.remove(design=design, now=LATER)
    assert listed(design.visitor) == set()
    found = keeping.find(code=design.code, visitor=design.visitor, removed=True)
    keeping.restore(design=found, now=LATER)
    assert listed(design.visitor) == {design}


def test_a_stranger_puts_nothing_back() -> None:
    design = DesignFactory()
    keeping.remove(design=design, now=LATER)
    with pytest.raises(keeping.NotHers):
        keeping.find(code=design.code, visitor=VisitorFactory(), removed=True)


# Earlier versions.


def test_every_ring_is_on_one_page_of_the_list_and_known_to_be_there() -> None:
    browser = VisitorFactory()
    all_of_them = [
        DesignFactory(visitor=browser, updated_at=NOW + timedelta(minutes=number // 3))
        for number in range(2 * keeping.LISTED + 5)
    ]
    assert keeping.pages(visitor=browser) == 3
    shown = [keeping.listed(visitor=browser, page=number) for number in (1, 2, 3)]
    assert [len(page) for page in shown] == [keeping.LISTED, keeping.LISTED, 5]
    assert {each for page in shown for each in page} == set(all_of_them)
    for number, page in enumerate(shown, start=1):
        assert {keeping.page_of(design=each, visitor=browser) for each in page} == {number}
    assert keeping.pages(visitor=VisitorFactory()) == 1


def test_going_back_chooses_all_that_the_version_says() -> None:
    design = DesignFactory(ring_size=None)
    first = save(design).version
    second_stone = StoneFactory()
    designs.choose(
        design=design, ring_size=Decimal(7), engraving="Changed", stone=second_stone, now=LATER
    )
    save(Design.objects.get(pk=design.pk))
    gone_back = keeping.go_back(design=design, number=1, visitor=design.visitor, now=LATER)
    assert (gone_back.stone, gone_back.ring_size, gone_back.engraving) == (
        first.stone, None, "Ever & always",
    )  # fmt: skip
    assert design.versions.count() == 2


def test_a_version_whose_stone_was_sold_is_refused_and_the_ring_stays() -> None:
    design = DesignFactory()
    sold = save(design).version.stone
    designs.choose(design=design, stone=StoneFactory(), now=LATER)
    type(sold).objects.filter(pk=sold.pk).update(status="sold", sold_at=NOW)
    with pytest.raises(designs.StoneGone) as refusal:
        keeping.go_back(
            design=Design.objects.get(pk=design.pk), number=1, visitor=design.visitor, now=LATER
        )
    assert refusal.value.stone == sold
    assert Design.objects.get(pk=design.pk).stone != sold


def test_a_version_in_a_metal_that_is_offered_no_more_is_refused_and_the_ring_stays() -> None:
    platinum = MetalFactory(code="platinum", name="platinum", family="platinum")
    setting = SettingFactory(metals=[MetalFactory(), platinum])
    design = DesignFactory(setting=setting, metal=platinum)
    save(design)
    designs.choose(design=design, engraving="Changed", now=LATER)
    setting.metals.remove(platinum)
    with pytest.raises(designs.NoLongerMade, match="the metal"):
        keeping.go_back(
            design=Design.objects.get(pk=design.pk), number=1, visitor=design.visitor, now=LATER
        )
    kept = Design.objects.get(pk=design.pk)
    assert (kept.metal, kept.engraving) == (platinum, "Changed")


def test_a_version_whose_setting_is_made_no_more_is_refused_in_words() -> None:
    design = DesignFactory(setting=SettingFactory(name="The Old"))
    save(design)
    type(design.setting).objects.update(is_offered=False)
    with pytest.raises(designs.NoLongerMade, match="We no longer make The Old"):
        keeping.go_back(design=design, number=1, visitor=design.visitor, now=LATER)


def test_a_version_that_never_was_is_refused() -> None:
    with pytest.raises(keeping.NoSuchVersion):
        keeping.go_back(design=DesignFactory(), number=3, visitor=VisitorFactory(), now=LATER)
