"""The staged rows of a feed become the catalog, within the caller's transaction: `sql` has the statements, this their order."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.backends.utils import CursorWrapper

from builder.events import SavedStonesWithdrawn
from builder.feeds import differences, sql
from builder.feeds.progress import Progress
from builder.feeds.rows import Refused
from builder.feeds.tally import Tally
from builder.models import Supplier
from jeweler import outbox

LARGEST_SHRINK_PCT = 20


class FeedWouldShrink(Exception):
    """The feed lacks so many of the supplier's stones that it looks cut off. Nothing was changed."""

    def __init__(self, *, missing: int, offered: int, report: dict[str, Any]) -> None:
        super().__init__(
            f"The feed lacks {missing} of the {offered} stones this supplier offers, more than "
            f"{LARGEST_SHRINK_PCT} %. Nothing was changed. If they are really gone, import it "
            "again with --allow-shrink."
        )
        self.report = report


def apply(
    cursor: CursorWrapper,
    supplier: Supplier,
    *,
    tally: Tally,
    allow_shrink: bool,
    told: Progress,
    now: datetime,
) -> dict[str, Any]:
    """Change the catalog as the staged rows say, and report it. Raises FeedWouldShrink."""
    values = {
        "supplier": supplier.pk,
        "markup": supplier.markup,
        "delivery_days": supplier.delivery_days,
        "now": now,
    }
    told.next_step()
    _drop(cursor, sql.DROP_REPEATED, "stock_number_repeated", values, tally=tally)
    told.next_step()
    run(cursor, sql.COMPARE, values)
    _drop(cursor, sql.DROP_OF_HELD, "stock_number_of_a_held_stone", values, tally=tally)
    run(cursor, sql.FIND_REPEATED_REPORTS, values)
    _drop(cursor, sql.DROP_CONTRADICTING, "report_says_otherwise", values, tally=tally)
    run(cursor, sql.FIND_LATER_ROWS, values)
    told.next_step()
    run(cursor, sql.FIND_GONE, values)
    _refuse_shrinking(cursor, tally=tally, allow_shrink=allow_shrink, values=values)
    kept = _count(cursor, sql.COUNT_KEPT, values)[0]
    told.next_step()
    run(cursor, sql.FIND_CHANGED_STONES, values)
    facts = differences.of_facts(cursor)
    changed_stones = run(cursor, sql.UPDATE_STONES, values)
    told.next_step()
    new_stones = run(cursor, sql.INSERT_STONES, values)
    told.next_step()
    run(cursor, sql.UPDATE_OFFERS, values)
    run(cursor, sql.INSERT_OFFERS, values)
    told.next_step()
    withdrawn = run(cursor, sql.WITHDRAW, values)
    told.next_step()
    run(cursor, sql.TOUCH, values)
    run(cursor, sql.MOVED, values)
    run(cursor, sql.ANALYZE_TOUCHED, values)
    run(cursor, sql.REPRICE, values)
    _announce_withdrawn(cursor, now=now)
    told.next_step()
    changes = differences.report(cursor, facts=facts)
    cursor.execute(sql.DROP_APPLYING)
    return (
        tally.report()
        | changes
        | {
            "withdrawn": withdrawn,
            "kept": kept,
            "new_stones": new_stones,
            "changed_stones": changed_stones,
        }
    )


def one_at_a_time(cursor: CursorWrapper) -> None:
    """Two feeds that offer the same stones would else wait for each other in a circle."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtext('builder.catalog'))")


def run(cursor: CursorWrapper, statement: str, values: Mapping[str, Any]) -> int:
    """How many rows it reached."""
    cursor.execute(statement, values)
    return int(cursor.rowcount)


def _count(cursor: CursorWrapper, statement: str, values: Mapping[str, Any]) -> tuple[int, ...]:
    cursor.execute(statement, values)
    return tuple(cursor.fetchone())


def _drop(
    cursor: CursorWrapper, statement: str, reason: str, values: Mapping[str, Any], *, tally: Tally
) -> None:
    """Take out rows that other rows speak against; whoever lost its row to another report keeps its offer."""
    cursor.execute(statement, values)
    dropped = cursor.fetchall()
    for position, stock_number, lab, report in sorted(dropped):
        row = {"stock_number": stock_number, "lab": lab, "report_number": report}
        tally.refuse(Refused(reason, f"{stock_number}, {lab} {report}"), at=position, row=row)
    if reason != "stock_number_repeated":
        cursor.executemany(
            "INSERT INTO feed_refused VALUES (%s, %s)", [(row[1], row[0]) for row in dropped]
        )


def _refuse_shrinking(
    cursor: CursorWrapper, *, tally: Tally, allow_shrink: bool, values: Mapping[str, Any]
) -> None:
    missing, offered = _count(cursor, sql.COUNT_GONE, values)
    if missing * 100 > offered * LARGEST_SHRINK_PCT and not allow_shrink:
        report = tally.report() | {"stopped": f"would withdraw {missing} of {offered}"}
        raise FeedWouldShrink(missing=missing, offered=offered, report=report)


def _announce_withdrawn(cursor: CursorWrapper, *, now: datetime) -> None:
    """Who saved a design with a stone that nobody offers any more is told like one whose stone was sold."""
    cursor.execute(sql.SAVED_AND_WITHDRAWN)
    if gone := [key for (key,) in cursor.fetchall()]:
        outbox.publish(SavedStonesWithdrawn(stone_ids=gone), at=now)
