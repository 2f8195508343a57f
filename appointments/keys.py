"""A form that is sent twice is one visit: known by its key, and by what was asked for with it."""

import hashlib
import json
import uuid
from collections.abc import Sequence
from datetime import datetime

from appointments.diary import Asked
from appointments.models import Appointment
from builder.models import Design
from jeweler import prepared


class KeyReused(Exception):
    """A form's key came with other words than the first time."""

    def __init__(self) -> None:
        super().__init__("This form was sent before with other words. Load the page again.")


def known(key: uuid.UUID, *, asked_hash: str) -> Appointment | None:
    """The visit that this form held before. Raises KeyReused."""
    said = prepared.rows(_ASKED_WITH, {"key": key})
    if not said:
        return None
    if said != [(asked_hash,)]:
        raise KeyReused
    return Appointment.objects.get(key=key)


def hash_of(asked: Asked, starts_at: datetime, designs: Sequence[Design]) -> str:
    said = [
        asked.service.pk, asked.store.pk, sorted(stone.pk for stone in asked.stones),
        asked.language, asked.associate_id, starts_at.isoformat(), [each.pk for each in designs],
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


_ASKED_WITH = "select asked_hash from appointments_appointment where key = %(key)s"
