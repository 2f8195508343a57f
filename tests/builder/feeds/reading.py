"""What the tests of the formats share: a file's rows as the one judge sees them."""

import io
from typing import Any

from builder.feeds import formats
from builder.feeds.rows import Refused
from builder.feeds.source import Source
from builder.feeds.stones import OfferedStone, Reader


def read_all(code: str, data: bytes, own: Any = None) -> list[tuple[int, OfferedStone | str]]:
    """Each row's place with its stone, or with the reason why it was refused."""
    known = formats.find(code)
    reader = Reader(aliases=known.aliases)
    found: list[tuple[int, OfferedStone | str]] = []
    for place, row in known.read(Source(io.BytesIO(data)), own or {}):
        try:
            found.append((place, reader.read(row).stone))
        except Refused as refusal:
            found.append((place, refusal.reason))
    return found


def stones(code: str, data: bytes, own: Any = None) -> list[OfferedStone]:
    read = read_all(code, data, own)
    for _, each in read:
        assert isinstance(each, OfferedStone), each
    return [each for _, each in read if isinstance(each, OfferedStone)]


def csv(*lines: str) -> bytes:
    return "\n".join(lines).encode()
