"""How the stone list is laid out: as a list, a grid or a table. The address says which, and its links carry it on."""

from dataclasses import dataclass

from django.http import QueryDict

from builder import search

NAME = "view"
LIST, GRID, TABLE = "list", "grid", "table"
LABELS = {LIST: "List", GRID: "Grid", TABLE: "Table"}
PLACES = ("open", "page", "after", "before")

# The table's heads after the stone's own; a head with a sort is a link, the second for the other way round.
COLUMNS = (
    ("Price", "price", "-price"), ("Color", "color", ""), ("Clarity", "clarity", ""), ("Cut", "", ""), ("Polish", "", ""),
    ("Symmetry", "", ""), ("Fluorescence", "", ""), ("Measures, mm", "", ""), ("L to W", "ratio", "-ratio"),
    ("Table", "", ""), ("Depth", "", ""), ("Faces up like", "", ""), ("Where it is", "", ""), ("Report", "", ""),
)  # fmt: skip
FIRST = ("Carat", "carat", "-carat")
WAYS = {"price": "ascending", "carat": "ascending", "ratio": "ascending"}


@dataclass(frozen=True, kw_only=True)
class Layout:
    value: str
    label: str
    address: str
    is_present: bool


@dataclass(frozen=True, kw_only=True)
class Head:
    """A column's head. `sorted_by` is what aria-sort says of it; `does` is what its link does, for whoever hears it."""

    label: str
    address: str = ""
    sorted_by: str = ""
    does: str = ""
    key: str = ""


def read(params: QueryDict) -> tuple[str, list[str]]:
    """The layout, and a word about one that there is not; the address is then rid of it."""
    asked = params.get(NAME, LIST)
    if asked in LABELS:
        return asked, []
    del params[NAME]
    return LIST, [f"View: {asked[:40]!r} is unknown; write one of {', '.join(LABELS)}"]


def layouts(params: QueryDict, *, present: str) -> list[Layout]:
    """Each layout of the same stones: the page and the opened stone stay."""
    found = []
    for value, label in LABELS.items():
        query = params.copy()
        query[NAME] = value
        found.append(
            Layout(
                value=value,
                label=label,
                address=f"?{query.urlencode()}",
                is_present=value == present,
            )
        )
    return found


def heads(params: QueryDict, *, sort: str, sorts: dict[str, str]) -> list[Head]:
    """The table's heads; what cannot be sorted by, such as prices that are told on request, is no link."""
    return [_head(each, params, sort=sort, sorts=sorts) for each in (FIRST, *COLUMNS)]


def _head(
    column: tuple[str, str, str], params: QueryDict, *, sort: str, sorts: dict[str, str]
) -> Head:
    label, up, down = column
    if up not in sorts:
        return Head(label=label)
    goes = down if sort == up and down else up
    query = params.copy()
    for name in PLACES:
        query.pop(name, None)
    query["sort"] = goes
    return Head(
        label=label,
        address=f"?{query.urlencode()}#list",
        sorted_by=_aria(sort, up, down),
        does=search.SORTS[goes].title,
        key=up,
    )


def _aria(sort: str, up: str, down: str) -> str:
    """Grades have an order of their own, which is neither up nor down."""
    if sort == up:
        return WAYS.get(up, "other")
    return "descending" if down and sort == down else ""
