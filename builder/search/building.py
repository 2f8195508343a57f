"""A worker's part: reading the stones on offer and keeping their snapshot for every process.

The oldest transaction still running is noted together with the read, so that whoever loads the snapshot asks for exactly
the stones that may be missing in it.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from builder.models import SearchSnapshot, Setting
from builder.search import payload, rows
from builder.search.bitmaps import Bitmaps, made_of
from builder.search.fitting import heads_of

KEPT = 2  # a process may be reading the one before the newest
AT_ONCE = 1000  # so many changed stones are not left to every process for long
_LOCK = 5_743_210_301  # of Postgres' advisory locks: one worker builds at a time


@dataclass(frozen=True, kw_only=True)
class _Newest:
    """`changed`: stones that its readers filter one by one, counted to AT_ONCE."""

    age_s: float
    changed: int


def refresh(*, now: datetime) -> SearchSnapshot | None:
    """Build a snapshot if one is needed. None: the newest one will do, or another worker is at it."""
    newest = _newest(now=now)
    if newest and not newest.changed:
        return None
    if newest and newest.changed < AT_ONCE and newest.age_s < settings.SEARCH_SNAPSHOT_REBUILD_S:
        return None
    return build(now=now)


def build(*, now: datetime) -> SearchSnapshot | None:
    """Read, make and keep. None: another worker is at it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return None
        horizon, bitmaps = _read()
        snapshot = SearchSnapshot.objects.create(
            built_at=now, horizon_xid=horizon, stones=len(bitmaps), payload=payload.packed(bitmaps)
        )
        kept = SearchSnapshot.objects.order_by("-id").values_list("id", flat=True)[:KEPT]
        SearchSnapshot.objects.exclude(pk__in=list(kept)).delete()
    return snapshot


def _read() -> tuple[int, Bitmaps]:
    """The horizon is asked for first: whatever is committed after it is at least as new, and is asked for again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        horizon = cursor.fetchone()[0]
    bitmaps = made_of(rows.offered())
    for setting in Setting.objects.filter(is_offered=True).prefetch_related("heads"):
        for head in heads_of(setting.rules):
            for limits in head.limits:
                bitmaps.within(limits)
    return horizon, bitmaps


def _newest(*, now: datetime) -> _Newest | None:
    newest = SearchSnapshot.objects.order_by("-id").defer("payload").first()
    if newest is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT FROM builder_stone WHERE changed_xid >= %s LIMIT %s) AS few",
            [newest.horizon_xid, AT_ONCE],
        )
        changed = cursor.fetchone()[0]
    return _Newest(age_s=(now - newest.built_at).total_seconds(), changed=changed)
