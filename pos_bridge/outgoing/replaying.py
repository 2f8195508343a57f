"""Messages sent once more because somebody asked for it, under the ids that they had: one or many, with who and why."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from jeweler import audit
from pos_bridge.models import WebhookMessage

MOST_AT_ONCE = 500


class TooMany(ValueError):
    def __init__(self, count: int) -> None:
        super().__init__(
            f"{count} messages are more than the {MOST_AT_ONCE} that are sent again at once. Narrow the list by its filters."
        )


class NoReason(ValueError):
    def __init__(self) -> None:
        super().__init__("Say in a few words why they are sent again; it is written down.")


@transaction.atomic
def replay(*, ids: Sequence[int], by: AbstractBaseUser, why: str, now: datetime) -> int:
    """Owe the messages anew with all their attempts before them; how many there were. Raises TooMany, NoReason."""
    if not why.strip():
        raise NoReason
    if len(ids) > MOST_AT_ONCE:
        raise TooMany(len(ids))
    again = WebhookMessage.objects.filter(pk__in=ids)
    rows = list(again.order_by("pk").values_list("endpoint_id", "seq"))
    for endpoint_id in sorted({each for each, _ in rows}):
        audit.record(
            action="webhooks.replayed",
            subject=f"webhookendpoint:{endpoint_id}",
            actor=by,
            detail={"numbers": [seq for each, seq in rows if each == endpoint_id], "why": why.strip()[:200]},
            now=now,
        )  # fmt: skip
    return again.update(
        state=WebhookMessage.State.WAITING, attempts=0, next_attempt_at=now, delivered_at=None
    )
