"""Feeds that staff upload: each is a row that a worker claims, runs and finishes; what a killed worker left is run again.

Promise: a file that is too large or plainly no feed is refused before it waits; one feed is taken in at a time, so that mails and
tills never wait behind two of them; an import is begun at most `FEED_MAX_ATTEMPTS` times; the upload is deleted once it is read.
"""

import contextlib
import logging
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO, cast

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files import File
from django.db import DatabaseError, connection, transaction

from builder import catalog
from builder.feeds import applying, formats
from builder.feeds.source import FIRST_BYTES, kind_of
from builder.models import FeedImport, Supplier
from jeweler import audit

logger = logging.getLogger(__name__)
State = FeedImport.State
OPEN = (State.WAITING, State.READING, State.APPLYING)
_ALL_SUPPLIERS = 0  # beside the suppliers' own locks: whose turn it is in the whole house


class UploadTooLarge(ValueError):
    """A file beyond what the house takes."""

    def __init__(self, *, size: int) -> None:
        largest = settings.FEED_LARGEST_BYTES // 1024**2
        super().__init__(
            f"The file has {size / 1024**2:.0f} MB and uploads may have {largest} MB. Import it on "
            "the server: manage.py import_stones FILE --supplier CODE."
        )


def request(
    *,
    supplier: Supplier,
    upload: File,  # type: ignore[type-arg]  # generic in the stubs alone
    feed_format: str,
    is_trial: bool,
    may_shrink: bool,
    by: User,
    now: datetime,
) -> FeedImport:
    """Have a worker import it. Raises UploadTooLarge, UnknownFormat, and UnreadableFile by the first bytes."""
    formats.find(feed_format)
    if upload.size > settings.FEED_LARGEST_BYTES:
        raise UploadTooLarge(size=upload.size)
    kind_of(upload.read(FIRST_BYTES))
    upload.seek(0)
    record = FeedImport(
        supplier=supplier,
        file_name=(upload.name or "feed")[-200:],
        feed_format=feed_format,
        requested_by=by,
        is_trial=is_trial,
        may_shrink=may_shrink,
        state=State.WAITING,
        total_bytes=upload.size,
        started_at=now,
    )
    with transaction.atomic():
        record.upload.save(f"{supplier.code}.feed", upload, save=False)
        record.save()
        audit.record(action="feed.requested", subject=supplier, actor=by, now=now)
    return record


def run_due(*, now: datetime) -> int:
    """Import what waits longest, if no other worker is importing; how many were finished: one or none."""
    with _turn(_ALL_SUPPLIERS) as is_ours:
        if not is_ours:
            return 0
        for candidate in FeedImport.objects.filter(state__in=OPEN).order_by("id")[:50]:
            with _turn(candidate.supplier_id) as is_free:
                claimed = _claim(candidate, now=now) if is_free else None
                if claimed is not None:
                    return _run(claimed, now=now)
        catalog.reprice_due(now=now)
    return 0


@transaction.atomic
def _claim(candidate: FeedImport, *, now: datetime) -> FeedImport | None:
    """Count an attempt before it is made. With the supplier's lock in hand, nobody runs what is open."""
    record = (
        FeedImport.objects.select_for_update(skip_locked=True, of=["self"])
        .select_related("supplier")
        .filter(pk=candidate.pk, state__in=OPEN)
        .first()
    )
    if record is None:
        return None
    if not record.upload:
        _give_up(record, "The program that imported it ended. Import it again.", now=now)
        return None
    if record.attempts >= settings.FEED_MAX_ATTEMPTS:
        why = record.error or "The worker died each time."
        _give_up(record, f"Given up after {record.attempts} attempts. {why}", now=now)
        return None
    record.attempts += 1
    record.state = State.READING
    record.save(update_fields=["attempts", "state"])
    return record


def _give_up(record: FeedImport, error: str, *, now: datetime) -> None:
    record.state, record.error, record.finished_at = State.FAILED, error, now
    record.save(update_fields=["state", "error", "finished_at"])
    _forget_upload(record)


def _run(record: FeedImport, *, now: datetime) -> int:
    try:
        with record.upload.open("rb") as file:
            catalog.import_feed(
                supplier=record.supplier,
                file=cast(BinaryIO, file),
                file_name=record.file_name,
                feed_format=record.feed_format,
                dry_run=record.is_trial,
                allow_shrink=record.may_shrink,
                now=now,
                record=record,
            )
    except (ValueError, applying.FeedWouldShrink):
        pass  # the record says it
    except FileNotFoundError:
        _give_up(record, "The uploaded file is gone. Upload it again.", now=now)
    except (DatabaseError, OSError) as error:
        logger.warning("Feed import %s is to be tried again", record.pk, exc_info=True)
        FeedImport.objects.filter(pk=record.pk).update(
            state=State.WAITING, error=f"{type(error).__name__}: {error}"[:500]
        )
        return 0
    _forget_upload(record)
    return 1


def _forget_upload(record: FeedImport) -> None:
    if record.upload:
        record.upload.delete(save=False)
        FeedImport.objects.filter(pk=record.pk).update(upload="")


@contextlib.contextmanager
def _turn(number: int) -> Iterator[bool]:
    """Whether nobody else has it; a lock of the session, which a killed worker loses with its connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('builder.feeds'), %s::int)", [number])
        is_ours = bool(cursor.fetchone()[0])
        try:
            yield is_ours
        finally:
            if is_ours and not connection.needs_rollback and connection.is_usable():
                cursor.execute(
                    "SELECT pg_advisory_unlock(hashtext('builder.feeds'), %s::int)", [number]
                )
