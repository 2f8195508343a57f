"""Fifty clients hold store credit at the same moment: of one account, and of a thousand; beside the bare conditional UPDATE.

A hold locks its account, takes from the lots that end first, and writes its entries, transaction and event; the reference is the one statement that lessens a
balance where there is enough, on the same server by as many connections, and no more. Each side runs in processes of its own, so that neither waits for
Python's lock. It is checked that exactly as much is held as was granted and no client was told otherwise. By default 600 and 2,000 holds; --full
takes 3,000 and 10,000.
"""

import multiprocessing
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import connection as database

from bench import harness
from jeweler.models import Customer
from referrals import credit, full_price
from referrals.models import CreditLot

CLIENTS, PROCESSES = 50, 2
NOW = datetime.now(UTC)
RING = full_price.Asked(list_price=Decimal(100_000), net_total=Decimal(100_000))
ONE, MANY = 1, 1_000


def run(*, full: bool) -> list[harness.Case]:
    with database.cursor() as cursor:
        cursor.execute("create table bench_balance (id int primary key, amount numeric not null)")
    try:
        few, more = (3_000, 10_000) if full else (600, 2_000)
        return [_case(accounts=ONE, holds=few), _case(accounts=MANY, holds=more)]
    finally:
        with database.cursor() as cursor:
            cursor.execute("drop table bench_balance")


def _case(*, accounts: int, holds: int) -> harness.Case:
    """One hold in ten is for more than there is left, and has to be refused."""
    people = Customer.objects.bulk_create(Customer(created_at=NOW) for _ in range(accounts))
    granted = holds * 9 // 10
    for number, person in enumerate(people):
        share = granted // accounts + (number < granted % accounts)
        credit.grant(
            customer=person, amount=Decimal(share), currency="USD", last_date=None,
            reason="To be held", key=f"bench:{person.pk}", now=NOW,
        )  # fmt: skip
        with database.cursor() as cursor:
            cursor.execute("insert into bench_balance values (%s, %s)", [person.pk, share])
    ids = [person.pk for person in people]
    asked = [ids[number % accounts] for number in range(holds)]
    per_s, given = _clients(_hold, asked)
    bare_per_s, taken = _clients(_update, asked)
    harness.same(given, granted, what="holds that were given")
    harness.same(taken, granted, what="updates that found enough")
    lots = CreditLot.objects.filter(account__customer__in=ids)
    harness.same(sum(lot.held for lot in lots), granted, what="credit that is held")
    harness.same(sum(lot.available for lot in lots), 0, what="credit that is left")
    return harness.Case(
        case=f"{CLIENTS} clients, {accounts:,} account{'s' if accounts > 1 else ''}", unit="holds/s",
        ours=round(per_s, 1), reference=round(bare_per_s, 1),
        reference_name="bare conditional UPDATE", ratio=round(per_s / bare_per_s, 3),
    )  # fmt: skip


def _hold(customer_id: int) -> bool:
    try:
        credit.hold(
            customer=Customer(pk=customer_id, created_at=NOW), amount=Decimal(1), currency="USD",
            sale_reference="bench", lines=[RING], now=NOW,
        )  # fmt: skip
    except credit.InsufficientCredit:
        return False
    return True


def _update(customer_id: int) -> bool:
    with database.cursor() as cursor:
        cursor.execute(
            "update bench_balance set amount = amount - 1 where id = %s and amount >= 1",
            [customer_id],
        )
        return bool(cursor.rowcount == 1)


def _clients(job: Callable[[int], bool], asked: list[int]) -> tuple[float, int]:
    """Requests per second and how many were given, by fifty connections of two processes."""
    database.close()
    context = multiprocessing.get_context("fork")
    gate, answers = context.Barrier(PROCESSES + 1), context.Queue()
    workers = [
        context.Process(target=_work, args=(job, asked[part::PROCESSES], gate, answers))
        for part in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    gate.wait()
    begun = time.perf_counter()
    given = sum(answers.get() for _ in workers)
    took = time.perf_counter() - begun
    for worker in workers:
        worker.join()
    return len(asked) / took, given


def _work(job: Callable[[int], bool], asked: list[int], gate: Any, answers: Any) -> None:
    clients = CLIENTS // PROCESSES
    ready = threading.Barrier(clients + 1)
    with ThreadPoolExecutor(clients) as pool:
        parts = [
            pool.submit(partial(_client, job, asked[n::clients], ready)) for n in range(clients)
        ]
        ready.wait()  # every client has its connection
        gate.wait()
        answers.put(sum(part.result() for part in parts))


def _client(job: Callable[[int], bool], asked: list[int], ready: threading.Barrier) -> int:
    database.ensure_connection()
    ready.wait()
    try:
        return sum(job(each) for each in asked)
    finally:
        database.close()
