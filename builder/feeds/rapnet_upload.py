"""What suppliers upload to RapNet, as their software exports it; "RapNet Price" and "Cash Price" are per carat.

Of the two the cash price is what a buyer who pays at once is asked, so it is taken only where no RapNet price stands.
"""

from builder.feeds.layout import Columns, table
from builder.feeds.rows import Format

COLUMNS: Columns = {
    "stock_number": ("Stock #", "Stock Number", "Vendor Stock Number"),
    "availability": ("Availability",),
    "shape": ("Shape",),
    "carat": ("Weight",),
    "color": ("Color",),
    "fancy_color": ("Fancy Color",),
    "fancy_intensity": ("Fancy Color Intensity",),
    "fancy_overtone": ("Fancy Color Overtone",),
    "clarity": ("Clarity",),
    "cut": ("Cut Grade",),
    "polish": ("Polish",),
    "symmetry": ("Symmetry",),
    "fluorescence": ("Fluorescence Intensity",),
    "measurements": ("Measurements",),
    "lab": ("Lab",),
    "report_number": ("Certificate #", "Report #"),
    "report_url": ("Certificate Url", "Certificate Filename", "Diamond Certificate"),
    "price_per_carat": ("RapNet Price", "Cash Price"),
    "treatment": ("Treatment",),
    "stone_count": ("Parcel Stones", "Number of Stones"),
    "depth_pct": ("Depth %",),
    "table_pct": ("Table %",),
    "crown_angle": ("Crown Angle",),
    "pavilion_angle": ("Pavilion Angle",),
    "girdle_pct": ("Girdle %",),
    "growth": ("Growth Type", "=natural"),
}
FORMAT = Format(
    code="rapnet_upload",
    name="RapNet upload",
    read=table(COLUMNS),
    aliases={"shape": {"R": "radiant"}},
)
