"""What a worker process of the fault tests does, and how a test starts and kills one.

What a worker does to the world outside the database it notes in a file, synced, so that a test can
see what a killed one really did. A worker lives by a clock that runs ahead, so that nobody has to
wait for a lease to end.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.utils import timezone

from builder import imports, living
from jeweler import audit, mail, outbox
from pos_bridge import outgoing

CHECKOUT = Path(__file__).resolve().parents[2]
PATIENCE = 240.0


@dataclass(frozen=True, kw_only=True)
class GongStruck(outbox.Event):
    gong: int
    is_slow: bool = False
    kills: bool = False


@outbox.subscribe(GongStruck)
def write_down(event: GongStruck, *, now: datetime) -> None:
    audit.record(action="gong.heard", subject=f"gong:{event.gong}", now=now)
    note(f"heard {event.gong}")
    if event.is_slow:
        time.sleep(0.5)  # the moment to be killed in


@outbox.subscribe(GongStruck)
def kill_the_worker(event: GongStruck, *, now: datetime) -> None:
    if event.kills:
        note("killed itself")
        os.kill(os.getpid(), signal.SIGKILL)


class SlowMailServer(BaseEmailBackend):
    """Is called, takes the mail, says so: with a moment between each to be killed in."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            note(f"called {message.to[0]}")
            time.sleep(0.2)
            note(f"took {message.to[0]} {message.message()['Message-ID']}")
            time.sleep(0.2)
        return len(email_messages)


def note(line: str) -> None:
    """Append a line that survives this process."""
    with open(os.environ["FAULTS_FILE"], "a") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


def work_forever(work: str, *, ahead: float) -> None:
    """What a worker process runs: "events", "mails", "feeds", "designs" or "webhooks", `ahead` hours ahead of the clock."""
    do: dict[str, Callable[..., int]] = {
        "events": partial(outbox.deliver_due, limit=20),
        "mails": partial(mail.send_due, limit=20),
        "feeds": imports.run_due,
        "designs": living.watch,
        "webhooks": send_webhooks,
    }
    note("ready")
    while True:
        do[work](now=timezone.now() + timedelta(hours=ahead))
        time.sleep(0.02)


def send_webhooks(*, now: datetime) -> int:
    return outgoing.deliver_due(clock=lambda: now, limit=20)


@dataclass(kw_only=True)
class Worker:
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def working(work: str, *, file: Path, ahead: float = 0) -> Iterator[Worker]:
    """A worker process on the tests' database, killed at the end."""
    file.touch()
    command = f"from tests.faults import probe; probe.work_forever({work!r}, ahead={ahead})"
    process = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", command],
        cwd=CHECKOUT,
        env={
            **os.environ,
            "DATABASE_URL": database_url(),
            "DEMO": "True",
            "EMAIL_BACKEND": f"{__name__}.SlowMailServer",
            "FAULTS_FILE": str(file),
            "OUTWARD_LOOPBACK": "True",
            "MEDIA_ROOT": str(settings.MEDIA_ROOT),
        },
    )
    worker = Worker(process=process)
    try:
        yield worker
    finally:
        worker.kill()


def lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def wait_until(true: Callable[[], object], *, what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"It took too long until {what}"
        time.sleep(0.005)


def database_url() -> str:
    known = connection.settings_dict
    login = quote(known["USER"]) + (f":{quote(known['PASSWORD'])}" if known["PASSWORD"] else "")
    port = f":{known['PORT']}" if known["PORT"] else ""
    return f"postgres://{login}@{quote(known['HOST'], safe='')}{port}/{known['NAME']}"
