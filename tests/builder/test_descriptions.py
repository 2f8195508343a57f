"""A ring described for drawing."""

import hashlib
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from builder import descriptions, gemology
from builder.geometry import Location, Mounting
from builder.models import Band, Metal, Stone
from tests.factories.builder import MetalFactory, StoneFactory
from tests.factories.shapes import PLAIN, head, holding


@pytest.fixture
def gold() -> Metal:
    return MetalFactory.build()


@pytest.fixture
def alba() -> Mounting:
    return holding(half_band="1.40")


def test_the_description_is_the_documented_one(alba: Mounting, gold: Metal) -> None:
    described = descriptions.describe(
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
    described = descriptions.describe(
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
    described = descriptions.describe(
        setting=setting, head=head(), metal=gold, stone=StoneFactory.build(), ring_size=None,
        engraving="",
    )  # fmt: skip
    assert described["shank"]["shoulder"] == "cathedral"
    assert described["head"]["hidden_halo"] == {"stone_mm": 1.0, "count": 19}
    assert described["accents"] == {
        "kind": "half_pave", "stone_mm": 1.5, "count": 14, "mount": "channel",
    }  # fmt: skip
    assert described["side_stones"] == {"shape": "pear", "width_mm": 3.0, "length_mm": 4.6}


def test_an_empty_head_and_an_unknown_size_can_be_drawn(alba: Mounting, gold: Metal) -> None:
    described = descriptions.describe(
        setting=alba, head=head(), metal=gold, stone=None, ring_size=None, engraving=""
    )
    assert described["stone"] is None
    assert described["finger"] == {"inner_diameter_mm": 16.51}


def test_a_fancy_colored_stone_names_its_hue() -> None:
    stone = StoneFactory.build(color="", fancy_color="fancy deep yellowish brown")
    described = descriptions.describe(
        setting=PLAIN, head=head(), metal=MetalFactory.build(), stone=stone, ring_size=None,
        engraving="",
    )  # fmt: skip
    assert described["stone"]["fancy_color"] == "brown"


def _laid(stone: Stone | None, gold: Metal, **band: Any) -> dict[str, Any]:
    made = Band(
        width_mm=Decimal("2.00"), thickness_mm=Decimal("1.70"), section="round", accent_kind="none", **band
    )  # fmt: skip
    return descriptions.describe_band(
        band=made, gap_mm=Decimal("0.4"), setting=PLAIN, head=head(), stone=stone, metal=gold
    )


def test_a_band_beside_a_ring_is_described_with_its_gap_and_its_metal(gold: Metal) -> None:
    assert _laid(None, gold, profile="straight") == {
        "width_mm": 2.0, "thickness_mm": 1.7, "section": "round", "profile": "straight", "gap_mm": 0.4,
        "accent": {"kind": "none", "stone_mm": 0.0, "count": 0}, "metal": "yellow",
    }  # fmt: skip


@pytest.mark.parametrize("shape", list(gemology.LAWS))
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
    assert descriptions.hump(x, bow=bow, half=half) + 0.85 > z - 0.02
