"""A feed's stones in a temporary table of this session, written in pieces so that others see how far it is.

The tables are dropped at the end of the `with`; if the program is killed, the server drops them with the session.
"""

import contextlib
from collections.abc import Iterator

from django.db import connection
from django.db.backends.utils import CursorWrapper

from builder.feeds import sql
from builder.feeds.stones import OfferedStone

PIECE_ROWS = 5000
_COPY = f"COPY feed_row ({', '.join(sql.STAGED)}, position) FROM STDIN"
_COPY_REFUSED = "COPY feed_refused (stock_number, position) FROM STDIN"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Staging:
    """Rows on their way into the session's tables; a piece goes when it is full, and the rest with `send`."""

    def __init__(self, cursor: CursorWrapper) -> None:
        self._cursor = cursor
        self._stones: list[str] = []
        self._refused: list[str] = []

    def add(self, stone: OfferedStone, *, place: int) -> None:
        self._stones.append(f"{copied(stone)}\t{place}\n")

    def keep(self, stock_number: str, *, place: int) -> None:
        """The supplier still lists this stock number, but its row is refused."""
        self._refused.append(f"{stock_number.translate(_ESCAPES)}\t{place}\n")

    @property
    def is_full(self) -> bool:
        return len(self._stones) + len(self._refused) >= PIECE_ROWS

    def send(self) -> None:
        for statement, lines in ((_COPY, self._stones), (_COPY_REFUSED, self._refused)):
            if lines:
                with self._cursor.copy(statement) as copy:
                    copy.write("".join(lines))
                lines.clear()

    def finish(self) -> None:
        """The last piece, and what the planner of the statements that follow should know."""
        self.send()
        self._cursor.execute(sql.ANALYZE_STAGING)


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
