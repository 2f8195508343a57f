"""Shapes of rings as values, without a database."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from builder.compatibility import Head
from builder.geometry import Location, Mounting
from tests.factories.builder import HeadFactory

PLAIN = Mounting(
    shank_width_mm=Decimal("1.90"),
    top_width_mm=Decimal("1.70"),
    thickness_mm=Decimal("1.70"),
    profile="round",
)
_COUNTS = {"half_band": 18, "full_band": 36, "sides": 2}


def holding(**widths: str) -> Mounting:
    """The plain mounting with other stones: `holding(halo="1.2")`."""
    locations = [
        Location(
            place=place,
            count=_COUNTS.get(place, 0),
            width_mm=Decimal(width),
            length_mm=Decimal(width),
        )
        for place, width in widths.items()
    ]
    return replace(PLAIN, locations=locations)


def head(**changes: Any) -> Head:
    """Six prongs, or what `changes` say of the table's row."""
    made: Head = HeadFactory.build(**changes).rules(name="head")
    return made
