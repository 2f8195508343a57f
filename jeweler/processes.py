"""The demo's tree of processes: servers while they are needed, programs that are kept running.

Promise: a program that ends is started again, after a pause that grows; one that ends again and
again at once is given up with the end of its log; a server that was killed is started again; and when the owner ends, whatever the reason,
nothing of it runs on.

`python -m jeweler.processes COMMAND...` runs a command while the servers are up.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from jeweler import embedded, keeper

QUICK = 15.0  # a program that lived shorter than this has crashed quickly
QUICK_CRASHES = 5
PATIENCE = 12.0
SERVERS_EVERY = 2.0  # seconds between two looks at the servers


class ProgramKeepsCrashing(RuntimeError):
    def __init__(self, *, name: str, log: Path, tail: str) -> None:
        super().__init__(
            f"The {name} ended {QUICK_CRASHES} times within {QUICK:.0f} s of starting, so the demo "
            f"gives up. The end of {log}:\n{tail}"
        )


class Say(Protocol):
    def __call__(self, text: str, /) -> object: ...


@contextlib.contextmanager
def servers(
    *, postgres: bool = True, valkey: bool = True, is_durable: bool = True
) -> Iterator[keeper.Keeper]:
    """Use the embedded servers; they stop when their last user ends, also by kill -9.

    PostgreSQL need not be `is_durable` where nothing of it outlives the command. Yields the keeper, who ends process groups
    too when it is told of them.
    """
    last_command = [sys.executable, "-I", embedded.__file__, "stop-if-unused"]
    with keeper.hired(last_command=last_command) as hired, embedded.in_use():
        if postgres:
            embedded.start_postgres(is_durable=is_durable)
        if valkey:
            embedded.start_valkey()
        yield hired


@dataclass(kw_only=True)
class Program:
    """A command that should always run, with its log."""

    name: str
    command: Sequence[str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    quick_crashes: int = 0


@dataclass(kw_only=True)
class Tree:
    """The programs that were added, watched by `watch` until `stop`."""

    keeper: keeper.Keeper
    say: Say
    programs: list[Program] = field(default_factory=list)
    first_pause: float = 0.5
    # Starts again what of the servers was killed, and names it.
    revive: Callable[[], Sequence[str]] = list
    looked_at: float = 0.0

    def add(self, program: Program) -> None:
        program.log.write_bytes(b"")
        self.programs.append(program)
        self._start(program)

    def watch(self, *, until: Callable[[], bool], pause: float = 0.2) -> None:
        """Keep everything running until `until` says so.

        Raises ProgramKeepsCrashing, and what a server that cannot start raises.
        """
        while not until():
            self.keeper.replace_if_gone()
            self._look_after_servers()
            for program in self.programs:
                self._look_after(program)
            time.sleep(pause)

    def stop(self) -> None:
        """End all programs together: asked first, then made to."""
        running = [p.process for p in self.programs if p.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + PATIENCE
        for process in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            self._end_group(process)
        for program in self.programs:
            program.process = None

    def _start(self, program: Program) -> None:
        with open(program.log, "ab") as log:
            program.process = subprocess.Popen(  # noqa: S603  the demo's own commands
                program.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=self.keeper.announcer(),  # noqa: PLW1509  one write, no locks
            )
        self.keeper.know(group=program.process.pid)
        program.started_at = time.monotonic()

    def _look_after_servers(self) -> None:
        if time.monotonic() - self.looked_at < SERVERS_EVERY:
            return
        for name in self.revive():
            self.say(f"{name} was gone; it runs again.")
        self.looked_at = time.monotonic()

    def _look_after(self, program: Program) -> None:
        if program.process is None:
            if time.monotonic() >= program.start_again_at:
                self._start(program)
        elif program.process.poll() is not None:
            self._note_the_end(program, process=program.process)

    def _note_the_end(self, program: Program, *, process: subprocess.Popen[bytes]) -> None:
        self._end_group(process)
        program.process = None
        lived = time.monotonic() - program.started_at
        program.quick_crashes = program.quick_crashes + 1 if lived < QUICK else 0
        if program.quick_crashes >= QUICK_CRASHES:
            tail = embedded.tail(path=program.log)
            raise ProgramKeepsCrashing(name=program.name, log=program.log, tail=tail)
        wait = self.first_pause * 2 ** max(0, program.quick_crashes - 1)
        program.start_again_at = time.monotonic() + wait
        how = _how_it_ended(process.returncode)
        self.say(f"The {program.name} {how}; starting it again in {wait:.1f} s ({program.log}).")

    def _end_group(self, process: subprocess.Popen[bytes]) -> None:
        """End what is left of a program's group, its own children for instance."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.keeper.forget(group=process.pid)


def _how_it_ended(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


def run_with_servers(*, command: Sequence[str]) -> int:
    """Run a command while the embedded servers are up, and return its code."""
    needed = servers(
        postgres="DATABASE_URL" not in os.environ, valkey="REDIS_URL" not in os.environ
    )
    with needed as hired:
        running = subprocess.Popen(  # noqa: S603  what our caller asked for
            command,
            preexec_fn=hired.announcer(),  # noqa: PLW1509  one write, no locks
        )
        try:
            return running.wait()
        except KeyboardInterrupt:  # the terminal has told the command as well
            return running.wait()


if __name__ == "__main__":
    try:
        sys.exit(run_with_servers(command=sys.argv[1:]))
    except embedded.EmbeddedServerError as error:
        sys.exit(str(error))
