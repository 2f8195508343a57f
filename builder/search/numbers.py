"""A stone by its number: the report's or the stock number of whoever offers it, however it is spaced."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F, Func, QuerySet, Value
from django.db.models.functions import Replace, Upper

from builder.models import Stone, StoneOffer

_LABS = re.compile(r"^(GIA|IGI|AGS|HRD|GCAL|GSI|EGL)(?=[A-Z]*\d)")
MOST = 50  # stock numbers are each supplier's own, so that a short one may name several stones


@dataclass(frozen=True, kw_only=True)
class Numbered:
    """The stones on offer under a number, and what became of those that are not."""

    ids: frozenset[int]
    note: str


def bare(column: str) -> Func:
    """The number as it is compared: capitals, no spaces or dashes. An index keeps it."""
    without_spaces = Replace(F(column), Value(" "), Value(""))
    return Upper(Replace(without_spaces, Value("-"), Value("")))


def find(number: str) -> Numbered:
    """Also found with the lab's name before it, as it is printed on the report."""
    stones = _stones(number)
    available = [stone for stone in stones if stone.status == Stone.Status.AVAILABLE]
    return Numbered(ids=frozenset(stone.pk for stone in available), note=_note(number, stones))


def gone(number: str) -> Stone | None:
    """The stone that has this number when it is the only one and no longer on offer: others may stand in for it."""
    stones = _stones(number)
    if len(stones) != 1 or stones[0].status == Stone.Status.AVAILABLE:
        return None
    return stones[0]


def _stones(number: str) -> list[Stone]:
    plain = re.sub(r"[ -]", "", number).upper()
    spellings = {plain, _LABS.sub("", plain)}
    ids = [
        *by_report(spellings).values_list("pk", flat=True)[:MOST],
        *by_offer(spellings).values_list("stone_id", flat=True)[:MOST],
    ]
    return list(Stone.objects.filter(pk__in=ids).order_by("pk"))


def by_report(spellings: set[str]) -> "QuerySet[Stone]":
    return Stone.objects.alias(bare=bare("report_number")).filter(bare__in=spellings)


def by_offer(spellings: set[str]) -> "QuerySet[StoneOffer]":
    return StoneOffer.objects.alias(bare=bare("stock_number")).filter(
        bare__in=spellings, withdrawn_at=None
    )


def _note(number: str, stones: Sequence[Stone]) -> str:
    if not stones:
        return f"No stone of ours has the number {number}."
    gone = [stone for stone in stones if stone.status != Stone.Status.AVAILABLE]
    return " ".join(f"{stone}: {_what_became(stone)}." for stone in gone)


def _what_became(stone: Stone) -> str:
    if stone.status == Stone.Status.SOLD and stone.sold_at:
        return f"sold on {stone.sold_at:%B} {stone.sold_at.day}, {stone.sold_at.year}"
    if stone.status == Stone.Status.HELD:
        return "held for another customer at the moment"
    return "no longer offered by its supplier"
