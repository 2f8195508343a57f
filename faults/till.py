"""The chaos till: a day of sales told out of order, twice, late, and with old versions under new names.

What it tells and what the books must say of it afterwards come of one roll of the dice.
"""

import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

POISON = "POISON"
EVENTS_PER_SALE = 8


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One event under its key. Delivered again it is the same."""

    key: str
    body: bytes
    is_lie: bool = False  # an old version, told anew under a key of its own


@dataclass(kw_only=True)
class Books:
    """What must stand in the ledger in the end: versions and totals by sale, sums of money, and who bought."""

    versions: dict[str, int] = field(default_factory=dict)
    totals: dict[str, Decimal] = field(default_factory=dict)
    captured: dict[str, Decimal] = field(default_factory=dict)
    refunded: dict[str, Decimal] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    poison: set[str] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class Day:
    deliveries: list[Delivery]  # in the order in which they are sent, repetitions among them
    books: Books

    @property
    def events(self) -> int:
        return len(self.books.keys)


def day(
    *, events: int, store: str, dice: random.Random, repeated: float = 0.3, name: str = "T"
) -> Day:
    """At least so many events of whole sales, shuffled, with repetitions and lies."""
    books, said = Books(), list[Delivery]()
    for number in range(-(-events // EVENTS_PER_SALE)):
        said += _sale(f"{name}-{number}", store=store, books=books, dice=dice)
    books.keys = {each.key for each in said}
    again = dice.sample(said, int(repeated * len(said)))
    lies = [_lie(each, dice) for each in dice.sample(said, len(said) // 20)]
    books.keys |= {each.key for each in lies}
    everything = [*said, *again, *lies]
    dice.shuffle(everything)
    return Day(deliveries=everything, books=books)


def poison(*, store: str, books: Books) -> Delivery:
    """A sale that ends the session of whoever books it, for ever (`invariants.poison_the_books`)."""
    at = datetime.now(UTC).isoformat()
    delivery = _delivery(
        f"{POISON}-sale", _said("sale.recorded", POISON, at, _ticket(POISON, 1, store, 10_000, at))
    )
    books.keys.add(delivery.key)
    books.poison.add(delivery.key)
    return delivery


def _sale(id_: str, *, store: str, books: Books, dice: random.Random) -> list[Delivery]:
    """Three versions with gaps between them, a deposit that is authorized first, a balance, a refund, a hand-over."""
    at = datetime.now(UTC).isoformat()
    versions = sorted(dice.sample(range(1, 60), 3))
    totals = [dice.randrange(50_000, 2_000_000) for _ in versions]
    deposit = dice.randrange(10_000, totals[-1] - 10_000)
    back = dice.randrange(100, 10_000)
    books.versions[id_], books.totals[id_] = versions[-1], Decimal(totals[-1]) / 100
    books.captured[id_], books.refunded[id_] = Decimal(totals[-1]) / 100, Decimal(back) / 100
    said = [
        _said("sale.recorded", id_, at, _ticket(id_, version, store, total, at))
        for version, total in zip(versions, totals, strict=True)
    ]
    money = (
        ("authorized", "a", deposit),
        ("captured", "a", deposit),
        ("captured", "b", totals[-1] - deposit),
    )
    for status, part, amount in money:
        payment = {
            "id": f"{id_}{part}",
            "amount_minor": amount,
            "currency": "USD",
            "tender": "card",
        }
        said.append(_said(f"payment.{status}", id_, at, {"payment": payment}))
    refund = {"id": f"{id_}r", "amount_minor": back, "currency": "USD"}
    said.append(_said("refund.recorded", id_, at, {"refund": refund}))
    said.append(_said("sale.handed_over", id_, at, {}))
    return [_delivery(f"{id_}-{number}", each) for number, each in enumerate(said)]


def _ticket(id_: str, version: int, store: str, total: int, at: str) -> dict[str, Any]:
    return {
        "store": store,
        "sale": {
            "id": id_, "version": version, "number": id_, "currency": "USD", "total_minor": total,
            "tax_minor": total // 12, "placed_at": at,
        },
        "customer": {"email": f"{id_.lower()}@example.com"},
        "lines": [{"description": "Ring", "price_minor": total - total // 12}],
    }  # fmt: skip


def _said(kind: str, id_: str, at: str, more: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "occurred_at": at, "sale": {"id": id_}, **more}


def _delivery(key: str, said: dict[str, Any]) -> Delivery:
    return Delivery(key=f"msg_{key}", body=json.dumps(said).encode())


def _lie(told: Delivery, dice: random.Random) -> Delivery:
    return Delivery(key=f"{told.key}-again-{dice.randrange(10**9)}", body=told.body, is_lie=True)
