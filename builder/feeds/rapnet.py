"""RapNet's download, version 1.0: 80 columns, natural diamonds, `R` for radiant."""

from builder.feeds.layout import Columns

COLUMNS: Columns = {
    "stock_number": ("Stock Number",),
    "shape": ("Shape",),
    "carat": ("Weight",),
    "color": ("Color",),
    "fancy_color": ("Fancy Color",),
    "fancy_intensity": ("Fancy Intensity",),
    "fancy_overtone": ("Fancy color overtones",),
    "clarity": ("Clarity",),
    "cut": ("Cut",),
    "polish": ("Polish",),
    "symmetry": ("Symmetry",),
    "fluorescence": ("Fluorescence Intensity",),
    "measurements": ("Measurements",),
    "length_mm": ("Meas Length",),
    "width_mm": ("Meas Width",),
    "depth_mm": ("Meas Depth",),
    "lab": ("Lab",),
    "report_number": ("Certificate Number",),
    "report_url": ("Certificate URL",),
    "price_total": ("Total Price",),
    "price_per_carat": ("Price Per Carat",),
    "availability": ("Availability",),
    # Each says TRUE, or how, when the stone was treated.
    "treatment": (
        "Treatment",
        "Clarity Enhanced",
        "Color Enhanced",
        "HPHT",
        "Irradiated",
        "Laser Drilled",
        "Other Treatment",
    ),
    "stone_count": ("Number of Diamonds",),
    "depth_pct": ("Depth Percent", "Depth"),
    "table_pct": ("Table Percent", "Table"),
    "crown_angle": ("Crown Angle",),
    "pavilion_angle": ("Pavilion Angle",),
    "growth": ("=natural",),
}
ALIASES = {"shape": {"r": "radiant"}}
