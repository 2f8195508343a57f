"""Any CSV: common headers are known, a supplier's own are named in `Supplier.columns`.

`{"price_per_carat": "Price", "growth": "=lab"}` names a column, or a value for every row. What a bare "Price" means is
never guessed: it is per carat in most feeds and the total in others.
"""

from builder.feeds.layout import Columns, table, with_own
from builder.feeds.rows import Format, Own, Rows
from builder.feeds.text import Readable

USUAL: Columns = {
    "stock_number": ("Stock #", "Stock Number", "Stock No", "Stock", "Vendor Stock Number", "VendorStockNumber", "SKU"),
    "shape": ("Shape",),
    "carat": ("Carat", "Carats", "Weight", "Carat Weight", "Size", "ct"),
    "color": ("Color", "Colour"),
    "fancy_color": ("Fancy Color", "FancyColor"),
    "fancy_intensity": ("Fancy Intensity", "Fancy Color Intensity", "FancyColorIntensity"),
    "fancy_overtone": ("Fancy Overtone", "Fancy Color Overtone", "FancyColorOvertone"),
    "clarity": ("Clarity",),
    "cut": ("Cut", "Cut Grade"),
    "polish": ("Polish",),
    "symmetry": ("Symmetry",),
    "fluorescence": ("Fluorescence Intensity", "Fluorescence"),
    "measurements": ("Measurements", "Dimension", "Dimensions"),
    "length_mm": ("Length", "length_mm", "Meas Length", "Measurements Length"),
    "width_mm": ("Width", "width_mm", "Meas Width", "Measurements Width"),
    "depth_mm": ("Height", "depth_mm", "Meas Depth", "Measurements Depth"),
    "lab": ("Lab", "Certificate Type"),
    "report_number": (
        "Report #", "Report Number", "report_number", "Certificate #", "Certificate Number", "Cert #", "cert_number",
    ),
    "report_url": ("Certificate URL", "Certificate Url", "Report URL", "report_url"),
    "price_total": ("Total Price", "price_total", "price_total_usd"),
    "price_per_carat": ("Price Per Carat", "price_per_carat", "price_per_carat_usd"),
    "availability": ("Availability",),
    "treatment": ("Treatment", "Enhancements"),
    "stone_count": ("Number of Diamonds", "ParcelStoneCount"),
    "depth_pct": ("Depth %", "Depth Percent", "depth_pct"),
    "table_pct": ("Table %", "Table Percent", "table_pct"),
    "crown_angle": ("Crown Angle", "crown_angle"),
    "pavilion_angle": ("Pavilion Angle", "Pavillion Angle", "pavilion_angle"),
    "girdle_pct": ("Girdle %", "Girdle Percent", "girdle_pct"),
    "growth": ("Growth", "Growth Type", "Lab Grown", "lab_grown"),
}  # fmt: skip


FIELDS = tuple(USUAL)


class UnknownField(ValueError):
    """The supplier's columns name a field that stones do not have."""


def check(own: Own) -> None:
    """Raises UnknownField, so that a mapping's slip is told when it is typed."""
    if strange := own.keys() - USUAL.keys():
        raise UnknownField(
            f"The supplier's columns name {', '.join(sorted(strange))}; known are {', '.join(FIELDS)}"
        )


def columns(own: Own) -> Columns:
    """The usual headers, with the supplier's own before them."""
    check(own)
    return with_own(own, usual=USUAL)


def read(file: Readable, own: Own) -> Rows:
    check(own)
    return table(USUAL)(file, own)


FORMAT = Format(code="generic", name="Any CSV, by its headers", read=read)
