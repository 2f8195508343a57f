"""What the staff are shown of a saved design is what was saved, and what became of it since."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from builder import designs, saving, showroom
from builder.models import Design, DesignNotice, Setting, Stone
from jeweler.models import Store
from tests.factories.builder import (
    DesignFactory,
    LocationFactory,
    MeleePriceFactory,
    SettingFactory,
    StoneFactory,
    StoneOfferFactory,
    SupplierFactory,
)
from tests.factories.jeweler import NOW, StoreFactory

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def store() -> Store:
    return StoreFactory(code="nyc", name="New York")


def saved(design: Design, *, now: Any = NOW) -> Design:
    saving.save(design=design, email="ada@example.com", visitor=None, is_discreet=False, now=now)
    return design


def shown(design: Design, *, now: Any = NOW, number: str = "") -> showroom.Facts:
    found = showroom.facts(design=design, number=number, store=None, now=now)
    assert found is not None
    return found


def said(facts: showroom.Facts) -> dict[str, str]:
    return {part.what: part.said for part in facts.parts}


def test_a_design_that_was_never_saved_has_no_facts() -> None:
    assert showroom.facts(design=DesignFactory(), number="", store=None, now=NOW) is None


def test_width_and_diamonds_are_those_chosen_and_else_the_settings_own() -> None:
    setting = SettingFactory(widths_mm=[2.2], band_accents=["none", "half"], accent_mm="1.30")
    LocationFactory(setting=setting, place="half_band", width_mm="1.30")
    MeleePriceFactory()
    design = saved(DesignFactory(setting=Setting.objects.get(pk=setting.pk)))
    assert said(shown(design))["Band"] == "1.90 mm wide, diamonds half way"
    designs.choose(design=design, width_mm=Decimal("2.20"), accents="none", now=NOW)
    design.refresh_from_db()
    facts = shown(saved(design))
    assert said(facts)["Band"] == "2.20 mm wide, no diamonds along it"
    assert [each.changes for each in facts.versions][1] == [
        "Band 2.2 mm, diamonds none, before as shown"
    ]


@pytest.mark.parametrize(
    ("status", "in_store", "words"),
    [
        ("available", "nyc", "The stone is here."),
        ("available", "boston", "The stone is in Boston."),
        ("available", "", "The stone is at its supplier’s."),
        ("held", "nyc", "The stone is here, held for somebody."),
        ("sold", "", "The stone was sold on 21 November 2026."),
        ("withdrawn", "", "The stone is no longer offered by its supplier."),
    ],
)
def test_where_the_stone_is(store: Store, status: str, in_store: str, words: str) -> None:
    place = StoreFactory(code=in_store, name="Boston") if in_store == "boston" else None
    stone = StoneFactory(
        status=status,
        store=store if in_store == "nyc" else place,
        sold_at=datetime(2026, 11, 21, 15, tzinfo=UTC) if status == "sold" else None,
    )
    assert showroom.whereabouts(stone=stone, store=store) == words


def test_a_stone_that_is_not_in_the_house_says_who_has_it_and_how_long_it_takes() -> None:
    stone = StoneFactory(delivery_days=4)
    far = SupplierFactory(code="far", name="Far Cutters")
    StoneOfferFactory(stone=stone, supplier=far, price="13000")
    StoneOfferFactory(stone=stone, price="12480")
    StoneOfferFactory(stone=stone, supplier=far, price="1", withdrawn_at=NOW)
    told = showroom.whereabouts(stone=stone, store=None)
    assert told == "The stone is at North Cutters, 4 working days from our bench."


def test_the_price_of_today_stands_beside_the_promise() -> None:
    design = saved(DesignFactory())
    assert shown(design).today == "Today’s price is the same."
    Stone.objects.update(price=Decimal("13480"))
    facts = shown(design)
    assert facts.is_promised
    assert facts.promise.startswith("Price kept until")
    assert facts.today.endswith("$1,000 more.")
    over = shown(design, now=NOW + 60 * DAY)
    assert not over.is_promised
    assert over.promise.startswith("The price was kept until")
    Stone.objects.update(price=Decimal("11480"))
    assert shown(design).today.endswith("$1,000 less.")


def test_a_stone_that_is_gone_is_told_with_its_nearest_twins() -> None:
    design = saved(DesignFactory())
    twin = StoneFactory(carat=Decimal("1.53"), price="12300")
    assert shown(design).instead == []
    Stone.objects.filter(pk=design.stone_id).update(status=Stone.Status.SOLD, sold_at=NOW)
    facts = shown(Design.objects.get(pk=design.pk))
    assert facts.is_gone
    assert facts.today == "It cannot be had today as it was saved."
    assert [each.stone for each in facts.instead] == [twin]
    assert facts.instead[0].words


def test_what_she_was_told_is_listed_the_last_first() -> None:
    design = saved(DesignFactory())
    version = design.versions.get()
    for kind, days in (("ending", 3), ("gone", 9)):
        DesignNotice.objects.create(
            design=design, version=version, kind=kind, created_at=NOW + days * DAY
        )
    assert [words for _, words in shown(design).told] == [
        "Told by mail: its stone was sold or withdrawn",
        "Told by mail: its price promise ends soon",
    ]


def test_a_part_save_says_what_is_open_and_has_no_price() -> None:
    facts = shown(saved(DesignFactory(ring_size=None)))
    assert [part.what for part in facts.parts if part.is_open] == ["Size"]
    assert facts.promise == "It has no price yet: your size is open."
    assert (facts.today, facts.difference, facts.is_promised) == ("", "", False)


def test_a_version_that_does_not_exist_is_answered_with_the_last() -> None:
    facts = shown(saved(DesignFactory()), number="9" * 400)
    assert facts.version.number == 1


def test_a_promise_ends_with_the_day_of_the_designs_own_store() -> None:
    design = saved(DesignFactory(store=StoreFactory(time_zone="America/Los_Angeles")))
    until: date = design.versions.get().price_until_date  # type: ignore[assignment]
    evening = datetime(until.year, until.month, until.day, 7, tzinfo=UTC) + DAY
    assert shown(design, now=evening).is_promised
    assert not shown(design, now=evening + timedelta(hours=2)).is_promised
