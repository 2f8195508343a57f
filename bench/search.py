"""The stone list's snapshot beside the table's one tuned query and, with --full, beside other engines in the same run.

Two hundred seeded questions of nothing to eight filters. Before anything is timed every answer, total, eleven facets and a
page of 24, is compared with a scan of all stones (bench/questions.py). By default 100,000 stones; --full takes a
million, asks DuckDB, polars and a Typesense server too (beside them both sides count six facets), and two million of the
snapshot alone. The API is called as its server calls it, in this process: its CPU time is the server's own.
"""

import functools
import gc
import itertools
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from django.db import connection as database

from bench import harness, peers, site
from bench.questions import COUNTED, Answer, Question, Scan, questions
from builder import search
from builder.models import Supplier
from builder.search import building, payload, snapshot, table
from builder.search.results import Engine, Found
from demo import catalog, house, wholesale
from jeweler.models import Store

SEED = 20261121
FEW, MANY = 100_000, 1_000_000
SIX_FACETS = f"&facets={','.join(COUNTED)}"
ASKED_OF_TABLE = 60  # which takes a hundred times as long
MOST_P95_MS, MOST_P95_MS_OF_2M, MOST_P99_MS, LEAST_PER_CPU_S = 3.0, 5.0, 8.0, 500.0
MARKUP = Decimal("1.4")
NOW = datetime.now(UTC)


def run(*, full: bool) -> list[harness.Case]:
    house.open_stores()
    catalog.load_catalog(now=NOW, count=100)
    _fill(MANY if full else FEW)
    scan, asked = Scan(), questions(200)
    answers = [scan.answer(question) for question in asked]
    cases = _built(len(scan))
    memory = snapshot.current()
    if memory is None:
        raise harness.WrongAnswer("there is no snapshot to measure")
    _check(memory, asked, answers)
    _check(table, asked[:ASKED_OF_TABLE], answers)
    name = f"{len(scan):,} stones"
    cases += _beside_the_table(name, memory, asked[:ASKED_OF_TABLE])
    cases += [_goal(f"{name}, snapshot, 95th percentile", "ms", _p95(memory, asked), MOST_P95_MS)]
    cases += _over_http(name, asked, answers)
    if full:
        for peer in (peers.duckdb, peers.polars, peers.typesense):
            cases += _beside_a_peer(name, peer, scan, memory, asked, answers)
        cases += _two_million()
    return cases


def _fill(count: int) -> None:
    wholesaler, _ = Supplier.objects.get_or_create(
        code="bench-search", defaults={"name": "Wholesaler", "markup": MARKUP}
    )
    store_ids = list(Store.objects.values_list("pk", flat=True))
    wholesale.fill(supplier=wholesaler, count=count, seed=SEED, now=NOW, store_ids=store_ids)
    with database.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE builder_stone")


def _built(stones: int) -> list[harness.Case]:
    """How long a worker takes, how large the snapshot is, and how long a web process takes to load it."""
    snapshot.forget()
    begun = time.perf_counter()
    building.build(now=NOW)
    built = time.perf_counter() - begun
    loaded = snapshot.newest()
    if loaded is None:
        raise harness.WrongAnswer("no snapshot was kept")
    begun = time.perf_counter()
    payload.unpacked(loaded[3])
    unpacked = time.perf_counter() - begun
    print(
        f"  {stones:,} stones: built in {built:.1f} s, {len(loaded[3]) / 1e6:.1f} MB, "
        f"unpacked in {unpacked * 1e3:.0f} ms",
        flush=True,
    )
    return []


# Answers.


def _check(engine: Engine, asked: Sequence[Question], answers: Sequence[Answer]) -> None:
    for question, answer in zip(asked, answers, strict=False):
        _check_one(engine, question.query, answer, what=f"{engine.name}: {question.text}")


def _check_one(engine: Engine, query: search.StoneQuery, answer: Answer, *, what: str) -> None:
    """Of the facets those that the query counts."""
    total, counts, page = answer
    found = engine.find(query, among=None)
    harness.same(found.total, total, what=f"total of {what}")
    harness.same(found.ids, page, what=f"page of {what}")
    for name in query.counted:
        mine = {value: n for value, n in found.counts.get(name, {}).items() if n}
        harness.same(mine, counts[name], what=f"facet {name} of {what}")


def _finder(engine: Engine) -> Callable[[search.StoneQuery], Found]:
    return functools.partial(engine.find, among=None)


def _beside_the_table(name: str, memory: Engine, asked: Sequence[Question]) -> list[harness.Case]:
    queries = [question.query for question in asked]
    ours, theirs = harness.side_by_side(_finder(memory), _finder(table), queries)
    return harness.compare(
        case=f"{name}, snapshot",
        reference_name="one GROUPING SETS query",
        ours=ours,
        reference=theirs,
    )


def _beside_a_peer(
    name: str,
    open_peer: Callable[[Scan], "peers.Opened"],
    scan: Scan,
    memory: Engine,
    asked: Sequence[Question],
    answers: Sequence[Answer],
) -> list[harness.Case]:
    title = open_peer.__name__
    try:
        begun = time.perf_counter()
        with open_peer(scan) as (version, ask):
            title = f"{title} {version}"
            print(f"  {title}: filled in {time.perf_counter() - begun:.0f} s", flush=True)
            for question, (total, counts, page) in zip(asked, answers, strict=True):
                theirs = ask(question)
                harness.same(theirs[0], total, what=f"{title}'s total of {question.text}")
                harness.same(theirs[2], page, what=f"{title}'s page of {question.text}")
                for facet in COUNTED:
                    harness.same(theirs[1][facet], counts[facet], what=f"{title}'s {facet} of {question.text}")  # fmt: skip
            pairs = [(each, replace(each.query, counted=COUNTED)) for each in asked]
            for (question, query), answer in zip(pairs, answers, strict=True):
                _check_one(memory, query, answer, what=question.text)
            ours, reference = harness.side_by_side(
                lambda pair: memory.find(pair[1], among=None), lambda pair: ask(pair[0]), pairs
            )
    except peers.Absent as absent:
        print(f"  without {title}: {absent}")
        return []
    return harness.compare(
        case=f"{name}, snapshot, six facets",
        reference_name=title,
        ours=ours,
        reference=reference,
    )


def _p95(memory: Engine, asked: Sequence[Question]) -> float:
    queries, find = [question.query for question in asked], _finder(memory)
    samples = []
    for query in queries:
        find(query)
    gc.collect()
    for query in queries * 3:
        begun = time.perf_counter()
        find(query)
        samples.append((time.perf_counter() - begun) * 1e3)
    return harness.Sample(wall=samples).percentile(0.95)


def _goal(case: str, unit: str, ours: float, goal: float) -> harness.Case:
    return harness.Case(
        case=case,
        unit=unit,
        ours=round(ours, 3),
        reference=goal,
        reference_name="goal",
        ratio=round(ours / goal, 2),
    )


# The API.


def _over_http(
    name: str, asked: Sequence[Question], answers: Sequence[Answer]
) -> list[harness.Case]:
    addresses = itertools.count()

    def ask(text: str) -> bytes:
        turn = next(addresses) // 200
        answer = site.call(
            "/api/v1/stones/", query=text, address=f"10.{turn // 250}.{turn % 250}.1"
        )
        harness.same(answer.status, 200, what=text)
        return answer.body

    for question, (total, counts, page) in zip(asked, answers, strict=True):
        told = json.loads(ask(f"{question.text}{SIX_FACETS}"))
        for facet in COUNTED:
            mine = {each["value"]: each["count"] for each in told["facets"][facet] if each["count"]}
            harness.same(mine, counts[facet], what=f"API's {facet} of {question.text}")
        harness.same(told["total"], total, what=f"API's total of {question.text}")
        harness.same([stone["id"] for stone in told["stones"]], page, what=question.text)
    texts = [f"{question.text}{SIX_FACETS}" for question in asked] * 5
    gc.collect()
    sample, cpu = [], time.process_time()
    for text in texts:
        begun = time.perf_counter()
        ask(text)
        sample.append((time.perf_counter() - begun) * 1e3)
    per_cpu_s = len(texts) / (time.process_time() - cpu)
    timed = harness.Sample(wall=sample)
    return [
        _goal(f"{name}, API, 50th percentile", "ms", timed.percentile(0.5), MOST_P99_MS),
        _goal(f"{name}, API, 99th percentile", "ms", timed.percentile(0.99), MOST_P99_MS),
        _goal(f"{name}, API, requests per server CPU-second", "/s", per_cpu_s, LEAST_PER_CPU_S),
    ]


def _two_million() -> list[harness.Case]:
    second, _ = Supplier.objects.get_or_create(
        code="bench-search-2", defaults={"name": "Second wholesaler", "markup": MARKUP}
    )
    wholesale.fill(supplier=second, count=MANY, seed=SEED + 1, now=NOW)
    _built(2 * MANY)
    memory = snapshot.current()
    if memory is None:
        raise harness.WrongAnswer("there is no snapshot of two million")
    asked = questions(200)
    scan = Scan()
    _check(memory, asked, [scan.answer(question) for question in asked])
    return [
        _goal(
            f"{len(scan):,} stones, snapshot, 95th percentile",
            "ms",
            _p95(memory, asked),
            MOST_P95_MS_OF_2M,
        )
    ]
