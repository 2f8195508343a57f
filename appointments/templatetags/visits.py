"""How the staff's pages of visits say what a piece is, where it is and what it waits for."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils import timezone
from django.utils.dateformat import format as formatted

from appointments.counter import day as days
from appointments.models import Appointment
from appointments.preparation import Item, Place
from builder import versions
from builder.funnel import Rate
from builder.models import Design, Stone

register = template.Library()

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")  # fmt: skip


@register.filter
def called(visit: Appointment) -> str:
    return days.called(visit)


@register.filter
def wall(visit: Appointment, words: str) -> str:
    """When the visit begins on its own store's wall."""
    return formatted(visit.starts_at.astimezone(visit.store.zone), words)


@register.filter
def piece(stone: Stone) -> str:
    """ "1.52 ct round G VS1"."""
    return f"{stone.carat:.2f} ct {stone.get_shape_display().lower()} {grades(stone)}"


@register.filter
def piece_short(stone: Stone) -> str:
    return f"{stone.carat:.2f} ct {stone.get_shape_display().lower()}"


@register.filter
def grades(stone: Stone) -> str:
    return f"{stone.color or stone.fancy_color} {stone.clarity}"


@register.filter
def measures(stone: Stone) -> str:
    """ "9.62 × 6.88 mm, 1.40"."""
    ratio = stone.length_mm / stone.width_mm
    return f"{stone.length_mm:.2f} × {stone.width_mm:.2f} mm, {ratio:.2f}"


@register.filter
def ring_said(design: Design) -> str:
    return versions.for_others(design) or "Nothing chosen yet"


@register.filter
def where(item: Item) -> str:
    """Where the piece is now."""
    stone = item.hold.stone
    if item.place == Place.GONE:
        return "–"
    if item.place == Place.COMING:
        return "On its way"
    if stone.store is None:
        return "Its supplier’s"
    return "Here" if stone.store_id == item.visit.store_id else stone.store.name


@register.filter
def state(item: Item) -> str:
    """What a piece that cannot be laid on the tray yet, or any more, waits for."""
    hold, here = item.hold, timezone.get_current_timezone()
    if item.place == Place.GONE:
        sold_at = hold.stone.sold_at
        return f"Sold {_moment(sold_at.astimezone(here), item)}" if sold_at else "Cannot be shown"
    if item.place == Place.KEPT:
        return "Shown"
    if item.place == Place.COMING and hold.sent_at:
        return f"Left {_moment(hold.sent_at.astimezone(here), item)}"
    if item.place == Place.SUPPLIER:
        memo = getattr(hold, "memo", None)
        return f"On memo: {memo.get_state_display().lower()}" if memo else "To be asked for"
    return f"Leaves by {_moment(hold.occupied.lower.astimezone(here), item)}"


@register.filter
def amount(value: Decimal) -> str:
    return f"{value:,.2f}"


@register.filter
def numbered(count: int) -> str:
    """In words up to twelve."""
    return NUMBERS[count] if count < len(NUMBERS) else str(count)


@register.filter
def all_of(count: int) -> str:
    """ "it", "both", "all three"."""
    return {1: "it", 2: "both"}.get(count, f"all {numbered(count)}")


@register.filter
def share_finely(rate: Rate) -> str:
    return "–" if rate.share is None else f"{rate.share * 100:.1f} %"


@register.filter
def step_of(steps: Mapping[Any, Sequence[tuple[str, str]]], status: str) -> Sequence[Any]:
    return steps.get(status, ())


def _moment(at: datetime, item: Item) -> str:
    """With its day where that is another than the visit's."""
    day = item.visit.starts_at.astimezone(at.tzinfo).date()
    return f"{at:%H:%M}" if at.date() == day else f"{at:%a %-d, %H:%M}"
