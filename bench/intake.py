"""The tills' intake and what follows: how many deliveries a second are kept, and how soon they are applied.

1. Keeping a signed sale, a fifth of them repetitions, beside a view on the same server that does one INSERT of the same body, turn and
   turn about; and pgbench's bare INSERT on as many connections, which is what the database alone can do.
2. Events at 150 a second, sent at their appointed times whatever became of the ones before: how late they are acknowledged and applied.
3. A burst as fast as eight senders can, and a shuffled storm of which three in ten come twice: how long until all is applied.

A real server of two processes, two workers that look every two seconds as beat has them do, and the senders share the machine. Commits
wait for the disk. Every answer is checked, and in the end the books are counted to the cent. Others' announcements of these sales
(attribution, credit, webhooks) are owed to workers of their own, who are not here: they are counted, not made. By default 10 s, 500
and 1,500 events; --full takes 10 minutes, 5,000 and 20,000.
"""

import contextlib
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import connection as database

from bench import harness, intake_worker, serving
from bench.signing import Delivery, event, signed
from faults import invariants, pos, sending, till
from jeweler import embedded
from jeweler.models import OutboxDelivery
from pos_bridge import connections
from pos_bridge.models import InboxEvent

SEED = 20261122
SENDERS, ROUNDS, A_ROUND = 8, 6, 400
EVENTS_A_S, MOST_ACK_MS, MOST_APPLIED_MS = 150, 500.0, 5000.0
NEAR = 40  # events that come in any order among each other, as those of one quarter of a second do
BURST, BURST_S = 5000, 60.0
STORM, STORM_S, COME_TWICE = 20000, 120.0, 0.3
CREATE_BARE = """
CREATE TABLE bench_bare_inbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery_key text NOT NULL UNIQUE,
    body jsonb NOT NULL,
    received_at timestamptz NOT NULL
)
"""
PGBENCH = """\\set number random(1, 1000000000000)
INSERT INTO bench_bare_inbox (delivery_key, body, received_at)
VALUES (:number::text, {body}, now()) ON CONFLICT DO NOTHING;
"""


def run(*, full: bool) -> list[harness.Case]:
    with database.cursor() as cursor:
        cursor.execute(CREATE_BARE)
        name = database.ops.quote_name(str(database.settings_dict["NAME"]))
        cursor.execute(f"ALTER DATABASE {name} SET synchronous_commit = on")
    opened = pos.open_till()
    books = till.Books()
    with serving.served("bench.with_intake:application") as port:
        cases = _kept_a_second(opened, port=port)
        InboxEvent.objects.all().delete()
        share = 1.0 if full else 0.1
        with _workers() as applied:
            cases += _steady(opened, books, port=port, seconds=600 if full else 10, applied=applied)
            cases.append(_burst(opened, books, port=port, events=int(BURST * share)))
            cases.append(_storm(opened, books, port=port, deliveries=int(STORM * share * (1 if full else 0.75))))  # fmt: skip
    wrong = invariants.broken(books, acknowledged=Counter(dict.fromkeys(books.keys, 1)))
    harness.same(wrong, [], what="what is wrong in the books")
    print(f"  announcements owed to others meanwhile: {OutboxDelivery.objects.count()}")
    return cases


# How many are kept in a second.


def _kept_a_second(opened: connections.Opened, *, port: int) -> list[harness.Case]:
    deliveries = [signed(opened.secret, number=number) for number in range(ROUNDS * A_ROUND)]
    rounds = [deliveries[at : at + A_ROUND] for at in range(0, len(deliveries), A_ROUND)]
    paths = (opened.path, "/bench/insert/")
    rates: tuple[list[float], list[float]] = ([], [])
    costs: tuple[list[float], list[float]] = ([], [])
    for number, each in enumerate(rounds):
        mixed = [sent for at, sent in enumerate(each) for sent in ([sent] * 2 if at % 4 == 0 else [sent])]  # fmt: skip
        for side in (0, 1) if number % 2 == 0 else (1, 0):
            said, seconds, cpu = _hurry(port, paths[side], mixed)
            expected = {"kept": len(each), "known": len(mixed) - len(each)}
            harness.same(dict(said), expected, what=f"answers of {paths[side]}")
            if number:  # the first round warms the processes up
                rates[side].append(len(mixed) / seconds)
                costs[side].append(cpu / len(mixed) * 1e3)
    harness.same(InboxEvent.objects.count(), len(deliveries), what="rows of the inbox")
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM bench_bare_inbox")
        harness.same(cursor.fetchone()[0], len(deliveries), what="rows of the bare table")
    ours, bare = (sorted(each)[len(each) // 2] for each in rates)
    our_cpu, bare_cpu = (sorted(each)[len(each) // 2] for each in costs)
    name = "a view with one INSERT"
    return [
        _case("a signed sale kept, a fifth of them repetitions", "/s", ours, bare, name),
        _case("the same, CPU of the server's processes", "ms", our_cpu, bare_cpu, name),
        _case("the same beside the database alone", "/s", ours, _pgbench(), "pgbench"),
    ]


def _hurry(
    port: int, path: str, deliveries: Sequence[Delivery]
) -> tuple[Counter[str], float, float]:
    """All of them by eight connections that wait for their answers: what was said, in how many seconds, for how much of the CPU."""
    said: Counter[str] = Counter()
    wrong: list[Exception] = []
    requests = [_request(path, each) for each in deliveries]

    def work(mine: Sequence[bytes]) -> None:
        try:
            with socket.create_connection(("127.0.0.1", port)) as link:
                for request in mine:
                    link.sendall(request)
                    said[_answer(link)] += 1
        except Exception as error:  # noqa: BLE001  it is raised where all have come back
            wrong.append(error)

    # One that comes twice comes by the same connection, so that the first of the two is always new.
    shares = [[each for at, each in enumerate(requests) if hash(deliveries[at].key) % SENDERS == n] for n in range(SENDERS)]  # fmt: skip
    threads = [threading.Thread(target=work, args=(share,)) for share in shares]
    began, spent = time.perf_counter(), _spent()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise wrong[0]
    return said, time.perf_counter() - began, _spent() - spent


def _request(path: str, delivery: Delivery) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in delivery.headers.items()]
    lines += [f"Content-Length: {len(delivery.raw)}", "", ""]
    return "\r\n".join(lines).encode() + delivery.raw


def _answer(link: socket.socket) -> str:
    """What its body says; only 200 is an answer."""
    got = b""
    while b"\r\n\r\n" not in got or not got.endswith(b"}"):
        more = link.recv(4096)
        if not more:
            raise harness.WrongAnswer(f"the server hung up after {got[:200]!r}")
        got += more
    if not got.startswith(b"HTTP/1.1 200"):
        raise harness.WrongAnswer(f"answered {got[:300]!r}")
    known = {b'{"status": "kept"}': "kept", b'{"status": "known"}': "known"}
    return known[got.partition(b"\r\n\r\n")[2]]


def _spent() -> float:
    """CPU seconds of the server's processes, which this one started."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            pid, _, rest = file.read_text().partition(" (")
            fields = rest.rpartition(") ")[2].split()
            parents[int(pid)] = int(fields[1])
            ticks[int(pid)] = int(fields[11]) + int(fields[12])
    ours = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(ticks[pid] for pid in ours - {os.getpid()}) / os.sysconf("SC_CLK_TCK")


def _pgbench(seconds: int = 4) -> float:
    """Inserts a second of the same body on eight connections, planned once."""
    body = json.dumps(event(1))
    with TemporaryDirectory(prefix="bench-") as folder:
        script = Path(folder) / "insert.sql"
        script.write_text(PGBENCH.format(body=f"'{body}'::jsonb"))
        said = embedded.pgbench(
            "-n", "-M", "prepared", "-c", str(SENDERS), "-j", "2", "-T", str(seconds), "-f", str(script),
            str(database.settings_dict["NAME"]),
        )  # fmt: skip
    lines = [line for line in said.splitlines() if line.startswith("tps =")]
    if not lines:
        raise harness.WrongAnswer(f"pgbench said {said[-500:]}")
    return float(lines[0].split()[2])


# How soon they are applied.


def _steady(
    opened: connections.Opened,
    books: till.Books,
    *,
    port: int,
    seconds: int,
    applied: dict[datetime, datetime],
) -> list[harness.Case]:
    """Day after small day, so that what is about one sale comes close together."""
    dice = random.Random(SEED)
    deliveries: list[till.Delivery] = []
    for number in range(EVENTS_A_S * seconds // NEAR):
        day = till.day(events=NEAR, store=pos.STORE, dice=dice, repeated=0, name=f"A{number}")
        deliveries += _joined(books, day)
    began = time.time()
    sent = _sent(opened, deliveries, port=port, rate=EVENTS_A_S)
    _wait_until_applied()
    due = {each.key: began + at / EVENTS_A_S for at, each in enumerate(deliveries)}
    finished = InboxEvent.objects.filter(delivery_key__in=list(due))
    late = sorted(
        (applied[at].timestamp() - due[key]) * 1e3
        for key, at in finished.values_list("delivery_key", "finished_at")
        if at is not None
    )
    harness.same(len(late), len(deliveries), what="events that were applied")
    return [
        _goal("150 events/s acknowledged: 99th percentile", sent.percentile(0.99) * 1e3, MOST_ACK_MS),
        _goal("150 events/s applied: 50th percentile", late[len(late) // 2], MOST_APPLIED_MS),
        _goal("150 events/s applied: 99th percentile", late[int(len(late) * 0.99)], MOST_APPLIED_MS),
    ]  # fmt: skip


def _burst(
    opened: connections.Opened, books: till.Books, *, port: int, events: int
) -> harness.Case:
    day = till.day(events=events, store=pos.STORE, dice=random.Random(SEED), repeated=0, name="B")
    taken = _drained(opened, _joined(books, day), port=port)
    return _goal(f"a burst of {events:,} events, all applied", taken, BURST_S * events / BURST, "s")


def _storm(
    opened: connections.Opened, books: till.Books, *, port: int, deliveries: int
) -> harness.Case:
    events = round(deliveries / (1 + COME_TWICE))
    day = till.day(
        events=events, store=pos.STORE, dice=random.Random(SEED), repeated=COME_TWICE, name="C"
    )
    sent = _joined(books, day)
    taken = _drained(opened, sent, port=port)
    case = f"{len(sent):,} shuffled, three in ten twice, all applied"
    return _goal(case, taken, STORM_S * len(sent) / STORM, "s")


def _drained(
    opened: connections.Opened, deliveries: Sequence[till.Delivery], *, port: int
) -> float:
    """Seconds from the first until nothing is left to do."""
    began = time.monotonic()
    _sent(opened, deliveries, port=port, rate=1e6)
    _wait_until_applied()
    return time.monotonic() - began


def _sent(
    opened: connections.Opened, deliveries: Sequence[till.Delivery], *, port: int, rate: float
) -> sending.Sent:
    """Each is answered at once: kept the first time, known from then on."""
    sent = sending.send(opened, deliveries, port=port, rate=rate)
    keys = {each.key for each in deliveries}
    harness.same(
        (sent.unanswered, dict(sent.statuses)), (0, {200: len(deliveries)}), what="answers"
    )
    again = len(deliveries) - len(keys)
    expected = {"kept": len(keys)} | ({"known": again} if again else {})
    harness.same(dict(sent.said), expected, what="what the answers said")
    return sent


def _joined(books: till.Books, day: till.Day) -> list[till.Delivery]:
    """The day's deliveries; its truth joins the books. No lies: an old version under a new key is no burden of its own."""
    honest = [each for each in day.deliveries if not each.is_lie]
    day.books.keys = {each.key for each in honest}
    pos.join(books, day.books)
    return honest


def _wait_until_applied() -> None:
    deadline = time.monotonic() + 900
    while invariants.unapplied():
        if time.monotonic() > deadline:
            raise harness.WrongAnswer(f"{invariants.unapplied()} events were not applied in time")
        time.sleep(0.1)


@contextlib.contextmanager
def _workers() -> Iterator[dict[datetime, datetime]]:
    """Two of them; by the moment with which rows were marked, when that was over."""
    applied: dict[datetime, datetime] = {}
    ready = threading.Semaphore(0)
    command = [sys.executable, "-m", intake_worker.__name__]
    environment = serving.environment()
    workers = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=serving.CHECKOUT, env=environment)
        for _ in range(2)
    ]  # fmt: skip

    def listen(worker: "subprocess.Popen[str]") -> None:
        for line in worker.stdout or ():
            if line.strip() == intake_worker.READY:
                ready.release()
                continue
            began, ended = map(datetime.fromisoformat, line.split())
            applied[began] = ended

    threads = [threading.Thread(target=listen, args=(each,), daemon=True) for each in workers]
    for thread in threads:
        thread.start()
    for _ in workers:
        ready.acquire()
    try:
        yield applied
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


def _case(case: str, unit: str, ours: float, reference: float, name: str) -> harness.Case:
    return harness.Case(
        case=case, unit=unit, ours=round(ours, 2), reference=round(reference, 2), reference_name=name,
        ratio=round(ours / reference, 2),
    )  # fmt: skip


def _goal(case: str, ours: float, goal: float, unit: str = "ms") -> harness.Case:
    return _case(case, unit, ours, goal, "goal")
