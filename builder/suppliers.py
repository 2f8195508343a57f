"""What the house knows of a supplier's files: its spellings and its columns. Raises before anything wrong is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from django.contrib.auth.models import User
from django.db import transaction

from builder import gemology
from builder.feeds import generic, layout, text
from builder.feeds.stones import MEANINGS
from builder.models import Supplier
from jeweler import audit

SPELLED: dict[str, Sequence[str]] = {
    name: tuple(dict.fromkeys(words.values()))
    for name, words in {**gemology.SPELLINGS, **MEANINGS}.items()
}
FREE = frozenset({"fancy_color"})  # its meanings are words of our own
SAMPLE_ROWS = 3


class BadAliases(ValueError):
    """Spellings that no reader could use."""


class Unmapped(ValueError):
    """The chosen columns lack what every stone must have."""

    def __init__(self, *, missing: Sequence[str]) -> None:
        self.missing = missing
        super().__init__(f"Choose a column for {', '.join(missing)}; without it no row is a stone.")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The beginning of a file: its titles and a few rows."""

    header: list[str]
    rows: list[list[str]]


def check_aliases(aliases: Mapping[str, Any]) -> None:
    """Raises BadAliases."""
    if not all(isinstance(own, dict) for own in aliases.values()):
        raise BadAliases('Write an object such as {"shape": {"R": "round"}}.')
    for name, own in aliases.items():
        if name in FREE:
            continue
        if name not in SPELLED:
            known = ", ".join([*SPELLED, *FREE])
            raise BadAliases(f"{name} has no spellings; use any of {known}.")
        if strange := {str(word) for word in own.values()} - set(SPELLED[name]):
            meanings = ", ".join(sorted(SPELLED[name]))
            raise BadAliases(f"{name} has no {', '.join(sorted(strange))}; use any of {meanings}.")


def add_alias(
    *, supplier: Supplier, field: str, word: str, meaning: str, by: User, now: datetime
) -> None:
    """From now on this supplier's `word` means our `meaning`. Raises BadAliases."""
    check_aliases({field: {word: meaning}})
    with transaction.atomic():
        fresh = Supplier.objects.select_for_update().get(pk=supplier.pk)
        fresh.aliases = fresh.aliases | {field: {**fresh.aliases.get(field, {}), word: meaning}}
        fresh.save(update_fields=["aliases"])
        detail = {"field": field, "word": word, "meaning": meaning}
        audit.record(action="supplier.alias", subject=fresh, actor=by, detail=detail, now=now)


def map_columns(*, supplier: Supplier, columns: Mapping[str, str], by: User, now: datetime) -> None:
    """Keep which column says what; `=value` says it of every row. Raises Unmapped and UnknownField."""
    generic.check(columns)
    missing = [" or ".join(names) for names in layout.NEEDED if not columns.keys() & set(names)]
    if missing:
        raise Unmapped(missing=missing)
    with transaction.atomic():
        Supplier.objects.filter(pk=supplier.pk).update(columns=dict(columns))
        audit.record(
            action="supplier.columns", subject=supplier, actor=by, detail=dict(columns), now=now
        )


def sample(file: BinaryIO) -> Sample:
    """The titles and first rows of a CSV. Raises UnreadableFile."""
    first = [row for _, row in islice(text.rows_of(file), 1 + SAMPLE_ROWS)]
    return Sample(header=[title.strip()[:80] for title in first[0]], rows=first[1:])


def guess(header: Sequence[str]) -> dict[str, str]:
    """Our fields with the column that is usually called so; a bare "Price" is never guessed."""
    at = {gemology.spelled(title): title for title in reversed(header)}
    found = {}
    for name, usual in generic.USUAL.items():
        titles = (at.get(gemology.spelled(title)) for title in usual)
        if title := next(filter(None, titles), None):
            found[name] = title
    return found
