"""The demo's tree of processes, as a person runs it: real processes, real signals."""

import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from jeweler import embedded, processes

ROOT = embedded.CHECKOUT
START = 240.0  # a busy machine is no failure
END = 120.0


@dataclass
class Demo:
    """A running `manage.py demo` without the sample house."""

    home: Path
    port: int
    process: subprocess.Popen[str]

    def answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def programs(self, *words: str) -> list[int]:
        """The processes of this demo whose command has all the words."""
        return [pid for pid, line in _processes_of(self.home) if all(w in line for w in words)]

    def wait_until_complete(self) -> None:
        _soon(lambda: self.process.poll() is not None or self._is_complete(), within=START)
        assert self._is_complete(), self._what_it_said()

    def _is_complete(self) -> bool:
        wanted = ("granian", "celery worker", "celery beat")
        return self.answers() and all(self.programs(*words.split()) for words in wanted)

    def _what_it_said(self) -> str:
        self.process.kill()
        logs = (f"{log.name}:\n{embedded.tail(path=log)}" for log in self.home.glob("*.log"))
        return "\n".join([self.process.communicate()[0], *logs])


def _processes_of(home: Path) -> list[tuple[int, str]]:
    """Every process that names this home in its command or its environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            environment = (entry / "environ").read_bytes().decode(errors="replace")
            if int(entry.name) != os.getpid() and (str(home) in line or str(home) in environment):
                found.append((int(entry.name), line))
    return found


def _soon(true: Callable[[], bool], *, within: float = END) -> bool:
    deadline = time.monotonic() + within
    while not true() and time.monotonic() < deadline:
        time.sleep(0.1)
    return true()


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def _environment(home: Path) -> dict[str, str]:
    """With embedded servers of its own, whatever servers these tests use."""
    inherited = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL"}}
    return {**inherited, "JEWELER_HOME": str(home), "DEMO": "True", "DEBUG": "False"}


def _demo(home: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "demo", "--empty", *arguments],
        cwd=ROOT,
        env=_environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """One home for all of them, so that migrations run once."""
    folder = Path(tempfile.mkdtemp(prefix="jwl-demo-"))
    yield folder
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JEWELER_HOME", str(folder))
        made = [folder, embedded.pg_dirs()[0].parent]
    for each in made:
        shutil.rmtree(each, ignore_errors=True)


@contextlib.contextmanager
def _complete_demo(home: Path) -> Iterator[Demo]:
    port = _free_port()
    running = Demo(home=home, port=port, process=_demo(home, "--port", str(port)))
    try:
        running.wait_until_complete()
        yield running
    finally:
        running.process.kill()
        running.process.wait()
        assert running.process.stdout is not None
        running.process.stdout.close()
        assert _soon(lambda: not _processes_of(home)), _processes_of(home)


@pytest.fixture
def demo(home: Path) -> Iterator[Demo]:
    with _complete_demo(home) as running:
        yield running


@pytest.fixture(scope="class")
def lasting(home: Path) -> Iterator[Demo]:
    with _complete_demo(home) as running:
        yield running


class TestADemoThatGoesOn:
    """One start for all that leaves it running; the last of them asks it to stop."""

    def test_killed_programs_start_again(self, lasting: Demo) -> None:
        before = {name: min(lasting.programs(name)) for name in ("granian", "worker", "beat")}
        _kill_and_wait_for_others(lasting, before)

    def test_killed_servers_start_again(self, lasting: Demo) -> None:
        before = {name: min(lasting.programs(name)) for name in ("valkey-server", "bin/postgres")}
        _kill_and_wait_for_others(lasting, before)

    def test_a_second_demo_in_the_same_folder_is_refused_with_the_way_to_stop_the_first(
        self,
        lasting: Demo,
    ) -> None:
        said, code = _end_of(_demo(lasting.home))

        assert code == 1
        assert f"already running as process {lasting.process.pid}" in said
        assert f"kill {lasting.process.pid}" in said
        assert lasting.answers()

    def test_a_demo_that_is_asked_to_stop_leaves_nothing_running(self, lasting: Demo) -> None:
        assert len(_processes_of(lasting.home)) > 5

        lasting.process.terminate()
        said, _ = lasting.process.communicate(timeout=END)

        assert lasting.process.returncode == 0, said
        assert "nothing is left running" in said
        assert _processes_of(lasting.home) == []


def _kill_and_wait_for_others(demo: Demo, before: dict[str, int]) -> None:
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)

    def all_are_new() -> bool:
        now = {name: demo.programs(name) for name in before}
        return all(pids and before[name] not in pids for name, pids in now.items())

    assert _soon(all_are_new)
    assert _soon(demo.answers)


def test_a_demo_that_is_stopped_while_it_starts_leaves_nothing_running(home: Path) -> None:
    process = _demo(home, "--port", str(_free_port()))
    _read_until(process, "database and broker are up")

    process.send_signal(signal.SIGINT)
    said, code = _end_of(process)

    assert code == 0, said
    assert "nothing is left running" in said
    assert _processes_of(home) == []


def test_a_demo_that_is_killed_leaves_nothing_running(demo: Demo) -> None:
    demo.process.kill()
    demo.process.communicate()

    assert _soon(lambda: not _processes_of(demo.home)), _processes_of(demo.home)


def test_a_demo_whose_keeper_was_killed_first_leaves_nothing_running_either(demo: Demo) -> None:
    (keeper,) = demo.programs("keeper.py")
    os.kill(keeper, signal.SIGKILL)
    assert _soon(lambda: demo.programs("keeper.py") not in ([], [keeper]))

    demo.process.kill()
    demo.process.communicate()

    assert _soon(lambda: not _processes_of(demo.home)), _processes_of(demo.home)


def test_a_busy_port_that_was_asked_for_is_refused_and_a_free_one_named(home: Path) -> None:
    with socket.socket() as occupant:
        occupant.bind(("127.0.0.1", 0))
        occupant.listen()
        busy = occupant.getsockname()[1]

        said, code = _end_of(_demo(home, "--port", str(busy)))

    assert code == 1
    named = re.search(rf"Port {busy} is busy\. Port (\d+) is free: --port \1", said)
    assert named, said


def test_a_busy_default_port_is_named_and_the_next_free_one_used(home: Path) -> None:
    with contextlib.ExitStack() as stack:
        occupant = stack.enter_context(socket.socket())
        occupant.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):  # somebody else's server there will do as well
            occupant.bind(("127.0.0.1", 8000))
            occupant.listen()
        process = _demo(home)
        try:
            said = _read_until(process, "open http://localhost:")
        finally:
            process.send_signal(signal.SIGHUP)  # as when its window is closed
            at_its_end, _ = process.communicate(timeout=END)
    assert "nothing is left running" in at_its_end
    named = re.search(r"port 8000 is busy, so this is port (\d+)", said)
    assert named, said
    assert f"open http://localhost:{named[1]}/demo/" in said


def _read_until(process: subprocess.Popen[str], text: str) -> str:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if text in line:
            break
    return said


def _end_of(process: subprocess.Popen[str]) -> tuple[str, int]:
    said, _ = process.communicate(timeout=START)
    return said, process.returncode


def test_a_program_that_keeps_crashing_is_given_up_with_the_end_of_its_log(tmp_path: Path) -> None:
    said: list[str] = []
    program = processes.Program(
        name="web",
        command=["sh", "-c", "echo the reason; exit 3"],
        log=tmp_path / "web.log",
    )
    with processes.servers(postgres=False, valkey=False) as keeper:
        tree = processes.Tree(keeper=keeper, say=said.append, first_pause=0.01)
        tree.add(program)
        with pytest.raises(processes.ProgramKeepsCrashing, match="the reason") as given_up:
            tree.watch(until=lambda: False, pause=0.01)
        tree.stop()

    assert "The web ended 5 times" in str(given_up.value)
    assert len(said) == processes.QUICK_CRASHES - 1
    assert "ended with code 3" in said[0]


def test_a_program_that_ignores_a_polite_stop_is_made_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "PATIENCE", 0.5)
    stubborn = processes.Program(
        name="worker",
        command=["sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done"],
        log=tmp_path / "worker.log",
    )
    with processes.servers(postgres=False, valkey=False) as keeper:
        tree = processes.Tree(keeper=keeper, say=print)
        tree.add(stubborn)
        process = stubborn.process
        assert process is not None
        assert _soon(lambda: "up" in stubborn.log.read_text())
        tree.stop()
    assert process.returncode == -signal.SIGKILL


def test_a_command_can_be_run_while_the_servers_are_up(tmp_path: Path) -> None:
    ask = "import os; from jeweler import embedded; raise SystemExit(3 + embedded.start_postgres())"
    done = subprocess.run(
        [sys.executable, "-m", "jeweler.processes", sys.executable, "-c", ask],
        cwd=ROOT,
        env=_environment(tmp_path),
        check=False,
    )
    assert done.returncode == 3
    assert _soon(lambda: not _processes_of(tmp_path))


@pytest.mark.parametrize("name", ["demo", "test", "check", "bench"])
def test_each_command_is_a_thin_script_that_make_only_calls(name: str) -> None:
    script = ROOT / "bin" / name
    assert os.access(script, os.X_OK)
    assert f'bootstrap.py" {name} "$@"' in script.read_text()
    rule = re.search(r"^(.*):\n\t(.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert rule is not None
    assert name in rule[1].split()
    assert rule[2] == "./bin/$@"


def test_no_lock_file_names_a_registry_host() -> None:
    locks = [*ROOT.glob("requirements/*.txt"), ROOT / "package-lock.json"]
    assert len(locks) >= 4
    named = {
        lock.name: re.findall(r"https?://(?!opencollective|github|www\.patreon|tidelift)\S+", text)
        for lock in locks
        if (text := lock.read_text())
    }
    assert {name: hosts for name, hosts in named.items() if hosts} == {}


def test_every_locked_package_has_a_hash() -> None:
    for lock in ROOT.glob("requirements/*.txt"):
        packages = re.split(r"\n(?=[a-zA-Z0-9])", lock.read_text().strip())
        assert all("--hash=sha256:" in package for package in packages), lock.name


# Imports everything that runs in the demo and in production, the broker's client included, as if
# the packages named on the command line were not installed.
WITHOUT_PACKAGES = """
import importlib.metadata, sys
missing = set(sys.argv[1:])
owners = importlib.metadata.packages_distributions()
absent = {name for name, dists in owners.items() if {d.lower() for d in dists} <= missing}

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
import jeweler.wsgi, kombu.transport.redis, celery.bin.celery, granian.cli
from jeweler.celery import app
from django.core.management import get_commands, load_command_class
from django.urls import get_resolver
app.loader.import_default_modules()
get_resolver().url_patterns
ours = {"jeweler", "builder", "appointments", "referrals", "attribution", "pos_bridge", "demo"}
for command, owner in get_commands().items():
    if owner in ours:
        load_command_class(owner, command)
"""


def test_nothing_that_runs_needs_a_package_that_only_development_has() -> None:
    only_development = sorted(_locked("dev.txt") - _locked("base.txt"))
    assert "pytest" in only_development

    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PACKAGES, *only_development],
        cwd=ROOT,
        env={**os.environ, "DEMO": "True"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def _locked(name: str) -> set[str]:
    lock = (ROOT / "requirements" / name).read_text()
    return {found.lower() for found in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)}
