"""Which engine answers the stone list in this process, how old its snapshot is, and how far behind the designs' watcher is."""

from collections.abc import Mapping

from django.utils import timezone

from builder import living
from builder.search import snapshot
from jeweler import health


def search() -> Mapping[str, object]:
    found = snapshot.current()
    if found is None:
        return {"search": "table"}
    age = timezone.now() - found.built_at
    return {"search": "snapshot", "snapshot_age_s": round(age.total_seconds())}


def watcher() -> Mapping[str, object]:
    return {"designs_behind_s": round(living.behind(now=timezone.now()).total_seconds())}


health.report("search", search)
health.report("designs", watcher)
