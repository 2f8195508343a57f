"""Every format that a feed may have, by its code. A new one is a file beside its nearest neighbor and a name here."""

from collections.abc import Sequence

from builder.feeds import (
    gemfind,
    generic,
    idex,
    nivoda,
    polygon,
    rapnet,
    rapnet_upload,
    vdb_csv,
    vdb_json,
)
from builder.feeds.layout import Columns, MissingColumns, lay_out
from builder.feeds.rows import Format

FORMATS: dict[str, Format] = {
    module.FORMAT.code: module.FORMAT
    for module in (
        rapnet,
        rapnet_upload,
        vdb_json,
        vdb_csv,
        idex,
        polygon,
        gemfind,
        nivoda,
        generic,
    )
}
_TABLES: dict[str, Columns] = {
    "rapnet": rapnet.COLUMNS,
    "rapnet_upload": rapnet_upload.COLUMNS,
    "vdb_csv": vdb_csv.COLUMNS,
    "polygon": polygon.COLUMNS,
}


class UnknownFormat(ValueError):
    """A format that no reader is written for."""

    def __init__(self, *, name: str) -> None:
        super().__init__(f"Unknown feed format {name!r}; use one of {', '.join(FORMATS)}")


def find(code: str) -> Format:
    if code not in FORMATS:
        raise UnknownFormat(name=code)
    return FORMATS[code]


def fitting(header: Sequence[str]) -> list[str]:
    """The formats whose needed columns this header has; for whoever chose the wrong one."""
    return [code for code, columns in _TABLES.items() if _fits(header, columns)]


def _fits(header: Sequence[str], columns: Columns) -> bool:
    try:
        lay_out(header=header, columns=columns)
    except MissingColumns:
        return False
    return True
