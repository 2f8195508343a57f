"""What a reader of a format hands on: a place in the file, and the row there in our names or why it was refused."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from builder.feeds.source import Source

JOINT = "\x1f"
JOINED = frozenset(
    {"treatment", "availability"}
)  # every column counts, where elsewhere the first that speaks wins


class Refused(Exception):
    """The row is left out. `reason` is one of few words, `detail` is for the person who mends the feed."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason, self.detail = reason, detail


Row = Mapping[str, str]
Found = tuple[int, Row | Refused]
Rows = Iterator[Found]
Aliases = Mapping[str, Mapping[str, str]]
Own = Mapping[
    str, str | Sequence[str]
]  # Supplier.columns: our field to their column, or to "=value"


@dataclass(frozen=True, kw_only=True)
class Format:
    """One way in which suppliers write their stones. `read` streams; `place` says what it counts."""

    code: str
    name: str
    read: Callable[[Source, Own], Rows]
    aliases: Aliases = field(default_factory=dict)
    place: str = "line"


def constants(own: Own) -> dict[str, str]:
    """What the supplier's columns say of every row: {"growth": "=lab"}."""
    return {
        name: value[1:]
        for name, value in own.items()
        if isinstance(value, str) and value.startswith("=")
    }
