"""Design codes that are said aloud: OS-7K4Q-2M9.

Six characters by lot and one that checks them, from 31 without 0, O, 1, I and L. With a prime number of characters and
the weights 1 to 6, the check catches every single wrong character and every two neighbors swapped.
"""

import re
import secrets
from urllib.parse import urlencode

PREFIX = "OS"
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
COUNTER = "/admin/counter/"  # where an associate opens what she scans
_BODY = re.compile(rf"(?:[O0]S)?([{ALPHABET}]{{7}})")


class NotACode(ValueError):
    """The text is no design code, or one of its characters was misheard."""

    def __init__(self, *, text: str) -> None:
        super().__init__(f"{text!r} is no design code; it looks like {PREFIX}-7K4Q-2M9")


def new() -> str:
    body = "".join(secrets.choice(ALPHABET) for _ in range(6))
    return _written(body + _check(body))


def read(text: str) -> str:
    """The code as it is stored, from what was typed: any case, spaces, dashes, 0S for OS."""
    found = _BODY.fullmatch(re.sub(r"[\s\-–—.]", "", text).upper())
    if found is None or _check(found[1][:6]) != found[1][6]:
        raise NotACode(text=text)
    return _written(found[1])


def scanned_address(*, code: str, site: str) -> str:
    """What the code's QR holds: the counter's page for it on that site, and not a word about the ring."""
    return f"{site}{COUNTER}?{urlencode({'q': code, 'key': 'qr'})}"


def _written(body: str) -> str:
    return f"{PREFIX}-{body[:4]}-{body[4:]}"


def _check(body: str) -> str:
    total = sum(weight * ALPHABET.index(char) for weight, char in enumerate(body, start=1))
    return ALPHABET[total % len(ALPHABET)]
