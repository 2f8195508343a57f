"""The embedded servers survive whatever the last run left behind. Real servers, real kills."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from jeweler import embedded, keeper

# What another process runs; the first argument says what it does.
USER_OF_THE_SERVERS = """
import sys, time
from jeweler import processes
with processes.servers():
    print("ready", flush=True)
    time.sleep(60)
"""
STARTER = """
import sys
from jeweler import embedded
print(embedded.start_postgres())
"""


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of its own for the servers, ended and removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="jwl-"))
    monkeypatch.setenv("JEWELER_HOME", str(folder))
    yield folder
    for made in _end_and_list(folder):
        shutil.rmtree(made, ignore_errors=True)


def _end_and_list(folder: Path) -> list[Path]:
    embedded.stop_postgres()
    embedded.stop_valkey()
    return [folder, *embedded.pg_dirs(), embedded.valkey_socket().parent]


def _connect() -> psycopg.Connection[tuple[object, ...]]:
    settings = embedded.database_settings()
    return psycopg.connect(
        host=settings["HOST"], user=settings["USER"], dbname=settings["NAME"], autocommit=True
    )


def _ask(query: str) -> object:
    with _connect() as connection:
        row = connection.execute(query).fetchone()  # type: ignore[call-overload]
    return row[0]


def _postmaster() -> int:
    return int((embedded.pg_dirs()[0] / "postmaster.pid").read_text().splitlines()[0])


def _run_python(script: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=embedded.CHECKOUT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _soon(true: Callable[[], bool], *, within: float = 120) -> bool:
    deadline = time.monotonic() + within
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


def test_postgres_listens_on_its_socket_only_and_has_room_for_tests(home: Path) -> None:
    assert embedded.start_postgres()

    assert _ask("show listen_addresses") == ""
    assert int(str(_ask("show max_connections"))) >= 200
    assert str(_ask("select 'É' ilike 'é'")) == "True"
    assert embedded.database_exists()
    assert not embedded.database_exists(name="another")


def test_a_second_start_finds_the_servers_running(home: Path) -> None:
    assert (embedded.start_postgres(), embedded.start_valkey()) == (True, True)
    assert (embedded.start_postgres(), embedded.start_valkey()) == (False, False)


def test_stopping_what_does_not_run_is_harmless(home: Path) -> None:
    embedded.stop_postgres()
    embedded.stop_valkey()


def test_a_killed_postgres_comes_back_with_its_data(home: Path) -> None:
    embedded.start_postgres()
    with _connect() as connection:
        connection.execute("set synchronous_commit = on")
        connection.execute("create table ring as select 'platinum' as metal")

    os.kill(_postmaster(), signal.SIGKILL)
    assert embedded.start_postgres()

    assert _ask("select metal from ring") == "platinum"


def test_a_stale_pid_file_with_the_number_of_another_program_is_no_obstacle(home: Path) -> None:
    embedded.start_postgres()
    note = embedded.pg_dirs()[0] / "postmaster.pid"
    lines = note.read_text().splitlines()
    os.kill(_postmaster(), signal.SIGKILL)
    _soon(_nobody_answers)
    with subprocess.Popen(["sleep", "60"]) as bystander:
        note.write_text("\n".join([str(bystander.pid), *lines[1:]]))
        try:
            assert embedded.start_postgres()
            assert bystander.poll() is None
        finally:
            bystander.kill()


def _nobody_answers() -> bool:
    try:
        _connect().close()
    except psycopg.OperationalError:
        return True
    return False


def test_half_an_initdb_is_made_anew(home: Path) -> None:
    half_made = embedded.pg_dirs()[0].with_name("pgdata.new")
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")

    assert embedded.start_postgres()

    assert not half_made.exists()


def test_of_several_starters_at_once_one_starts_and_all_can_work(home: Path) -> None:
    starters = [_run_python(STARTER) for _ in range(4)]
    answers = sorted(starter.communicate(timeout=240)[0].strip() for starter in starters)
    assert answers == ["False", "False", "False", "True"]


def test_data_of_another_version_is_refused_with_both_versions_and_the_way_out(home: Path) -> None:
    embedded.start_postgres()
    embedded.stop_postgres()
    data = embedded.pg_dirs()[0]
    (data / "PG_VERSION").write_text("14\n")

    with pytest.raises(embedded.DataOfAnotherVersion) as refusal:
        embedded.start_postgres()

    assert "PostgreSQL 14" in str(refusal.value)
    assert f"Remove {data}" in str(refusal.value)


def test_a_server_that_cannot_start_shows_the_end_of_its_log(home: Path) -> None:
    embedded.start_postgres()
    embedded.stop_postgres()
    with open(embedded.pg_dirs()[0] / "postgresql.conf", "a") as configuration:
        configuration.write("no_such_setting = 1\n")

    with pytest.raises(embedded.ServerDidNotStart, match="no_such_setting"):
        embedded.start_postgres()


def test_a_home_with_a_long_path_has_its_sockets_elsewhere(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = home / ("a" * 60) / ("b" * 60)
    monkeypatch.setenv("JEWELER_HOME", str(far))

    embedded.start_valkey()
    embedded.start_postgres()

    assert str(embedded.valkey_socket()).startswith("/tmp/jeweler-")  # noqa: S108
    assert embedded.valkey_socket().parent.stat().st_mode & 0o777 == 0o700
    assert _ask("select 1") == 1
    for made in _end_and_list(far):
        shutil.rmtree(made, ignore_errors=True)


def test_a_sockets_folder_made_by_somebody_else_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JEWELER_HOME", str(home / ("a" * 120)))
    expected = embedded.valkey_socket().parent
    expected.rmdir()
    expected.symlink_to(home)
    try:
        with pytest.raises(embedded.UnsafeFolder, match=str(expected)):
            embedded.valkey_socket()
    finally:
        expected.unlink()
        monkeypatch.setenv("JEWELER_HOME", str(home))


def test_a_killed_valkey_starts_again_over_its_stale_socket(home: Path) -> None:
    embedded.start_valkey()
    pid = int(_valkey_info("process_id"))

    os.kill(pid, signal.SIGKILL)

    assert embedded.valkey_socket().exists()
    assert embedded.start_valkey()
    assert int(_valkey_info("process_id")) != pid


def _valkey_info(field: str) -> str:
    with contextlib.closing(_valkey_client()) as client:
        return str(client.info("server")[field])


def _valkey_client() -> redis.Redis:
    return redis.Redis(unix_socket_path=str(embedded.valkey_socket()))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to step aside for PostgreSQL")
def test_root_without_user_namespaces_runs_postgres_as_nobody(home: Path) -> None:
    (home / "private").mkdir(mode=0o700)
    private = str(home / "private" / "home")
    script = "from jeweler import embedded; print(embedded.start_postgres(), embedded.pg_dirs()[0])"
    # Without unshare on the path there is no way into a namespace.
    trial = _run_python(script, PATH="/nowhere", JEWELER_HOME=private)
    output = trial.communicate(timeout=240)[0]
    try:
        assert output.startswith("True /var/tmp/jeweler-"), output
        data = Path(output.split()[1])
        assert data.stat().st_uid == embedded.NOBODY
        assert data.with_name("run").stat().st_mode & 0o777 == 0o700
    finally:
        stop = "from jeweler import embedded; embedded.stop_postgres()"
        _run_python(stop, PATH="/nowhere", JEWELER_HOME=private).communicate(timeout=240)
    assert not (data / "postmaster.pid").exists()
    shutil.rmtree(data.parent)


def test_the_servers_end_when_their_last_user_is_killed(home: Path) -> None:
    first, second = _run_python(USER_OF_THE_SERVERS), _run_python(USER_OF_THE_SERVERS)
    for user in (first, second):
        assert user.stdout is not None
        assert user.stdout.readline() == "ready\n"

    _kill(first)
    time.sleep(1)
    assert _ask("select 1") == 1

    _kill(second)
    assert _soon(lambda: not embedded.valkey_socket().exists() and _nobody_answers())


def _kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_a_keeper_ends_the_groups_of_its_killed_owner(tmp_path: Path) -> None:
    owner = _run_python(
        f"""
import subprocess, sys, time
from jeweler.keeper import Keeper
keeper = Keeper(last_command=["touch", "{tmp_path}/ended"])
child = subprocess.Popen(
    ["sh", "-c", "sleep 60 & sleep 60"], start_new_session=True, preexec_fn=keeper.announcer(),
    stdout=subprocess.DEVNULL)
print(child.pid, flush=True)
time.sleep(60)
"""
    )
    assert owner.stdout is not None
    group = int(owner.stdout.readline())
    assert _group_lives(group)

    _kill(owner)

    assert _soon(lambda: not _group_lives(group))
    assert _soon((tmp_path / "ended").exists)


def test_the_work_of_a_killed_keeper_is_done_by_its_owner(tmp_path: Path) -> None:
    mark = tmp_path / "ended"
    with keeper.hired(last_command=["touch", str(mark)]) as hired:
        os.kill(hired.pid, signal.SIGKILL)
        assert not mark.exists()
    assert mark.exists()


def _group_lives(group: int) -> bool:
    """Whether any process of a group still runs; one that only waits to be collected does not."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _parent, of_group = entry.read_text().rpartition(")")[2].split()[:3]
            if int(of_group) == group and state != "Z":
                return True
    return False
