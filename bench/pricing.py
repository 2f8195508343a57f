"""A ring's fit and price: the endpoint beside the site's own empty view, and the sums beside plain decimals.

The empty view goes through the same middleware, is found first among the addresses, and answers nothing: so the endpoint's
worth is what a request costs besides the framework. Both are called in turns of many requests, and the CPU time is this process's
own. In process, ours is beside `bench/plain_price.py`, which works the same sums out in decimals throughout. Before anything
is timed, every line and total of the endpoint and of `costing` has been compared with those.
"""

import gc
import itertools
import json
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import urlencode

from django.test import override_settings

from bench import harness, plain_price, site, with_empty
from builder import compatibility, costing, pricebook
from builder.book import Book, Metal, Setting
from builder.models import Stone
from builder.search import building
from demo import catalog, house

SEED = 20261122
STONES = 2000
A_TURN = 200  # requests of one side before it is the other's turn
ADDRESSES = itertools.count()


@dataclass(frozen=True, kw_only=True)
class Configuration:
    setting: Setting
    head: compatibility.Head
    metal: Metal
    stone: Stone
    size: Decimal
    engraving: str

    @property
    def query(self) -> str:
        asked = {
            "setting": self.setting.code, "metal": self.metal.code, "stone": self.stone.pk,
            "size": self.size, "engraving": self.engraving,
        }  # fmt: skip
        return urlencode({name: value for name, value in asked.items() if value != ""})


def run(*, full: bool) -> list[harness.Case]:
    now = datetime.now(UTC)
    house.open_stores()
    catalog.load_catalog(now=now, count=STONES)
    building.build(now=now)
    book = pricebook.fresh()
    rings = configurations(book, count=2000 if full else 400)
    for ring in rings:
        _check(book, ring, now=now)
    with override_settings(ROOT_URLCONF="bench.with_empty"):
        _check_endpoint(book, rings, now=now)
        endpoint = _endpoint(rings, turns=60 if full else 10)
    return [*endpoint, *_in_process(book, rings, now=now)]


def configurations(book: Book, *, count: int) -> list[Configuration]:
    """Settings, metals, sizes and stones by lot, the same ones every time; whatever the stone, as people try."""
    dice = random.Random(SEED)
    stones = list(Stone.objects.filter(status=Stone.Status.AVAILABLE).order_by("id"))
    settings = [each for each in book.settings.values() if each.is_offered]
    made = []
    for _ in range(count):
        setting, stone = dice.choice(settings), dice.choice(stones)
        size = Decimal(dice.randrange(9, 18)) / 2
        fit = compatibility.check(setting=setting.rules, stone=stone.measures, size=size)
        head = costing.head_for(setting, fit)
        if head is not None:
            made.append(
                Configuration(
                    setting=setting,
                    head=head,
                    metal=book.metals[dice.choice(setting.metals)],
                    stone=stone,
                    size=size,
                    engraving=dice.choice(["", "", "Ever"]) if setting.engraving.limit >= 4 else "",
                )
            )
    return made


def ours(book: Book, ring: Configuration, *, now: datetime) -> list[Decimal]:
    priced = costing.priced(
        book=book,
        setting=ring.setting,
        head=ring.head,
        metal=ring.metal,
        stone=costing.center(ring.stone, color=ring.stone.color or ring.stone.fancy_color),
        ring_size=ring.size,
        engraving=ring.engraving,
        now=now,
    )
    return [line.amount for line in priced.lines if line.amount is not None]


def plain(book: Book, ring: Configuration, *, now: datetime) -> list[Decimal]:
    return plain_price.ring(
        book=book,
        setting=ring.setting,
        head=ring.head,
        metal=ring.metal,
        stone=(ring.stone.length_mm, ring.stone.width_mm),
        stone_price=ring.stone.price,
        size=ring.size,
        engraving=ring.engraving,
        now=now,
    )


def _check(book: Book, ring: Configuration, *, now: datetime) -> None:
    harness.same(ours(book, ring, now=now), plain(book, ring, now=now), what=ring.query)


def _check_endpoint(book: Book, rings: Sequence[Configuration], *, now: datetime) -> None:
    for ring in rings:
        answer = json.loads(_ask(ring.query))
        amounts = [Decimal(line["amount"]) for line in answer["breakdown"] if line["amount"]]
        expected = plain(book, ring, now=now)
        harness.same(amounts, expected, what=ring.query)
        harness.same(Decimal(answer["total"]), sum(expected, Decimal(0)), what=ring.query)


def _ask(query: str) -> bytes:
    answer = site.call("/api/v1/ring/", query=query, address=_address())
    harness.same(answer.status, 200, what=query)
    return answer.body


def _nothing(query: str) -> bytes:
    return site.call(with_empty.EMPTY, query=query, address=_address()).body


def _address() -> str:
    """Another one after each 200 requests, so that nobody has to wait for a turn."""
    number = next(ADDRESSES) // A_TURN
    return f"10.{number // 65536}.{number // 256 % 256}.{number % 256}"


def _endpoint(rings: Sequence[Configuration], *, turns: int) -> list[harness.Case]:
    queries = [ring.query for ring in rings]
    costs: tuple[list[float], list[float]] = ([], [])
    sides: tuple[Callable[[str], bytes], ...] = (_ask, _nothing)
    for number in range(turns + 2):
        gc.collect()
        for index in (0, 1) if number % 2 == 0 else (1, 0):
            asked = [queries[(number * A_TURN + each) % len(queries)] for each in range(A_TURN)]
            began = time.process_time()
            for query in asked:
                sides[index](query)
            spent = time.process_time() - began
            if number >= 2:  # the first two warm up
                costs[index].append(spent / A_TURN)
    mine, theirs = statistics.median(costs[0]), statistics.median(costs[1])
    return [
        _case("ring endpoint, CPU of a request", "ms", mine * 1e3, theirs * 1e3, "empty view"),
        _case(
            "ring endpoint, requests per CPU second (half is the aim)",
            "req/s",
            1 / mine,
            1 / theirs,
            "empty view",
        ),
    ]


def _in_process(book: Book, rings: Sequence[Configuration], *, now: datetime) -> list[harness.Case]:
    mine, theirs = harness.side_by_side(
        lambda ring: ours(book, ring, now=now), lambda ring: plain(book, ring, now=now), rings
    )
    cpu, reference = statistics.median(mine.cpu), statistics.median(theirs.cpu)
    return [
        *harness.compare(
            case="one configuration priced",
            reference_name="plain Decimal",
            ours=mine,
            reference=theirs,
        ),
        _case("configurations per CPU second", "/s", 1e3 / cpu, 1e3 / reference, "plain Decimal"),
    ]


def _case(case: str, unit: str, mine: float, theirs: float, name: str) -> harness.Case:
    return harness.Case(
        case=case,
        unit=unit,
        ours=round(mine, 3),
        reference=round(theirs, 3),
        reference_name=name,
        ratio=round(mine / theirs, 2),
    )
