"""A small process that outlives its owner, to end what the owner leaves behind.

Promise: however the owner ends (also by kill -9, which it cannot see), every process group it
told of is ended and its last command is run. The owner holds one end of a pipe; when that end
closes, the owner is gone. The keeper lives in a session of its own, so that Ctrl-C and a closed
terminal reach only the owner.

Only the standard library is imported: this file runs alone, as `python -I keeper.py COMMAND...`.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

PATIENCE = 10.0


class Keeper:
    """The owner's side."""

    def __init__(self, *, last_command: Sequence[str]) -> None:
        self._last_command = list(last_command)
        self._told: set[int] = set()
        self._hire()

    @property
    def pid(self) -> int:
        return self._process.pid

    def _hire(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603  our own file
            [sys.executable, "-I", __file__, *self._last_command],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        self._pipe: IO[bytes] = self._process.stdin
        for group in self._told:
            self._tell(f"+{group}\n")

    def replace_if_gone(self) -> None:
        """Hire another when somebody killed the keeper."""
        if self._process.poll() is not None:
            self._pipe.close()
            self._hire()

    def announcer(self) -> Callable[[], None]:
        """What a new group leader calls between fork and exec.

        The child itself tells the keeper, so that no moment exists in which it runs unknown.
        """
        pipe = self._pipe.fileno()

        def announce() -> None:
            os.write(pipe, b"+%d\n" % os.getpid())

        return announce

    def know(self, *, group: int) -> None:
        """Remember a group that announced itself, for the keeper's successor."""
        self._told.add(group)

    def forget(self, *, group: int) -> None:
        """A group has ended; its number may soon belong to somebody else."""
        self._told.discard(group)
        self._tell(f"-{group}\n")

    def _tell(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(self._pipe.fileno(), line.encode())

    def dismiss(self) -> None:
        """Let the keeper do its work now, and wait for it; do it ourselves if it was killed."""
        self._pipe.close()
        if self._process.wait() < 0:
            _end_groups(self._told)
            subprocess.run(self._last_command, check=False)  # noqa: S603  our owner's command


@contextlib.contextmanager
def hired(*, last_command: Sequence[str]) -> Iterator[Keeper]:
    keeper = Keeper(last_command=last_command)
    try:
        yield keeper
    finally:
        keeper.dismiss()


# The keeper's side.


def _end_groups(groups: set[int]) -> None:
    """Ask each leader to end, give them time together, then end what is left of their groups."""
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.kill(group, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while any(map(_lives, groups)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


def _lives(pid: int) -> bool:
    """Whether a process runs; one that ended and was not yet collected does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return not Path("/proc/self/stat").exists()


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line.startswith("+"):
            groups.add(group)
        else:
            groups.discard(group)
    _end_groups(groups)
    if sys.argv[1:]:
        last = subprocess.run(sys.argv[1:], check=False, stdin=subprocess.DEVNULL)  # noqa: S603
        sys.exit(last.returncode)


if __name__ == "__main__":
    main()
