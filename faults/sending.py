"""A till's side of the wire: signed, at a pace of its own (an open model), until each delivery was answered with 2xx."""

import http.client
import json
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from faults.till import Delivery
from pos_bridge.connections import Opened
from pos_bridge.providers import signatures

SENDERS = 8
SECONDS = 5.0  # after which a till believes that nobody is there


@dataclass(kw_only=True)
class Sent:
    """What became of the deliveries. Seconds are from the moment that each was due to be sent."""

    acknowledged: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)  # kept, known
    unanswered: int = 0
    seconds: list[float] = field(default_factory=list)
    began: float = 0.0
    ended: float = 0.0

    def percentile(self, share: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def post(
    till: Opened, delivery: Delivery, *, port: int, headers: dict[str, str] | None = None
) -> tuple[int, str]:
    """One attempt; the answer's status, and what it says became of the event. Raises OSError, HTTPException when nobody answers."""
    signed = headers or signatures.sign(
        secret=till.secret, message_id=delivery.key, body=delivery.body, at=datetime.now(UTC)
    )
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request(
            "POST", till.path, delivery.body, {"Content-Type": "application/json", **signed}
        )
        with connection.getresponse() as response:
            said = response.read()
            return response.status, _became(said)
    finally:
        connection.close()


def _became(said: bytes) -> str:
    try:
        return str(json.loads(said).get("status", ""))
    except (ValueError, AttributeError):
        return ""


def send(
    till: Opened,
    deliveries: Iterable[Delivery],
    *,
    port: int,
    rate: float,
    at_share: Callable[[float], object] = lambda share: None,
) -> Sent:
    """Each delivery until it is acknowledged; `at_share` is told how many of them are, from 0 to 1."""
    sent, everything = Sent(began=time.monotonic()), list(deliveries)
    waiting: queue.SimpleQueue[tuple[float, Delivery] | None] = queue.SimpleQueue()
    for number, delivery in enumerate(everything):
        waiting.put((sent.began + number / rate, delivery))
    lock = threading.Lock()

    def work() -> None:
        while (due := waiting.get()) is not None:
            _until_acknowledged(till, due[1], due_at=due[0], port=port, sent=sent, lock=lock)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(SENDERS)]
    for thread in threads:
        waiting.put(None)
        thread.start()
    while any(thread.is_alive() for thread in threads):
        at_share(sum(sent.acknowledged.values()) / max(1, len(everything)))
        time.sleep(0.05)
    sent.ended = time.monotonic()
    return sent


def _until_acknowledged(
    till: Opened, delivery: Delivery, *, due_at: float, port: int, sent: Sent, lock: threading.Lock
) -> None:
    time.sleep(max(0.0, due_at - time.monotonic()))
    while True:
        try:
            status, said = post(till, delivery, port=port)
        except (OSError, http.client.HTTPException):
            status, said = 0, ""
        with lock:
            if status:
                sent.statuses[status] += 1
            else:
                sent.unanswered += 1
            if 200 <= status < 300:
                sent.acknowledged[delivery.key] += 1
                sent.said[said] += 1
                sent.seconds.append(time.monotonic() - due_at)
                return
        time.sleep(0.2)
