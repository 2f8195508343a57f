"""Which engine answers the stone list in this process, and how old its snapshot is."""

from collections.abc import Mapping

from django.utils import timezone

from builder.search import snapshot
from jeweler import health


def search() -> Mapping[str, object]:
    found = snapshot.current()
    if found is None:
        return {"search": "table"}
    age = timezone.now() - found.built_at
    return {"search": "snapshot", "snapshot_age_s": round(age.total_seconds())}


health.report("search", search)
