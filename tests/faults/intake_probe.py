"""A worker process of the inbox for the fault tests. A sale numbered POISON kills it in the middle."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
from django.db import connection
from django.utils import timezone

from pos_bridge import inbound
from tests.faults import probe

POISON = "POISON"


def poison_sales() -> None:
    """From now on the database says aloud when a sale with that number is being written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION say_poison() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE NOTICE '{POISON}'; RETURN NEW; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER say_poison AFTER INSERT ON jeweler_sale FOR EACH ROW "
            f"WHEN (NEW.external_id = '{POISON}') EXECUTE FUNCTION say_poison()"
        )


def clean_sales() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION say_poison CASCADE")


def die_of_poison(diagnostic: psycopg.errors.Diagnostic) -> None:
    """As a crash in a C library would: in the middle of the transaction, without a word."""
    if diagnostic.message_primary == POISON:
        probe.note("died of poison")
        os.kill(os.getpid(), signal.SIGKILL)


def work_forever(*, ahead: float) -> None:
    """What the process runs, by a clock that is `ahead` hours ahead."""
    connection.ensure_connection()
    connection.connection.add_notice_handler(die_of_poison)
    probe.note("ready")
    while True:
        inbound.apply_due(now=timezone.now() + timedelta(hours=ahead), limit=20)
        time.sleep(0.02)


@contextlib.contextmanager
def applying(*, file: Path, ahead: float = 0) -> Iterator[probe.Worker]:
    """A worker process on the tests' database that has begun to apply, killed at the end."""
    file.touch()
    before = probe.lines(file).count("ready")
    command = f"from tests.faults import intake_probe as p; p.work_forever(ahead={ahead})"
    environment = {"DATABASE_URL": probe.database_url(), "DEMO": "True", "FAULTS_FILE": str(file)}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", command],
        cwd=probe.CHECKOUT,
        env={**os.environ, **environment},
    )
    worker = probe.Worker(process=process)
    try:
        probe.wait_until(
            lambda: probe.lines(file).count("ready") > before or process.poll() is not None,
            what="the worker began",
        )
        yield worker
    finally:
        worker.kill()
