"""GemFind's upload: no header, a column is known by its place; the first five are mandatory, the price is per carat."""

from collections.abc import Iterator, Sequence
from itertools import chain

from builder import gemology
from builder.feeds import text
from builder.feeds.rows import Format, Own, Refused, Rows, constants
from builder.feeds.source import UnreadableFile

PLACES = (
    "shape", "carat", "color", "clarity", "price_per_carat", "lab", "depth_pct", "table_pct", "girdle", "culet",
    "polish", "symmetry", "fluorescence", "crown_angle", "pavilion_angle", "measurements", "comments", "stone_count",
    "report_number", "stock_number", "pair_stock_number", "pair_is_separable",
)  # fmt: skip
MANDATORY = 5
_NOT_OURS = {"girdle", "culet", "comments", "pair_stock_number", "pair_is_separable"}
_OURS = [(place, name) for place, name in enumerate(PLACES) if name not in _NOT_OURS]
_TITLES = {"shape", "cut", "cut (shape)", "cut(shape)"}


def read(file: text.Readable, own: Own) -> Rows:
    told = {"growth": "natural", **constants(own)}
    for line, row in _without_titles(text.rows_of(file)):
        if len(row) > len(PLACES) and any(cell.strip() for cell in row[len(PLACES) :]):
            yield line, Refused("more_cells_than_columns")
        elif any(not cell.strip() for cell in [*row, *[""] * MANDATORY][:MANDATORY]):
            yield line, Refused("blank", f"one of {', '.join(PLACES[:MANDATORY])}")
        else:
            yield line, told | {name: row[at] for at, name in _OURS if at < len(row)}


def _without_titles(cells: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    """Some write a header although the format has none."""
    first = next(cells)
    _refuse_another_table(first[1])
    if gemology.spelled(first[1][0]) in _TITLES:
        return cells
    return chain([first], cells)


def _refuse_another_table(row: Sequence[str]) -> None:
    titles = {gemology.spelled(cell) for cell in row}
    if len(row) < MANDATORY or (
        titles & {"weight", "carat"} and gemology.spelled(row[0]) not in _TITLES
    ):
        raise UnreadableFile(
            f"The file looks like CSV with other columns; GemFind's has no header and begins with {', '.join(PLACES[:MANDATORY])}."
        )


FORMAT = Format(code="gemfind", name="GemFind upload (no header)", read=read)
