"""Stones out of JSON, one at a time: whatever the file's size, one stone is held.

Numbers stay as they are written. A stone with too many values, or nested too deep, is no stone.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import ijson

from builder.feeds.source import Source, UnreadableFile, expect, without_mark

DEEPEST = 20
MOST_VALUES = 1000
CHUNK_BYTES = 16 * 1024
MOST_DIGITS = 500
_ENDLESS_NUMBER = re.compile(rb"[0-9]{%d}" % MOST_DIGITS)

Values = dict[str, str]
Path = tuple[str, ...]


def objects_in(
    source: Source,
    *,
    is_stones: Callable[[Path], bool],
    notices: Callable[[Path, str], None] = lambda path, text: None,
) -> Iterator[Values]:
    """Each object of the arrays whose path `is_stones` accepts, flat: {"diamond.certificate.lab": "GIA"}.

    A path is the keys that lead to an array, without the places in arrays; `notices` hears every value outside stones.
    Several documents one after another are read as one. Raises UnreadableFile.
    """
    expect("JSON", start=source.start)
    without_mark(source)
    source.guard()
    walk = _Walk(is_stones=is_stones, notices=notices)
    checked = _WithoutEndlessNumbers(source)
    events = ijson.basic_parse(checked, multiple_values=True, buf_size=CHUNK_BYTES)
    while True:
        try:
            event, value = next(events)
        except StopIteration:
            break
        except (ijson.JSONError, ValueError, OverflowError) as error:
            if isinstance(error, UnreadableFile):
                raise
            raise UnreadableFile(
                f"The JSON is broken or cut off near byte {source.taken}: "
                f"{str(error).splitlines()[0][:120]}. Export the feed again."
            ) from error
        source.told()
        if (stone := walk.take(event, value)) is not None:
            yield stone
    if not walk.found:
        lists = ", ".join(sorted(walk.lists)) or "none"
        raise UnreadableFile(
            f"The JSON has no list of stones where this format has it; its lists: {lists}. "
            "Choose the format it has."
        )


class _WithoutEndlessNumbers:
    """The parser in C crashes over a number of thousands of digits, so none reaches it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._before = b""

    def read(self, size: int) -> bytes:
        data = self._source.read(size)
        if _ENDLESS_NUMBER.search(self._before + data):
            raise UnreadableFile("The JSON has a number of hundreds of digits; no stone has.")
        self._before = data[-MOST_DIGITS:]
        return data


class _Walk:
    """Where in the document the events are, and the stone being put together."""

    def __init__(
        self, *, is_stones: Callable[[Path], bool], notices: Callable[[Path, str], None]
    ) -> None:
        self.is_stones, self.notices = is_stones, notices
        self.open: list[
            tuple[str, str]
        ] = []  # each open map and array with the key it stands under
        self.key = ""
        self.found = False
        self.lists: set[str] = set()
        self.stone: Values | None = None
        self.stone_depth = 0

    def take(self, event: str, value: Any) -> Values | None:
        """The stone that this event completes, if it does."""
        if event == "map_key":
            self.key = value[:100]
        elif event in {"start_map", "start_array"}:
            self._begin(event)
        elif event in {"end_map", "end_array"}:
            return self._end()
        else:
            self._value(_text(event, value))
        return None

    def _begin(self, event: str) -> None:
        if len(self.open) >= DEEPEST:
            raise UnreadableFile(f"The JSON is nested deeper than {DEEPEST}; no feed is.")
        self.open.append((event, self._own_key()))
        if self.stone is not None:
            return
        if event == "start_array":
            self._note_list()
        elif len(self.open) > 1 and self._is_in_array(-2) and self.is_stones(self._path()):
            self.stone, self.stone_depth = {}, len(self.open)

    def _end(self) -> Values | None:
        self.open.pop()
        if self.stone is not None and len(self.open) < self.stone_depth:
            done, self.stone = self.stone, None
            return done
        return None

    def _value(self, text: str) -> None:
        if self.stone is None:
            self.notices((*self._path(), self._own_key()), text)
            return
        inner = (key for _, key in self.open[self.stone_depth :] if key)
        self.stone.setdefault(".".join((*inner, self._own_key())), text)
        if len(self.stone) > MOST_VALUES:
            raise UnreadableFile(f"A stone has more than {MOST_VALUES} values; no feed has.")

    def _note_list(self) -> None:
        path = self._path()
        self.found = self.found or self.is_stones(path)
        if len(self.lists) < 10:
            self.lists.add(".".join(path)[:80] or "one at the top")

    def _own_key(self) -> str:
        return "" if not self.open or self._is_in_array(-1) else self.key

    def _is_in_array(self, at: int) -> bool:
        return self.open[at][0] == "start_array"

    def _path(self) -> Path:
        return tuple(key for _, key in self.open if key)


def _text(event: str, value: Any) -> str:
    if event == "null":
        return ""
    if event == "boolean":
        return "true" if value else "false"
    text = str(value)
    if "\0" in text:
        raise UnreadableFile("The JSON has a NUL in a text; no feed has. Export it again.")
    return text
