"""A stone that was promised and cannot be shown: what became of it, what can be shown instead, and what she was told."""

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString, mark_safe

from appointments import promises
from appointments.models import Appointment, PieceHold, VisitTask
from builder import descriptions, diagrams
from builder.models import Design, Stone
from jeweler.models import Sale, SaleLine, Store

PER_MM = 9.4  # units of the drawing: every stone of the row at one scale


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A stone in the row; `is_gone`: the one that she came for. `price` is told where a ring is known."""

    stone: Stone
    facets: SafeString
    outline: SafeString
    where: str
    price: str = ""
    words: str = ""
    is_gone: bool = False


@dataclass(frozen=True, kw_only=True)
class Alert:
    visit: Appointment
    hold: PieceHold
    what: str
    where: str
    at: datetime | None
    stones: Sequence[Shown]
    here: int
    tasks: Sequence[VisitTask]
    told_at: datetime | None
    settled_by: str

    @property
    def twins(self) -> int:
        return len(self.stones) - 1


@dataclass(frozen=True, kw_only=True)
class Lost:
    """A stone sold today, in whichever store. `visits` and `designs` counted on it."""

    stone: Stone
    where: str
    visits: int
    designs: int


def alerts(*, visits: Sequence[Appointment], store: Store, now: datetime) -> list[Alert]:
    """One for each broken promise that nothing stands in for, of visits that are still to come or going on."""
    found = []
    for visit in visits:
        if visit.flagged_at is None or visit.status not in promises.LIVING:
            continue
        tasks = list(visit.tasks.select_related("done_by__user").order_by("pk"))
        found += [_alert(visit, hold, tasks, store, now) for hold in promises.broken(visit)]
    return found


def lost(*, since: datetime, until: datetime, most: int = 6) -> list[Lost]:
    """What was sold on the day in all stores, the last first, those that visits counted on before the others."""
    stones = Stone.objects.filter(sold_at__gte=since, sold_at__lt=until).order_by("-sold_at", "pk")
    chosen = list(stones[: most * 4])
    holds = PieceHold.objects.filter(
        stone__in=chosen, state=PieceHold.State.BROKEN, appointment__status__in=promises.LIVING
    ).values_list("stone_id", "appointment_id")
    saved = Design.objects.filter(stone__in=chosen, saved_at__isnull=False).values_list("stone_id", "pk")  # fmt: skip
    counted = [
        Lost(
            stone=stone,
            where=_sold_where(stone)[0],
            visits=len({visit for pk, visit in holds if pk == stone.pk}),
            designs=len({design for pk, design in saved if pk == stone.pk}),
        )
        for stone in chosen[:most]
    ]
    return sorted(counted, key=lambda each: not each.visits)


# Inside.


def _alert(
    visit: Appointment, hold: PieceHold, tasks: Sequence[VisitTask], store: Store, now: datetime
) -> Alert:
    where, at = _sold_where(hold.stone)
    is_sold = hold.stone.status == Stone.Status.SOLD
    twins = promises.instead(hold, now=now)
    shown = [
        _shown(each.stone, where=_lies(each.stone, store), price=each.price, words=each.words)
        for each in twins
    ]
    open_tasks = [task for task in tasks if task.done_at is None]
    done = [task for task in tasks if task.done_at is not None and task.done_by is not None]
    return Alert(
        visit=visit,
        hold=hold,
        what="was sold" if is_sold else "cannot be shown",
        where=where,
        at=at if is_sold else hold.ended_at,
        stones=[_shown(hold.stone, where=hold.why, is_gone=True), *shown],
        here=sum(each.stone.store_id == store.pk for each in twins),
        tasks=open_tasks,
        told_at=min((task.due_at for task in open_tasks if task.due_at), default=None),
        settled_by=_name(done[-1]) if done and not open_tasks else "",
    )


def _name(task: VisitTask) -> str:
    assert task.done_by is not None
    return task.done_by.user.first_name or task.done_by.user.get_username()


def _shown(
    stone: Stone, *, where: str, price: str = "", words: str = "", is_gone: bool = False
) -> Shown:
    described = json.dumps(descriptions.describe_stone(stone))
    facets, outline = _lines(described, float(stone.width_mm) * PER_MM / 2)
    return Shown(
        stone=stone,
        facets=mark_safe(facets),  # noqa: S308  path data made from numbers
        outline=mark_safe(outline),  # noqa: S308
        where=where,
        price=price,
        words=words,
        is_gone=is_gone,
    )


@functools.lru_cache(maxsize=256)
def _lines(described: str, scale: float) -> tuple[str, str]:
    return diagrams.stone_lines(json.loads(described), scale=scale, at=(48.0, 48.0))


def _lies(stone: Stone, store: Store) -> str:
    if stone.store_id == store.pk:
        return "Here"
    return f"In {stone.store.name}, comes in time" if stone.store else "At its supplier’s, comes in time"  # fmt: skip


def _sold_where(stone: Stone) -> tuple[str, datetime | None]:
    """The store, or Online, and when: from the sale that names its report."""
    if stone.status != Stone.Status.SOLD:
        return "", None
    line = (
        SaleLine.objects.filter(report_number=stone.report_number, sale__voided_at=None)
        .select_related("sale__store")
        .order_by("-sale__placed_at")
        .first()
    )
    if line is None:
        return "", stone.sold_at
    if line.sale.channel == Sale.Channel.WEB:
        return "online", line.sale.placed_at
    return f"in {line.sale.store.name}" if line.sale.store else "", line.sale.placed_at
