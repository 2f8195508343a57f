"""Codes that advocates give away, said aloud and typed at a till: 7KQ-2M9-XDM.

Eight symbols by lot of Crockford's 32 and one that checks them by a Damm scheme over GF(32): every single wrong symbol, and
every two that were swapped or swapped around a third, is caught. Case, spaces, dashes and dots do not matter; O is read as 0,
I and L as 1. U is no symbol: it is not guessed what was meant.
"""

import re
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 9
_LIKE = str.maketrans({"O": "0", "I": "1", "L": "1"})
_MODULUS = 0b100101  # x⁵ + x² + 1


class NotACode(ValueError):
    def __init__(self) -> None:
        super().__init__("That is no code. It has nine letters and digits, such as 7KQ-2M9-XDM.")


def new() -> str:
    """A code as it is stored."""
    while True:
        body = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1))
        if len(set(body)) > 1:  # 00000000 would check, and nobody would believe it
            return checked(body)


def normalized(text: str) -> str:
    """As it would be stored, whether it is a code or not."""
    return re.sub(r"[\s\-–—.]", "", text).upper().translate(_LIKE)


def read(text: str) -> str:
    """The code as it is stored, from what was typed. Raises NotACode."""
    code = normalized(text)
    if len(code) != LENGTH or not set(code) <= set(ALPHABET) or _state(code) or len(set(code)) == 1:
        raise NotACode
    return code


def checked(body: str) -> str:
    """These eight symbols with the one that checks them."""
    return body + ALPHABET[_state(body)]


def shown(code: str) -> str:
    return "-".join(code[place : place + 3] for place in range(0, len(code), 3))


def _state(symbols: str) -> int:
    """Zero after a code and its check symbol."""
    state = 0
    for symbol in symbols:
        state = (state ^ ALPHABET.index(symbol)) << 1
        if state & 0b100000:
            state ^= _MODULUS
    return state
