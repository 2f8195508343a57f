"""Virtual Diamond Boutique's template. Its form for lab-grown stones has a "Growth Type" (CVD, HPHT); natural ones' has none."""

from collections.abc import Sequence

from builder import gemology
from builder.feeds import text
from builder.feeds.layout import Columns, lay_out, with_own
from builder.feeds.rows import Format, Own, Rows

COLUMNS: Columns = {
    "stock_number": ("Stock #",),
    "availability": ("Availability",),
    "shape": ("Shape",),
    "carat": ("Weight",),
    "clarity": ("Clarity",),
    "color": ("Color",),
    "fancy_color": ("Fancy Color",),
    "fancy_intensity": ("Fancy Color Intensity",),
    "fancy_overtone": ("Fancy Color Overtone",),
    "price_per_carat": ("Price",),
    "price_total": ("Total Price",),
    "cut": ("Cut Grade",),
    "polish": ("Polish",),
    "symmetry": ("Symmetry",),
    "depth_pct": ("Depth Percent",),
    "table_pct": ("Table Percent",),
    "fluorescence": ("Fluorescence Intensity",),
    "lab": ("Lab",),
    "report_number": ("Certificate #",),
    "report_url": ("Certificate Url",),
    "girdle_pct": ("Girdle Percent",),
    "measurements": ("Measurements",),
    "length_mm": ("Measurements Length",),
    "width_mm": ("Measurements Width",),
    "depth_mm": ("Measurements Depth",),
    "crown_angle": ("Crown Angle",),
    "pavilion_angle": ("Pavilion Angle",),
    "treatment": ("Treatment",),
}


def growth_of(header: Sequence[str]) -> str:
    """What every stone of a file with this header is, however its rows were grown."""
    return "=lab" if "growth type" in map(gemology.spelled, header) else "=natural"


def read(file: text.Readable, own: Own) -> Rows:
    cells = text.rows_of(file)
    _, header = next(cells)
    usual = {**COLUMNS, "growth": (growth_of(header),)}
    yield from lay_out(header=header, columns=with_own(own, usual=usual)).rows(cells)


FORMAT = Format(code="vdb_csv", name="VDB template (CSV)", read=read)
