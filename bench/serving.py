"""The site on a real server of several processes, for as long as a bench needs it."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from django.db import connection as database

from bench import harness

PROCESSES, THREADS = 2, 4
PATIENCE_S = 60
CHECKOUT = Path(__file__).resolve().parent.parent


def environment() -> dict[str, str]:
    """Of a process that works on the bench's database."""
    return {**os.environ, "BENCH_DATABASE": str(database.settings_dict["NAME"]), "DEMO": "True"}


@contextlib.contextmanager
def served(application: str, *, env: dict[str, str] | None = None) -> Iterator[int]:
    """The port at which the application, such as "bench.with_site:application", answers. `env` is added to its environment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            sys.executable, "-m", "granian", application, "--interface", "wsgi",
            "--workers", str(PROCESSES), "--blocking-threads", str(THREADS),
            "--blocking-threads-idle-timeout", "600", "--port", str(port), "--log-level", "warning",
        ],
        cwd=CHECKOUT,
        env={**environment(), **(env or {})},
    )  # fmt: skip
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_S)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.2)
    raise harness.WrongAnswer("the server did not start")
