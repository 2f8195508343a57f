"""Which of a file's columns say what. A format is its layout; the rest is shared by all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from builder import gemology

Columns = Mapping[str, Sequence[str]]
NEEDED = (
    ("shape",), ("carat",), ("clarity",), ("color", "fancy_color"), ("lab",), ("report_number",),
    ("measurements", "length_mm"), ("price_total", "price_per_carat"),
)  # fmt: skip


JOINT = "\x1f"
JOINED = frozenset({"treatment"})  # every column counts, where elsewhere the first that speaks wins


class MissingColumns(ValueError):
    """The header lacks what every stone must have."""

    def __init__(self, *, missing: Sequence[str], header: Sequence[str]) -> None:
        found = ", ".join(name.strip()[:30] for name in header[:60])
        super().__init__(
            f"The file has no column for {', '.join(missing)}. Name it in the supplier's "
            f"columns; the file has: {found}"
        )


@dataclass(frozen=True, kw_only=True)
class Layout:
    """`places` maps our name to the columns that may say it, the first that is not blank wins."""

    places: Mapping[str, Sequence[int]]
    constants: Mapping[str, str]
    width: int

    def named(self, row: Sequence[str]) -> dict[str, str]:
        return {
            **self.constants,
            **{
                name: (_all if name in JOINED else _first)(row, places)
                for name, places in self.places.items()
            },
        }


def lay_out(*, header: Sequence[str], columns: Columns) -> Layout:
    """Find the columns in the header. A name that begins with = is the value for every row."""
    at: dict[str, int] = {}
    for place, title in enumerate(header):
        at.setdefault(gemology.spelled(title), place)
    places: dict[str, list[int]] = {}
    constants: dict[str, str] = {}
    for name, titles in columns.items():
        for title in titles:
            if title.startswith("="):
                constants[name] = title[1:]
            elif (key := gemology.spelled(title)) in at:
                places.setdefault(name, []).append(at[key])
    known = places.keys() | constants.keys()
    missing = [" or ".join(names) for names in NEEDED if not known & set(names)]
    if missing:
        raise MissingColumns(missing=missing, header=header)
    return Layout(places=places, constants=constants, width=len(header))


def _first(row: Sequence[str], places: Sequence[int]) -> str:
    for place in places:
        if place < len(row) and row[place].strip():
            return row[place]
    return ""


def _all(row: Sequence[str], places: Sequence[int]) -> str:
    return JOINT.join(row[place] for place in places if place < len(row))
