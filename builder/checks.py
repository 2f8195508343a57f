"""What Django's own check says of the catalog: `manage.py check --database default` names whatever lacks a price."""

from collections.abc import Sequence
from typing import Any

from django.core import checks
from django.db import DatabaseError
from django.utils import timezone

from builder import pricebook
from builder.book import gaps


def prices(*, databases: Sequence[str] | None, **options: Any) -> list[checks.CheckMessage]:
    """Nothing while no database was asked for, or before its tables are there."""
    if not databases:
        return []
    try:
        book = pricebook.fresh()
    except DatabaseError:
        return []
    return [checks.Warning(gap, id="builder.W001") for gap in gaps(book, now=timezone.now())]
