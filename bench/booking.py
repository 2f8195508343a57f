"""Fifty clients want the same at the same moment, of a real server of two processes: one has it, in every round.

The rounds take turns: one time, times that overlap, times on both sides of midnight, of the change of the clocks, and one stone
asked for in two stores. Every answer is checked by status and body, and the books afterwards. After each round the same fifty
ask the view that writes one row and looks at nothing, so that it is seen what of the time is the crowd's. Then bookings per second,
nobody in anybody's way, beside a view of the same server that writes one row and looks at nothing. By default 20
rounds and 300 bookings; --full takes 100 and 2,000. Where it is installed, the same fifty ask django-appointment for one time
(bench/peer_race.py).
"""

import http.client
import json
import statistics
import threading
import time
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from typing import Any

from django.db import connection as database

from appointments.models import (
    Appointment,
    OpeningHours,
    PieceHold,
    Service,
    Shift,
    StaffBusy,
)
from bench import calendar, harness, peer_appointment, peer_race, serving
from builder.models import Stone
from demo import catalog
from jeweler.models import Store

CLIENTS = 50
MOST_P99_MS, LEAST_SHARE = 50.0, 0.8
WARM = 250
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass(kw_only=True)
class Answer:
    status: int
    body: dict[str, Any]
    ms: float


@dataclass(kw_only=True)
class Client:
    """One connection that stays open."""

    port: int
    link: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=serving.PATIENCE_S)

    def post(self, path: str, said: dict[str, Any]) -> Answer:
        begun = time.perf_counter()
        self.link.request("POST", path, json.dumps(said), {"Content-Type": "application/json"})
        answer = self.link.getresponse()
        body = answer.read()
        ms = (time.perf_counter() - begun) * 1e3
        if answer.status not in (201, 409):
            raise harness.WrongAnswer(f"{path} answered {answer.status}: {body[:300]!r}")
        return Answer(status=answer.status, body=json.loads(body), ms=ms)


def run(*, full: bool) -> list[harness.Case]:
    stores = _house()
    with serving.served("bench.with_bookings:application") as port:
        clients = [Client(port=port) for _ in range(CLIENTS)]
        _at_once(clients, "/bench/insert/", [_said(stores[0], _day(1)) for _ in clients])
        for _ in range(2):  # what a process does once it does before; most are refused
            _at_once(clients, "/bench/hold/", [_said(stores[0], _day(3)) for _ in clients])
        deadlocks = _deadlocks()
        raced, inserted = _race(clients, stores, rounds=100 if full else 20)
        harness.same(_deadlocks() - deadlocks, 0, what="deadlocks")
        cases = [
            _goal(
                "50 clients, one time: 99th percentile", "ms", raced.percentile(0.99), MOST_P99_MS
            ),
            _goal(
                "50 clients, one time: 50th percentile", "ms", raced.percentile(0.5), MOST_P99_MS
            ),
            *[
                _beside(f"50 clients, one time: {words}", raced, inserted, share)
                for words, share in (("99th percentile", 0.99), ("50th percentile", 0.5))
            ],
        ]
        cases += _throughput(clients, stores[1:], count=2000 if full else 300)
    return cases + _beside_django_appointment(raced, rounds=20 if full else 4)


def _house() -> list[Store]:
    """Ten stores that are open around the clock, and their associates too."""
    stores = calendar.fill(visits=8000, now=TODAY)
    Appointment.objects.all().delete()
    noon, midnight = clock(12), clock(0)
    OpeningHours.objects.update(opens=midnight, closes=noon)
    Shift.objects.update(starts=midnight, ends=noon)
    for hours in OpeningHours.objects.all():
        hours.pk, hours.opens, hours.closes = None, noon, midnight
        hours.save(force_insert=True)
    for shift in Shift.objects.all():
        shift.pk, shift.starts, shift.ends = None, noon, midnight
        shift.save(force_insert=True)
    Service.objects.update(lead_minutes=0, horizon_days=366)
    catalog.load_catalog(now=TODAY, count=200)
    return stores


def _day(number: int, *, hour: float = 10) -> datetime:
    return TODAY + timedelta(days=number, hours=hour)


def _said(store: Store, starts_at: datetime, *, stone: int | None = None) -> dict[str, Any]:
    return {
        "store": store.pk, "service": Service.objects.get().pk, "starts_at": starts_at.isoformat(),
        "stones": [stone] if stone else [], "key": str(uuid.uuid4()),
    }  # fmt: skip


# The races.


def _race(
    clients: list[Client], stores: list[Store], *, rounds: int
) -> tuple[harness.Sample, harness.Sample]:
    """Each round takes its own day of one associate of one room, or its own stone; the second sample is that of the one INSERT."""
    alone, other = stores[0], stores[1]
    _leave_one_associate(alone)
    stones = list(Stone.objects.filter(status="available").values_list("pk", flat=True)[:rounds])
    sample, inserted = harness.Sample(), harness.Sample()
    kinds = ("time", "overlap", "midnight", "clocks", "stone")
    by_kind: dict[str, harness.Sample] = defaultdict(harness.Sample)
    for number in range(rounds):
        kind = kinds[number % len(kinds)]
        asked = _asked(kind, number // len(kinds), alone, other, stones[number])
        answers = _at_once(clients, "/bench/hold/", asked)
        held = [each for each in answers if each.status == 201]
        harness.same(len(held), 1, what=f"winners of round {number}, {kind}")
        _check(held[0], answers, kind=kind, stone=stones[number])
        by_kind[kind].wall += [each.ms for each in answers]
        sample.wall += [each.ms for each in answers]
        written = _at_once(clients, "/bench/insert/", [_said(stores[0], _day(1)) for _ in clients])
        harness.same({each.status for each in written}, {201}, what="answers of one INSERT")
        inserted.wall += [each.ms for each in written]
    print(f"  one winner of {CLIENTS} in each of {rounds} rounds; 99th percentile of each kind:")
    for kind, timed in by_kind.items():
        print(f"    {kind:<9} {timed.percentile(0.99):7.1f} ms", flush=True)
    return sample, inserted


def _asked(kind: str, turn: int, alone: Store, other: Store, stone: int) -> list[dict[str, Any]]:
    """What each of the fifty wants: half an hour apart or less, so that no two of them fit."""
    half = timedelta(minutes=30)
    service = Service.objects.get().pk
    if kind == "stone":
        pairs = [(alone, _day(200 + turn)), (other, _day(200 + turn, hour=11))]
    elif kind == "midnight":
        midnight = datetime.combine(_day(5 + turn).date(), clock(0), tzinfo=alone.zone)
        pairs = [(alone, midnight - half), (alone, midnight)]
    elif kind == "clocks":
        hour = datetime.combine(_change(alone, turn), clock(1), tzinfo=alone.zone).astimezone(UTC)
        pairs = [(alone, hour), (alone, hour + half), (alone, hour + 2 * half)]
    elif kind == "overlap":
        pairs = [(alone, _day(5 + turn, hour=15)), (alone, _day(5 + turn, hour=15.5))]
    else:
        pairs = [(alone, _day(5 + turn, hour=18))]
    return [
        {"store": store.pk, "service": service, "starts_at": at.astimezone(UTC).isoformat(),
         "stones": [stone] if kind == "stone" else [], "key": str(uuid.uuid4())}
        for store, at in (pairs * CLIENTS)[:CLIENTS]
    ]  # fmt: skip


def _change(store: Store, turn: int) -> date:
    """A day on which the store's clocks change; the rounds after the first two take the days before it."""
    day = _day(7).date()
    changes: list[date] = []
    while len(changes) < 2:
        one, next_one = (
            datetime.combine(day + timedelta(days=n), clock(12), tzinfo=store.zone) for n in (0, 1)
        )
        if one.utcoffset() != next_one.utcoffset():
            changes.append(day + timedelta(days=1))
        day += timedelta(days=1)
    return changes[turn % 2] - timedelta(days=turn // 2)


def _leave_one_associate(store: Store) -> None:
    first = Shift.objects.filter(store=store).earliest("pk").associate_id
    Shift.objects.filter(store=store).exclude(associate=first).delete()
    weekdays = Shift.objects.filter(store=store).values_list("weekday", flat=True)
    missing = set(range(7)) - set(weekdays)
    Shift.objects.bulk_create(
        Shift(associate_id=first, store=store, weekday=weekday, starts=starts, ends=ends)
        for weekday in missing
        for starts, ends in ((clock(0), clock(12)), (clock(12), clock(0)))
    )


def _check(won: Answer, answers: list[Answer], *, kind: str, stone: int) -> None:
    """The books say the same as the answers; who came too late was told what is free, where that is a time."""
    visit = Appointment.objects.get(uid=won.body["uid"])
    harness.same(
        StaffBusy.objects.filter(appointment=visit).count(), 1, what="her associate's time"
    )
    if kind == "stone":
        active = PieceHold.objects.filter(stone=stone, state="held")
        harness.same(
            [hold.appointment_id for hold in active], [visit.pk], what="whose the stone is"
        )
    else:
        told = [each for each in answers if each.status == 409 and not each.body["starts"]]
        harness.same(len(told), 0, what="refusals that name no other time")


def _at_once(clients: list[Client], path: str, asked: list[dict[str, Any]]) -> list[Answer]:
    gate = threading.Barrier(len(clients))
    answers: list[Answer | Exception] = [harness.WrongAnswer("no answer")] * len(clients)

    def work(place: int) -> None:
        gate.wait()
        try:
            answers[place] = clients[place].post(path, asked[place])
        except Exception as error:  # noqa: BLE001  it is looked at below
            answers[place] = error

    threads = [threading.Thread(target=work, args=[place]) for place in range(len(clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = []
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
        found.append(answer)
    return found


def _deadlocks() -> int:
    with database.cursor() as cursor:
        cursor.execute(
            "select pg_stat_clear_snapshot(), deadlocks from pg_stat_database where datname = current_database()"
        )
        return int(cursor.fetchone()[1])


def _beside_django_appointment(ours: harness.Sample, *, rounds: int) -> list[harness.Case]:
    """The first round is for warming up and counts for nothing."""
    confirmed, timed = [], harness.Sample()
    try:
        with peer_race.served(clients=CLIENTS) as peer:
            name = f"django-appointment {peer.version}"
            for number in range(rounds + 1):
                booked, took = peer.race(number=number)
                if number:
                    confirmed.append(booked)
                    timed.wall += took
    except peer_appointment.Absent as why:
        print(f"  left out: django-appointment: {why}")
        return []
    print(f"  {name} gave one time to {', '.join(map(str, confirmed))} of {CLIENTS}", flush=True)
    fewest = min(confirmed)
    return [
        harness.Case(
            case="50 clients, one time: how many have it at least", unit="clients", ours=1,
            reference=fewest, reference_name=name, ratio=round(1 / max(fewest, 1), 2),
        ),
        harness.Case(
            case="50 clients, one time: 99th percentile", unit="ms",
            ours=round(ours.percentile(0.99), 3), reference=round(timed.percentile(0.99), 3),
            reference_name=f"{name}, both forms",
            ratio=round(ours.percentile(0.99) / timed.percentile(0.99), 2),
        ),
    ]  # fmt: skip


# How many in a second.


def _throughput(clients: list[Client], stores: list[Store], *, count: int) -> list[harness.Case]:
    """Eight clients, each with times of its own, in turns of fifty bookings and fifty inserts."""
    few = clients[:8]
    asked = _times(stores, count=2 * count + 2 * WARM)
    rates: dict[str, list[float]] = defaultdict(list)
    # The hours of a month of a store are read once by each process; the times are of 54 such months.
    for path, often in (("/bench/hold/", 2 * WARM - 32), ("/bench/insert/", 16), ("/bench/book/", 16)):  # fmt: skip
        _rate(few, path, asked[:often])
        asked = asked[often:]
    each = max(50, count // 8)
    paths = ("/bench/hold/", "/bench/insert/", "/bench/book/")
    turn = 0
    while len(asked) >= each:
        rates[paths[turn % 3]].append(_rate(few, paths[turn % 3], asked[:each]))
        asked, turn = asked[each:], turn + 1
    hold, insert, book = (statistics.median(rates[path]) for path in paths)
    return [
        harness.Case(
            case=f"{what} per second", unit="/s", ours=round(mine, 1), reference=round(insert, 1),
            reference_name="a view with one INSERT", ratio=round(mine / insert, 3),
        )
        for what, mine in (("times held", hold), ("times held and booked, with their mail", book))
    ] + [_goal("held, as a share of the single INSERT", "x", hold / insert, LEAST_SHARE)]  # fmt: skip


def _times(stores: list[Store], *, count: int) -> list[dict[str, Any]]:
    """Free for certain: two associates' worth of every start at most. The first of them are of every month."""
    service = Service.objects.get().pk
    return [
        {"store": stores[number % len(stores)].pk, "service": service, "stones": [],
         "starts_at": _day(20 + number // len(stores) * 7 % 150, hour=2 * (number // len(stores) // 150)).isoformat(),
         "key": str(uuid.uuid4())}
        for number in range(count)
    ]  # fmt: skip


def _rate(clients: list[Client], path: str, asked: list[dict[str, Any]]) -> float:
    """Answers of 201 in a second; anything else is no result."""
    shares = [asked[number :: len(clients)] for number in range(len(clients))]
    wrong: list[object] = []

    def work(client: Client, mine: list[dict[str, Any]]) -> None:
        for said in mine:
            answer = client.post(path, said)
            if answer.status != 201:
                wrong.append(answer)

    threads = [
        threading.Thread(target=work, args=pair) for pair in zip(clients, shares, strict=True)
    ]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - begun
    harness.same(wrong, [], what=f"refusals of {path}")
    return len(asked) / took


def _goal(case: str, unit: str, ours: float, goal: float) -> harness.Case:
    return harness.Case(
        case=case, unit=unit, ours=round(ours, 3), reference=goal, reference_name="goal",
        ratio=round(ours / goal, 2),
    )  # fmt: skip


def _beside(
    case: str, ours: harness.Sample, reference: harness.Sample, share: float
) -> harness.Case:
    mine, theirs = ours.percentile(share), reference.percentile(share)
    return harness.Case(
        case=case, unit="ms", ours=round(mine, 3), reference=round(theirs, 3),
        reference_name="the same fifty, one INSERT", ratio=round(mine / theirs, 2),
    )  # fmt: skip
