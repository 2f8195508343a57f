"""A ring is saved by e-mail, its price promised, and opened again from its mail."""

import re
import threading
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from builder import designs, inventory, keeping, links, quotes, saving
from builder.models import Band, Design, DesignLink, DesignVersion, Setting, Still, Stone
from jeweler import customers
from jeweler.models import EmailMessage, IdentityEdge, OutboxEvent
from tests.factories.builder import (
    DesignFactory,
    MetalFactory,
    SettingFactory,
)
from tests.factories.jeweler import NOW, StoreFactory, VisitorFactory

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(minutes=5)


def announced(name: str) -> list[dict[str, Any]]:
    return [event.payload for event in OutboxEvent.objects.filter(name=f"builder.{name}")]


def save(design: Design, **changes: Any) -> saving.Saved:
    wishes = {"email": "ada@example.com", "visitor": design.visitor, "is_discreet": False}
    return saving.save(**{"design": design, **wishes, "now": LATER, **changes})


def test_a_save_keeps_the_ring_as_it_is_and_mails_a_link_that_opens_it() -> None:
    design = DesignFactory()
    saved = save(design)
    version = saved.version
    assert (version.number, version.stone, version.ring_size) == (1, design.stone, Decimal(6))
    assert sum(Decimal(line["amount"] or 0) for line in version.price_lines) == version.price
    assert version.price_until_date == date(2026, 12, 5)
    message = EmailMessage.objects.get()
    assert message.to == "ada@example.com"
    assert f"/d/{saved.token}/" in message.text
    assert version.picture_hash in message.html
    assert design.code in message.text
    assert links.opened(saved.token, now=LATER).design == design
    assert announced("DesignSaved") == [
        {
            "design_id": design.pk,
            "version_id": version.pk,
            "customer_id": saved.customer.pk,
            "visitor_id": design.visitor.pk,
        }
    ]


def test_a_mail_shows_the_ring_as_her_own_browser_drew_it() -> None:
    design = DesignFactory()
    drawn = save(design).version.picture_hash
    Still.objects.create(
        design=design, picture_hash=drawn, image=b"png", width=900, height=675, made_at=NOW
    )
    save(design, now=LATER + timedelta(hours=1))
    first, second = EmailMessage.objects.order_by("pk")
    assert f"/pictures/{drawn}.png" in first.html
    assert f"{settings.SITE_URL}/stills/" in second.html


def test_a_save_ties_the_browser_to_its_owner() -> None:
    design = DesignFactory()
    saved = save(design)
    design.visitor.refresh_from_db()
    assert design.visitor.customer == saved.customer
    edge = IdentityEdge.objects.get()
    assert (edge.visitor, edge.evidence) == (design.visitor, "saved_design")


def test_a_double_click_makes_one_version_and_one_mail() -> None:
    design = DesignFactory()
    first, second = save(design), save(design, now=LATER + timedelta(seconds=2))
    assert first.version == second.version
    assert EmailMessage.objects.count() == 1
    assert len(announced("DesignSaved")) == 1
    assert links.opened(second.token, now=LATER).design == design


def test_saving_the_unchanged_ring_an_hour_later_sends_the_link_again() -> None:
    design = DesignFactory()
    save(design)
    save(design, now=LATER + timedelta(hours=1))
    assert DesignVersion.objects.count() == 1
    assert EmailMessage.objects.count() == 2


def test_a_changed_ring_is_a_new_version_and_the_old_one_stays() -> None:
    design = DesignFactory()
    save(design)
    designs.choose(design=design, ring_size=Decimal(7), now=LATER)
    second = save(design, now=LATER + timedelta(seconds=5))
    assert second.version.number == 2
    sizes = DesignVersion.objects.order_by("number").values_list("ring_size", flat=True)
    assert list(sizes) == [Decimal(6), Decimal(7)]
    assert EmailMessage.objects.count() == 2


@pytest.mark.parametrize(
    ("open_ones", "words"),
    [
        ({"stone": None, "ring_size": None}, "Still open: the stone and your size."),
        ({"setting": None, "metal": None}, "Still open: the setting."),
        ({"ring_size": None}, "Still open: your size."),
    ],
)
def test_a_ring_that_is_not_whole_is_kept_without_a_price_and_says_what_is_open(
    open_ones: dict[str, None], words: str
) -> None:
    saved = save(DesignFactory(**open_ones))
    version = DesignVersion.objects.get(pk=saved.version.pk)
    mailed = EmailMessage.objects.get()
    assert (version.price, version.price_until_date, version.price_lines) == (None, None, [])
    assert bool(version.picture_hash) == ("setting" not in open_ones)
    assert words in mailed.text
    assert "Still open" in mailed.html
    assert "$" not in mailed.text


def test_nothing_chosen_is_nothing_to_keep() -> None:
    with pytest.raises(saving.NothingChosen, match="Choose a setting or a stone first"):
        save(DesignFactory(setting=None, stone=None))


def test_the_same_unfinished_ring_saved_again_is_the_same_version_and_the_whole_one_another() -> (
    None
):
    design = DesignFactory(ring_size=None)
    first = save(design).version
    assert save(design, now=LATER + timedelta(hours=1)).version == first
    whole = designs.choose(design=design, ring_size=Decimal("6.5"), now=LATER)
    second = save(whole).version
    assert (second.number, second.price is None) == (2, False)
    assert designs.quote(Design.objects.get(pk=design.pk), now=LATER).is_promised


def test_an_unfinished_saved_ring_has_no_promise() -> None:
    design = DesignFactory(ring_size=None)
    save(design)
    assert not designs.quote(Design.objects.get(pk=design.pk), now=LATER).is_promised


def test_a_wrong_address_is_refused_before_anything_is_kept() -> None:
    design = DesignFactory()
    with pytest.raises(customers.BadEmail):
        save(design, email="ada.example.com")
    assert not DesignVersion.objects.exists()


def test_a_stone_sold_between_choosing_and_saving_stops_the_save_and_keeps_the_ring() -> None:
    design = DesignFactory()
    inventory.sell(stone=design.stone, sale_id=1, at=LATER, now=LATER)
    with pytest.raises(designs.StoneGone, match="Your ring is kept; choose another stone"):
        save(design)
    kept = Design.objects.get(pk=design.pk)
    assert (kept.setting, kept.engraving, kept.saved_at) == (design.setting, "Ever & always", None)
    assert not EmailMessage.objects.exists()


def withdraw_metal(design: Design) -> None:
    assert design.setting
    design.setting.metals.set([MetalFactory(code="platinum", name="platinum", family="platinum")])


def withdraw_setting(design: Design) -> None:
    Setting.objects.filter(pk=design.setting_id).update(is_offered=False)


def shorten_engraving(design: Design) -> None:
    Setting.objects.filter(pk=design.setting_id).update(engraving_limit=4)


WITHDRAWN = [
    (withdraw_metal, "The Alba is no longer made in 18 k yellow gold; choose platinum."),
    (withdraw_setting, "We no longer make The Alba. Choose another setting"),
    (shorten_engraving, "4 characters fit inside this ring; yours has 13. Shorten it."),
]


@pytest.mark.parametrize(("withdraw", "words"), WITHDRAWN)
def test_what_the_house_makes_no_longer_is_said_and_not_saved(
    withdraw: Callable[[Design], None], words: str
) -> None:
    design = DesignFactory()
    withdraw(design)
    assert words in designs.quote(design, now=LATER).outdated
    with pytest.raises(designs.NoLongerMade, match=words):
        save(design)
    assert not design.versions.exists()


@pytest.mark.parametrize(("withdraw", "words"), WITHDRAWN)
def test_a_promised_ring_is_made_as_promised_until_its_last_day(
    withdraw: Callable[[Design], None], words: str
) -> None:
    design = DesignFactory()
    save(design)
    design.refresh_from_db()
    withdraw(design)
    assert designs.quote(design, now=LATER).outdated == ""
    assert words in designs.quote(design, now=LATER + timedelta(days=15)).outdated


TELLING = re.compile(
    r"\b(rings?|engage\w*|propos\w*|diamonds?|stones?|pric\w*|pictures?|jewel\w*|osmere)\b|\$|<img",
    re.I,
)


@pytest.mark.parametrize("open_one", ["", "stone", "setting"])
def test_a_discreet_mail_gives_nothing_away(open_one: str) -> None:
    design = DesignFactory(**({open_one: None} if open_one else {}))
    save(design, is_discreet=True)
    mailed = EmailMessage.objects.get()
    for words in (mailed.sender.partition("<")[0], mailed.subject, mailed.text, mailed.html):
        shown = re.sub(r"\bhttps?://\S+", "", words)
        assert not TELLING.search(shown), TELLING.search(shown)
    assert design.code in mailed.text
    assert mailed.text.count("/d/") == mailed.html.count("/d/") == 1


def test_a_mail_that_may_be_seen_is_from_the_house_and_says_what_it_is() -> None:
    save(DesignFactory())
    mailed = EmailMessage.objects.get()
    assert (mailed.sender, mailed.subject) == ("", "Your design, The Alba, is kept")
    assert "Ever & always" in mailed.text


def test_a_saved_stone_is_named_in_its_mail_s_subject() -> None:
    save(DesignFactory(setting=None, metal=None))
    assert EmailMessage.objects.get().subject == "Your stone, 1.52 ct round, is kept"


def test_a_ring_saved_by_one_person_is_copied_for_the_next_at_the_same_tablet() -> None:
    design = DesignFactory(visitor=VisitorFactory(is_store_device=True))
    adas = save(design)
    bens = save(design, email="ben@example.com")
    bens_again = save(design, email="ben@example.com", now=LATER + timedelta(seconds=2))
    assert adas.customer != bens.customer
    assert bens.version.design != design
    assert bens_again.version == bens.version
    design.refresh_from_db()
    assert design.customer == adas.customer
    assert EmailMessage.objects.count() == 2
    assert not IdentityEdge.objects.exists()


def test_two_presses_at_once_make_one_version_and_one_mail(
    at_once: Callable[..., list[object]],
) -> None:
    design = DesignFactory()
    at_once(*[lambda: save(design)] * 4)
    assert DesignVersion.objects.count() == 1
    assert EmailMessage.objects.count() == 1
    assert len(announced("DesignSaved")) == 1


def test_without_the_lock_two_presses_at_once_make_more(
    at_once: Callable[..., list[object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        saving, "_locked_with_all", lambda design, visitor: Design.objects.get(pk=design.pk)
    )
    design = DesignFactory()
    at_once(*[lambda: save(design)] * 4)
    assert DesignVersion.objects.count() > 1


def test_a_save_brings_back_what_another_tab_took_off_the_list_meanwhile() -> None:
    design = DesignFactory()
    keeping.remove(design=design, now=NOW)
    save(design)
    design.refresh_from_db()
    assert design.removed_at is None


# The price promise.


def test_a_saved_price_holds_until_its_last_day_though_the_stone_grew_dearer() -> None:
    design = DesignFactory()
    saved = save(design)
    Stone.objects.filter(pk=design.stone.pk).update(price=Decimal(15000))
    on_the_last_day = designs.quote(Design.objects.get(pk=design.pk), now=NOW + timedelta(days=14))
    the_day_after = designs.quote(Design.objects.get(pk=design.pk), now=NOW + timedelta(days=15))
    assert (on_the_last_day.total, on_the_last_day.is_promised) == (saved.version.price, True)
    assert the_day_after.total == saved.version.price + 15000 - 12480


def test_the_promises_last_day_ends_where_her_store_is() -> None:
    store = StoreFactory(code="la", time_zone="America/Los_Angeles")
    design = DesignFactory(store=store)
    last_day = save(design).version.price_until_date
    design.refresh_from_db()
    Stone.objects.update(price=Decimal("13000"))
    evening = datetime.combine(last_day, time(20), tzinfo=store.zone)
    assert designs.quote(design, now=evening).is_promised
    assert not designs.quote(design, now=evening + timedelta(hours=5)).is_promised


def test_a_lower_price_is_hers_at_once() -> None:
    design = DesignFactory()
    saved = save(design)
    Stone.objects.filter(pk=design.stone.pk).update(price=Decimal(12000))
    quoted = designs.quote(Design.objects.get(pk=design.pk), now=LATER)
    assert (quoted.total, quoted.is_promised) == (saved.version.price - 480, False)


def test_another_ring_has_todays_price() -> None:
    design = DesignFactory()
    save(design)
    Stone.objects.filter(pk=design.stone.pk).update(price=Decimal(15000))
    changed = designs.choose(design=design, engraving="", now=LATER)
    assert not designs.quote(changed, now=LATER).is_promised


# Links.


def test_a_link_goes_on_on_another_device_and_says_whose_it_is() -> None:
    saved = save(DesignFactory())
    phone = VisitorFactory()
    design = saving.resume(token=saved.token, visitor=phone, now=LATER)
    assert designs.current(visitor=phone) == design
    phone.refresh_from_db()
    assert phone.customer == saved.customer


def test_both_devices_go_on_with_the_same_ring() -> None:
    saved = save(DesignFactory())
    laptop, phone = saved.version.design.visitor, VisitorFactory()
    saving.resume(token=saved.token, visitor=phone, now=LATER)
    for device in (laptop, phone):
        mine = designs.current(visitor=device)
        assert mine == saved.version.design
        designs.choose(design=mine, engraving=f"from {device.pk}", now=LATER)
        assert designs.current(visitor=phone).engraving == f"from {device.pk}"


def test_the_ring_that_a_browser_took_up_last_is_the_one_it_is_at() -> None:
    saved = save(DesignFactory())
    phone = VisitorFactory()
    begun_there = DesignFactory(visitor=phone, updated_at=LATER + timedelta(minutes=1))
    assert designs.current(visitor=phone) == begun_there
    saving.resume(token=saved.token, visitor=phone, now=LATER + timedelta(minutes=2))
    assert designs.current(visitor=phone) == saved.version.design
    designs.choose(design=begun_there, engraving="Hers", now=LATER + timedelta(minutes=3))
    assert designs.current(visitor=phone) == begun_there


def test_a_ring_that_was_taken_off_the_list_is_on_it_again_by_its_link() -> None:
    saved = save(DesignFactory())
    design = saved.version.design
    Design.objects.filter(pk=design.pk).update(removed_at=LATER)
    assert designs.current(visitor=design.visitor) is None
    saving.resume(token=saved.token, visitor=design.visitor, now=LATER)
    assert designs.current(visitor=design.visitor) == design


@pytest.mark.parametrize("how", ["unknown", "revoked", "expired"])
def test_a_link_that_is_gone_gives_one_answer_whatever_the_reason(how: str) -> None:
    saved = save(DesignFactory())
    token = "x" * 43 if how == "unknown" else saved.token
    if how == "revoked":
        DesignLink.objects.update(revoked_at=LATER)
    now = LATER + timedelta(days=180) if how == "expired" else LATER
    with pytest.raises(links.LinkGone):
        links.opened(token, now=now)
    with pytest.raises(links.LinkGone):
        saving.resume(token=token, visitor=VisitorFactory(), now=now)


def test_a_shared_link_may_be_looked_at_but_not_taken_over() -> None:
    saved = save(DesignFactory())
    DesignLink.objects.update(purpose=DesignLink.Purpose.SHARE)
    assert links.opened(saved.token, now=LATER).design
    with pytest.raises(links.LinkGone):
        saving.resume(token=saved.token, visitor=VisitorFactory(), now=LATER)


@pytest.fixture
def at_once(transactional_db: None) -> Callable[..., list[object]]:
    """Run each job in a thread of its own, all released at one moment, and give what they gave."""

    def run(*jobs: Callable[[], object]) -> list[object]:
        gate = threading.Barrier(len(jobs))
        given: list[object] = []

        def work(job: Callable[[], object]) -> None:
            gate.wait()
            try:
                given.append(job())
            except Exception as error:  # noqa: BLE001  the test looks at what was raised
                given.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=work, args=(job,)) for job in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return given

    return run


def test_a_saved_ring_keeps_its_head_s_price_and_drawing_when_the_house_changes_them() -> None:
    setting = SettingFactory(head_extra_price="0")
    design = DesignFactory(setting=setting)
    version = save(design).version
    setting.heads.update(kind="bezel", prongs=0)
    kept = DesignVersion.objects.get(pk=version.pk)
    assert (kept.description["head"]["prongs"], kept.price) == (6, version.price)


def test_an_unknown_address_costs_the_questions_of_a_known_one_and_what_it_takes_to_know_it() -> (
    None
):
    """The answer is one and the same (test_views_saving); what is written is hers and her address, no more."""
    save(DesignFactory())
    counts = []
    for address in ("ada@example.com", "eve@example.com"):
        with CaptureQueriesContext(connection) as captured:
            save(DesignFactory(), email=address)
        counts.append(len(captured))
    known, unknown = counts
    assert abs(unknown - known) <= 2


def test_its_mail_names_the_band_that_lies_beside_it_in_the_picture_and_what_that_costs() -> None:
    band = Band.objects.create(
        code="fine", name="Fine", profile="straight", width_mm="1.80", thickness_mm="1.60"
    )
    alone, beside = (save(DesignFactory(band=each)).mail for each in (None, band))
    priced = quotes.band_told(band, design=beside_of(beside), now=LATER)
    said = f"Pictured with the fine band beside it, {priced} more."
    assert said in beside.text
    assert said in beside.html
    assert "Pictured with" not in alone.text


def beside_of(owed: EmailMessage) -> Design:
    """The design that the mail is about."""
    return DesignVersion.objects.get(pk=int(owed.key.split(":")[1])).design


def test_of_two_clicks_the_second_is_told_of_the_first_ones_mail() -> None:
    design = DesignFactory()
    assert save(design).mail == save(design).mail
