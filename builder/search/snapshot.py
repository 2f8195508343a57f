"""The engine in memory: bitmaps of the stones on offer, and exactly what changed since they were made.

Every process keeps one. At most every SEARCH_SNAPSHOT_POLL_S seconds a search first asks Postgres, in one small query, for the
newest snapshot's id and for the stones whose transaction may not have been seen. Changed stones are taken out of every
bitmap and filtered one by one, so that answers equal the table's as of the last look. Postgres alone decides who gets a
stone; a page's rows are read from it once more.

There is none, and the table is asked instead, while no worker has built one, while more than MOST_CHANGES stones changed since,
and inside a transaction that has itself written (what it did may yet be undone).
"""

import threading
import time
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import psycopg
from django.conf import settings
from django.db import connection
from pyroaring import BitMap

from builder.search import payload, rows
from builder.search.bitmaps import Bitmaps, Values
from builder.search.counting import Counting
from builder.search.facets import FACETS
from builder.search.query import StoneQuery
from builder.search.results import Beside, Found
from builder.search.rows import Rows

MOST_CHANGES = 4000
FEW = 200  # looked up one by one; of more, one pass over all ids is quicker
Among = frozenset[int] | None


class Listed(NamedTuple):
    """What the snapshot knows of one stone on offer; lengths in millimeters, the price in major units.

    With two decimals, as the table has them.
    """

    id: int
    shape: str
    growth: str
    color: str
    clarity: str
    cut: str
    carat: Decimal
    length_mm: Decimal
    width_mm: Decimal
    depth_mm: Decimal
    price: Decimal
    delivery_days: int


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Immutable: a later look makes another one. `gone` are the places of stones that changed."""

    id: int
    built_at: datetime
    bitmaps: Bitmaps
    changed: Rows
    gone: BitMap
    name: str = "snapshot"

    def find(self, query: StoneQuery, *, among: Among) -> Found:
        return Counting(self.bitmaps, self.gone, self.changed, query, among).found()

    def count(self, query: StoneQuery, *, among: Among) -> int:
        return Counting(self.bitmaps, self.gone, self.changed, query, among).total

    def beside(self, query: StoneQuery, measure: str, *, among: Among) -> Beside:
        others = Counting(self.bitmaps, self.gone, self.changed, query.without(measure), among)
        return others.beside(query, measure)

    def listed(self, stone_id: int) -> Listed | None:
        """None: not on offer as of the last look."""
        place = self.bitmaps.place_of(stone_id)
        if place is not None and place not in self.gone:
            return _of_place(self.bitmaps, place)
        at = np.flatnonzero(self.changed["id"] == stone_id)
        return _of_row(self.changed[at[0]]) if len(at) else None

    def is_as_built(self, stone_id: int) -> bool:
        """Whether its row is, as of the last look, still the one that the bitmaps were made from."""
        place = self.bitmaps.place_of(stone_id)
        return place is not None and place not in self.gone

    def with_changes(self, changed: Rows) -> "Snapshot":
        if len(changed) > FEW:
            return replace(self, changed=changed, gone=self.bitmaps.places_of(changed["id"]))
        found = (self.bitmaps.place_of(pk) for pk in changed["id"].tolist())
        gone = BitMap(place for place in found if place is not None)
        return replace(self, changed=changed, gone=gone)


_WORDS = {name: ("", *facet.labels) for name, facet in FACETS.items()}


def _of_row(row: Any) -> Listed | None:
    """One that changed since; None while it is not on offer."""
    numbers = dict(zip(row.dtype.names, row.item(), strict=True))
    return _listed(numbers, numbers, numbers["delivery"]) if numbers["is_offered"] else None


def _of_place(bitmaps: Bitmaps, place: int) -> Listed:
    """Kept for a while: whoever tries one stone in many rings asks for it again and again."""
    found: Listed | None = bitmaps.listed.get(place)
    if found is None:
        if len(bitmaps.listed) >= _LISTED_KEPT:
            bitmaps.listed.clear()
        found = bitmaps.listed[place] = _read_place(bitmaps, place)
    return found


def _read_place(bitmaps: Bitmaps, place: int) -> Listed:
    numbers = {name: column.item(place) for name, column in bitmaps.columns.items()}
    facets = {name: _holding(bitmaps.facets[name], place) for name in _HELD}
    facets["shape"] = numbers["shape"]
    return _listed(numbers, facets, _holding(bitmaps.delivery, place))


_HELD = ("growth", "color", "clarity", "cut")
_LISTED_KEPT = 4096  # about 1 kB each


def _listed(numbers: dict[str, int], facets: dict[str, int], delivery_days: int) -> Listed:
    return Listed(
        id=numbers["id"],
        shape=_WORDS["shape"][facets["shape"]],
        growth=_WORDS["growth"][facets["growth"]],
        color=_WORDS["color"][facets["color"]],
        clarity=_WORDS["clarity"][facets["clarity"]],
        cut=_WORDS["cut"][facets["cut"]],
        carat=Decimal(numbers["carat"]).scaleb(-2),
        length_mm=Decimal(numbers["length_mm"]).scaleb(-2),
        width_mm=Decimal(numbers["width_mm"]).scaleb(-2),
        depth_mm=Decimal(numbers["depth_mm"]).scaleb(-2),
        price=Decimal(numbers["price"]).scaleb(-2),
        delivery_days=delivery_days,
    )


def _holding(values: Values, place: int) -> int:
    """The value that this place has; 0 where it has none."""
    for number, each in enumerate(values.maps):
        if place in each:
            return values.values[number]
    return 0


# Keeping one in this process.

_LOOK = f"""
    SELECT now_running.*, stone.* FROM (
        SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
               pg_current_xact_id_if_assigned() IS NOT NULL,
               (SELECT max(id) FROM builder_searchsnapshot)
    ) AS now_running LEFT JOIN (
        SELECT {rows.SELECT} FROM builder_stone WHERE changed_xid >= %s LIMIT {MOST_CHANGES + 1}
    ) AS stone ON true
"""  # noqa: S608  names are ours
_NEVER = 2**62  # no transaction has such a number


class _Keeper:
    """What this process last saw. One thread looks at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.snapshot: Snapshot | None = None
        self.refused = 0  # the id of one that this release cannot read
        self.horizon = 0  # transactions before it have been seen
        self.changed: dict[int, tuple[Any, ...]] = {}
        self.looked_at = float("-inf")
        self.is_behind = (
            False  # more changed than is filtered one by one: wait for the next snapshot
        )
        self.is_current = False

    def current(self) -> Snapshot | None:
        with self.lock:
            if time.monotonic() - self.looked_at >= settings.SEARCH_SNAPSHOT_POLL_S:
                self._look()
            return self.snapshot if self.is_current else None

    def _look(self) -> None:
        """Raises what the database raises; then nothing is known to be current."""
        self.is_current = False
        looked_at = (
            time.monotonic()
        )  # before asking: what happens meanwhile may be missing in the answer
        horizon, has_written, newest_id, changed = self._ask()
        if has_written:
            return
        self.looked_at = looked_at
        if newest_id is None or newest_id == self.refused:
            self.snapshot = None
            return
        if self.snapshot is None or newest_id != self.snapshot.id:
            if not self._load():
                return
            horizon, has_written, newest_id, changed = self._ask()
        if self.is_behind or len(changed) > MOST_CHANGES:
            self.is_behind = True
            return
        self._learn(changed)
        self.horizon = horizon
        self.is_behind = len(self.changed) > MOST_CHANGES
        self.is_current = not self.is_behind

    def _ask(self) -> tuple[int, bool, int | None, list[tuple[Any, ...]]]:
        """The horizon of this very look, whether its transaction has written, the newest snapshot, what changed."""
        seen = _NEVER if self.is_behind or self.snapshot is None else self.horizon
        with connection.cursor() as cursor:
            cursor.execute(_LOOK, [seen])
            found = cursor.fetchall()
        horizon, has_written, newest_id = found[0][:3]
        return horizon, has_written, newest_id, [row[3:] for row in found if row[3] is not None]

    def _load(self) -> bool:
        """The newest one there is."""
        loaded = newest()
        if loaded is None:
            return False
        pk, built_at, horizon, data = loaded
        try:
            bitmaps = payload.unpacked(data)
        except payload.UnknownFormat:
            self.refused, self.snapshot = pk, None
            return False
        self.snapshot = Snapshot(
            id=pk, built_at=built_at, bitmaps=bitmaps, changed=rows.of([]), gone=BitMap()
        )
        self.horizon, self.changed, self.is_behind = horizon, {}, False
        return True

    def _learn(self, changed: list[tuple[Any, ...]]) -> None:
        """A stone that was seen as it is already is no news: most looks find none."""
        news = {row[0]: row for row in changed if self.changed.get(row[0]) != row}
        if news and self.snapshot:
            self.changed |= news
            self.snapshot = self.snapshot.with_changes(rows.of(list(self.changed.values())))


_keepers = [_Keeper()]


def current() -> Snapshot | None:
    """What this process may answer from; None: ask the table."""
    return _keepers[0].current()


def forget() -> None:
    """Start anew, as a new process does."""
    _keepers[0] = _Keeper()


def newest() -> tuple[int, datetime, int, bytes] | None:
    """Id, time, horizon and bytes, read in binary: as text they would take twice the memory."""
    connection.ensure_connection()
    # Django's own cursors bind on the client, which cannot do so.
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(
            "SELECT id, built_at, horizon_xid, payload FROM builder_searchsnapshot "
            "ORDER BY id DESC LIMIT 1",
            binary=True,
        )
        found: tuple[int, datetime, int, bytes] | None = cursor.fetchone()
        return found
