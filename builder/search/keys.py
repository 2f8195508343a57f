"""A stone's place in an order, as pages are cut by it and as an address carries it.

A key is not signed: whoever writes one by hand reads the list from somewhere else. But the price in it is masked by the house's
secret, for an address must not tell a price that its page does not.
"""

import base64
import binascii
import functools
import hashlib
import re
from collections.abc import Iterable
from typing import NamedTuple

from django.conf import settings

from builder.search.facets import SORTS

_WRITTEN = re.compile(r"([a-z-]{1,12}):(-?\d{1,12}):(\d{1,13}):(\d{1,18})", re.ASCII)
_LONGEST = 80
_MASK_BYTES = 5  # more than any price in cents


class Key(NamedTuple):
    """Compares as the stones are sorted: what the order goes by, the price in cents, the id.

    Where an order descends, the numbers that it turns round are negative.
    """

    rank: int
    price: int
    id: int

    def written(self, *, sort: str) -> str:
        price, pk = abs(self.price), abs(self.id)  # the order's name says the sign
        masked = price ^ _mask(f"{sort}:{self.rank}:{pk}")
        text = f"{sort}:{self.rank}:{masked}:{pk}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str, *, sort: str) -> "Key | None":
        """None when it is not a key of this order."""
        if len(text) > _LONGEST or not text.isascii():
            return None
        try:
            plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            parts = _WRITTEN.fullmatch(plain.decode("ascii"))
        except (binascii.Error, ValueError):
            return None
        if parts is None or parts[1] != sort:
            return None
        rank, masked, pk = (int(part) for part in parts.groups()[1:])
        price = masked ^ _mask(f"{sort}:{rank}:{pk}")
        sign = -1 if sort == "-price" else 1
        return cls(rank, sign * price, sign * pk)


def _mask(place: str) -> int:
    """Another number for each stone in each order, which only the house can make."""
    hashed = hashlib.blake2b(
        place.encode(), digest_size=_MASK_BYTES, key=_secret(settings.SECRET_KEY)
    )
    return int.from_bytes(hashed.digest())


@functools.lru_cache(maxsize=2)
def _secret(key: str) -> bytes:
    return hashlib.sha256(f"a stone's place\n{key}".encode()).digest()


def key_of(*, sort: str, rank: int, price: int, pk: int) -> Key:
    """`rank` is the number that the order goes by, unsigned; 0 for the price itself."""
    return keys_of([(rank, price, pk)], sort=sort)[0]


def keys_of(stones: Iterable[tuple[int, int, int]], *, sort: str) -> list[Key]:
    """The same of many, each a rank, a price and an id."""
    order = SORTS[sort]
    if not order.is_descending:
        return [Key(*stone) for stone in stones]
    if order.facet or order.measure:
        return [Key(-rank, price, pk) for rank, price, pk in stones]
    return [Key(0, -price, -pk) for _, price, pk in stones]
