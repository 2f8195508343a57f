"""A feed's stones in a temporary table of this session, written while the file is read.

The tables are dropped at the end of the `with`; if the program is killed, the server drops them with the session.
"""

import contextlib
import tempfile
from collections.abc import Iterator

from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg import Copy

from builder.feeds import sql
from builder.feeds.stones import OfferedStone

PIECE_ROWS = 200  # about what a socket takes at once
IN_MEMORY_BYTES = 1024 * 1024
_COPY = f"COPY feed_row ({', '.join(sql.STAGED)}, position) FROM STDIN"
_COPY_REFUSED = "COPY feed_refused (stock_number, position) FROM STDIN"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Staging:
    """Rows on their way into the session's tables.

    Stones go as one stream, so that the server takes them in while the next are read; nothing else can be asked of this
    connection meanwhile. What is refused waits in a file of its own.
    """

    def __init__(self, cursor: CursorWrapper) -> None:
        self._cursor = cursor
        self._stones: list[str] = []
        self._refused = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115  see streaming
        self._copy: Copy | None = None

    @contextlib.contextmanager
    def streaming(self) -> Iterator[None]:
        """While rows are read. Whatever ends the reading, the stream is ended in order, so that the session lives on."""
        with self._refused:
            stream = self._cursor.copy(_COPY)
            self._copy = stream.__enter__()
            try:
                yield
                self.send()
            finally:
                stream.__exit__(None, None, None)
            self._send_refused()
        self._cursor.execute(sql.ANALYZE_STAGING)

    def add(self, stone: OfferedStone, *, place: int) -> None:
        self._stones.append(f"{copied(stone)}\t{place}\n")
        if len(self._stones) >= PIECE_ROWS:
            self.send()

    def keep(self, stock_number: str, *, place: int) -> None:
        """The supplier still lists this stock number, but its row is refused."""
        self._refused.write(f"{stock_number.translate(_ESCAPES)}\t{place}\n".encode())

    def send(self) -> None:
        assert self._copy is not None, "rows are added while streaming"
        self._copy.write("".join(self._stones))
        self._stones.clear()

    def _send_refused(self) -> None:
        self._refused.seek(0)
        with self._cursor.copy(_COPY_REFUSED) as copy:
            while block := self._refused.read(IN_MEMORY_BYTES):
                copy.write(block)


@contextlib.contextmanager
def staging() -> Iterator[Staging]:
    with connection.cursor() as cursor:
        cursor.execute(sql.DROP_STAGING)
        cursor.execute(sql.CREATE_STAGING)
        try:
            yield Staging(cursor)
        finally:
            if not connection.needs_rollback and connection.is_usable():
                cursor.execute(sql.DROP_STAGING)


def copied(stone: OfferedStone) -> str:
    """The stone as a line of PostgreSQL's COPY; words of our own and numbers need no escaping."""
    safe = stone._replace(
        stock_number=stone.stock_number.translate(_ESCAPES),
        fancy_color=stone.fancy_color.translate(_ESCAPES),
        report_url=stone.report_url.translate(_ESCAPES),
    )
    return "\t".join(["\\N" if each is None else str(each) for each in safe])
