"""Which of a file's columns say what. A format is its layout; the rest is shared by all."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from builder import gemology
from builder.feeds import text
from builder.feeds.rows import JOINED, JOINT, Own, Refused, Rows

Columns = Mapping[str, Sequence[str]]
NEEDED = (
    ("shape",), ("carat",), ("clarity",), ("color", "fancy_color"), ("lab",), ("report_number",),
    ("measurements", "length_mm"), ("price_total", "price_per_carat"),
)  # fmt: skip


class MissingColumns(ValueError):
    """The header lacks what every stone must have."""

    def __init__(
        self, *, missing: Sequence[str], header: Sequence[str], fitting: Sequence[str] = ()
    ) -> None:
        self.missing, self.header = missing, header
        found = ", ".join(name.strip()[:30] for name in header[:60])
        looks = f" It looks like {' or '.join(fitting)}: choose that format." if fitting else ""
        super().__init__(
            f"The file has no column for {', '.join(missing)}.{looks} Name it in the supplier's "
            f"columns; the file has: {found}"
        )


@dataclass(frozen=True, kw_only=True)
class Layout:
    """`places` maps our name to the columns that may say it, the first that is not blank wins."""

    places: Mapping[str, Sequence[int]]
    constants: Mapping[str, str]
    width: int

    @cached_property
    def _single(self) -> list[tuple[str, int]]:
        return [(name, places[0]) for name, places in self.places.items() if len(places) == 1]

    @cached_property
    def _several(self) -> list[tuple[str, Sequence[int]]]:
        return [(name, places) for name, places in self.places.items() if len(places) > 1]

    def named(self, row: Sequence[str]) -> dict[str, str]:
        """Our names with the row's text; a row that is too short says nothing in its missing cells."""
        if len(row) < self.width:
            row = [*row, *[""] * (self.width - len(row))]
        named = dict(self.constants)
        for name, place in self._single:
            named[name] = row[place]
        for name, places in self._several:
            named[name] = (_all if name in JOINED else _first)(row, places)
        return named

    def rows(self, cells: Iterator[tuple[int, list[str]]]) -> Rows:
        """Each row in our names; one with more cells than the header has is no row of this table."""
        for line, row in cells:
            if len(row) > self.width and any(cell.strip() for cell in row[self.width :]):
                yield line, Refused("more_cells_than_columns")
            else:
                yield line, self.named(row)


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
                constants.setdefault(name, title[1:])
            elif (key := gemology.spelled(title)) in at:
                places.setdefault(name, []).append(at[key])
    known = places.keys() | constants.keys()
    missing = [" or ".join(names) for names in NEEDED if not known & set(names)]
    if missing:
        raise MissingColumns(missing=missing, header=header)
    return Layout(places=places, constants=constants, width=len(header))


def with_own(own: Own, *, usual: Columns) -> Columns:
    """A format's columns with the supplier's own before them."""
    mine = {name: (told,) if isinstance(told, str) else tuple(told) for name, told in own.items()}
    return {
        name: (*mine.get(name, ()), *usual.get(name, ())) for name in dict.fromkeys([*usual, *mine])
    }


def table(columns: Columns) -> Callable[[text.Readable, Own], Rows]:
    """The reader of a CSV format with a header."""

    def read(file: text.Readable, own: Own) -> Rows:
        cells = text.rows_of(file)
        _, header = next(cells)
        found = lay_out(header=header, columns=with_own(own, usual=columns))
        yield from found.rows(cells)

    return read


def _first(row: Sequence[str], places: Sequence[int]) -> str:
    return next((row[place] for place in places if row[place].strip()), "")


def _all(row: Sequence[str], places: Sequence[int]) -> str:
    return JOINT.join(row[place] for place in places)
