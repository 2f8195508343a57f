"""Stones as the API tells them: plain values straight from the rows, without an object for each."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from builder import gemology

PLAIN = (
    "id", "lab", "report_number", "growth", "shape", "color", "fancy_color", "fancy_hue", "fancy_intensity", "clarity",
    "cut", "polish", "symmetry", "fluorescence", "delivery_days",
)  # fmt: skip
EXACT = (
    "carat", "length_mm", "width_mm", "depth_mm", "depth_pct", "table_pct", "crown_angle",
    "pavilion_angle", "girdle_pct", "price",
)  # fmt: skip
_COLUMNS = ", ".join(
    [*(f"stone.{name}" for name in PLAIN), *(f"stone.{name}::text" for name in EXACT), "store.code"]
)
_SQL = f"""
    SELECT {_COLUMNS} FROM builder_stone AS stone LEFT JOIN jeweler_store AS store ON store.id = stone.store_id
    WHERE stone.id = ANY(%s) AND (NOT %s OR stone.status = 'available')
"""  # noqa: S608  names are ours
_NAMES = (*PLAIN, *EXACT, "store")


def told(ids: Sequence[int], *, currency: str, only_offered: bool = True) -> list[dict[str, Any]]:
    """In the order of the ids. Exact numbers are text; one that was sold a moment ago is left out."""
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [list(ids), only_offered])
        rows = {row[0]: dict(zip(_NAMES, row, strict=True)) for row in cursor.fetchall()}
    found = [rows[pk] for pk in ids if pk in rows]
    for row in found:
        row["currency"] = currency
        row["faces_up_like_carat"] = round(
            gemology.faces_up_like(
                shape=row["shape"],
                length_mm=float(row["length_mm"]),
                width_mm=float(row["width_mm"]),
            ),
            2,
        )
    return found
