"""A ring described for drawing, and weighed."""

import hashlib
import json
import math
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from builder import geometry
from builder.compatibility import Head
from builder.geometry import Location, Mounting
from builder.models import Band, Metal, Stone
from tests.factories.builder import HeadFactory, MetalFactory, StoneFactory

PLAIN = Mounting(
    shank_width_mm=Decimal("1.90"),
    top_width_mm=Decimal("1.70"),
    thickness_mm=Decimal("1.70"),
    profile="round",
)
COUNTS = {"half_band": 18, "full_band": 36, "sides": 2}


def holding(**widths: str) -> Mounting:
    """The plain mounting with other stones: `holding(halo="1.2")`."""
    locations = [
        Location(
            place=place,
            count=COUNTS.get(place, 0),
            width_mm=Decimal(width),
            length_mm=Decimal(width),
        )
        for place, width in widths.items()
    ]
    return replace(PLAIN, locations=locations)


def head(**changes: Any) -> Head:
    made: Head = HeadFactory.build(**changes).rules(name="head")
    return made


@pytest.fixture
def gold() -> Metal:
    return MetalFactory.build()


@pytest.fixture
def alba() -> Mounting:
    return holding(half_band="1.40")


def test_the_description_is_the_documented_one(alba: Mounting, gold: Metal) -> None:
    described = geometry.describe(
        setting=alba,
        head=head(metal_family="platinum"),
        metal=gold,
        stone=StoneFactory.build(pavilion_angle=None),
        ring_size=Decimal(6),
        engraving="Ever & always",
    )
    assert described == {
        "version": 1,
        "finger": {"inner_diameter_mm": 16.51},
        "metal": {"code": "18k-yellow", "family": "yellow"},
        "head": {
            "kind": "prong", "prongs": 6, "metal": "platinum", "seat_height_mm": 4.9, "halo": None,
        },
        "shank": {
            "width_mm": 1.9, "top_width_mm": 1.7, "thickness_mm": 1.7, "profile": "round",
        },
        "accents": {"kind": "half_pave", "stone_mm": 1.4, "count": 18},
        "side_stones": None,
        "stone": {
            "shape": "round", "length_mm": 7.38, "width_mm": 7.34, "depth_mm": 4.49,
            "table_pct": 57.0, "crown_angle": 34.5, "pavilion_angle": 41.0, "girdle_pct": 3.5,
            "measured": ["table_pct", "crown_angle", "girdle_pct"],
            "kind": "diamond", "color": "G", "fancy_color": None,
        },
        "engraving": "Ever & always",
    }  # fmt: skip
    assert json.loads(json.dumps(described)) == described


@pytest.mark.parametrize(
    ("stones", "family", "content_hash"),
    [
        ({}, "", "1c43eecbaca7939c34b7d59ea90dd5265a8d1a36cf7e14db26fb6b5e0f04debc"),
        (
            {"sides": "3.60", "halo": "1.20", "half_band": "1.40"},
            "platinum",
            "d3589b8617001578b462b9b747b6baf6d64ead7853d5b35f836336ce91cf49d9",
        ),
    ],
)
def test_rings_that_were_described_before_are_described_to_the_letter(
    stones: dict[str, str], family: str, content_hash: str, gold: Metal
) -> None:
    """A picture's address, in mails and saved versions, is made of it."""
    described = geometry.describe(
        setting=holding(**stones), head=head(metal_family=family), metal=gold,
        stone=StoneFactory.build(), ring_size=Decimal(6), engraving="Ever & always",
    )  # fmt: skip
    canonical = json.dumps(described, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(canonical.encode()).hexdigest() == content_hash


def test_what_a_plain_ring_does_not_have_is_named_where_it_is(gold: Metal) -> None:
    pears = Location(
        place="sides", count=2, shape="pear", width_mm=Decimal("3.0"), length_mm=Decimal("4.6")
    )
    channel = Location(
        place="half_band", count=14, mount="channel", width_mm=Decimal("1.5"),
        length_mm=Decimal("1.5"),
    )  # fmt: skip
    hidden = holding(hidden_halo="1.0").locations
    setting = replace(PLAIN, shoulder="cathedral", locations=[pears, channel, *hidden])
    described = geometry.describe(
        setting=setting, head=head(), metal=gold, stone=StoneFactory.build(), ring_size=None,
        engraving="",
    )  # fmt: skip
    assert described["shank"]["shoulder"] == "cathedral"
    assert described["head"]["hidden_halo"] == {"stone_mm": 1.0, "count": 19}
    assert described["accents"] == {
        "kind": "half_pave", "stone_mm": 1.5, "count": 14, "mount": "channel",
    }  # fmt: skip
    assert described["side_stones"] == {"shape": "pear", "width_mm": 3.0, "length_mm": 4.6}


def test_a_hidden_halo_lies_inside_of_a_halo_and_holds_fewer() -> None:
    around, under = holding(halo="1.20"), holding(hidden_halo="1.20")
    stone = StoneFactory.build()
    outer = geometry.stone_count(around.locations[0], head=head(), stone=stone)
    inner = geometry.stone_count(under.locations[0], head=head(), stone=stone)
    assert 8 <= inner < outer


def test_a_band_weighs_its_section_around_the_finger_less_its_seats() -> None:
    band = Band(width_mm=Decimal(2), thickness_mm=Decimal(2), section="flat")
    inner, outer = 16.5068 / 2, 16.5068 / 2 + 2
    cylinder = math.pi * (outer**2 - inner**2) * 2
    whole = geometry.band_volume(band=band, ring_size=Decimal(6))
    assert whole == pytest.approx(cylinder * 0.98, rel=1e-6)
    set_band = Band(
        width_mm=Decimal(2), thickness_mm=Decimal(2), section="flat", accent_count=20,
        accent_mm=Decimal("1.5"),
    )  # fmt: skip
    seats = whole - geometry.band_volume(band=set_band, ring_size=Decimal(6))
    assert seats == pytest.approx(20 * 0.45 * 1.5**3)
    assert geometry.band_volume(band=band, ring_size=Decimal(9)) > whole


def test_an_empty_head_and_an_unknown_size_can_be_drawn(alba: Mounting, gold: Metal) -> None:
    described = geometry.describe(
        setting=alba, head=head(), metal=gold, stone=None, ring_size=None, engraving=""
    )
    assert described["stone"] is None
    assert described["finger"] == {"inner_diameter_mm": 16.51}


def test_a_halo_goes_once_around_its_stone() -> None:
    halo = holding(halo="1.20")
    small, large = (
        StoneFactory.build(length_mm=size, width_mm=size)
        for size in (Decimal("5.00"), Decimal("7.00"))
    )
    counts = [
        geometry.stone_count(halo.locations[0], head=head(), stone=stone)
        for stone in (small, large)
    ]
    assert counts == [15, 20]
    described = geometry.describe(
        setting=halo,
        head=head(),
        metal=MetalFactory.build(),
        stone=large,
        ring_size=None,
        engraving="",
    )
    assert described["head"]["halo"] == {"stone_mm": 1.2, "count": 20}


def test_a_fancy_colored_stone_names_its_hue() -> None:
    stone = StoneFactory.build(color="", fancy_color="fancy deep yellowish brown")
    described = geometry.describe(
        setting=PLAIN, head=head(), metal=MetalFactory.build(), stone=stone, ring_size=None,
        engraving="",
    )  # fmt: skip
    assert described["stone"]["fancy_color"] == "brown"


# Weights.


def volume(
    setting: Mounting = PLAIN,
    *,
    held: Head | None = None,
    stone: Stone | None = None,
    size: str = "6",
) -> geometry.MetalVolume:
    return geometry.metal_volume(
        setting=setting, head=held or head(), stone=stone, ring_size=Decimal(size)
    )


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
    assert geometry.grams(cubic_mm=150.0, density=Decimal("15.50")) == Decimal("2.33")
    assert geometry.grams(cubic_mm=150.0, density=Decimal("20.70")) == Decimal("3.11")


def test_an_everyday_ring_weighs_what_rings_weigh() -> None:
    whole = volume(stone=StoneFactory.build())
    assert (
        2.4 < float(geometry.grams(cubic_mm=whole.shank + whole.head, density=Decimal("15.5"))) < 4
    )


def _laid(stone: Stone | None, gold: Metal, **band: Any) -> dict[str, Any]:
    made = Band(
        width_mm=Decimal("2.00"), thickness_mm=Decimal("1.70"), section="round", accent_kind="none", **band
    )  # fmt: skip
    return geometry.describe_band(
        band=made, gap_mm=Decimal("0.4"), setting=PLAIN, head=head(), stone=stone, metal=gold
    )


def test_a_band_beside_a_ring_is_described_with_its_gap_and_its_metal(gold: Metal) -> None:
    assert _laid(None, gold, profile="straight") == {
        "width_mm": 2.0, "thickness_mm": 1.7, "section": "round", "profile": "straight", "gap_mm": 0.4,
        "accent": {"kind": "none", "stone_mm": 0.0, "count": 0}, "metal": "yellow",
    }  # fmt: skip


@pytest.mark.parametrize("shape", list(geometry.gemology.LAWS))
def test_a_curved_band_bows_clear_of_the_stone_in_its_prongs(shape: str, gold: Metal) -> None:
    stone = StoneFactory.build(
        shape=shape, length_mm=Decimal("8.0"), width_mm=Decimal("6.4"), depth_mm=Decimal("4.0")
    )
    laid = _laid(stone, gold, profile="curved")
    bow, half = laid["bow_mm"], laid["bow_half_mm"]
    assert 3.59 < bow < 5.0  # at least around the end; corners need more than an oval
    assert 3.2 < half <= 9.6
    # The corner of an oval's box is free; a bow that clears the ellipse at 60° clears its prongs.
    x, z = 0.5 * (3.2 + 0.45), 0.866 * (4.0 + 0.45)
    assert geometry.hump(x, bow=bow, half=half) + 0.85 > z - 0.02
