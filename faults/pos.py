"""The tills' fault run: five thousand events to real server processes that are killed while they work.

1. The storm (scenarios 49 and 53): shuffled, repeated, stale events at a steady pace, while web, workers and clocks are killed with -9
   at random, Valkey is flushed, PostgreSQL is stopped immediately three times, and one event ends whoever books it.
2. The broker freezes (51): what comes meanwhile is acknowledged at once, and applied when it is back.
3. A flood of wrong signatures from one address (57) beside good traffic.
4. Everything is told once more under new keys, and the books stay as they are.

Two clocks ring all the while (55). What must hold is in `invariants`; one that does not is a failure of the run.
"""

import http.client
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError, close_old_connections, connection

from faults import invariants, programs, sending, till
from jeweler.models import Store
from pos_bridge import connections
from pos_bridge.connections import Opened
from pos_bridge.models import Slot

T = TypeVar("T")
Harm = tuple[float, Callable[[], object]]
STORE = "chaos"
RATE = 60.0  # events a second, on a machine that carries the senders, the servers and the killer
PATIENCE = 240.0
KILL_EVERY = (2.0, 5.0)
STOPS = (0.25, 0.5, 0.75)
FLUSH = 0.35
FROZEN_S = 20.0
FLOOD_S = 6.0


def run(*, events: int, port: int, database_url: str, frozen_s: float = FROZEN_S) -> dict[str, Any]:
    """The whole run on the database that Django is connected to; its figures, with what is broken."""
    dice = random.Random(20261122)
    opened = open_till()
    day = till.day(events=events, store=STORE, dice=dice)
    poison = till.poison(store=STORE, books=day.books)
    invariants.poison_the_books()
    with (
        tempfile.TemporaryDirectory(prefix="faults-") as folder,
        programs.house(port=port, folder=Path(folder), database_url=database_url) as house,
    ):
        wait_until(lambda: answers(port), what="the web process answers")
        harms: list[Harm] = [
            *((share, house.stop_postgres_immediately) for share in STOPS),
            (FLUSH, house.flush_valkey),
        ]
        storm = raise_storm(
            house, opened, [poison, *day.deliveries], port=port, dice=dice, harms=harms
        )
        storm_settled = settle(house)
        bombs = _bombs(opened, day.books, port=port)
        frozen = freeze(house, opened, day.books, port=port, dice=dice, seconds=frozen_s)
        flooded = flood(opened, day.books, port=port, dice=dice)
        settled = settle(house)
        before = _patiently(invariants.fingerprint)
        acknowledged = (
            storm.acknowledged + frozen["sent"].acknowledged + flooded["sent"].acknowledged
        )
        _again(opened, day.deliveries, port=port, dice=dice)
        settle(house)
        broken = invariants.broken(day.books, acknowledged=acknowledged)
        if invariants.fingerprint() != before:
            broken.append("telling it all again changed the books")
        twice = Counter(Slot.objects.values_list("name", "began_at"))
        broken += [f"turn {name} was taken twice" for name, count in twice.items() if count > 1]
        return {
            "events": len(day.books.keys),
            "deliveries": len(day.deliveries) + 1,
            "kills": {each.name: each.kills for each in house.programs},
            "postgres_stopped_immediately": house.postgres_stops,
            "valkey_flushed": house.flushes,
            "valkey_frozen_s": round(house.frozen_s, 1),
            "storm": _figures(storm) | {"settled_s_after_the_last": round(storm_settled, 1)},
            "bombs_answered": bombs,
            "frozen": _figures(frozen["sent"]) | {"applied_s_after_its_return": frozen["applied_s"]},
            "flood": _figures(flooded["sent"]) | {
                "wrong_signatures_a_second": flooded["wrong_a_second"],
                "answered": flooded["answered"],
            },
            "settled_s": round(settled, 1),
            "sales": len(day.books.versions),
            "captured": str(sum(day.books.captured.values())),
            "refunded": str(sum(day.books.refunded.values())),
            "broken": broken,
        }  # fmt: skip


# The four acts.


def raise_storm(
    house: programs.House,
    opened: Opened,
    deliveries: list[till.Delivery],
    *,
    port: int,
    dice: random.Random,
    harms: Sequence[Harm] = (),
    kill_every: tuple[float, float] = KILL_EVERY,
    rate: float = RATE,
) -> sending.Sent:
    """Send it all while programs are killed at random; each harm is done once its share is acknowledged."""
    left = sorted(harms, key=lambda harm: harm[0])
    next_kill = [time.monotonic() + dice.uniform(*kill_every)]

    def harm(share: float) -> None:
        while left and share >= left[0][0]:
            left.pop(0)[1]()
        if time.monotonic() >= next_kill[0]:
            if up := [each for each in house.programs if each.has_come_up]:
                dice.choice(up).kill()
            next_kill[0] = time.monotonic() + dice.uniform(*kill_every)
        house.keep_alive()

    return sending.send(opened, deliveries, port=port, rate=rate, at_share=harm)


def _bombs(opened: Opened, books: till.Books, *, port: int) -> dict[str, int]:
    """Bodies that would choke a reader: each has its answer, and nobody dies of it."""
    bombs = {
        "a thousand levels": b"[" * 1000 + b"]" * 1000,
        "40 MB": b'"' + b"x" * (40 << 20) + b'"',
    }
    answers = {}
    for name, body in bombs.items():
        delivery = till.Delivery(key=f"msg_bomb-{len(body)}", body=body)
        books.poison.add(delivery.key)
        try:
            answers[name], _ = sending.post(opened, delivery, port=port)
        except (OSError, http.client.HTTPException):
            answers[name] = 0  # hung up on while it was still sending
    return answers


def freeze(
    house: programs.House,
    opened: Opened,
    books: till.Books,
    *,
    port: int,
    dice: random.Random,
    seconds: float,
) -> dict[str, Any]:
    day = _more(books, events=int(seconds * 10), name="F", dice=dice)
    with house.frozen_valkey():
        began = time.monotonic()
        sent = sending.send(opened, day.deliveries, port=port, rate=10)
        time.sleep(max(0.0, seconds - (time.monotonic() - began)))
    back = time.monotonic()
    wait_until(lambda: not _patiently(invariants.unapplied), what="all is applied", house=house)
    return {"sent": sent, "applied_s": round(time.monotonic() - back, 1)}


def flood(
    opened: Opened,
    books: till.Books,
    *,
    port: int,
    dice: random.Random,
    seconds: float = FLOOD_S,
) -> dict[str, Any]:
    """As many wrong signatures as two threads can send, beside good deliveries."""
    day = _more(books, events=int(seconds * 10), name="W", dice=dice)
    answered: Counter[int] = Counter()
    is_over = threading.Event()
    wrong = {"webhook-id": "msg_1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}

    def send_wrong_ones() -> None:
        while not is_over.is_set():
            try:
                status, _ = sending.post(opened, day.deliveries[0], port=port, headers=wrong)
                answered[status] += 1
            except (OSError, http.client.HTTPException):
                answered[0] += 1

    threads = [threading.Thread(target=send_wrong_ones, daemon=True) for _ in range(2)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    sent = sending.send(opened, day.deliveries, port=port, rate=10)
    is_over.set()
    for thread in threads:
        thread.join()
    rate = sum(answered.values()) / (time.monotonic() - began)
    return {"sent": sent, "wrong_a_second": round(rate), "answered": dict(answered)}


def _again(
    opened: Opened, deliveries: list[till.Delivery], *, port: int, dice: random.Random
) -> None:
    some = dice.sample(deliveries, min(len(deliveries), 500))
    anew = [replace(each, key=f"{each.key}-once-more-{number}") for number, each in enumerate(some)]
    sending.send(opened, anew, port=port, rate=RATE)


# Inside.


def open_till() -> Opened:
    store = Store.objects.create(
        code=STORE, name="Chaos", street="", city="", region="US", time_zone="America/New_York"
    )
    return connections.open_connection(
        code=STORE, currency="USD", store=store, now=datetime.now(UTC)
    )


def _more(books: till.Books, *, events: int, name: str, dice: random.Random) -> till.Day:
    """More sales, whose truth joins the books."""
    day = till.day(events=events, store=STORE, dice=dice, repeated=0, name=name)
    join(books, day.books)
    return day


def join(books: till.Books, more: till.Books) -> None:
    books.versions |= more.versions
    books.totals |= more.totals
    books.captured |= more.captured
    books.refunded |= more.refunded
    books.keys |= more.keys


def settle(house: programs.House) -> float:
    """Wait until all is applied and announced; how long it took."""
    began = time.monotonic()
    wait_until(
        lambda: not _patiently(invariants.unapplied) and not _patiently(invariants.undelivered),
        what="all is applied and announced",
        house=house,
    )
    return time.monotonic() - began


def wait_until(
    true: Callable[[], object], *, what: str, house: programs.House | None = None
) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        if house is not None:
            house.keep_alive()
        if time.monotonic() > deadline:
            raise TimeoutError(f"It took longer than {PATIENCE:.0f} s until {what}")
        time.sleep(0.2)


def _patiently(ask: Callable[[], T]) -> T:
    """A question to a database that was stopped under this process's connection."""
    for _ in range(50):
        try:
            return ask()
        except (OperationalError, InterfaceError):
            connection.close()
            close_old_connections()
            time.sleep(0.2)
    return ask()


def answers(port: int) -> bool:
    probe = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        probe.request("GET", "/healthz")
        return probe.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        probe.close()


def _figures(sent: sending.Sent) -> dict[str, Any]:
    return {
        "acknowledged": sum(sent.acknowledged.values()),
        "answers": {str(status): count for status, count in sorted(sent.statuses.items())},
        "attempts_nobody_answered": sent.unanswered,
        "seconds": round(sent.ended - sent.began, 1),
        "ack_p50_s": round(sent.percentile(0.5), 3),
        "ack_p99_s": round(sent.percentile(0.99), 3),
    }
