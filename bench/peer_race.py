"""The same fifty clients ask django-appointment for one time of one associate, by its own two forms, on a server like ours.

A client is timed from the first form until the answer to the second. How many have the time is counted in its tables.
"""

import contextlib
import http.client
import json
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import psycopg
from django.db import connection as database

from bench import serving
from bench.peer_appointment import APART, CHECKOUT, PATIENCE_S, Absent

NAME = "bench_peer_race"


@dataclass(frozen=True, kw_only=True)
class Peer:
    """One that is served now."""

    version: str
    port: int
    told: dict[str, Any]

    def race(self, *, number: int) -> tuple[int, list[float]]:
        """How many have the one time of that round, and each client's milliseconds. Raises Absent when an answer is none."""
        day = date.today() + timedelta(days=10 + number)  # noqa: DTZ011  its own days have no zone
        gate = threading.Barrier(len(self.told["sessions"]))
        took: list[float] = []
        wrong: list[str] = []

        def work(session: str) -> None:
            link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=serving.PATIENCE_S)
            gate.wait()
            begun = time.perf_counter()
            try:
                self._book(link, session, day)
                took.append((time.perf_counter() - begun) * 1e3)
            except (Absent, OSError, http.client.HTTPException) as error:
                wrong.append(str(error))

        threads = [threading.Thread(target=work, args=[each]) for each in self.told["sessions"]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if wrong:
            raise Absent(wrong[0])
        return self._booked(day), took

    def _book(self, link: http.client.HTTPConnection, session: str, day: date) -> None:
        asked = {
            "date": day.isoformat(), "start_time": "10:00", "end_time": "11:00",
            "service": self.told["service"], "staff_member": self.told["staff"],
        }  # fmt: skip
        form = _posted(link, "/appointment/request-submit/", session, asked)
        who = {"name": "Ada Byron", "email": "ada@example.com", "phone_0": "US", "phone_1": "2025550143", "payment_type": "full"}  # fmt: skip
        done = _posted(link, form, session, who)
        if "thank" not in done:
            raise Absent(f"its second form led to {done}")

    def _booked(self, day: date) -> int:
        with psycopg.connect(**_connection(), autocommit=True) as link:
            found = link.execute(
                "select count(*) from appointment_appointment as booked join appointment_appointmentrequest as asked"
                " on asked.id = booked.appointment_request_id where asked.date = %s",
                [day],
            ).fetchone()
        return int(found[0]) if found else 0


@contextlib.contextmanager
def served(*, clients: int) -> Iterator[Peer]:
    """Raises Absent."""
    if not (APART / "appointment").is_dir():
        raise Absent("it is not installed; ./bin/bench --full installs it")
    with database.cursor() as cursor:
        cursor.execute(f"drop database if exists {NAME} with (force)")
        cursor.execute(f"create database {NAME}")
    settings = {
        key: str(value)
        for key, value in database.settings_dict.items()
        if key in ("ENGINE", "HOST", "PORT", "USER", "PASSWORD")
    }
    said = {
        "database": {**settings, "NAME": NAME}, "clients": clients, "secret": secrets.token_hex(),
    }  # fmt: skip
    env = {
        "DJANGO_SETTINGS_MODULE": "", "PYTHONPATH": f"{APART}{os.pathsep}{CHECKOUT}",
        "BENCH_PEER": json.dumps(said),
    }  # fmt: skip
    try:
        filled = subprocess.run(
            [sys.executable, "-m", "bench.with_peer_appointment"],
            cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=PATIENCE_S,
            env={**os.environ, **env},
        )  # fmt: skip
        if filled.returncode:
            raise Absent(filled.stderr[-500:])
        told = json.loads(filled.stdout.splitlines()[-1])
        with serving.served("bench.with_peer_appointment:application", env=env) as port:
            yield Peer(version=told["version"], port=port, told=told)
    finally:
        with database.cursor() as cursor:
            cursor.execute(f"drop database {NAME} with (force)")


def _posted(link: http.client.HTTPConnection, path: str, session: str, said: dict[str, Any]) -> str:
    """Where its answer leads. Raises Absent when it leads nowhere."""
    link.request(
        "POST", path, urlencode(said),
        {"Content-Type": "application/x-www-form-urlencoded", "Cookie": f"sessionid={session}"},
    )  # fmt: skip
    answer = link.getresponse()
    body = answer.read()
    if answer.status != http.client.FOUND:
        raise Absent(f"{path} answered {answer.status}: {body[-300:]!r}")
    return answer.headers["Location"]


def _connection() -> dict[str, Any]:
    known = database.settings_dict
    pairs = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    return {"dbname": NAME, **{name: known[key] for name, key in pairs.items() if known[key]}}
