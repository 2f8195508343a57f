"""What is to be asked of a till's API: wanted here, fetched by a worker, kept through the inbox."""

from datetime import datetime

from pos_bridge.models import Connection, Fetch


def want(*, connection: Connection, kind: str, external_id: str, now: datetime) -> None:
    """Owe a fetch, unless the same one is owed and not begun: one that has begun may have seen the past."""
    fetch = Fetch(
        connection=connection,
        kind=kind,
        external_id=external_id,
        wanted_at=now,
        next_attempt_at=now,
    )
    Fetch.objects.bulk_create([fetch], ignore_conflicts=True)
