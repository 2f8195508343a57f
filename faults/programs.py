"""Server processes that are killed and come back, and the two servers that are stopped under them."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import redis

from jeweler import embedded

PR_SET_PDEATHSIG = 1
# Loaded beforehand: between fork and exec nothing is to be looked for.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
COMES_UP_S = 6.0
CHECKOUT = Path(__file__).resolve().parents[1]


class NotOurs(RuntimeError):
    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} is not a server of this run's own folder ({embedded.home()}), so it is left alone. "
            "Unset DATABASE_URL and REDIS_URL."
        )


@dataclass(kw_only=True)
class Program:
    """A command that should always run: started again whenever it is found dead."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    kills: int = 0
    began: float = 0.0

    def start(self) -> None:
        self.began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=CHECKOUT,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_us,  # noqa: PLW1509  one call of the C library, no locks
            )

    @property
    def has_come_up(self) -> bool:
        """Whether it has had time to begin its work: whoever is killed while it starts never does any."""
        return self.process is not None and time.monotonic() - self.began > COMES_UP_S

    def keep_alive(self) -> None:
        if self.process is None or self.process.poll() is not None:
            self.end()
            self.start()

    def kill(self) -> None:
        """With -9, the whole group: no handler runs, nothing is said goodbye to."""
        self.kills += 1
        self.end()

    def end(self) -> None:
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None


@dataclass(kw_only=True)
class House:
    """The programs of a run. Whoever leaves the `with` has ended them all."""

    programs: list[Program]
    postgres_stops: int = 0
    flushes: int = 0
    frozen_s: float = 0.0
    notes: list[str] = field(default_factory=list)

    def __enter__(self) -> "House":
        for program in self.programs:
            program.start()
        return self

    def __exit__(self, *error: object) -> None:
        for program in self.programs:
            program.end()

    def keep_alive(self) -> None:
        for program in self.programs:
            program.keep_alive()

    def named(self, beginning: str) -> list[Program]:
        return [each for each in self.programs if each.name.startswith(beginning)]

    def stop_postgres_immediately(self) -> None:
        """As a power cut would: no checkpoint, no goodbye. Then it is started, and recovers."""
        data = embedded.pg_dirs()[0]
        if (
            "DATABASE_URL" in os.environ
            and str(embedded.pg_dirs()[1]) not in os.environ["DATABASE_URL"]
        ):
            raise NotOurs("PostgreSQL")
        pid = int((data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)
        deadline = time.monotonic() + 30
        while _lives(pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        embedded.start_postgres()
        self.postgres_stops += 1

    def flush_valkey(self) -> None:
        _valkey().flushall()
        self.flushes += 1

    @contextlib.contextmanager
    def frozen_valkey(self) -> Iterator[None]:
        """It takes connections and answers nothing, as behind a half-open network."""
        pid = int(_valkey().info("server")["process_id"])
        os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)
            self.frozen_s += time.monotonic() - began


def house(*, port: int, folder: Path, database_url: str) -> House:
    """Web, two workers and two clocks, as in production: one clock too many, so that each turn is rung for twice."""
    celery = [sys.executable, "-m", "celery", "-A", "jeweler"]
    worker = ["worker", "-c", "1", "-l", "error", "--without-gossip", "--without-mingle"]
    commands = {"web": _web(port)}
    for number in (1, 2):
        commands[f"worker {number}"] = [*celery, *worker, "-n", f"chaos{number}@%h"]
        schedule = str(folder / f"schedule-{number}")
        commands[f"clock {number}"] = [
            *celery,
            "beat",
            "-l",
            "error",
            "--pidfile",
            "",
            "-s",
            schedule,
        ]
    return _house(commands, port=port, folder=folder, database_url=database_url)


def small_house(*, port: int, folder: Path, database_url: str) -> House:
    """Web, and one worker that is its own clock: what a test has time to start, and to start again."""
    celery = [sys.executable, "-m", "celery", "-A", "jeweler"]
    worker = ["worker", "-B", "-c", "1", "-l", "error", "--without-gossip", "--without-mingle"]
    commands = {
        "web": _web(port),
        "worker": [*celery, *worker, "-s", str(folder / "schedule"), "-n", "chaos@%h"],
    }
    return _house(commands, port=port, folder=folder, database_url=database_url)


def _web(port: int) -> list[str]:
    return [
        sys.executable, "-m", "granian", "jeweler.wsgi:application", "--interface", "wsgi", "--workers", "1",
        "--blocking-threads", "8", "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning",
    ]  # fmt: skip


def _house(commands: dict[str, list[str]], *, port: int, folder: Path, database_url: str) -> House:
    environment = {
        "DATABASE_URL": database_url,
        "DEMO": "True",
        "SITE_URL": f"http://localhost:{port}",
        "OPENBLAS_NUM_THREADS": "1",
    }
    return House(
        programs=[
            Program(
                name=name,
                command=command,
                environment=environment,
                log=folder / f"{name.replace(' ', '-')}.log",
            )
            for name, command in commands.items()
        ]
    )


def _valkey() -> redis.Redis:
    return redis.Redis(
        unix_socket_path=str(embedded.valkey_socket()), decode_responses=True, socket_timeout=5
    )


def _die_with_us() -> None:
    """Whoever is started here is killed by the kernel when this process ends, however it ends."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
