"""How many stones go around the one in the middle."""

from decimal import Decimal

from builder import descriptions, geometry
from tests.factories.builder import MetalFactory, StoneFactory
from tests.factories.shapes import head, holding


def test_a_hidden_halo_lies_inside_of_a_halo_and_holds_fewer() -> None:
    around, under = holding(halo="1.20"), holding(hidden_halo="1.20")
    stone = StoneFactory.build()
    outer = geometry.stone_count(around.locations[0], head=head(), stone=stone)
    inner = geometry.stone_count(under.locations[0], head=head(), stone=stone)
    assert 8 <= inner < outer


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
    described = descriptions.describe(
        setting=halo,
        head=head(),
        metal=MetalFactory.build(),
        stone=large,
        ring_size=None,
        engraving="",
    )
    assert described["head"]["halo"] == {"stone_mm": 1.2, "count": 20}
