"""Rows out of a supplier's file, streamed: whatever its size, a few hundred kilobytes are held.

Takes UTF-8 with or without a byte order mark, UTF-16 with one, and any line ends (also lone CR). Refuses, with the line,
what no honest export has.
"""

import codecs
import csv
import re
from collections.abc import Iterator
from typing import Protocol

from builder.feeds.source import UnreadableFile, expect

CHUNK_BYTES = 64 * 1024
LONGEST_LINE = 256 * 1024
LONGEST_FIELD = 64 * 1024
MOST_COLUMNS = 400
DELIMITERS = ",;\t|"


class Readable(Protocol):
    """A file, or what stands for one."""

    def read(self, size: int, /) -> bytes: ...


def rows_of(file: Readable) -> Iterator[tuple[int, list[str]]]:
    """Each row with the number of the line it ends on; the first is the header. Blank rows are left out."""
    lines = _lines(_decoded(file))
    first = next(lines, None)
    if first is None:
        raise UnreadableFile("The file is empty; export it again.")
    csv.field_size_limit(LONGEST_FIELD)
    reader = csv.reader(_again(first, lines), delimiter=_delimiter(first), strict=True)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UnreadableFile(
                f"Line {reader.line_num}: {error}. Is a quotation mark never closed?"
            ) from error
        if len(row) > MOST_COLUMNS:
            raise UnreadableFile(f"Line {reader.line_num} has more than {MOST_COLUMNS} columns.")
        if any(map(str.strip, row)):
            yield reader.line_num, row


def _again(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _decoded(file: Readable) -> Iterator[str]:
    start = file.read(CHUNK_BYTES)
    expect("CSV", start=start)
    encoding = "utf-8-sig"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    decoder = codecs.getincrementaldecoder(encoding)()
    chunk = start
    while True:
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            raise UnreadableFile(
                f"The file is not UTF-8 ({error.reason}); export it as CSV UTF-8."
            ) from error
        if "\0" in text:
            raise UnreadableFile("The file has NUL bytes and is no text; export it as CSV UTF-8.")
        if text:
            yield text
        if not chunk:
            return
        chunk = file.read(CHUNK_BYTES)


def _lines(chunks: Iterator[str]) -> Iterator[str]:
    """Lines with their ends as one LF. A CR that ends a chunk waits for its LF."""
    pending, number = "", 0
    for chunk in chunks:
        text = pending + chunk
        held = "\r" if text.endswith("\r") else ""
        parts = re.split(r"\r\n|\r|\n", text.removesuffix(held))
        pending = parts.pop() + held
        for part in parts:
            number += 1
            yield _short(part, number) + "\n"
        _short(pending, number + 1)
    if pending.removesuffix("\r"):
        yield pending.removesuffix("\r") + "\n"


def _short(line: str, number: int) -> str:
    if len(line) > LONGEST_LINE:
        raise UnreadableFile(
            f"Line {number} has more than {LONGEST_LINE // 1024} kB; a feed has one stone a line."
        )
    return line


def _delimiter(header: str) -> str:
    return max(DELIMITERS, key=header.count)
