"""A supplier's file as bytes that come: what it looks like, how much was read, and no end without a result.

Nothing here trusts the file's name. A parser that swallows bytes without telling anything (one endless string, one endless
tag) is stopped after `MOST_UNTOLD` of them, long before they fill the memory.
"""

import codecs
from typing import BinaryIO

FIRST_BYTES = 64 * 1024
MOST_UNTOLD = 2 * 1024 * 1024

# How files begin that are no feed, and the way out.
_PACKED = (
    (b"PK\x05\x06", "The file is an empty zip archive; export the feed again."),
    (b"\x1f\x8b", "The file is packed with gzip; unpack it first."),
    (b"BZh", "The file is packed with bzip2; unpack it first."),
    (b"\xfd7zXZ", "The file is packed with xz; unpack it first."),
    (b"7z\xbc\xaf", "The file is a 7z archive; unpack it first."),
    (b"Rar!", "The file is a RAR archive; unpack it first."),
    (b"\x28\xb5\x2f\xfd", "The file is packed with zstd; unpack it first."),
    (b"\xd0\xcf\x11\xe0", "The file is an old Excel workbook; save it as CSV UTF-8."),
    (b"%PDF", "The file is a PDF; ask the supplier for the feed itself."),
)
_WORKBOOK_PARTS = (b"[Content_Types].xml", b"xl/", b"_rels/.rels")


class UnreadableFile(ValueError):
    """The file is no feed; the text names the place and the way out."""


class Source:
    """The file, with its first bytes known before any of them is read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.start = self._ahead = file.read(FIRST_BYTES)
        self.taken = 0
        self._untold = 0
        self._is_guarded = False

    def read(self, size: int = FIRST_BYTES, /) -> bytes:
        if self._ahead:
            data, self._ahead = self._ahead[:size], self._ahead[size:]
        else:
            data = self._file.read(size) if size else b""
        self.taken += len(data)
        self._untold += len(data)
        if self._is_guarded and self._untold > MOST_UNTOLD:
            raise UnreadableFile(
                f"Near byte {self.taken} a single value or tag has more than "
                f"{MOST_UNTOLD // 1024**2} MB; no stone has. Export the feed again."
            )
        return data

    def guard(self) -> None:
        """From now on the parser must say `told` once in a while; CSV has its own bounds."""
        self._is_guarded = True

    def told(self) -> None:
        """The parser made something of what it read."""
        self._untold = 0


def kind_of(start: bytes) -> str:
    """`CSV`, `JSON` or `XML` by the first bytes; what is none of them is refused in words."""
    if not start:
        raise UnreadableFile("The file is empty; export it again.")
    _refuse_packed(start)
    text = _beginning(start)
    if text.startswith(("{", "[")):
        return "JSON"
    if text.startswith("<"):
        if text[:200].lower().startswith(("<!doctype html", "<html")):
            raise UnreadableFile(
                "The file is a web page, perhaps a log-in or an error; download the feed again."
            )
        return "XML"
    return "CSV"


def expect(kind: str, *, start: bytes) -> None:
    """Refuses a file of another kind than its format's."""
    found = kind_of(start)
    if found != kind:
        raise UnreadableFile(
            f"The file looks like {found}, and this format is {kind}; choose the format it has."
        )


def without_mark(source: Source) -> None:
    """JSON and XML parsers want no byte order mark: skip that of UTF-8."""
    if source.start.startswith(codecs.BOM_UTF8):
        source.read(len(codecs.BOM_UTF8))


def _refuse_packed(start: bytes) -> None:
    if start.startswith(b"PK\x03\x04"):
        is_workbook = any(part in start for part in _WORKBOOK_PARTS)
        raise UnreadableFile(
            "The file is an Excel workbook; save it as CSV UTF-8."
            if is_workbook
            else "The file is a zip archive; unpack it first."
        )
    for magic, words in _PACKED:
        if start.startswith(magic):
            raise UnreadableFile(words)


def _beginning(start: bytes) -> str:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return start[: len(start) // 2 * 2].decode("utf-16", "replace").lstrip()
    if b"\0" in start:
        even, odd = start[:400:2].count(0), start[1:400:2].count(0)
        if min(even, odd) * 10 < max(even, odd) and max(even, odd) * 3 > len(start[:400]):
            raise UnreadableFile("The file looks like UTF-16 without its mark; export it as UTF-8.")
        raise UnreadableFile("The file has NUL bytes and is no text; export it as UTF-8.")
    return start.decode("utf-8-sig", "replace").lstrip()
