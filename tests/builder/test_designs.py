"""A ring is begun, chosen, quoted, saved and opened again, by one shopper in several tabs."""

import threading
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from builder import designs, inventory
from builder.models import Design, DesignLink, DesignVersion, Setting, Stone
from jeweler import customers
from jeweler.models import EmailMessage, IdentityEdge, OutboxEvent
from tests.factories.builder import (
    DesignFactory,
    HeadFactory,
    MetalFactory,
    SettingFactory,
    StoneFactory,
)
from tests.factories.jeweler import NOW, StoreFactory, VisitorFactory

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(minutes=5)


def announced(name: str) -> list[dict[str, Any]]:
    return [event.payload for event in OutboxEvent.objects.filter(name=f"builder.{name}")]


def save(design: Design, **changes: Any) -> designs.Saved:
    wishes = {"email": "ada@example.com", "visitor": design.visitor, "is_discreet": False}
    return designs.save(**{"design": design, **wishes, "now": LATER, **changes})


def large() -> Stone:
    """Too wide for the factories' setting."""
    stone: Stone = StoneFactory(
        carat=Decimal("2.51"),
        length_mm=Decimal("8.82"),
        width_mm=Decimal("8.76"),
        depth_mm=Decimal("5.40"),
    )
    return stone


# Beginning and choosing.


def test_two_tabs_begin_the_same_ring() -> None:
    visitor = VisitorFactory()
    assert designs.start(visitor=visitor, now=NOW) == designs.start(visitor=visitor, now=LATER)


def test_a_touched_ring_is_left_alone_by_a_new_one() -> None:
    visitor = VisitorFactory()
    first = designs.start(visitor=visitor, now=NOW)
    designs.choose(design=first, setting=SettingFactory(), now=NOW)
    second = designs.start(visitor=visitor, now=LATER)
    assert second != first
    assert designs.current(visitor=visitor) == second


def test_the_first_setting_brings_its_first_metal() -> None:
    design = designs.start(visitor=VisitorFactory(), now=NOW)
    chosen = designs.choose(design=design, setting=SettingFactory(), now=NOW)
    assert chosen.metal == MetalFactory()
    assert designs.quote(chosen, now=NOW).missing == ["stone", "ring"]


def test_a_setting_that_is_not_made_in_her_metal_falls_back_to_its_own() -> None:
    design = DesignFactory(metal=MetalFactory())
    platinum = MetalFactory(code="platinum", name="platinum", family="platinum")
    chosen = designs.choose(design=design, setting=SettingFactory(metals=[platinum]), now=LATER)
    assert chosen.metal == platinum


def test_a_stone_may_come_first_and_a_setting_that_cannot_hold_it_is_refused() -> None:
    design = designs.start(visitor=VisitorFactory(), now=NOW)
    large_stone = large()
    designs.choose(design=design, stone=large_stone, now=NOW)
    with pytest.raises(designs.DoesNotFit, match=r"8\.76 mm wide.* takes 6\.9 to 7\.7 mm"):
        designs.choose(design=design, setting=SettingFactory(), now=LATER)
    kept = Design.objects.get(pk=design.pk)
    assert (kept.stone, kept.setting) == (large_stone, None)


def test_a_refusal_names_the_settings_that_would_hold_her_stone() -> None:
    SettingFactory(name="The Grand", head_min_width_mm="8.00", head_max_width_mm="9.50")
    SettingFactory(name="The Old", head_max_width_mm="9.50", is_offered=False)
    design, large_stone = DesignFactory(), large()
    with pytest.raises(designs.DoesNotFit, match=r"Settings that would hold it: The Grand\.$"):
        designs.choose(design=design, stone=large_stone, now=LATER)


def test_a_stone_that_another_head_holds_takes_that_head_with_it() -> None:
    setting = SettingFactory(head_code="six", lead_days=20)
    HeadFactory(
        setting=setting, code="four", prongs=4, position=1, min_width_mm="7.50",
        max_width_mm="9.20", extra_price="40", extra_days=3,
    )  # fmt: skip
    design = DesignFactory(setting=setting)
    before = designs.quote(design, now=NOW)
    changed = designs.choose(design=design, stone=large(), now=LATER)
    after = designs.quote(changed, now=NOW)
    assert (before.fit.verdict, before.head.code) == ("fits", "six")
    assert (after.fit.verdict, after.head.code) == ("fits_with_change", "four")
    assert str(after.fit.fix) == "The four-prong head fits: +$40, +3 days."
    assert after.description["head"]["prongs"] == 4
    assert [line.amount for line in after.lines if line.label == "Four-prong head"] == [40]
    assert after.ready_date == before.ready_date + timedelta(days=5)  # a weekend is between
    back = designs.choose(design=design, stone=StoneFactory(), now=LATER)
    assert designs.quote(back, now=NOW).head.code == "six"


def test_a_saved_ring_keeps_its_head_s_price_and_drawing_when_the_house_changes_them() -> None:
    setting = SettingFactory(head_extra_price="0")
    design = DesignFactory(setting=setting)
    version = save(design).version
    setting.heads.update(kind="bezel", prongs=0)
    kept = DesignVersion.objects.get(pk=version.pk)
    assert (kept.description["head"]["prongs"], kept.price) == (6, version.price)


def test_a_stone_that_was_sold_cannot_be_chosen_even_from_a_page_that_shows_it() -> None:
    design = DesignFactory(stone=None)
    shown_stone = StoneFactory()
    Stone.objects.filter(pk=shown_stone.pk).update(status="sold", sold_at=NOW)
    with pytest.raises(designs.StoneGone) as refusal:
        designs.choose(design=design, stone=shown_stone, now=LATER)
    assert refusal.value.stone == shown_stone


def test_two_tabs_each_keep_what_they_chose() -> None:
    design = DesignFactory()
    first_tab, second_tab = (Design.objects.get(pk=design.pk) for _ in range(2))
    designs.choose(design=first_tab, engraving="Always", now=LATER)
    designs.choose(design=second_tab, ring_size=Decimal("7.5"), now=LATER)
    kept = Design.objects.get(pk=design.pk)
    assert (kept.engraving, kept.ring_size) == ("Always", Decimal("7.5"))


@pytest.mark.parametrize(
    ("choices", "refusal", "words"),
    [
        ({"ring_size": Decimal("6.3")}, designs.BadSize, "halves"),
        ({"ring_size": Decimal(40)}, designs.BadSize, "3 to 13"),
        ({"ring_size": Decimal(12)}, designs.DoesNotFit, "sizes 3 to 10, not in 12"),
        ({"engraving": "seventeen letters"}, designs.BadEngraving, "16 characters fit"),
        ({"engraving": "Ever 💎"}, designs.BadEngraving, "💎"),
        ({"engraving": "a\nb"}, designs.BadEngraving, "leave it out"),
        ({"budget": "x" * 17}, designs.BadIntent, "budget"),
        ({"style": "quiet\0"}, designs.BadIntent, "style"),
    ],
)
def test_what_cannot_be_made_is_refused_and_nothing_is_lost(
    choices: Any, refusal: type[Exception], words: str
) -> None:
    design = DesignFactory()
    with pytest.raises(refusal, match=words):
        designs.choose(design=design, now=LATER, **choices)
    kept = Design.objects.get(pk=design.pk)
    assert (kept.ring_size, kept.engraving, kept.budget) == (Decimal(6), "Ever & always", "")


def test_a_ring_with_no_room_inside_takes_no_engraving() -> None:
    design = DesignFactory(setting=SettingFactory(engraving_limit=0), engraving="")
    with pytest.raises(designs.BadEngraving, match="no room"):
        designs.choose(design=design, engraving="A", now=LATER)


def test_a_metal_the_setting_is_not_made_in_is_refused_with_those_it_is() -> None:
    design = DesignFactory()
    rose = MetalFactory(code="18k-rose", name="18 k rose gold", family="rose")
    with pytest.raises(designs.BadMetal, match="choose 18 k yellow gold"):
        designs.choose(design=design, metal=rose, now=LATER)


# Completing.


def test_a_complete_ring_is_announced_once() -> None:
    design = DesignFactory()
    for _ in range(2):
        designs.complete(design=design, visitor=design.visitor, now=LATER)
    assert announced("BuilderCompleted") == [
        {"design_id": design.pk, "visitor_id": design.visitor.pk}
    ]


def test_an_unfinished_ring_is_not_announced() -> None:
    design = DesignFactory(ring_size=None)
    designs.complete(design=design, visitor=design.visitor, now=LATER)
    assert announced("BuilderCompleted") == []


# Saving.


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
    assert designs.open_link(token=saved.token, now=LATER) == design
    assert announced("DesignSaved") == [
        {
            "design_id": design.pk,
            "version_id": version.pk,
            "customer_id": saved.customer.pk,
            "visitor_id": design.visitor.pk,
        }
    ]


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
    assert designs.open_link(token=second.token, now=LATER) == design


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


def test_an_unfinished_ring_says_what_is_missing() -> None:
    with pytest.raises(designs.Incomplete, match="Choose the stone and the ring first"):
        save(DesignFactory(stone=None, ring_size=None))


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


def test_a_discreet_mail_gives_nothing_away_in_its_subject() -> None:
    save(DesignFactory(), is_discreet=True)
    subject = EmailMessage.objects.get().subject
    assert subject == "Your link from Osmere"


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
        designs, "_locked_with_all", lambda design, visitor: Design.objects.get(pk=design.pk)
    )
    design = DesignFactory()
    at_once(*[lambda: save(design)] * 4)
    assert DesignVersion.objects.count() > 1


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


# Quoting.


def test_a_quote_says_when_the_ring_is_ready_in_working_days() -> None:
    quoted = designs.quote(DesignFactory(), now=NOW)
    assert quoted.ready_date == date(2026, 12, 18)
    assert quoted.is_complete
    assert quoted.fit is not None
    assert quoted.fit.reason.endswith("0.3 mm to spare.")


def test_an_empty_design_can_be_quoted_too() -> None:
    quoted = designs.quote(designs.start(visitor=VisitorFactory(), now=NOW), now=NOW)
    assert quoted.missing == ["setting", "stone", "ring"]
    assert (quoted.lines, quoted.total, quoted.description) == ([], Decimal(0), {})


def test_two_identical_rings_have_one_picture() -> None:
    first = DesignFactory()
    second = DesignFactory(setting=first.setting, stone=first.stone)
    assert designs.quote(first).picture_hash == designs.quote(second).picture_hash


def test_the_same_ring_in_another_size_has_another_picture() -> None:
    design = DesignFactory()
    before = designs.quote(design).picture_hash
    assert designs.quote(DesignFactory(ring_size=Decimal(9))).picture_hash != before


# Links.


def test_a_link_goes_on_on_another_device_and_says_whose_it_is() -> None:
    saved = save(DesignFactory())
    phone = VisitorFactory()
    design = designs.resume(token=saved.token, visitor=phone, now=LATER)
    assert designs.current(visitor=phone) == design
    phone.refresh_from_db()
    assert phone.customer == saved.customer


@pytest.mark.parametrize("how", ["unknown", "revoked", "expired"])
def test_a_link_that_is_gone_gives_one_answer_whatever_the_reason(how: str) -> None:
    saved = save(DesignFactory())
    token = "x" * 43 if how == "unknown" else saved.token
    if how == "revoked":
        DesignLink.objects.update(revoked_at=LATER)
    now = LATER + timedelta(days=180) if how == "expired" else LATER
    with pytest.raises(designs.LinkGone):
        designs.open_link(token=token, now=now)
    with pytest.raises(designs.LinkGone):
        designs.resume(token=token, visitor=VisitorFactory(), now=now)


def test_a_shared_link_may_be_looked_at_but_not_taken_over() -> None:
    saved = save(DesignFactory())
    DesignLink.objects.update(purpose=DesignLink.Purpose.SHARE)
    assert designs.open_link(token=saved.token, now=LATER)
    with pytest.raises(designs.LinkGone):
        designs.resume(token=saved.token, visitor=VisitorFactory(), now=LATER)


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
