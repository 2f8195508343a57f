"""What every provider's file says of its till system, and nothing else knows of any till.

A provider is a module (`standard`, `shopify` …) with the functions of `Provider`. They are pure: they
read what came and ask no database and no network.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from pos_bridge.records import Record


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One request as it came. `headers` has lower-case names; `address` is the one that the till was given."""

    headers: Mapping[str, str]
    body: bytes
    address: str

    @property
    def fingerprint(self) -> str:
        """A key for a delivery that names none: the same bytes are the same delivery."""
        return f"sha256:{hashlib.sha256(self.body).hexdigest()}"


@dataclass(frozen=True, kw_only=True)
class Message:
    """What the inbox keeps of a delivery.

    `key` is the same however often it is delivered, `about` the same for all messages whose order
    matters to each other: a sale's, else empty.
    """

    key: str
    type: str
    about: str
    body: Any


class Provider(Protocol):
    @property
    def TELLS_PROBLEMS(self) -> bool:  # noqa: N802  a module's constant
        """Whether its sender can mend what it sent (422), or would only stop sending (200, kept dead)."""

    @property
    def FETCHES(self) -> frozenset[str]:  # noqa: N802  a module's constant
        """The kinds of things that can be asked of its API by their id: order, customer, item …"""

    def is_signed(self, delivery: Delivery, *, secrets: Sequence[str], now: datetime) -> bool:
        """Whether one of the secrets signed it; a clear no for whatever is malformed."""

    def key_of(self, delivery: Delivery) -> str:
        """The delivery's key as far as its headers tell, else its fingerprint."""

    def read(self, delivery: Delivery) -> Message:
        """The message. Raises json_text.NotReadable."""

    def parse(self, *, name: str, body: Any) -> tuple[Record, ...]:
        """The message in our words, by its type; nothing for one that says nothing to us. Raises Malformed."""
