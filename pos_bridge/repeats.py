"""The same call made twice has one effect and one answer: keys of idempotency, as tills send them when an answer was lost.

Promise: the effect and its stored answer commit in one transaction. Whoever calls takes the key for a lease first, in a short
transaction of its own, so that a second call at the same moment is told to wait instead of waiting; when the process dies the
lease ends, and the same call can be made again. Refusals are answers too, and stored; what failed unexpectedly is not, and can
be tried again at once. Answers are kept IDEMPOTENCY_KEEP_DAYS.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from pos_bridge.models import IdempotencyKey

LEASE = timedelta(seconds=30)  # longer than a worker lives with one request


class OtherBody(ValueError):
    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key came before with another call or body. Repeat that one as it "
            "was, or use a new key for a new call."
        )


class InFlight(RuntimeError):
    """The same call is being made; `wait_s` says when to ask again."""

    def __init__(self, *, wait_s: int) -> None:
        super().__init__("The same call is being made right now. Ask again in a moment.")
        self.wait_s = wait_s


@dataclass(frozen=True, kw_only=True)
class Call:
    actor: str
    key: str
    method: str
    path: str
    body: bytes

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`content` is JSON. `is_repeated`: it was given before."""

    status: int
    content: dict[str, Any]
    is_repeated: bool = False


def once(*, call: Call, effect: Callable[[], Answer], now: datetime) -> Answer:
    """The effect's answer, or the one that was given before for this key.

    The effect runs in the transaction that keeps its answer; it raises nothing that the caller should hear, but gives a
    refusal as an answer. Must not run inside a transaction. Raises OtherBody, InFlight.
    """
    given = _take(call, now=now)
    if given is not None:
        return given
    try:
        with transaction.atomic(durable=True):
            answer = effect()
            _keep(call, answer, lease_until=now + LEASE)
    except BaseException:
        _let_go(call, lease_until=now + LEASE, now=now)
        raise
    return answer


def prune(*, now: datetime) -> int:
    old = now - timedelta(days=settings.IDEMPOTENCY_KEEP_DAYS)
    return IdempotencyKey.objects.filter(asked_at__lt=old).delete()[0]


@transaction.atomic(durable=True)
def _take(call: Call, *, now: datetime) -> Answer | None:
    """The answer that was given, or None and the key is ours for a lease."""
    IdempotencyKey.objects.bulk_create(
        [
            IdempotencyKey(
                actor=call.actor,
                key=call.key,
                method=call.method,
                path=call.path,
                fingerprint=call.fingerprint,
                asked_at=now,
                lease_until=now,
            )
        ],
        ignore_conflicts=True,
    )
    known = IdempotencyKey.objects.select_for_update().get(actor=call.actor, key=call.key)
    if (known.method, known.path, known.fingerprint) != (call.method, call.path, call.fingerprint):
        raise OtherBody
    if known.status is not None and known.answer is not None:
        return Answer(status=known.status, content=known.answer, is_repeated=True)
    if known.lease_until > now:
        raise InFlight(wait_s=1)  # most calls take far less; the lease is for those that died
    known.lease_until = now + LEASE
    known.save(update_fields=["lease_until"])
    return None


def _keep(call: Call, answer: Answer, *, lease_until: datetime) -> None:
    """Raises InFlight, which takes the effect back, when the lease ended and somebody else makes the call."""
    ours = IdempotencyKey.objects.filter(
        actor=call.actor, key=call.key, status=None, lease_until=lease_until
    )
    if not ours.update(status=answer.status, answer=answer.content):
        raise InFlight(wait_s=1)


def _let_go(call: Call, *, lease_until: datetime, now: datetime) -> None:
    IdempotencyKey.objects.filter(
        actor=call.actor, key=call.key, status=None, lease_until=lease_until
    ).update(lease_until=now)
