"""What somebody has to see to about a till: raised once while it lasts, cleared when it is over."""

from datetime import datetime

from pos_bridge.models import Alarm, Connection

Kind = Alarm.Kind


def sound(
    *, connection: Connection, kind: Alarm.Kind, detail: str, now: datetime, subject: str = ""
) -> None:
    """Raise it, unless it is open already. Two who notice at once raise one."""
    alarm = Alarm(
        connection=connection, kind=kind, subject=subject, detail=detail[:500], raised_at=now
    )
    Alarm.objects.bulk_create([alarm], ignore_conflicts=True)


def clear(*, connection: Connection, kind: Alarm.Kind, now: datetime, subject: str = "") -> None:
    still_open = Alarm.objects.filter(
        connection=connection, kind=kind, subject=subject, cleared_at=None
    )
    still_open.update(cleared_at=now)
