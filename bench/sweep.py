"""A night of the referral clock: 100,000 pending referrals, of which 10,000 qualify at this midnight.

Each of these is judged anew from its log, its advocate's cap is counted, credit is granted in the ledger and what follows is told, in a transaction of
its own; the reference is the bare SQL that only selects them. It is checked that exactly those are thanked that the SQL names, each once. By
default 10,000 and 1,000; --full takes all. Two sweeps run side by side, as two workers do.
"""

import multiprocessing
import time
from datetime import UTC, datetime, timedelta

from django.db import connection as database

from bench import harness
from jeweler.models import Customer, Sale, SaleLine, Store
from jeweler.models.sale import Payment
from referrals import codes, following
from referrals.models import (
    Advocate,
    CreditLot,
    Program,
    Referral,
    ReferralEvent,
    Reward,
    Terms,
    TermsAmount,
)

NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
LONG_AGO = NOW - timedelta(days=900)
ONE_IN = 10
SWEEPERS = 2
BATCH = 5_000

SELECT = """
select r.id from referrals_referral r join jeweler_sale s on s.id = r.sale_id
join (select sale_id, sum(amount) as captured, max(paid_at) as paid_at from jeweler_payment
      where status = 'captured' group by sale_id) p on p.sale_id = s.id and p.captured >= s.total
left join (select sale_id, sum(amount) as refunded from jeweler_refund group by sale_id) f on f.sale_id = s.id
where r.closed_at is null and s.voided_at is null and s.handed_over_at is not null
  and s.placed_at < r.lock_ends_at and s.total - coalesce(f.refunded, 0) >= 500
  and (date_trunc('day', greatest(p.paid_at, s.handed_over_at) at time zone r.time_zone) + interval '31 days') at time zone r.time_zone <= %s
"""


def run(*, full: bool) -> list[harness.Case]:
    many = 100_000 if full else 10_000
    begun = time.perf_counter()
    _fill(many)
    print(
        f"  {many:,} pending referrals: written in {time.perf_counter() - begun:.0f} s", flush=True
    )
    named, selected_s = _selected()
    harness.same(len(named), many // ONE_IN, what="referrals that the SQL selects")
    swept_s = _sweep(SWEEPERS)
    thanked = set(Reward.objects.filter(rule="credit").values_list("referral", flat=True))
    harness.same(thanked, named, what="referrals that were thanked")
    harness.same(Reward.objects.filter(rule="credit").count(), len(named), what="thank-yous")
    harness.same(CreditLot.objects.filter(available=100).count(), len(named), what="lots of credit")
    harness.same(following.sweep(now=NOW), 0, what="referrals that are still due")
    name = f"{many:,} pending, {len(named):,} qualify"
    return [
        harness.Case(
            case=f"{name}: judged and thanked by {SWEEPERS} sweeps", unit="s", ours=round(swept_s, 2),
            reference=round(selected_s, 3), reference_name="bare SQL that selects them",
            ratio=round(swept_s / selected_s, 1),
        ),
        harness.Case(
            case="one of them", unit="ms", ours=round(swept_s * SWEEPERS / len(named) * 1e3, 2),
            reference=round(selected_s / len(named) * 1e3, 4), reference_name="bare SQL, its share",
            ratio=round(swept_s * SWEEPERS / selected_s, 1),
        ),
    ]  # fmt: skip


def _selected() -> tuple[set[int], float]:
    times, found = [], set()
    for _ in range(5):
        begun = time.perf_counter()
        with database.cursor() as cursor:
            cursor.execute(SELECT, [NOW])
            found = {row[0] for row in cursor.fetchall()}
        times.append(time.perf_counter() - begun)
    return found, sorted(times)[2]


def _sweep(sweepers: int) -> float:
    """Seconds until nothing is due, by processes of their own."""
    database.close()
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_until_nothing_is_due) for _ in range(sweepers)]
    begun = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        harness.same(worker.exitcode, 0, what="a sweep's exit code")
    return time.perf_counter() - begun


def _until_nothing_is_due() -> None:
    database.close()
    while following.sweep(now=NOW):
        pass


def _fill(many: int) -> None:
    """One in ten was bought 40 days ago, the others within the last 20; every advocate has few."""
    store = Store.objects.create(
        code="bench", name="Bench", street="1 Bench Street", city="New York", region="US",
        time_zone="America/New_York", currency="USD",
    )  # fmt: skip
    program = Program.objects.create(code="house", name="Friends", begins_at=LONG_AGO)
    terms = Terms.objects.create(
        program=program, version=1, in_force_from=LONG_AGO, created_at=LONG_AGO, disclosure="-"
    )
    TermsAmount.objects.create(terms=terms, currency="USD", minimum=500, reward=100)
    brought_by = _advocates(many // 5)
    for first in range(0, many, BATCH):
        _fill_some(range(first, min(many, first + BATCH)), store, terms, brought_by)
    with database.cursor() as cursor:
        cursor.execute("analyze")


def _advocates(many: int) -> list[Advocate]:
    people = Customer.objects.bulk_create(Customer(created_at=LONG_AGO) for _ in range(many))
    return Advocate.objects.bulk_create(
        Advocate(customer=person, code=codes.checked(_body(number)), joined_at=LONG_AGO)
        for number, person in enumerate(people)
    )


def _body(number: int) -> str:
    return "".join(codes.ALPHABET[(number >> 5 * place) & 31] for place in range(7)) + "Z"


def _fill_some(numbers: range, store: Store, terms: Terms, brought_by: list[Advocate]) -> None:
    friends = Customer.objects.bulk_create(Customer(created_at=LONG_AGO) for _ in numbers)
    bought = [_bought_at(number) for number in numbers]
    sales = Sale.objects.bulk_create(
        Sale(
            source="bench", external_id=str(number), channel=Sale.Channel.STORE, store=store,
            customer=friend, currency="USD", total=4000, tax=0, placed_at=at, handed_over_at=at,
            recorded_at=at,
        )
        for number, friend, at in zip(numbers, friends, bought, strict=True)
    )  # fmt: skip
    SaleLine.objects.bulk_create(
        SaleLine(sale=sale, position=1, list_price=4000, net_total=4000) for sale in sales
    )
    Payment.objects.bulk_create(
        Payment(
            source="bench", external_id=sale.external_id, sale=sale, status="captured",
            amount=4000, tender="card", paid_at=sale.placed_at, recorded_at=sale.placed_at,
        )
        for sale in sales
    )  # fmt: skip
    referrals = Referral.objects.bulk_create(
        Referral(
            advocate=brought_by[(number // ONE_IN + number % ONE_IN) % len(brought_by)], friend=friend,
            terms=terms, sale=sale, net=4000, locked_at=at - timedelta(days=9),
            lock_ends_at=at + timedelta(days=356), time_zone="America/New_York",
            state=Referral.State.IN_RETURN_WINDOW, qualify_at=at + timedelta(days=31),
            look_at=at + timedelta(days=31),
        )
        for number, friend, sale, at in zip(numbers, friends, sales, bought, strict=True)
    )  # fmt: skip
    ReferralEvent.objects.bulk_create(
        ReferralEvent(
            referral=referral, kind=fact.kind, key=fact.key, at=fact.at, data=fact.data,
            recorded_at=fact.at,
        )
        for referral, sale in zip(referrals, _read(sales), strict=True)
        for fact in following.facts_of(sale)
    )  # fmt: skip


def _read(sales: list[Sale]) -> list[Sale]:
    rows = Sale.objects.filter(pk__in=[sale.pk for sale in sales])
    return list(rows.prefetch_related("lines", "payments", "refunds").order_by("pk"))


def _bought_at(number: int) -> datetime:
    return NOW - (timedelta(days=40) if number % ONE_IN == 0 else timedelta(days=number % 20))
