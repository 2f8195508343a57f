"""Read JSON from outside: everything PostgreSQL or Python would choke on is refused with its reason.

Refused: text that is not UTF-8, more than 32 levels, a key twice, NaN and Infinity, whole numbers
beyond 64 bits, NUL and lone surrogates. Numbers with decimals become their exact text, so that no
amount ever passes through binary floating point.
"""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any, NoReturn

DEEPEST = 32
LARGEST = 2**63 - 1
LONGEST_NUMBER = 40


class NotReadable(ValueError):
    """The text is no JSON that can be kept; the message says why and what to send instead."""


def read(raw: bytes) -> Any:
    """The value, with decimals as strings. Raises NotReadable."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotReadable("The body is not UTF-8; encode it as UTF-8") from error
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_decimal,
            parse_int=_integer,
        )
    except NotReadable:
        raise
    except RecursionError as error:
        raise NotReadable(_too_deep()) from error
    except ValueError as error:
        raise NotReadable(f"The body is not JSON: {error}") from error
    _check(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise NotReadable(f"The key {twice[:64]!r} is there twice in one object; send it once")
    return found


def _constant(name: str) -> NoReturn:
    raise NotReadable(f"{name} is no JSON number; send a decimal or leave the field out")


def _integer(text: str) -> int:
    if len(text) > LONGEST_NUMBER or abs(int(text)) > LARGEST:
        raise NotReadable(f"The number {text[:24]} is beyond 64 bits; send it as a string")
    return int(text)


def _decimal(text: str) -> str:
    if len(text) > LONGEST_NUMBER:
        raise NotReadable(f"The number {text[:24]}… is too long; send fewer decimals")
    return text


def _check(value: Any) -> None:
    """Walk without recursion: the depth is what is being checked."""
    level = [value]
    for _ in range(DEEPEST + 1):
        for text in _texts(level):
            _check_text(text)
        level = [child for item in level for child in _children(item)]
        if not level:
            return
    raise NotReadable(_too_deep())


def _texts(level: list[Any]) -> Iterable[str]:
    for item in level:
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            yield from item


def _children(item: Any) -> Iterable[Any]:
    if isinstance(item, dict):
        return item.values()
    return item if isinstance(item, list) else ()


def _check_text(text: str) -> None:
    if "\0" in text:
        raise NotReadable("A text has the character NUL (\\u0000); leave it out")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise NotReadable("A text has half a character (a lone surrogate); send the whole one")


def _too_deep() -> str:
    return f"The body is nested deeper than {DEEPEST} levels; send it flatter"
