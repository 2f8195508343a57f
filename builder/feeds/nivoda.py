"""Nivoda's GraphQL answers to `diamonds_by_query`: one page, several one after another, or a list of pages.

Prices are cents of the total. Natural and lab-grown stones come by different questions, so the answer must say which
(`certificate.labgrown`), or the supplier's columns do: {"growth": "=lab"}.
"""

from collections.abc import Mapping
from decimal import Decimal

from builder.feeds import values
from builder.feeds.objects import Path, objects_in
from builder.feeds.rows import Format, Own, Refused, Row, Rows, constants
from builder.feeds.source import Source, UnreadableFile

_REPORT = "diamond.certificate."
KEYS = {
    "stock_number": "id",
    "availability": "diamond.availability",
    "shape": _REPORT + "shape",
    "carat": _REPORT + "carats",
    "color": _REPORT + "color",
    "fancy_color": _REPORT + "f_color",
    "fancy_intensity": _REPORT + "f_intensity",
    "fancy_overtone": _REPORT + "f_overtone",
    "clarity": _REPORT + "clarity",
    "cut": _REPORT + "cut",
    "polish": _REPORT + "polish",
    "symmetry": _REPORT + "symmetry",
    "fluorescence": _REPORT + "floInt",
    "length_mm": _REPORT + "length",
    "width_mm": _REPORT + "width",
    "depth_mm": _REPORT + "depth",
    "lab": _REPORT + "lab",
    "report_number": _REPORT + "certNumber",
    "report_url": _REPORT + "pdfUrl",
    "treatment": _REPORT + "treated",
    "depth_pct": _REPORT + "depthPercentage",
    "table_pct": _REPORT + "table",
    "crown_angle": _REPORT + "crownAngle",
    "pavilion_angle": _REPORT + "pavAngle",
    "growth": _REPORT + "labgrown",
}


def read(source: Source, own: Own) -> Rows:
    told = constants(own)
    stones = objects_in(source, is_stones=_is_stones, notices=_refuse_error)
    for number, stone in enumerate(stones, start=1):
        yield number, _row(stone, told)


def _is_stones(path: Path) -> bool:
    return path[-2:] == ("diamonds_by_query", "items")


def _refuse_error(path: Path, text: str) -> None:
    """A page that failed is not a page without stones."""
    if path[:1] == ("errors",) and path[-1] == "message":
        raise UnreadableFile(f"Nivoda answered with an error: {text[:200]}. Fetch the feed again.")


def _row(stone: Mapping[str, str], told: Mapping[str, str]) -> Row | Refused:
    row = {name: stone.get(key, "") for name, key in KEYS.items()}
    try:
        cents = values.number(stone.get("price", ""))
    except values.BadValue as error:
        return Refused("bad_price", str(error))
    row["price_total"] = "" if cents is None else f"{cents / Decimal(100):f}"
    if not row["growth"] and "growth" not in told:
        return Refused("blank", "growth; write growth: =lab or =natural in the supplier's columns")
    return {**row, **told}


FORMAT = Format(code="nivoda", name="Nivoda (GraphQL answer)", read=read, place="stone")
