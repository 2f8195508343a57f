"""What a till waits for: look-ups of designs at 50 a second, alone and beside 150 signed events a second, and credit that a hundred want.

A real server of two processes answers both doors. Requests are sent at their appointed times, whatever became of the ones before,
and are timed from then on, so that a server that falls behind is seen to. Every answer is checked: the design is the one asked for, the event
is kept and a row, and of one credit no more is held than there is. The generator runs on the same two cores. By default each load lasts 8 s;
--full takes 60.
"""

import functools
import http.client
import json
import queue
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bench import harness, serving, signing
from builder.models import Design
from demo import catalog, history, house, showrooms
from jeweler.models import Customer, Store
from pos_bridge import connections, devices
from pos_bridge.models import InboxEvent
from pos_bridge.till import looking
from referrals import credit
from referrals.models import CreditLot

SEED = 20261122
LOOK_UPS_A_S, EVENTS_A_S, SENDERS = 50, 150, 24
MOST_LOOK_UP_MS, MOST_ACK_MS = 150.0, 500.0
TILLS_A_STORE, RIVALS, EACH, THERE = 8, 100, Decimal(50), Decimal(510)
NOW = datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One request at its appointed second; `check` judges the answer."""

    at: float
    path: str
    check: Callable[[int, bytes], None]
    headers: dict[str, str]
    method: str = "GET"
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Till:
    store: Store
    token: str
    device_id: int


def run(*, full: bool) -> list[harness.Case]:
    stores = house.open_stores()
    showrooms.open_showrooms(stores=stores, now=NOW)
    catalog.load_catalog(now=NOW, count=2000)
    history.write(stores=stores, dice=random.Random(SEED), now=NOW, days=60)
    seconds = 60 if full else 8
    tills = [_till(store, number) for store in stores.values() for number in range(TILLS_A_STORE)]
    with serving.served("bench.with_site:application") as port:
        _send(
            port, _look_ups(tills, seconds=2)
        )  # nothing is timed before each process has answered
        alone = _send(port, _look_ups(tills, seconds=seconds))
        events = _events(seconds=seconds)
        both = _send(port, _look_ups(tills, seconds=seconds), events)
        harness.same(InboxEvent.objects.count(), len(events), what="rows of the inbox")
        rivals = _rivals(port, tills[0])
    return [
        _goal("look-ups at 50/s, alone: 95th percentile", alone[0].percentile(0.95), MOST_LOOK_UP_MS),
        _goal("look-ups at 50/s beside 150 events/s: 50th percentile", both[0].percentile(0.5), MOST_LOOK_UP_MS),
        _goal("look-ups at 50/s beside 150 events/s: 95th percentile", both[0].percentile(0.95), MOST_LOOK_UP_MS),
        _goal("150 events/s beside the look-ups: 99th percentile", both[1].percentile(0.99), MOST_ACK_MS),
        _goal("one credit, 100 tills at once: 99th percentile", rivals.percentile(0.99), MOST_ACK_MS),
    ]  # fmt: skip


def _till(store: Store, number: int) -> Till:
    enrolled = devices.enroll(store=store, name=f"Bench {number}", by=None, now=NOW)
    token = devices.log_in(key=enrolled.key, now=NOW).token
    return Till(store=store, token=token, device_id=enrolled.device.pk)


def _look_ups(tills: Sequence[Till], *, seconds: int) -> list[Ask]:
    """Each of a till in turn, so that none comes near its limit, and of a design that it may see."""
    dice = random.Random(SEED)
    saved = list(Design.objects.filter(saved_at__isnull=False).values_list("code", "store"))
    seen = {
        till.store.pk: [code for code, store in saved if store in (None, till.store.pk)]
        for till in tills
    }
    asks = []
    for number in range(LOOK_UPS_A_S * seconds):
        till = tills[number % len(tills)]
        code = dice.choice(seen[till.store.pk])
        asks.append(
            Ask(
                at=number / LOOK_UPS_A_S,
                path=f"/api/v1/till/designs/{code}/",
                headers={"Authorization": f"Bearer {till.token}"},
                check=functools.partial(_is_design, code=code),
            )
        )
    return asks


def _is_design(status: int, body: bytes, *, code: str) -> None:
    if status != 200:
        raise harness.WrongAnswer(f"the look-up of {code} answered {status}: {body[:300]!r}")
    harness.same(json.loads(body)["code"], code, what="the design that was told")


def _events(*, seconds: int) -> list[Ask]:
    """As many sales of one connection; each is signed before, for the time at which it is sent."""
    store = Store.objects.create(
        code="bench", name="Bench", street="", city="", region="US", time_zone="UTC"
    )
    opened = connections.open_connection(code="bench", currency="USD", store=store, now=NOW)
    asks = []
    for number in range(EVENTS_A_S * seconds):
        signed = signing.signed(opened.secret, number=number)
        asks.append(
            Ask(
                at=number / EVENTS_A_S,
                method="POST",
                path=opened.path,
                headers={**signed.headers, "Content-Type": "application/json"},
                body=signed.raw,
                check=_is_kept,
            )
        )
    return asks


def _is_kept(status: int, body: bytes) -> None:
    harness.same((status, json.loads(body)), (200, {"status": "kept"}), what="the intake's answer")


def _send(port: int, *loads: Sequence[Ask]) -> list[harness.Sample]:
    """All loads side by side from the same moment; the milliseconds of each from its appointed times."""
    samples = [harness.Sample() for _ in loads]
    begins = time.perf_counter() + 0.2
    wrong: list[Exception] = []
    threads = []
    for load, sample in zip(loads, samples, strict=True):
        waiting: queue.SimpleQueue[Ask] = queue.SimpleQueue()
        for ask in load:
            waiting.put(ask)
        threads += [
            threading.Thread(target=_sender, args=(port, begins, waiting, sample, wrong))
            for _ in range(min(SENDERS, len(load)))
        ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise wrong[0]
    return samples


def _sender(
    port: int,
    begins: float,
    waiting: "queue.SimpleQueue[Ask]",
    sample: harness.Sample,
    wrong: list[Exception],
) -> None:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=serving.PATIENCE_S)
    try:
        while not wrong:
            ask = waiting.get_nowait()
            due = begins + ask.at
            time.sleep(max(0.0, due - time.perf_counter()))
            status, body = _asked(link, ask)
            sample.wall.append((time.perf_counter() - due) * 1e3)
            ask.check(status, body)
    except queue.Empty:
        pass
    except Exception as error:  # noqa: BLE001  it is raised where all have come back
        wrong.append(error)
    finally:
        link.close()


def _asked(link: http.client.HTTPConnection, ask: Ask) -> tuple[int, bytes]:
    link.request(ask.method, ask.path, ask.body or None, ask.headers)
    answer = link.getresponse()
    return answer.status, answer.read()


def _rivals(port: int, till: Till) -> harness.Sample:
    """A hundred holds of $50 on a credit of $510 at one moment: ten have it, ninety hear that $10 are left."""
    her = Customer.objects.create(first_name="Ada", created_at=NOW)
    credit.grant(
        customer=her, amount=THERE, currency="USD", last_date=None, reason="Bench", key="bench",
        now=NOW - timedelta(days=1),
    )  # fmt: skip
    device = devices.known(token=till.token, now=NOW)
    said = json.dumps(
        {"customer": looking.handle(her, device=device), "sale": "T-1", "amount": str(EACH),
         "lines": [{"price": "1800.00"}]}
    ).encode()  # fmt: skip
    answers: list[tuple[int, dict[str, object]]] = []
    asks = [
        Ask(
            at=0.5,
            method="POST",
            path="/api/v1/till/credit/holds/",
            headers={
                "Authorization": f"Bearer {till.token}",
                "Content-Type": "application/json",
                "Idempotency-Key": f"rival-{number}",
            },
            body=said,
            check=lambda status, body: answers.append((status, json.loads(body))),
        )
        for number in range(RIVALS)
    ]
    samples = _send(port, *[[ask] for ask in asks])
    sample = harness.Sample(wall=[ms for each in samples for ms in each.wall])
    have_it = int(THERE // EACH)
    statuses = [status for status, _ in answers]
    harness.same(statuses.count(201), have_it, what="tills that were given the credit")
    harness.same(statuses.count(409), RIVALS - have_it, what="tills that were refused")
    left = {body["available"] for status, body in answers if status == 409}
    harness.same(
        left, {str((THERE - have_it * EACH).quantize(Decimal("0.01")))}, what="what is left"
    )
    lot = CreditLot.objects.get()
    harness.same((lot.held, lot.available), (have_it * EACH, THERE - have_it * EACH), what="books")
    return sample


def _goal(case: str, ours: float, goal: float) -> harness.Case:
    return harness.Case(
        case=case, unit="ms", ours=round(ours, 2), reference=goal, reference_name="goal",
        ratio=round(ours / goal, 2),
    )  # fmt: skip
