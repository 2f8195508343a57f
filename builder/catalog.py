"""Suppliers' feeds into the catalog: staged piece by piece, then applied in one transaction.

Promise: an import is seen whole or not at all; a stone that is sold or held is never changed or withdrawn; a row is taken
in as it is written or refused with a reason that is counted, never guessed; a feed that lost much of its stones stops; what
a feed does not change is not written. How and why: docs/algorithms/feeds.md.
"""

import contextlib
import os
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any, BinaryIO

from django.core.files import File
from django.db import connection, transaction

from builder.feeds import applying, formats, progress, sql
from builder.feeds.holders import Holders
from builder.feeds.layout import MissingColumns
from builder.feeds.progress import Progress
from builder.feeds.rows import Aliases, Format, Refused, Row
from builder.feeds.source import Source
from builder.feeds.staging import Staging, staging
from builder.feeds.stones import GONE, Reader, Reading
from builder.feeds.tally import Tally
from builder.models import FeedImport, Setting, StoneOffer, Supplier

TOLD_EVERY = 5000  # rows
MOST_AT_ONCE = 5000  # offers that are repriced while somebody waits for the page
FORMATS = tuple(formats.FORMATS)
State = FeedImport.State


class _Trial(Exception):
    """Undoes everything at the end of a trial."""


def import_feed(
    *,
    supplier: Supplier,
    file: BinaryIO,
    file_name: str,
    feed_format: str,
    dry_run: bool,
    allow_shrink: bool,
    now: datetime,
    record: FeedImport | None = None,
) -> FeedImport:
    """Take in one feed and keep its report, also of one that was stopped or could not be read.

    A trial gives the report and changes nothing; without a `record` made for it, it keeps nothing either. Raises
    UnknownFormat, UnreadableFile, MissingColumns, UnknownField and FeedWouldShrink. Imports of one supplier wait for
    each other. Where no transaction is open, the record tells others how far it is, over a second connection.
    """
    known = formats.find(feed_format)
    if record is None:
        record = FeedImport(supplier=supplier, file_name=file_name[-200:], is_trial=dry_run)
    with (
        contextlib.closing(Tally(place=known.place)) as tally,
        alone(supplier),
        staging() as staged,
    ):
        is_kept = bool(record.pk) or not dry_run
        _begin(record, file, feed_format=feed_format, is_kept=is_kept, now=now)
        try:
            with progress.of(record) as told:
                _read(supplier, known, Source(file), tally=tally, staged=staged, told=told)
                told.tell(state=State.APPLYING)
                _change(
                    record,
                    tally=tally,
                    dry_run=dry_run,
                    allow_shrink=allow_shrink,
                    told=told,
                    now=now,
                )
        except applying.FeedWouldShrink as stop:
            _end(record, State.STOPPED, tally, report=stop.report, error=str(stop), now=now)
            raise
        except ValueError as error:  # whatever readers refuse is a bad value
            _end(record, State.FAILED, tally, report=tally.report(), error=str(error), now=now)
            raise
    return record


def ask_to_reprice(*, supplier: Supplier, now: datetime) -> int | None:
    """Reprice a short list at once and say how many stones changed; a long one is a worker's: None."""
    living = StoneOffer.objects.filter(supplier=supplier, withdrawn_at=None)
    if living[: MOST_AT_ONCE + 1].count() <= MOST_AT_ONCE:
        return reprice(supplier=supplier, now=now)
    Supplier.objects.filter(pk=supplier.pk).update(reprice_asked_at=now)
    return None


def reprice_due(*, now: datetime) -> int:
    """Reprice whoever waits longest; how many suppliers were: one or none.

    What was asked goes away with what was done; asked again meanwhile, it is done again.
    """
    with transaction.atomic():
        due = (
            Supplier.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(reprice_asked_at__isnull=False)
            .order_by("reprice_asked_at")
            .first()
        )
        if due is None:
            return 0
        reprice(supplier=due, now=now)
        due.reprice_asked_at = None
        due.save(update_fields=["reprice_asked_at"])
    return 1


def reprice(*, supplier: Supplier, now: datetime) -> int:
    """Ask anew for this supplier's living offers, by its rules as they are now; how many stones changed.

    Stones that are held or sold keep their price.
    """
    values = {"supplier": supplier.pk, "now": now}
    with transaction.atomic(), connection.cursor() as cursor:
        applying.one_at_a_time(cursor)
        applying.run(cursor, sql.REPRICE_OFFERS, values)
        applying.run(cursor, sql.TOUCH, values)
        applying.run(cursor, sql.ANALYZE_TOUCHED, values)
        changed = applying.run(cursor, sql.REPRICE, values)
        cursor.execute("DROP TABLE pg_temp.touched_stone")
    return changed


@contextlib.contextmanager
def alone(supplier: Supplier) -> Iterator[None]:
    """Wait for another import of this supplier; the lock is the session's and dies with its process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('builder.feeds'), %s::int)", [supplier.pk])
        try:
            yield
        finally:
            if not connection.needs_rollback and connection.is_usable():
                cursor.execute(
                    "SELECT pg_advisory_unlock(hashtext('builder.feeds'), %s::int)", [supplier.pk]
                )


# The record of an import, for whoever watches.


def _begin(
    record: FeedImport, file: BinaryIO, *, feed_format: str, is_kept: bool, now: datetime
) -> None:
    record.feed_format, record.state, record.error = feed_format, State.READING, ""
    record.total_bytes, record.read_bytes, record.read_rows, record.step = _size(file), 0, 0, 0
    record.started_at = now
    if is_kept:
        record.save()


def _end(
    record: FeedImport,
    state: str,
    tally: Tally,
    *,
    report: dict[str, Any],
    error: str,
    now: datetime,
) -> None:
    if record.is_trial:
        report["dry_run"] = True
    if record.pk and tally.refused_rows.kept:
        name = f"refused-{record.pk}.csv"
        record.refused_rows.save(name, File(tally.refused_rows.file()), save=False)
    record.state, record.report, record.error = state, report, error
    record.read_rows, record.finished_at = tally.rows, now
    if record.pk:
        record.save(
            update_fields=[
                "state",
                "report",
                "error",
                "read_rows",
                "read_bytes",
                "step",
                "finished_at",
                "refused_rows",
            ]
        )


def _size(file: BinaryIO) -> int:
    try:
        here = file.tell()
        end = file.seek(0, os.SEEK_END)
        file.seek(here)
    except (OSError, AttributeError):
        return 0
    return end


# Reading.


def _read(
    supplier: Supplier,
    known: Format,
    source: Source,
    *,
    tally: Tally,
    staged: Staging,
    told: Progress,
) -> None:
    reader = Reader(aliases=_aliases(supplier.aliases, known.aliases))
    holders = _holders()
    tally.without_setting = Counter() if holders else None
    try:
        with staged.streaming():
            for place, row in known.read(source, supplier.columns):
                tally.rows += 1
                try:
                    reading = reader.read(row)
                except Refused as refusal:
                    _refuse(refusal, row, at=place, reader=reader, tally=tally, staged=staged)
                else:
                    _take(reading, at=place, holders=holders, tally=tally, staged=staged)
                if tally.rows % TOLD_EVERY == 0:
                    told.tell(read_bytes=source.taken, read_rows=tally.rows)
    except MissingColumns as error:
        fitting = [code for code in formats.fitting(error.header) if code != known.code]
        raise MissingColumns(missing=error.missing, header=error.header, fitting=fitting) from error
    told.tell(read_bytes=source.taken, read_rows=tally.rows)


def _take(reading: Reading, *, at: int, holders: Holders, tally: Tally, staged: Staging) -> None:
    stone = reading.stone
    staged.add(stone, place=at)
    for name, word in reading.unknown:
        tally.note_unknown(name, word)
    if tally.without_setting is not None and not holders.hold(
        shape=stone.shape,
        length_mm=stone.length_mm,
        width_mm=stone.width_mm,
        depth_mm=stone.depth_mm,
    ):
        tally.without_setting[stone.shape] += 1


def _holders() -> Holders:
    offered = Setting.objects.filter(is_offered=True).prefetch_related("heads")
    return Holders(setting.rules for setting in offered)


def _refuse(
    refusal: Refused, row: Row | Refused, *, at: int, reader: Reader, tally: Tally, staged: Staging
) -> None:
    """Counted, and unless the row says that the stone is gone, its offer stays as it is."""
    row = {} if isinstance(row, Refused) else row
    tally.refuse(refusal, at=at, row=row)
    if refusal.reason not in GONE and (stock_number := reader.stock_number(row)):
        staged.keep(stock_number, place=at)


def _aliases(own: Aliases, usual: Aliases) -> Aliases:
    """The supplier's spellings over the format's; those of the trade come last, where words are read."""
    return {name: {**usual.get(name, {}), **own.get(name, {})} for name in {*usual, *own}}


# Applying.


def _change(
    record: FeedImport,
    *,
    tally: Tally,
    dry_run: bool,
    allow_shrink: bool,
    told: Progress,
    now: datetime,
) -> None:
    """The catalog and the record that says so change together; a trial is taken back and then recorded."""
    report: dict[str, Any] = {}
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            supplier = Supplier.objects.select_for_update().get(pk=record.supplier_id)
            applying.one_at_a_time(cursor)
            # Else joins of a million rows go through the disk.
            cursor.execute("SET LOCAL work_mem = '128MB'")
            report = applying.apply(
                cursor, supplier, tally=tally, allow_shrink=allow_shrink, told=told, now=now
            )
            if dry_run:
                raise _Trial
            _end(record, State.DONE, tally, report=report, error="", now=now)
    except _Trial:
        _end(record, State.DONE, tally, report=report, error="", now=now)
