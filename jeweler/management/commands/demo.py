"""`manage.py demo`: the demo house, from nothing to a page in a browser, in one process tree.

The servers of `jeweler.embedded` (where DATABASE_URL and REDIS_URL say nothing), migrations, the
sample house on the first run, then web, worker and beat, each started again when it crashes.
However this ends, nothing stays behind.
"""

import contextlib
import fcntl
import functools
import http.client
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import (
    BaseCommand,
    CommandError,
    CommandParser,
    call_command,
    get_commands,
)
from django.db import connections

from jeweler import embedded, processes

PORT = 8000
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopAsked(Exception):
    """Ctrl-C, a polite kill or a closed terminal."""


class Command(BaseCommand):
    help = "Run the demo house: database, broker, web, worker and beat."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, help=f"default: {PORT}, or the next free one")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--empty", action="store_true", help="without the sample house")

    def handle(self, *args: object, **options: Any) -> None:
        # ./bin/demo says when it began to set things up; the seconds go on from there.
        self.began = float(os.environ.get("STARTED_AT", time.monotonic()))
        if not settings.DEMO:
            raise CommandError("This is no demo. Set DEMO=True to fill this database with one.")
        host, port = options["host"], self._port(options["host"], asked=options["port"])
        # A picture is drawn by one core, so that two of them do not fight for both.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        _settle_the_address(host=host, port=port, empty=options["empty"])
        stops = _Stops()
        with _only_one_demo():
            try:
                self._run(host=host, port=port, empty=options["empty"], stops=stops)
            except StopAsked:
                self._say("stopped; nothing is left running")
            except (embedded.EmbeddedServerError, processes.ProgramKeepsCrashing) as error:
                raise CommandError(str(error)) from error

    def _run(self, *, host: str, port: int, empty: bool, stops: "_Stops") -> None:
        with processes.servers(
            postgres=settings.USE_EMBEDDED_POSTGRES, valkey=settings.USE_EMBEDDED_VALKEY
        ) as keeper:
            try:
                self._say("database and broker are up")
                with stops.at_once():
                    self._fill(empty=empty)
                Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
                revive = functools.partial(
                    embedded.start_what_ended,
                    postgres=settings.USE_EMBEDDED_POSTGRES,
                    valkey=settings.USE_EMBEDDED_VALKEY,
                )
                tree = processes.Tree(keeper=keeper, say=self._say, revive=revive)
                self._keep_running(tree, host=host, port=port, stops=stops)
            finally:
                # From here on another signal changes nothing: we are stopping already.
                stops.ignore()

    def _fill(self, *, empty: bool) -> None:
        call_command("migrate", verbosity=0, skip_checks=True)
        self._say("migrations are applied")
        if "seed_demo" in get_commands() and not empty:
            call_command("seed_demo", stdout=self.stdout, skip_checks=True)
            self._say("the demo house is there")
        connections.close_all()

    def _keep_running(self, tree: processes.Tree, *, host: str, port: int, stops: "_Stops") -> None:
        web, *others = _programs(host=host, port=port)
        try:
            tree.add(web)
            tree.watch(until=lambda: stops.asked or _answers(host=host, port=port), pause=0.05)
            if not stops.asked:
                self._say(f"open http://localhost:{port}/demo/ (the log-ins are on that page)")
                self._say(f"logs are in {embedded.home()}; Ctrl-C stops everything")
            for program in others:  # only now, so that the first page has the machine to itself
                tree.add(program)
            tree.watch(until=lambda: stops.asked)
            raise StopAsked
        finally:
            stops.ignore()
            self._say("stopping")
            tree.stop()

    def _port(self, host: str, *, asked: int | None) -> int:
        """The port to use; a busy one is named, and another offered."""
        wanted = asked or PORT
        free = next(port for port in range(wanted, 65536) if _is_free(host, port))
        if free != wanted:
            if asked:
                raise CommandError(f"Port {asked} is busy. Port {free} is free: --port {free}")
            self._say(f"port {wanted} is busy, so this is port {free}")
        return free

    def _say(self, text: str) -> None:
        with contextlib.suppress(OSError):  # the terminal may be gone
            self.stdout.write(f"[{time.monotonic() - self.began:5.1f} s] {text}")
            self.stdout.flush()


class _Stops:
    """Remembers that somebody asked to stop, and interrupts what may be interrupted."""

    def __init__(self) -> None:
        self.asked = False
        self._interrupts = False
        for number in STOP_SIGNALS:
            signal.signal(number, self._note)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True
        if self._interrupts:
            self._interrupts = False
            raise StopAsked

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """Inside, a signal raises StopAsked where it falls."""
        self._interrupts = True
        if self.asked:
            raise StopAsked
        try:
            yield
        finally:
            self._interrupts = False

    def ignore(self) -> None:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)


def _programs(*, host: str, port: int) -> list[processes.Program]:
    python, home = sys.executable, embedded.home()
    celery = [python, "-m", "celery", "-A", "jeweler"]
    web = [python, "-m", "granian", "jeweler.wsgi:application", "--interface", "wsgi"]
    # A thread keeps its database connection as long as it lives, so idle threads live long.
    threads = [
        "--workers",
        "1",
        "--blocking-threads",
        "12",
        "--blocking-threads-idle-timeout",
        "600",
    ]
    where = ["--host", host, "--port", str(port), "--log-level", "warning"]
    worker = ["worker", "-c", "2", "-l", "warning", "--without-gossip", "--without-mingle"]
    beat = ["beat", "-l", "warning", "--pidfile", "", "-s", str(home / "beat-schedule")]
    commands = {"web": [*web, *threads, *where], "worker": celery + worker, "beat": celery + beat}
    return [
        processes.Program(name=name, command=command, log=home / f"{name}.log")
        for name, command in commands.items()
    ]


def _settle_the_address(*, host: str, port: int, empty: bool) -> None:
    """Let links lead to this port; settings are read once, so another port needs a new start."""
    if host not in {"127.0.0.1", "localhost", "::1"}:
        os.environ.setdefault("ALLOWED_HOSTS", "*")
    if "SITE_URL" not in os.environ:
        os.environ["SITE_URL"] = f"http://localhost:{port}"
        if os.environ["SITE_URL"] != settings.SITE_URL:
            again = [sys.argv[0], "demo", "--host", host, "--port", str(port)]
            again += ["--empty"] * empty
            os.execv(sys.executable, [sys.executable, *again])  # noqa: S606  ourselves


@contextlib.contextmanager
def _only_one_demo() -> Iterator[None]:
    """Refuse a second demo in the same home; the kernel forgets a killed one."""
    embedded.home().mkdir(parents=True, exist_ok=True)
    with open(embedded.home() / "demo.pid", "a+") as note:
        try:
            fcntl.flock(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(_already_running(Path(note.name))) from None
        note.truncate(0)
        note.write(str(os.getpid()))
        note.flush()
        yield


def _already_running(note: Path) -> str:
    pid = note.read_text().strip()
    return (
        f"The demo of {embedded.home()} is already running as process {pid}. Stop it with Ctrl-C in "
        f"its terminal or with: kill {pid}. A second one needs a folder of its own: JEWELER_HOME=..."
    )


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
            trial.listen(1)
        except OSError:
            return False
    return True


def _answers(*, host: str, port: int) -> bool:
    """Whether the web process answers at all, whatever it says."""
    reachable = "localhost" if host in {"0.0.0.0", "::"} else host  # noqa: S104  a comparison
    connection = http.client.HTTPConnection(reachable, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
