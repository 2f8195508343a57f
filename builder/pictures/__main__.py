"""`python -m builder.pictures`: compile the loops that draw, by drawing one small ring; later processes read them from disk."""

from builder import pictures
from builder.pictures.seats import MELEE

RING = {
    "finger": {"inner_diameter_mm": 16.5},
    "metal": {"family": "yellow"},
    "head": {"kind": "prong", "prongs": 4, "metal": "platinum", "seat_height_mm": 6.2},
    "shank": {"width_mm": 1.9, "top_width_mm": 1.7, "thickness_mm": 1.7, "profile": "round"},
    "accents": {"kind": "none", "stone_mm": 1.4, "count": 0},
    "stone": MELEE | {"length_mm": 6.5, "width_mm": 6.5, "depth_mm": 4.0},
}

if __name__ == "__main__":
    pictures.draw(RING, width=80, height=60)
