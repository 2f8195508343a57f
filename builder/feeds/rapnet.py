"""RapNet's download: version 1.0 with 80 columns and the older one with 36; natural diamonds, `R` for radiant."""

from builder.feeds.layout import Columns, table
from builder.feeds.rows import Format

COLUMNS: Columns = {
    "stock_number": ("Stock Number", "Stock #"),
    "shape": ("Shape",),
    "carat": ("Weight",),
    "color": ("Color",),
    "fancy_color": ("Fancy Color",),
    "fancy_intensity": ("Fancy Intensity",),
    "fancy_overtone": ("Fancy color overtones", "Fancy Overtone"),
    "clarity": ("Clarity",),
    "cut": ("Cut", "Cut Grade"),
    "polish": ("Polish",),
    "symmetry": ("Symmetry",),
    "fluorescence": ("Fluorescence Intensity", "Fluorescence"),
    "measurements": ("Measurements",),
    "length_mm": ("Meas Length",),
    "width_mm": ("Meas Width",),
    "depth_mm": ("Meas Depth",),
    "lab": ("Lab",),
    "report_number": ("Certificate Number", "Cert #"),
    "report_url": ("Certificate URL",),
    "price_total": ("Total Price",),
    "price_per_carat": ("Price Per Carat", "RapNet Price"),
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
    "stone_count": ("Number of Diamonds", "Parcel number of stones"),
    "depth_pct": ("Depth Percent", "Depth", "Depth %"),
    "table_pct": ("Table Percent", "Table", "Table %"),
    "crown_angle": ("Crown Angle",),
    "pavilion_angle": ("Pavilion Angle",),
    "growth": ("=natural",),
}
ALIASES = {"shape": {"R": "radiant"}}
FORMAT = Format(code="rapnet", name="RapNet download", read=table(COLUMNS), aliases=ALIASES)
