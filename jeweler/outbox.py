"""Tell other rooms what happened, at least once and only if it was committed.

`publish` writes the event and one delivery per subscriber in the caller's transaction. `deliver_due`
calls the subscribers afterwards, from a worker. A subscriber may be called twice for one event and
must tolerate it.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction

from jeweler.models import OutboxDelivery, OutboxEvent


@dataclass(frozen=True, kw_only=True)
class Event:
    """A fact in the past tense. Its fields are ids and JSON values, never models."""

    @classmethod
    def name(cls) -> str:
        app_label = cls.__module__.partition(".")[0]
        return f"{app_label}.{cls.__name__}"


_event_types: dict[str, type[Event]] = {}
_subscribers: dict[str, dict[str, Callable[..., None]]] = defaultdict(dict)
