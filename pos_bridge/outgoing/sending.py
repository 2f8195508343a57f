"""Messages that are due, called out one by one, each attempt counted before it is made.

A claim is a transaction of its own and a lease: a worker that is killed in the middle leaves a message that is due again when the
lease is over. It is then sent a second time, which is what at least once means; its id is the same, by which the endpoint
knows it. While a call lasts nothing is locked.

An endpoint that fails or is slow is left alone for a moment, all its messages together, so that one that is down costs the others
one call a minute and not one for each message. It tells us to slow down by Retry-After.

`clock` is read for every attempt, because a signature is good for five minutes and a run may last longer.
"""

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from jeweler import outward
from jeweler.outward import Reach
from pos_bridge.models import WebhookAttempt, WebhookEndpoint, WebhookMessage
from pos_bridge.outgoing import minding
from pos_bridge.outgoing.endpoints import secrets_of
from pos_bridge.providers import signatures

# After how long each attempt is made, as the specification advises: 75 hours in all.
WAITS = [
    timedelta(), timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2),
    timedelta(hours=5), timedelta(hours=10), timedelta(hours=14), timedelta(hours=20), timedelta(hours=24),
]  # fmt: skip
SECONDS = 15.0
RUN = timedelta(seconds=10)  # then the other work of the same workers has its turn
LEASE = timedelta(minutes=2)  # longer than a call may take
LONGEST_PAUSE = timedelta(hours=24)
MOST_EXCERPT = 1024
GONE = 410
SAY_WHEN = frozenset({429, 502, 503, 504})  # whose Retry-After is believed
UNREADABLE = (
    "No key of ours opens its secret. Rotate it, retire the old one, and give it the new one."
)

Clock = Callable[[], datetime]
State = WebhookMessage.State


@dataclass(frozen=True, kw_only=True)
class _Outcome:
    """What came of a call. `status` is None when there was no answer; then `error` says why."""

    duration_ms: int = 0
    status: int | None = None
    excerpt: str = ""
    error: str = ""
    pause: timedelta | None = None

    @property
    def is_good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def deliver_due(*, clock: Clock, reach: Reach | None = None, limit: int = 200) -> int:
    """Call out what is due, for some seconds, and count what was taken. Must not run inside a transaction."""
    delivered, ends = 0, clock() + RUN
    for _ in range(limit):
        claimed = _claim(now=clock()) if clock() < ends else None
        if claimed is None:
            break
        began_at = clock()
        outcome = _called(claimed, at=began_at, reach=reach)
        delivered += _write_down(claimed, outcome, began_at=began_at, now=clock())
    return delivered


def said(message: WebhookMessage) -> dict[str, Any]:
    """What a message says, wherever it is told."""
    return {
        "type": message.type,
        "timestamp": message.occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "seq": message.seq,
        "data": {**message.data, "url": url_of(message)},
    }


def body_of(message: WebhookMessage) -> bytes:
    """What is sent and signed: the same bytes at every attempt."""
    return json.dumps(said(message), ensure_ascii=False, separators=(",", ":")).encode()


def url_of(message: WebhookMessage) -> str:
    """Where the endpoint asks, with its token, for what the message is about."""
    return f"{settings.SITE_URL}/api/v1/events/{message.seq}/"


def headers_of(message: WebhookMessage, *, body: bytes, at: datetime) -> dict[str, str]:
    """The three of the specification, with a signature of each secret. Raises BadSecret when there is none."""
    signed = [
        signatures.sign(secret=secret, message_id=message.key, body=body, at=at)
        for secret in secrets_of(message.endpoint)
    ]
    if not signed:
        raise signatures.BadSecret
    both = " ".join(headers["webhook-signature"] for headers in signed)
    return {**signed[0], "webhook-signature": both}


@transaction.atomic(durable=True)
def _claim(*, now: datetime) -> WebhookMessage | None:
    """Count an attempt on the next message and lease it, in case this process dies of it."""
    while True:
        message = _next(now)
        if message is None:
            return None
        if message.attempts < len(WAITS):
            break
        # Only a process that died with its last attempt leaves such a row.
        message.state = State.GIVEN_UP
        message.save(update_fields=["state"])
    message.attempts += 1
    message.next_attempt_at = now + LEASE
    message.save(update_fields=["attempts", "next_attempt_at"])
    return message


def _next(now: datetime) -> WebhookMessage | None:
    open_ = WebhookEndpoint.objects.filter(
        Q(paused_until=None) | Q(paused_until__lte=now), is_active=True, disabled_at=None
    )
    waiting = WebhookMessage.objects.filter(
        endpoint__in=list(open_.values_list("pk", flat=True)),
        state=State.WAITING,
        next_attempt_at__lte=now,
    )
    return (
        waiting.select_for_update(skip_locked=True, of=["self"], no_key=True)
        .select_related("endpoint")
        .order_by("next_attempt_at", "pk")
        .first()
    )


def _called(message: WebhookMessage, *, at: datetime, reach: Reach | None) -> _Outcome:
    body = body_of(message)
    began = time.monotonic()
    try:
        headers = headers_of(message, body=body, at=at)
        answer = outward.call(
            method="POST",
            address=message.endpoint.address,
            headers={**headers, "Content-Type": "application/json", "User-Agent": f"{settings.SITE_NAME} webhooks"},
            body=body, most_bytes=MOST_EXCERPT, seconds=SECONDS, reach=reach,
        )  # fmt: skip
    except signatures.BadSecret:
        return _Outcome(error=UNREADABLE)
    except (outward.Refused, outward.Unreachable) as error:
        return _Outcome(duration_ms=_milliseconds(began), error=str(error)[:300])
    excerpt = answer.body.decode("utf-8", "replace").replace("\0", "")[:MOST_EXCERPT]
    return _Outcome(
        duration_ms=_milliseconds(began),
        status=answer.status,
        excerpt=excerpt,
        pause=_asked_pause(answer, now=at),
    )


def _milliseconds(since: float) -> int:
    return round((time.monotonic() - since) * 1000)


def _asked_pause(answer: outward.Answer, *, now: datetime) -> timedelta | None:
    """What Retry-After asks for, in seconds or as a date; None for what nobody can read."""
    said = answer.headers.get("retry-after", "").strip()
    if not said or answer.status not in SAY_WHEN:
        return None
    try:
        if said.isascii() and said.isdigit():
            asked = timedelta(seconds=min(int(said), 10**6))
        else:
            asked = parsedate_to_datetime(said).astimezone(UTC) - now
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(asked, timedelta()), LONGEST_PAUSE)


@transaction.atomic(durable=True)
def _write_down(
    claimed: WebhookMessage, outcome: _Outcome, *, began_at: datetime, now: datetime
) -> bool:
    WebhookAttempt.objects.create(
        message=claimed, at=began_at, duration_ms=outcome.duration_ms, status=outcome.status,
        excerpt=outcome.excerpt, error=outcome.error,
    )  # fmt: skip
    owed = WebhookMessage.objects.filter(pk=claimed.pk, state=State.WAITING)
    if outcome.is_good:
        is_news = bool(owed.update(state=State.DELIVERED, delivered_at=now))
        lasted = timedelta(milliseconds=outcome.duration_ms)
        minding.took(endpoint_id=claimed.endpoint_id, lasted=lasted, now=now)
        return is_news
    # Somebody who claimed it since, because our lease was over, has the next word.
    mine = owed.filter(attempts=claimed.attempts)
    if claimed.attempts >= len(WAITS):
        mine.update(state=State.GIVEN_UP)
    else:
        wait = WAITS[claimed.attempts] * (1 + random.random() / 10)  # noqa: S311  no secret
        mine.update(next_attempt_at=now + max(wait, outcome.pause or timedelta()))
    minding.failed(
        endpoint_id=claimed.endpoint_id,
        why=f"It answered {outcome.status}" if outcome.status else outcome.error,
        is_gone=outcome.status == GONE,
        pause=outcome.pause,
        now=now,
    )
    return False
