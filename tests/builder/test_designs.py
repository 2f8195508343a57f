"""A ring is begun, chosen, quoted, saved and opened again, by one shopper in several tabs."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from builder import designs
from builder.models import Design, Stone
from jeweler.models import OutboxEvent
from tests.factories.builder import (
    DesignFactory,
    HeadFactory,
    MetalFactory,
    SettingFactory,
    StoneFactory,
)
from tests.factories.jeweler import NOW, VisitorFactory

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(minutes=5)


def announced(name: str) -> list[dict[str, Any]]:
    return [event.payload for event in OutboxEvent.objects.filter(name=f"builder.{name}")]


def large() -> Stone:
    """Too wide for the factories' setting."""
    stone: Stone = StoneFactory(
        carat=Decimal("2.51"),
        length_mm=Decimal("8.82"),
        width_mm=Decimal("8.76"),
        depth_mm=Decimal("5.40"),
    )
    return stone


def test_the_price_of_another_head_is_the_whole_difference_its_metal_and_its_setter_included() -> (
    None
):
    """The same ring in a setting whose own six-prong head is wide enough costs so much less."""
    setting = SettingFactory(head_code="six", head_setting_fee="110")
    HeadFactory(
        setting=setting, code="four", prongs=4, position=1, min_width_mm="7.50",
        max_width_mm="9.20", setting_fee="90", extra_price="40", extra_days=3,
    )  # fmt: skip
    wide = SettingFactory(head_code="six", head_setting_fee="110", head_max_width_mm="9.20")
    stone = large()
    ring, plain = (
        designs.quote(DesignFactory(setting=each, stone=stone), now=NOW) for each in (setting, wide)
    )
    assert (ring.head.code, plain.head.code) == ("four", "six")
    more = ring.total - plain.total
    assert ring.fit.fix.price == more
    assert more not in (20, 40)  # by its fees alone, and by the head's line of the bill
    assert str(ring.fit.fix) == f"The four-prong head fits: +${more}, +3 days."


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
    assert str(after.fit.fix) == f"The four-prong head fits: +${after.fit.fix.price}, +3 days."
    assert after.description["head"]["prongs"] == 4
    assert [line.amount for line in after.lines if line.label == "Four-prong head"] == [40]
    assert after.ready_date == before.ready_date + timedelta(days=5)  # a weekend is between
    back = designs.choose(design=design, stone=StoneFactory(), now=LATER)
    assert designs.quote(back, now=NOW).head.code == "six"


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


def test_a_complete_ring_is_announced_once_for_each_browser_and_completed_when_it_first_was() -> (
    None
):
    design, other = DesignFactory(), VisitorFactory()
    for visitor, now in ((design.visitor, NOW), (design.visitor, LATER), (other, LATER)):
        designs.complete(design=design, visitor=visitor, now=now)
    assert announced("BuilderCompleted") == [
        {"design_id": design.pk, "visitor_id": design.visitor.pk},
        {"design_id": design.pk, "visitor_id": other.pk},
    ]
    assert Design.objects.get().completed_at == NOW


def test_a_copy_is_completed_when_its_own_summary_is_reached() -> None:
    design = DesignFactory(completed_at=NOW)
    copied = designs.copied(design, visitor=design.visitor, now=LATER)
    assert copied.completed_at is None
    designs.complete(design=copied, visitor=design.visitor, now=LATER)
    assert [each["design_id"] for each in announced("BuilderCompleted")] == [copied.pk]


def test_an_unfinished_ring_is_not_announced() -> None:
    design = DesignFactory(ring_size=None)
    designs.complete(design=design, visitor=design.visitor, now=LATER)
    assert announced("BuilderCompleted") == []


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
