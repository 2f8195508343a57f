"""How much metal a ring takes."""

import math
from dataclasses import replace
from decimal import Decimal

import pytest

from builder import geometry, volumes
from builder.compatibility import Head
from builder.geometry import Mounting
from builder.models import Band, Stone
from tests.factories.builder import StoneFactory
from tests.factories.shapes import PLAIN, head, holding


def volume(
    setting: Mounting = PLAIN,
    *,
    held: Head | None = None,
    stone: Stone | None = None,
    size: str = "6",
) -> volumes.MetalVolume:
    held = held or head()
    length, width = geometry.outline(head=held, stone=stone)
    solids = volumes.solids(setting=setting, head=held, ring_size=Decimal(size))
    return solids.around(length=length, width=width)


def test_a_band_weighs_its_section_around_the_finger_less_its_seats() -> None:
    band = Band(width_mm=Decimal(2), thickness_mm=Decimal(2), section="flat")
    inner, outer = 16.5068 / 2, 16.5068 / 2 + 2
    cylinder = math.pi * (outer**2 - inner**2) * 2
    whole = volumes.band_volume(band=band, ring_size=Decimal(6))
    assert whole == pytest.approx(cylinder * 0.98, rel=1e-6)
    set_band = Band(
        width_mm=Decimal(2), thickness_mm=Decimal(2), section="flat", accent_count=20,
        accent_mm=Decimal("1.5"),
    )  # fmt: skip
    seats = whole - volumes.band_volume(band=set_band, ring_size=Decimal(6))
    assert seats == pytest.approx(20 * 0.45 * 1.5**3)
    assert volumes.band_volume(band=band, ring_size=Decimal(9)) > whole


def test_a_flat_shank_is_nearly_its_cylinder() -> None:
    flat = Mounting(
        profile="flat", shank_width_mm=Decimal(2), top_width_mm=Decimal(2), thickness_mm=Decimal(2)
    )
    inner, outer = 16.5068 / 2, 16.5068 / 2 + 2
    cylinder = math.pi * (outer**2 - inner**2) * 2
    assert volume(flat).shank == pytest.approx(cylinder * 0.98, rel=1e-6)


def test_a_larger_size_takes_more_metal_in_the_shank_alone() -> None:
    six, nine = volume(size="6"), volume(size="9")
    grown = math.pi * 3 * 0.8128 * 0.86 * 1.8 * 1.7
    assert nine.shank - six.shank == pytest.approx(grown, rel=1e-6)
    assert nine.head == six.head


def test_each_thing_that_is_added_or_drilled_changes_the_weight_its_own_way() -> None:
    plain = volume()
    pave = volume(holding(half_band="1.4"))
    assert pave.shank < plain.shank
    for more in ({"halo": "1.2"}, {"hidden_halo": "1.0"}, {"sides": "3.6"}):
        assert volume(holding(**more)).head > plain.head
    assert volume(held=head(prongs=4)).head < plain.head
    cathedral = volume(replace(PLAIN, shoulder="cathedral"))
    assert cathedral.shank > plain.shank
    assert cathedral.head == plain.head


def test_a_larger_stone_has_a_heavier_bezel() -> None:
    bezel = head(prongs=0)
    small, large = (
        StoneFactory.build(length_mm=Decimal(size), width_mm=Decimal(size)) for size in ("5", "7")
    )
    assert volume(held=bezel, stone=large).head > volume(held=bezel, stone=small).head


def test_grams_are_volume_times_density() -> None:
    assert volumes.grams(cubic_mm=150.0, density=Decimal("15.50")) == Decimal("2.33")
    assert volumes.grams(cubic_mm=150.0, density=Decimal("20.70")) == Decimal("3.11")


def test_an_everyday_ring_weighs_what_rings_weigh() -> None:
    whole = volume(stone=StoneFactory.build())
    assert (
        2.4 < float(volumes.grams(cubic_mm=whole.shank + whole.head, density=Decimal("15.5"))) < 4
    )
