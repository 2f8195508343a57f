"""Virtual Diamond Boutique's answer: `diamonds` under whatever wraps it, or a plain list of them."""

from collections.abc import Mapping

from builder.feeds.objects import Path, objects_in
from builder.feeds.rows import Format, Own, Refused, Row, Rows, constants
from builder.feeds.source import Source

KEYS = {
    "stock_number": ("stock_num", "diamond_id"),
    "shape": ("shape",),
    "carat": ("size",),
    "color": ("color",),
    "fancy_color": ("fancy_color_dominant_color",),
    "fancy_intensity": ("fancy_color_intensity",),
    "fancy_overtone": ("fancy_color_overtone",),
    "clarity": ("clarity",),
    "cut": ("cut",),
    "polish": ("polish",),
    "symmetry": ("symmetry",),
    "fluorescence": ("fluor_intensity",),
    "length_mm": ("meas_length",),
    "width_mm": ("meas_width",),
    "depth_mm": ("meas_depth",),
    "lab": ("lab",),
    "report_number": ("cert_num",),
    "report_url": ("cert_url",),
    "price_total": ("total_sales_price",),
    "price_per_carat": ("price_per_carat",),
    "treatment": ("treatment",),
    "stone_count": ("total_stones",),
    "depth_pct": ("depth_percent",),
    "table_pct": ("table_percent",),
    "crown_angle": ("crown_angle",),
    "pavilion_angle": ("pavilion_angle",),
    "growth": ("growth_type", "lab_grown"),
}
AVAILABLE = {"1": "available", "true": "available", "0": "not available", "false": "not available"}


def read(source: Source, own: Own) -> Rows:
    told = constants(own)
    for number, stone in enumerate(objects_in(source, is_stones=_is_stones), start=1):
        yield number, _row(stone, told)


def _is_stones(path: Path) -> bool:
    return not path or path[-1] == "diamonds"


def _row(stone: Mapping[str, str], told: Mapping[str, str]) -> Row | Refused:
    row = {name: _first(stone, keys) for name, keys in KEYS.items()}
    available = stone.get("available", "")
    row["availability"] = AVAILABLE.get(available, available)
    if not row["growth"] and "growth" not in told:
        return Refused("blank", "growth_type or lab_grown")
    return {**row, **told}


def _first(stone: Mapping[str, str], keys: tuple[str, ...]) -> str:
    return next((stone[key] for key in keys if stone.get(key, "").strip()), "")


FORMAT = Format(code="vdb_json", name="VDB (JSON)", read=read, place="stone")
