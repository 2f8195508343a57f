"""Files that tills put into a directory: read once they are whole, kept in the inbox, and moved to `done`.

Promise: a file that was read is rows in the inbox before it is moved, and moving is one step, so a worker that dies between the two
only reads it again, to no effect. A file that is still being written is left until it has rested a while; one that cannot be
read goes to `failed`, and the inbox says why. Each connection has a directory of its own, named by its code, in DROPS_DIR.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from pos_bridge import inbound, slots
from pos_bridge.models import Connection
from pos_bridge.providers import file_drop
from pos_bridge.providers.contract import Message
from pos_bridge.providers.fields import Malformed

REST = timedelta(seconds=60)
EVERY = timedelta(seconds=30)
LARGEST = 20 * 1024 * 1024
ENDINGS = (".csv", ".txt", ".tsv")


def directory_of(connection: Connection) -> Path:
    return Path(settings.DROPS_DIR) / connection.code


def read_due(*, now: datetime) -> int:
    """Read what lies there and has rested, and count the files that were moved."""
    tills = Connection.objects.filter(is_active=True, provider=Connection.Provider.FILE_DROP)
    return sum(
        read_all(connection=connection, now=now)
        for connection in tills.select_related("store")
        if slots.take(name=f"drops {connection.pk}", every=EVERY, now=now)
    )


def read_all(*, connection: Connection, now: datetime) -> int:
    """The files of one till, the oldest first."""
    directory = directory_of(connection)
    if not directory.is_dir():
        return 0
    waiting = [path for path in directory.iterdir() if _is_whole(path, now=now)]
    for path in sorted(waiting, key=lambda path: (path.stat().st_mtime, path.name)):
        _read(path, connection=connection, now=now)
    return len(waiting)


def _is_whole(path: Path, *, now: datetime) -> bool:
    """A visible file, no link, that nobody has written to for a while."""
    if path.name.startswith((".", "~")) or path.suffix.lower() not in ENDINGS:
        return False
    if path.is_symlink() or not path.is_file():
        return False
    return datetime.fromtimestamp(path.stat().st_mtime, tz=UTC) <= now - REST


def _read(path: Path, *, connection: Connection, now: datetime) -> None:
    written_at = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
    if path.stat().st_size > LARGEST:
        raw, why = b"", f"It is larger than {LARGEST // 1024**2} MiB; split it"
    else:
        raw, why = path.read_bytes(), ""
    try:
        if why:
            raise file_drop.NotAFile(why)
        zone = connection.store.zone if connection.store else ZoneInfo(settings.HOUSE_TIME_ZONE)
        with transaction.atomic():
            for message in file_drop.messages(raw, written_at=written_at, zone=zone):
                _keep(message, connection=connection, now=now)
    except file_drop.NotAFile as problem:
        refused = file_drop.refused(raw or path.name.encode(), name=path.name, why=str(problem))
        _keep(refused, connection=connection, now=now)
        _move(path, to="failed")
    else:
        _move(path, to="done")


def _keep(message: Message, *, connection: Connection, now: datetime) -> None:
    """A row that cannot be understood is kept dead with its reason, and the others go on."""
    try:
        inbound.keep(connection=connection, message=message, now=now)
    except Malformed:
        return


def _move(path: Path, *, to: str) -> None:
    """In one step, beside another of the same name."""
    target = path.parent / to
    target.mkdir(exist_ok=True)
    number, name = 0, target / path.name
    while name.exists():
        number += 1
        name = target / f"{path.stem}-{number}{path.suffix}"
    os.replace(path, name)
