"""Suppliers' feeds into the catalog: staged row by row, then applied in one transaction.

Promise: an import is seen whole or not at all; a stone that is sold or held is never changed or withdrawn; a row is taken
in as it is written or refused with a reason that is counted, never guessed; a feed that lost much of its stones stops.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from builder import gemology
from builder.feeds import generic, layout, rapnet, sql, text
from builder.feeds.stones import OfferedStone, Refused, read
from builder.models import FeedImport, Supplier

LARGEST_SHRINK_PCT = 20
MOST_WORDS = 200  # of each field, in a report
MOST_EXAMPLES = 5
FORMATS = ("rapnet", "generic")


class UnknownFormat(ValueError):
    """A format that no reader is written for."""

    def __init__(self, *, name: str) -> None:
        super().__init__(f"Unknown feed format {name!r}; use one of {', '.join(FORMATS)}")


class FeedWouldShrink(Exception):
    """The feed lacks so many of the supplier's stones that it looks cut off. Nothing was changed."""

    def __init__(self, *, missing: int, offered: int, report: dict[str, Any]) -> None:
        super().__init__(
            f"The feed lacks {missing} of the {offered} stones this supplier offers, more than "
            f"{LARGEST_SHRINK_PCT} %. Nothing was changed. If they are really gone, import it "
            "again with --allow-shrink."
        )
        self.report = report


class _DryRun(Exception):
    """Undoes everything at the end of a trial."""


@dataclass(kw_only=True)
class Tally:
    """What became of the rows. Bounded, however bad the file is."""

    rows: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    unknown_words: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def refuse(self, refusal: Refused, *, line: int) -> None:
        self.refused[refusal.reason] += 1
        if refusal.reason == "unknown_word":
            name, _, word = refusal.detail.partition(" ")
            self.note_unknown(name, word)
        elif len(self.examples[refusal.reason]) < MOST_EXAMPLES:
            self.examples[refusal.reason].append(f"line {line}: {refusal.detail}".rstrip(": "))

    def note_unknown(self, name: str, word: str) -> None:
        words = self.unknown_words[name]
        words[word if word in words or len(words) < MOST_WORDS else "(others)"] += 1

    def report(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "refused": dict(self.refused.most_common()),
            "examples": {name: lines for name, lines in self.examples.items() if lines},
            "unknown_words": {
                name: dict(words.most_common()) for name, words in self.unknown_words.items()
            },
        }


def import_feed(
    *,
    supplier: Supplier,
    file: BinaryIO,
    file_name: str,
    feed_format: str,
    dry_run: bool,
    allow_shrink: bool,
    now: datetime,
) -> FeedImport:
    """Take in one feed and keep its report; a trial gives the report and keeps nothing.

    Raises UnknownFormat, text.UnreadableFile, layout.MissingColumns and FeedWouldShrink; the last one's report is
    kept. Locks the supplier, so that two imports of one wait for each other.
    """
    record = FeedImport(supplier=supplier, file_name=file_name[-200:], started_at=now)
    tally = Tally()
    rows = _rows(supplier, file, feed_format=feed_format, tally=tally)
    try:
        with transaction.atomic():
            Supplier.objects.select_for_update().get(pk=supplier.pk)
            with connection.cursor() as cursor:
                _stage(cursor, rows)
                changes = _apply(cursor, supplier, tally=tally, allow_shrink=allow_shrink, now=now)
            record.report = tally.report() | changes
            if dry_run:
                raise _DryRun
    except _DryRun:
        record.report["dry_run"] = True
        return record
    except FeedWouldShrink as error:
        record.report = error.report
        if not dry_run:
            record.save()
        raise
    record.finished_at = now
    record.save()
    return record


# Reading.


def _rows(
    supplier: Supplier, file: BinaryIO, *, feed_format: str, tally: Tally
) -> Iterator[OfferedStone]:
    columns, aliases = _ways_of(supplier, feed_format)
    rows = text.rows_of(file)
    for _, header in islice(rows, 1):
        laid_out = layout.lay_out(header=header, columns=columns)
    for line, row in rows:
        tally.rows += 1
        try:
            if len(row) > laid_out.width and any(cell.strip() for cell in row[laid_out.width :]):
                raise Refused("more_cells_than_columns")
            reading = read(laid_out.named(row), aliases=aliases)
        except Refused as refusal:
            tally.refuse(refusal, line=line)
            continue
        for name, word in reading.unknown:
            tally.note_unknown(name, word)
        yield reading.stone


def _ways_of(
    supplier: Supplier, feed_format: str
) -> tuple[layout.Columns, dict[str, dict[str, str]]]:
    """The supplier's columns and spellings; its own spellings win over the format's."""
    own: Mapping[str, Mapping[str, str]] = supplier.aliases
    if feed_format == "rapnet":
        columns, usual = rapnet.COLUMNS, rapnet.ALIASES
    elif feed_format == "generic":
        columns, usual = generic.columns(supplier.columns), {}
    else:
        raise UnknownFormat(name=feed_format)
    aliases = {
        name: {
            gemology.spelled(word): meaning
            for word, meaning in {**usual.get(name, {}), **own.get(name, {})}.items()
        }
        for name in {*usual, *own}
    }
    return columns, aliases


def _stage(cursor: CursorWrapper, stones: Iterator[OfferedStone]) -> None:
    """Stream the stones into a temporary table with the catalog's own column types."""
    cursor.execute("DROP TABLE IF EXISTS pg_temp.feed_row, pg_temp.touched_stone")
    facts = ", ".join(sql.FACTS)
    cursor.execute(
        f"CREATE TEMP TABLE feed_row ON COMMIT DROP AS SELECT {facts} FROM builder_stone LIMIT 0"  # noqa: S608
    )
    cursor.execute(
        "ALTER TABLE feed_row ADD stock_number varchar(64), ADD cost numeric(10, 2), "
        "ADD position bigserial"
    )
    with cursor.copy(f"COPY feed_row ({', '.join(sql.STAGED)}) FROM STDIN") as copy:
        for stone in stones:
            copy.write_row(astuple(stone))
    cursor.execute("CREATE TEMP TABLE touched_stone (id bigint PRIMARY KEY) ON COMMIT DROP")
    cursor.execute("CREATE INDEX ON feed_row (stock_number)")
    cursor.execute("CREATE INDEX ON feed_row (lab, report_number)")
    cursor.execute("ANALYZE feed_row")


# Applying.


def _apply(
    cursor: CursorWrapper, supplier: Supplier, *, tally: Tally, allow_shrink: bool, now: datetime
) -> dict[str, Any]:
    # Two feeds that offer the same stones would else wait for each other in a circle.
    cursor.execute("SELECT pg_advisory_xact_lock(hashtext('builder.catalog'))")
    values = {"supplier": supplier.pk, "markup": supplier.markup, "now": now}
    tally.refused["stock_number_repeated"] = _run(cursor, sql.DROP_REPEATED, values)
    tally.refused["report_says_otherwise"] = _run(cursor, sql.DROP_CONTRADICTING, values)
    tally.refused += Counter()  # drops the zeros
    _refuse_shrinking(cursor, tally=tally, allow_shrink=allow_shrink, values=values)
    _run(cursor, sql.TOUCH_OFFERED, values)
    changes = {
        "new_stones": _run(cursor, sql.INSERT_STONES, values),
        "changed_stones": _run(cursor, sql.UPDATE_STONES, values),
        "offers": _run(cursor, sql.UPSERT_OFFERS, values),
        "withdrawn": _run(cursor, sql.WITHDRAW, values),
    }
    _run(cursor, sql.TOUCH_OFFERED, values)
    _run(cursor, sql.REPRICE, values)
    return changes


def _run(cursor: CursorWrapper, statement: str, values: Mapping[str, Any]) -> int:
    cursor.execute(statement, values)
    return int(cursor.rowcount)


def _refuse_shrinking(
    cursor: CursorWrapper, *, tally: Tally, allow_shrink: bool, values: Mapping[str, Any]
) -> None:
    cursor.execute(sql.COUNT_MISSING, values)
    missing, offered = cursor.fetchone()
    if missing * 100 > offered * LARGEST_SHRINK_PCT and not allow_shrink:
        report = tally.report() | {"stopped": f"would withdraw {missing} of {offered}"}
        raise FeedWouldShrink(missing=missing, offered=offered, report=report)
