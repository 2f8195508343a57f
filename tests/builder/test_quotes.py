"""A quote says what a ring costs, from what, and as much of it as the store tells."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from builder import quotes, saving
from builder.models import Band, Design, MeleePrice, MetalPrice, Stone
from tests.factories.builder import (
    DesignFactory,
    MeleePriceFactory,
    MetalFactory,
    MetalPriceFactory,
    SettingFactory,
    StoneFactory,
)
from tests.factories.jeweler import NOW, StoreFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ring() -> Design:
    """The worked example of docs/algorithms/pricing.md."""
    MetalFactory(
        code="platinum", name="platinum", family="platinum", density="20.70", waste_pct="8",
        price_per_gram="76",
    )  # fmt: skip
    setting = SettingFactory(
        head_metal_family="platinum", head_setting_fee="90", stones={"half_band": "1.40"},
        engraving_price="60", metals=[MetalFactory(waste_pct="6")],
    )  # fmt: skip
    return DesignFactory(setting=setting, metal=setting.metals.get())


def test_a_whole_ring_is_priced_as_worked_out_by_hand_in_the_docs(ring: Design) -> None:
    quoted = quotes.quote(ring, now=NOW)
    assert [(line.label, line.note, line.amount) for line in quoted.lines] == [
        ("Round diamond", "1.52 ct, G, VS1, excellent cut", Decimal(12480)),
        ("The Alba", "Made at our bench", Decimal(1480)),
        ("18 k yellow gold", "2.0 g and 0.5 g platinum for the head at size 6", Decimal(292)),
        ("Setting your stone", "", Decimal(90)),
        ("Half pavé", "18 diamonds, 0.18 ct together", Decimal(270)),
        ("Engraving", "13 characters", Decimal(60)),
        ("First resize, insured delivery", "", None),
    ]
    assert quoted.total == Decimal(14672)
    assert quoted.told == "$14,672"
    assert quoted.tax_told == "plus sales tax, worked out at the till"


def test_a_price_carries_its_moment_and_what_made_it(ring: Design) -> None:
    quoted = quotes.quote(ring, now=NOW)
    assert quoted.priced_at == NOW
    assert ring.stone is not None
    inputs = dict(quoted.inputs)
    assert inputs.pop("catalog") > 0
    assert inputs == {
        "currency": "USD",
        "size": "6.0",
        "metals": [
            {
                "part": "shank", "metal": "18k-yellow", "grams": "1.99",
                "price_per_gram": "118.00", "since_at": "2020-01-01T00:00:00+00:00",
                "waste_pct": "6.00",
            },
            {
                "part": "head", "metal": "platinum", "grams": "0.52", "price_per_gram": "76.00",
                "since_at": "2020-01-01T00:00:00+00:00", "waste_pct": "8.00",
            },
        ],
        "melee": [
            {
                "place": "half_band", "pieces": 18, "mm": "1.40", "stone_price": "9.00",
                "setting_fee": "6.00",
            }
        ],
        "labor": "1480.00",
        "engraving": {"characters": 13, "price": "60.00"},
        "head": {
            "code": ring.setting.heads.get().code if ring.setting else "",
            "setting_fee": "90.00", "extra_price": "0",
        },
        "stone": {"id": ring.stone.pk, "price": "12480.00"},
        "tax": {"display": "added", "pct": "0"},
    }  # fmt: skip


def test_a_saved_version_keeps_the_moment_and_the_inputs(ring: Design) -> None:
    quoted = quotes.quote(ring, now=NOW)
    saved = saving.save(
        design=ring, email="ada@example.com", visitor=ring.visitor, is_discreet=False, now=NOW
    )
    assert saved.version.priced_at == NOW
    assert saved.version.price_inputs == quoted.inputs


def test_a_kept_promise_shows_the_moment_and_inputs_it_was_made_with(ring: Design) -> None:
    saving.save(
        design=ring, email="ada@example.com", visitor=ring.visitor, is_discreet=False, now=NOW
    )
    ring.refresh_from_db()
    assert ring.metal is not None
    MetalPriceFactory(metal=ring.metal, since_at=NOW + timedelta(hours=1), price_per_gram="400")
    later = NOW + timedelta(days=2)
    kept = quotes.quote(ring, now=later)
    assert (kept.total, kept.is_promised, kept.priced_at) == (Decimal(14672), True, NOW)
    assert kept.inputs["metals"][0]["price_per_gram"] == "118.00"
    run_out = quotes.quote(ring, now=NOW + timedelta(days=15))
    assert run_out.total > kept.total
    assert run_out.inputs["metals"][0]["price_per_gram"] == "400.00"


def test_what_lacks_a_price_is_named_to_staff_and_on_request_for_shoppers(ring: Design) -> None:
    MeleePrice.objects.all().delete()
    quoted = quotes.quote(ring, now=NOW)
    assert quoted.unpriced.startswith("No melee price covers 1.40 mm (The Alba, half band)")
    assert (quoted.told, quoted.tax_told, quoted.bill) == ("Price on request", "", [])
    with pytest.raises(saving.NoPrice, match="It is kept as it is"):
        saving.save(
            design=ring, email="ada@example.com", visitor=ring.visitor, is_discreet=False, now=NOW
        )
    MeleePriceFactory()
    assert quotes.quote(ring, now=NOW).told == "$14,672"


def test_a_promised_price_holds_even_when_a_price_is_taken_away(ring: Design) -> None:
    saving.save(
        design=ring, email="ada@example.com", visitor=ring.visitor, is_discreet=False, now=NOW
    )
    ring.refresh_from_db()
    MetalPrice.objects.all().delete()
    quoted = quotes.quote(ring, now=NOW + timedelta(days=1))
    assert (quoted.told, quoted.is_promised, quoted.unpriced) == ("$14,672", True, "")


@pytest.mark.parametrize(
    ("mode", "told", "tax"),
    [
        ("shown", "$14,672", "plus 8.875 % sales tax, about $1,302"),
        ("range", "$14,000 to $15,000", "plus 8.875 % sales tax"),
        ("on_request", "Price on request", ""),
    ],
)
def test_a_designs_store_says_how_its_price_is_told(
    ring: Design, mode: str, told: str, tax: str
) -> None:
    ring.store = StoreFactory(price_mode=mode, tax_pct=Decimal("8.875"))
    quoted = quotes.quote(ring, now=NOW)
    assert (quoted.told, quoted.tax_told, quoted.total) == (told, tax, Decimal(14672))
    amounts = {line.amount for line in quoted.bill}
    if mode == "shown":
        assert {"$12,480", "$292", "Included"} <= amounts
    else:
        assert amounts == {"", "Included"}


def test_without_a_store_the_site_says_how(ring: Design, settings: Any) -> None:
    settings.PRICE_MODE = "range"
    settings.TAX_DISPLAY, settings.TAX_PCT = "included", Decimal(20)
    quoted = quotes.quote(ring, now=NOW)
    assert (quoted.told, quoted.tax_told) == ("$14,000 to $15,000", "includes 20 % VAT")


def test_the_stones_way_to_the_bench_comes_before_the_work_on_it(ring: Design) -> None:
    at_once = quotes.quote(ring, now=NOW)
    Stone.objects.update(delivery_days=5)
    ring.refresh_from_db()
    assert quotes.quote(ring, now=NOW).ready_date == at_once.ready_date + timedelta(days=7)


def test_a_setting_that_was_added_a_moment_ago_is_priced(ring: Design, settings: Any) -> None:
    settings.PRICE_BOOK_PAUSE = 3600.0
    quotes.quote(ring, now=NOW)
    added = SettingFactory(labor_price="99")
    quoted = quotes.quote(Design(setting=added, metal=ring.metal), now=NOW)
    assert [line.amount for line in quoted.lines][:1] == [Decimal(99)]


def test_a_design_without_a_setting_has_only_its_stone() -> None:
    stone = StoneFactory()
    quoted = quotes.quote(Design(stone=stone), now=NOW)
    assert [line.label for line in quoted.lines] == ["Round diamond"]
    assert quotes.quote(Design(), now=NOW).total == 0


def test_a_band_is_priced_in_her_metal_and_size(ring: Design) -> None:
    band = Band.objects.create(
        code="plain", name="Plain, 2.0 mm", width_mm="2.00", thickness_mm="1.60",
        profile="straight", labor_price="700",
    )  # fmt: skip
    # 0.86 × 2.0 × 1.6 × π (16.5068 + 1.6) = 156.5 mm³, 2.43 g, × 118 × 1.06 = 303.94
    assert quotes.band_told(band, design=ring, now=NOW) == "$1,004"
    ring.ring_size = Decimal(9)
    larger = quotes.band_told(band, design=ring, now=NOW)
    assert larger > "$1,004"
    ring.store = StoreFactory(price_mode="on_request")
    assert quotes.band_told(band, design=ring, now=NOW) == "Price on request"
    assert quotes.band_told(band, design=Design(), now=NOW) == "Price on request"


def test_the_suppliers_cost_is_nowhere_in_a_quote(ring: Design) -> None:
    saved = saving.save(
        design=ring, email="ada@example.com", visitor=ring.visitor, is_discreet=False, now=NOW
    )
    kept = f"{saved.version.price_inputs}{saved.version.price_lines}"
    assert not re.search("cost|markup|supplier", kept)
