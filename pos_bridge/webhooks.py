"""The tills' address: check the signature, take out card data, keep the event, say so.

Nothing is applied here and no broker is called: the event is a row before the till hears 200, and
the worker looks for rows. A delivery that was not signed by the till leaves nothing but a number.
"""

import threading
import time
from collections import deque
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from pos_bridge import alarms, connections, inbound
from pos_bridge.models import Connection
from pos_bridge.providers import json_text, known, signatures
from pos_bridge.providers.contract import Delivery
from pos_bridge.providers.fields import Malformed

LARGEST_BODY = 1024 * 1024
WRONG_A_MINUTE = 20
SCHEMA = Path(__file__).parent / "schemas" / "standard-v1.json"


class Patience:
    """How often an address sent wrong signatures within a minute, in this process's memory.

    Only deliveries whose signature is wrong are counted and refused, so a till behind the same
    address as an attacker is never turned away.
    """

    def __init__(self, *, limit: int, window: float = 60.0, most_addresses: int = 10_000) -> None:
        self._limit, self._window, self._most = limit, window, most_addresses
        self._times: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def is_over(self, address: str) -> bool:
        """Count one more wrong signature and say whether it is one too many."""
        at = time.monotonic()
        with self._lock:
            if len(self._times) >= self._most:
                self._times.clear()
            times = self._times.setdefault(address, deque(maxlen=self._limit + 1))
            while times and at - times[0] > self._window:
                times.popleft()
            times.append(at)
            return len(times) > self._limit


_patience = Patience(limit=WRONG_A_MINUTE)


@csrf_exempt
@require_POST
def receive(request: HttpRequest, token: str) -> HttpResponse:
    """One delivery of one event."""
    now = timezone.now()
    raw = _body(request)
    if raw is None:
        return _answer(413, "The body is larger than 1 MiB; send fewer lines in one event.")
    delivery = _delivery(request, raw)
    way = connections.remembered(token=token)
    if way is not None and _is_signed(way, delivery, now):
        try:
            return _keep(way.connection, delivery, now)
        except inbound.ConnectionChanged:
            pass  # it was rotated or closed since; it is read anew below
    way = connections.read(token=token)
    if way is None:
        return _refuse(request, None, now=now)
    if not way.secrets:
        _say_that_it_has_no_secret(way.connection, now)
    if not _is_signed(way, delivery, now):
        clock = signatures.clock_of(secrets=way.secrets, headers=delivery.headers, body=raw)
        return _refuse(request, way.connection, clock=clock, now=now)
    return _keep(way.connection, delivery, now)


@require_GET
def schema(request: HttpRequest) -> FileResponse:
    """The events' JSON Schema."""
    return FileResponse(SCHEMA.open("rb"), content_type="application/schema+json")


def _body(request: HttpRequest) -> bytes | None:
    raw = request.read(LARGEST_BODY + 1)
    return raw if len(raw) <= LARGEST_BODY else None


def _delivery(request: HttpRequest, raw: bytes) -> Delivery:
    """Its address is the one we gave out, whatever host a proxy asked for: Square signs it."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Delivery(headers=headers, body=raw, address=f"{settings.SITE_URL}{request.path}")


def _is_signed(way: connections.Way, delivery: Delivery, now: datetime) -> bool:
    return known.of(way.connection).is_signed(delivery, secrets=way.secrets, now=now)


def _say_that_it_has_no_secret(connection: Connection, now: datetime) -> None:
    alarms.sound(
        connection=connection,
        kind=alarms.Kind.NO_SECRET,
        detail=f"{connection} has no secret that can be read, so all it sends is refused. Rotate it.",
        now=now,
    )


def _refuse(
    request: HttpRequest,
    connection: Connection | None,
    *,
    clock: datetime | None = None,
    now: datetime,
) -> HttpResponse:
    """The same answer for an unknown address and a wrong signature."""
    if _patience.is_over(request.META.get("REMOTE_ADDR", "")):
        answer = _answer(429, "Too many deliveries without a right signature; try in a minute.")
        answer["Retry-After"] = "60"
        return answer
    if connection is not None:
        connections.count_refusal(connection=connection, clock=clock, now=now)
    return _answer(401, "Not accepted.")


def _keep(connection: Connection, delivery: Delivery, now: datetime) -> HttpResponse:
    """Whoever cannot mend what it sent is told that it was kept: else it would stop sending. Raises inbound.ConnectionChanged."""
    provider = known.of(connection)
    try:
        message = provider.read(delivery)
        is_new = inbound.keep(connection=connection, message=message, now=now)
    except json_text.NotReadable as problem:
        inbound.keep_unreadable(
            connection=connection, delivery=delivery, problem=str(problem), now=now
        )
        return _answer(400, f"{problem}.") if provider.TELLS_PROBLEMS else _kept()
    except Malformed as malformed:
        if not provider.TELLS_PROBLEMS:
            return _kept()
        problems = [{"field": each.field, "message": each.message} for each in malformed.problems]
        return _answer(422, "The event was kept but not applied.", problems=problems)
    return _kept() if is_new else JsonResponse({"status": "known"})


def _kept() -> JsonResponse:
    return JsonResponse({"status": "kept"})


def _answer(status: int, error: str, **more: Any) -> JsonResponse:
    return JsonResponse({"error": error, **more}, status=status)
