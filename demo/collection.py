"""The sample house's rings and bands, each described by its parameters: what its bench would make, in millimeters.

A head's `mm` are its limits for the stone: least and most width, most length; then how high the girdle sits over the shank. The
first head is the one that a setting is shown with, the others cost more and take longer. A place for small stones is (place,
count, millimeters, mount), and where they are not round also their shape and length; a count of 0 means as many as go around.
`widths_mm` and `band_accents` are what can be chosen instead of a setting's own; `accent_mm` is how large those small stones are.
"""

from typing import Any

ALL_BUT_POINTED = ["round", "oval", "cushion", "emerald", "asscher", "radiant"]
POINTED = ["princess", "pear", "marquise", "heart"]
EVERY_SHAPE = [*ALL_BUT_POINTED, *POINTED]
SOFT = ["round", "oval", "cushion"]


def _first(shape: str, shapes: list[str]) -> list[str]:
    """The shape that a setting is shown with, and the others."""
    return [shape, *(each for each in shapes if each != shape)]


SETTINGS: tuple[dict[str, Any], ...] = (
    {
        "code": "alba", "name": "The Alba", "style": "solitaire",
        "line": "Six fine prongs and nothing else: the stone, held up to the light.",
        "heads": [
            {"prongs": 6, "metal_family": "platinum", "shapes": SOFT, "mm": ("5.60", "8.20", "10.60", "3.20"),
             "overhang_mm": "0.30", "setting_fee": "110"},
            {"prongs": 4, "metal_family": "platinum", "shapes": EVERY_SHAPE, "mm": ("4.60", "8.20", "12.00", "3.20"),
             "overhang_mm": "0.35", "setting_fee": "90", "extra_price": "40", "extra_days": 3},
        ],
        "widths_mm": ["1.8", "2.0", "2.4"], "band_accents": ["none", "half", "full"], "accent_mm": "1.30",
        "shank_width_mm": "1.90", "top_width_mm": "1.70", "thickness_mm": "1.70", "profile": "round",
        "labor_price": "1370", "lead_days": 20, "engraving_limit": 20,
    },
    {
        "code": "lune", "name": "The Lune", "style": "pave",
        "line": "Four prongs on a band of light that stops where your fingers meet.",
        "heads": [
            {"prongs": 4, "shapes": EVERY_SHAPE, "mm": ("4.60", "7.90", "12.00", "3.00"), "overhang_mm": "0.30",
             "setting_fee": "90"},
            {"prongs": 6, "shapes": SOFT, "mm": ("6.00", "9.20", "12.50", "3.40"), "overhang_mm": "0.30",
             "setting_fee": "110", "extra_price": "60", "extra_days": 3},
        ],
        "locations": [("half_band", 18, "1.40", "pave")],
        "widths_mm": ["1.8", "2.1", "2.4"], "band_accents": ["none", "half", "full"],
        "shank_width_mm": "1.90", "top_width_mm": "1.70", "thickness_mm": "1.70", "profile": "round",
        "labor_price": "1630", "lead_days": 22,
    },
    {
        "code": "vesper", "name": "The Vesper", "style": "bezel",
        "line": "A low, smooth rim of gold around the stone, for hands that work.",
        "heads": [
            {"prongs": 0, "shapes": [*ALL_BUT_POINTED, "pear", "marquise"], "mm": ("4.40", "7.20", "11.00", "2.10"),
             "overhang_mm": "0.25", "setting_fee": "160"},
            {"code": "high-bezel", "prongs": 0, "shapes": [*ALL_BUT_POINTED, "pear", "marquise"],
             "mm": ("6.00", "9.00", "12.50", "2.90"), "overhang_mm": "0.30", "setting_fee": "190",
             "extra_price": "120", "extra_days": 4},
        ],
        "widths_mm": ["2.0", "2.8", "3.4"],
        "shank_width_mm": "2.40", "top_width_mm": "2.20", "thickness_mm": "1.80", "profile": "flat",
        "labor_price": "1700", "lead_days": 18, "engraving_limit": 20, "max_size": "12",
    },
    {
        "code": "corolla", "name": "The Corolla", "style": "halo",
        "line": "A ring of small diamonds around one, so that the eye reads a single larger stone.",
        "heads": [
            {"prongs": 4, "shapes": ["round", "oval", "cushion", "princess", "emerald", "radiant", "pear"],
             "mm": ("4.20", "6.90", "9.80", "2.90"), "overhang_mm": "0.25", "setting_fee": "100"},
        ],
        "locations": [("halo", 0, "1.20", "pave"), ("half_band", 20, "1.20", "pave")],
        "widths_mm": ["1.7", "2.2"], "band_accents": ["none", "half", "full"],
        "shank_width_mm": "1.90", "top_width_mm": "1.60", "thickness_mm": "1.70", "profile": "round",
        "labor_price": "1980", "lead_days": 24,
    },
    {
        "code": "trine", "name": "The Trine", "style": "three_stone",
        "line": "One stone between two: what was, what is, what comes.",
        "heads": [
            {"prongs": 4, "shapes": ALL_BUT_POINTED, "mm": ("5.00", "8.00", "11.00", "3.30"), "overhang_mm": "0.30",
             "setting_fee": "90"},
            {"prongs": 6, "shapes": SOFT, "mm": ("6.40", "9.00", "11.50", "3.50"), "overhang_mm": "0.30",
             "setting_fee": "110", "extra_price": "60", "extra_days": 3},
        ],
        "locations": [("sides", 2, "3.60", "prong")],
        "widths_mm": ["1.9", "2.4"], "band_accents": ["none", "half"], "accent_mm": "1.30",
        "shank_width_mm": "2.10", "top_width_mm": "2.00", "thickness_mm": "1.80", "profile": "round",
        "labor_price": "2150", "lead_days": 25,
    },
    {
        "code": "cassia", "name": "The Cassia", "style": "pave",
        "line": "A knife-edged band, lit all the way around.",
        "heads": [
            {"prongs": 6, "shapes": EVERY_SHAPE, "mm": ("4.80", "8.60", "13.50", "3.40"), "overhang_mm": "0.30",
             "setting_fee": "110"},
        ],
        "locations": [("full_band", 36, "1.30", "pave")],
        "widths_mm": ["2.0"], "band_accents": ["half", "full"],
        "shank_width_mm": "1.80", "top_width_mm": "1.80", "thickness_mm": "1.80", "profile": "knife",
        "labor_price": "2050", "lead_days": 25, "engraving_limit": 0, "min_size": "4", "max_size": "9",
    },
    {
        "code": "wren", "name": "The Wren", "style": "solitaire",
        "line": "The slimmest band we trust, drawn to a line of light along its edge.",
        "heads": [
            {"prongs": 4, "shapes": _first("emerald", EVERY_SHAPE), "mm": ("4.20", "7.20", "11.00", "2.80"), "overhang_mm": "0.30",
             "setting_fee": "90"},
            {"prongs": 6, "shapes": SOFT, "mm": ("6.60", "9.00", "12.00", "3.20"), "overhang_mm": "0.30",
             "setting_fee": "110", "extra_price": "40", "extra_days": 2},
        ],
        "widths_mm": ["1.5", "1.9"],
        "shank_width_mm": "1.70", "top_width_mm": "1.60", "thickness_mm": "1.60", "profile": "knife",
        "labor_price": "1240", "lead_days": 18, "engraving_limit": 12, "engraving_price": "40",
        "engraving_symbols": False,
    },
    {
        "code": "abbey", "name": "The Abbey", "style": "solitaire",
        "line": "Two arches rise from the band and carry the stone between them.",
        "heads": [
            {"prongs": 4, "shapes": EVERY_SHAPE, "mm": ("5.00", "8.60", "12.50", "3.60"), "overhang_mm": "0.35",
             "setting_fee": "90"},
            {"prongs": 6, "shapes": SOFT, "mm": ("6.00", "9.40", "12.50", "3.80"), "overhang_mm": "0.30",
             "setting_fee": "110", "extra_price": "40", "extra_days": 2},
        ],
        "shoulder": "cathedral",
        "widths_mm": ["1.9", "2.4"], "band_accents": ["none", "half"], "accent_mm": "1.20",
        "shank_width_mm": "2.10", "top_width_mm": "1.90", "thickness_mm": "1.70", "profile": "round",
        "labor_price": "1540", "lead_days": 20, "engraving_limit": 20, "max_size": "11",
    },
    {
        "code": "meridian", "name": "The Meridian", "style": "pave",
        "line": "Diamonds between two quiet walls of metal, with nothing to catch on a sleeve.",
        "heads": [
            {"prongs": 4, "shapes": _first("princess", EVERY_SHAPE), "mm": ("5.00", "8.20", "12.00", "3.10"), "overhang_mm": "0.30",
             "setting_fee": "90"},
            {"prongs": 0, "shapes": [*ALL_BUT_POINTED, "pear"], "mm": ("3.90", "5.60", "8.40", "2.50"),
             "overhang_mm": "0.25", "setting_fee": "160", "extra_price": "160", "extra_days": 4},
        ],
        "locations": [("half_band", 14, "1.70", "channel")],
        "widths_mm": ["2.5", "3.0"], "band_accents": ["none", "half"],
        "shank_width_mm": "2.70", "top_width_mm": "2.60", "thickness_mm": "1.90", "profile": "flat",
        "labor_price": "1820", "lead_days": 23, "engraving_limit": 16, "min_size": "4", "max_size": "11",
    },
    {
        "code": "juniper", "name": "The Juniper", "style": "pave",
        "line": "Small diamonds climb both arches, as far as the stone.",
        "heads": [
            {"prongs": 4, "shapes": _first("oval", EVERY_SHAPE), "mm": ("5.20", "8.40", "12.00", "3.60"), "overhang_mm": "0.30",
             "setting_fee": "90"},
            {"prongs": 6, "shapes": SOFT, "mm": ("6.20", "9.20", "12.00", "3.80"), "overhang_mm": "0.30",
             "setting_fee": "110", "extra_price": "60", "extra_days": 3},
        ],
        "locations": [("half_band", 22, "1.30", "pave")],
        "shoulder": "cathedral",
        "shank_width_mm": "1.90", "top_width_mm": "1.80", "thickness_mm": "1.70", "profile": "round",
        "labor_price": "1890", "lead_days": 24, "engraving_limit": 16, "engraving_price": "40",
    },
    {
        "code": "tansy", "name": "The Tansy", "style": "halo",
        "line": "A halo on a plain band: everything that shines is where you look.",
        "heads": [
            {"prongs": 4, "shapes": _first("cushion", ["round", "oval", "cushion", "princess", "emerald", "asscher", "radiant", "pear", "heart"]),
             "mm": ("4.40", "7.40", "10.20", "3.00"), "overhang_mm": "0.25", "setting_fee": "100"},
        ],
        "locations": [("halo", 0, "1.40", "pave")],
        "widths_mm": ["1.9", "2.4"], "band_accents": ["none", "half"], "accent_mm": "1.30",
        "shank_width_mm": "2.10", "top_width_mm": "1.80", "thickness_mm": "1.70", "profile": "round",
        "labor_price": "1760", "lead_days": 22, "engraving_limit": 20, "max_size": "11",
    },
    {
        "code": "rowan", "name": "The Rowan", "style": "three_stone",
        "line": "Two pears lean away from the stone like leaves from a fruit.",
        "heads": [
            {"prongs": 4, "shapes": _first("emerald", [*ALL_BUT_POINTED, "pear"]), "mm": ("5.40", "8.60", "12.00", "3.20"),
             "overhang_mm": "0.30", "setting_fee": "90"},
        ],
        "locations": [("sides", 2, "3.00", "prong", "pear", "4.60")],
        "shank_width_mm": "2.00", "top_width_mm": "1.90", "thickness_mm": "1.80", "profile": "round",
        "labor_price": "2260", "lead_days": 26, "min_size": "4",
    },
    {
        "code": "hearth", "name": "The Hearth", "style": "bezel",
        "line": "A stone kept in a warm rim, with small diamonds to either side.",
        "heads": [
            {"prongs": 0, "shapes": _first("asscher", [*ALL_BUT_POINTED, "pear"]), "mm": ("4.60", "7.60", "10.50", "2.50"),
             "overhang_mm": "0.25", "setting_fee": "160"},
            {"prongs": 4, "shapes": EVERY_SHAPE, "mm": ("4.80", "8.40", "12.00", "3.00"), "overhang_mm": "0.30",
             "setting_fee": "90", "extra_price": "40", "extra_days": 3},
        ],
        "locations": [("half_band", 16, "1.50", "pave")],
        "shank_width_mm": "2.10", "top_width_mm": "2.00", "thickness_mm": "1.80", "profile": "round",
        "labor_price": "1920", "lead_days": 22, "engraving_limit": 16,
    },
    {
        "code": "ondine", "name": "The Ondine", "style": "hidden_halo",
        "line": "From above, a plain ring. From the side, a line of light that is hers alone.",
        "heads": [
            {"prongs": 4, "shapes": _first("oval", [*ALL_BUT_POINTED, "pear", "marquise"]), "mm": ("5.60", "8.80", "12.50", "3.40"),
             "overhang_mm": "0.30", "setting_fee": "110"},
            {"prongs": 6, "shapes": SOFT, "mm": ("6.40", "9.60", "12.50", "3.60"), "overhang_mm": "0.30",
             "setting_fee": "120", "extra_price": "40", "extra_days": 2},
        ],
        "locations": [("hidden_halo", 0, "1.00", "pave")],
        "widths_mm": ["1.8", "2.2"], "band_accents": ["none", "half", "full"], "accent_mm": "1.20",
        "shank_width_mm": "1.90", "top_width_mm": "1.80", "thickness_mm": "1.70", "profile": "round",
        "labor_price": "1680", "lead_days": 22, "engraving_limit": 20,
    },
    {
        "code": "halcyon", "name": "The Halcyon", "style": "hidden_halo",
        "line": "A hidden halo over a band that is set all the way around.",
        "heads": [
            {"prongs": 4, "shapes": _first("radiant", [*ALL_BUT_POINTED, "pear"]), "mm": ("5.60", "8.60", "12.00", "3.40"),
             "overhang_mm": "0.30", "setting_fee": "110"},
        ],
        "locations": [("hidden_halo", 0, "1.00", "pave"), ("full_band", 36, "1.30", "pave")],
        "shank_width_mm": "1.80", "top_width_mm": "1.80", "thickness_mm": "1.70", "profile": "round",
        "labor_price": "2140", "lead_days": 26, "engraving_limit": 0, "min_size": "4", "max_size": "9",
    },
)  # fmt: skip

# Code, name, width, thickness, straight or curved, section, kind of accents, their mm and count, labor, working days.
BANDS = (
    ("plain-2", "Plain, 2.0 mm", "2.00", "1.60", "straight", "round", "none", "0", 0, "640", 12),
    ("plain-3", "Plain, 3.0 mm", "3.00", "1.70", "straight", "round", "none", "0", 0, "720", 12),
    ("flat-25", "Flat, 2.5 mm", "2.50", "1.60", "straight", "flat", "none", "0", 0, "690", 12),
    ("comfort-4", "Comfort, 4.0 mm", "4.00", "1.90", "straight", "round", "none", "0", 0, "780", 12),
    ("curved-plain", "Curved plain, 1.8 mm", "1.80", "1.60", "curved", "round", "none", "0", 0, "820", 15),
    ("curved-pave", "Curved pavé, 1.8 mm", "1.80", "1.60", "curved", "round", "half_pave", "1.20", 21, "1040", 18),
    ("half-eternity", "Half eternity, 2.2 mm", "2.20", "1.70", "straight", "round", "half_pave", "1.60", 17, "1180", 16),
    ("eternity-3", "Eternity, 3.0 mm", "3.00", "1.90", "straight", "flat", "full_pave", "2.00", 28, "1420", 20),
    ("eternity-2", "Eternity, 1.9 mm", "1.90", "1.70", "straight", "round", "full_pave", "1.30", 42, "1260", 18),
    ("knife-2", "Knife edge, 2.0 mm", "2.00", "1.70", "straight", "knife", "none", "0", 0, "720", 12),
    ("channel-3", "Channel, 2.8 mm", "2.80", "1.90", "straight", "flat", "channel", "1.70", 17, "1290", 18),
)  # fmt: skip
