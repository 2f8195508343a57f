"""Polygon's CSV: 42 columns, millimeters as `6.2|6.2|3.8`, the total price."""

from builder.feeds.layout import Columns, table
from builder.feeds.rows import Format

COLUMNS: Columns = {
    "stock_number": ("Stock Number", "Lot Number"),
    "shape": ("Shape",),
    "carat": ("Weight",),
    "color": ("Color",),
    "fancy_color": ("FC-Main Body",),
    "fancy_intensity": ("FC- Intensity",),
    "fancy_overtone": ("FC- Overtone",),
    "clarity": ("Clarity",),
    "cut": ("Cut Grade",),
    "polish": ("Polish",),
    "symmetry": ("Symmetry",),
    "fluorescence": ("Fluor Intensity",),
    "measurements": ("Dimension",),
    "lab": ("Lab",),
    "report_number": ("Cert #",),
    "report_url": ("Certificate Image",),
    "price_total": ("Total Price",),
    "availability": ("Availability", "Is Active"),
    "treatment": ("Enhancements",),
    "depth_pct": ("Depth %",),
    "table_pct": ("Table %",),
    "crown_angle": ("Crown Angle",),
    "pavilion_angle": ("Pavilion Angle",),
    "girdle_pct": ("Girdle %",),
    "growth": ("=natural",),
}
FORMAT = Format(
    code="polygon",
    name="Polygon CSV",
    read=table(COLUMNS),
    aliases={"availability": {"Not Specified": "available"}},
)
