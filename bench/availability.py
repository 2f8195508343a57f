"""The free times of a month of ten associates in a house with 360,000 visits, beside a brute force and django-appointment.

Every answer is compared with the brute force on the same rows (bench/calendar.py) before anything is timed, and the queries are
counted: as many for a month as for a day. Months are asked for by stores and days drawn by lot, most of them for the first time. By default 60,000
visits; --full takes 360,000, and django-appointment with the same calendar in a process and a database of its own.
"""

import gc
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from appointments import looking
from appointments.diary import Asked
from appointments.models import Appointment, Service
from bench import calendar, harness, peer_appointment
from jeweler.models import Store

FEW, MANY = 60_000, 360_000
MONTH = timedelta(days=31)
MOST_P95_MS = 8.0
LEAST_TIMES_FASTER = 200.0
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)

Question = tuple[Store, datetime]


def run(*, full: bool) -> list[harness.Case]:
    begun = time.perf_counter()
    stores = calendar.fill(visits=MANY if full else FEW, now=NOW)
    visits = Appointment.objects.count()
    print(f"  {visits:,} visits: written in {time.perf_counter() - begun:.0f} s", flush=True)
    stores = list(
        Store.objects.filter(pk__in=[each.pk for each in stores]).select_related("showroom")
    )
    questions = calendar.asked(stores, count=200, now=NOW)
    service = Service.objects.get()
    ours, naive = _ours(service), _naive()
    for question in questions[:60]:
        harness.same(ours(question), naive(question), what=f"{question[0]} from {question[1]}")
    _count_queries(ours, questions[0])
    name = f"a month of ten associates, {visits:,} visits"
    timed = _timed(ours, questions * 3)
    cases = [_goal(f"{name}, 95th percentile", timed.percentile(0.95), MOST_P95_MS)]
    cases += [_goal(f"{name}, 50th percentile", timed.percentile(0.5), MOST_P95_MS)]
    mine, theirs = harness.side_by_side(ours, naive, questions[:40])
    cases += harness.compare(
        case=name, reference_name="brute force on the same rows", ours=mine, reference=theirs
    )
    if full:
        cases += _beside_django_appointment(stores[0], service, ours)
    return cases


def _ours(service: Service) -> Callable[[Question], dict[datetime, tuple[int, ...]]]:
    def ask(question: Question) -> dict[datetime, tuple[int, ...]]:
        store, since = question
        return looking.slots(
            Asked(service=service, store=store), since=since, until=since + MONTH, now=NOW
        )

    return ask


def _naive() -> Callable[[Question], dict[datetime, tuple[int, ...]]]:
    def ask(question: Question) -> dict[datetime, tuple[int, ...]]:
        store, since = question
        return calendar.by_brute_force(store, since=since, until=since + MONTH, now=NOW)

    return ask


def _count_queries(ask: Callable[[Question], object], question: Question) -> None:
    with CaptureQueriesContext(database) as caught:
        ask(question)
    harness.same(len(caught), 2, what="queries of a month")


def _timed(ask: Callable[[Question], object], questions: list[Question]) -> harness.Sample:
    sample = harness.Sample()
    gc.collect()
    for question in questions:
        wall, cpu = time.perf_counter(), time.process_time()
        ask(question)
        sample.cpu.append((time.process_time() - cpu) * 1e3)
        sample.wall.append((time.perf_counter() - wall) * 1e3)
    print(
        f"  CPU of this process, 95th percentile: {sorted(sample.cpu)[int(0.95 * len(sample.cpu))]:.2f} ms"
    )
    return sample


def _goal(case: str, ours: float, goal: float) -> harness.Case:
    return harness.Case(
        case=case, unit="ms", ours=round(ours, 3), reference=goal, reference_name="goal",
        ratio=round(ours / goal, 2),
    )  # fmt: skip


def _beside_django_appointment(
    store: Store, service: Service, ours: Callable[[Question], dict[datetime, tuple[int, ...]]]
) -> list[harness.Case]:
    """It knows no rooms and counts no time after, so both sides are asked for one whose visits are whole by themselves."""
    first = (NOW + timedelta(days=2)).astimezone(store.zone).replace(hour=0)
    mine = ours((store, first))
    told: dict[str, list[int]] = {}
    for start, who in mine.items():
        told[f"{start.astimezone(store.zone):%Y-%m-%dT%H:%M}"] = sorted(who)
    try:
        version, theirs, each_ms = peer_appointment.month(store, first=first.date(), days=31)
    except peer_appointment.Absent as absent:
        print(f"  without django-appointment: {absent}")
        return []
    harness.same(told, theirs, what="free times beside django-appointment")
    sample = _timed(ours, [(store, first)] * 60)
    median = sample.percentile(0.5)
    return [
        harness.Case(
            case="a month of ten associates, the same free times", unit="ms", ours=round(median, 3),
            reference=round(each_ms, 3), reference_name=f"django-appointment {version}",
            ratio=round(median / each_ms, 5),
        ),
        harness.Case(
            case="times faster than django-appointment", unit="x", ours=round(each_ms / median, 1),
            reference=LEAST_TIMES_FASTER, reference_name="goal",
            ratio=round(each_ms / median / LEAST_TIMES_FASTER, 2),
        ),
    ]  # fmt: skip
