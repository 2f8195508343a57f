"""Whether a vendor still sends to us. What it dropped is asked for again, and the owner hears of it either way."""

import time
from datetime import datetime, timedelta

from django.db import transaction

from jeweler import audit, outward
from pos_bridge import alarms, calling, connections, pulling, slots
from pos_bridge.models import Connection
from pos_bridge.providers.asking import Ask, NotAsExpected

EVERY = timedelta(minutes=10)


def look_due(*, now: datetime, reach: outward.Reach | None = None) -> int:
    """Look at each connection whose turn it is, and count those that are sent everything."""
    sound = 0
    for connection in Connection.objects.filter(is_active=True).exclude(api_url=""):
        if slots.take(name=f"subscriptions {connection.pk}", every=EVERY, now=now):
            sound += look(connection=connection, now=now, reach=reach)
    return sound


def look(
    *,
    connection: Connection,
    now: datetime,
    reach: outward.Reach | None = None,
    pause: pulling.Pause = time.sleep,
) -> bool:
    """Whether everything is sent to us, now. What is missing is subscribed again first."""
    line = pulling.line_to(connection, reach=reach, pause=pause)
    if line is None or not line.access.hook:
        return False
    try:
        missing = _missing(line)
        if missing:
            detail = f"{len(missing)} of its subscriptions were gone; they are made again."
            _alarm(connection, detail, now=now)
            _subscribe(line, missing, now=now)
            missing = _missing(line)
    except calling.ApiTrouble as trouble:
        alarms.sound(
            connection=connection,
            kind=alarms.Kind.CANNOT_PULL,
            subject="subscriptions",
            detail=str(trouble),
            now=now,
        )
        return False
    alarms.clear(
        connection=connection, kind=alarms.Kind.CANNOT_PULL, subject="subscriptions", now=now
    )
    if not missing:
        alarms.clear(connection=connection, kind=alarms.Kind.NOT_SUBSCRIBED, now=now)
    return not missing


def _missing(line: pulling.Line) -> tuple[Ask, ...]:
    request = line.api.subscriptions(access=line.access)
    if request is None:
        return ()
    told = line.ask(request)
    try:
        return line.api.renewals(access=line.access, told=told)
    except NotAsExpected as error:
        raise calling.ApiTrouble(f"Its list of subscriptions makes no sense: {error}.") from error


def _subscribe(line: pulling.Line, missing: tuple[Ask, ...], *, now: datetime) -> None:
    for request in missing:
        try:
            told = line.ask(request)
        except (calling.NotThere, calling.NotAllowed):
            if not request.is_optional:
                raise
            continue
        secret = line.api.secret_in(told)
        if secret:
            _take_over(line.connection, secret)
    audit.record(
        action="connection.subscribed_again",
        subject=line.connection,
        store=line.connection.store,
        detail={"asked": len(missing)},
        now=now,
    )


@transaction.atomic
def _take_over(connection: Connection, secret: str) -> None:
    """A new subscription signs with a secret of its own; what is on its way still has the last one."""
    locked = Connection.objects.select_for_update(of=["self"]).get(pk=connection.pk)
    if len(locked.secrets) > 1:
        connections.retire_old(connection=locked)
    connections.rotate(connection=locked, secret=secret)


def _alarm(connection: Connection, detail: str, *, now: datetime) -> None:
    alarms.sound(connection=connection, kind=alarms.Kind.NOT_SUBSCRIBED, detail=detail, now=now)
