"""How many visits were missed: by how long before they were booked, by where they came from, by whether the lookbook was opened.

Counted are visits whose time is over and that somebody came to or missed; who walked in cannot have missed it, and who cancelled
has freed the time. Each share stands with what it is a share of and its Wilson interval of 90 %. The lookbook counts as opened
when a browser showed it to somebody before the visit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    Expression,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.fields import DurationField

from appointments.models import Appointment
from builder.funnel import Rate
from jeweler.models import Store

Status = Appointment.Status
CAME = (Status.ARRIVED, Status.SEEN, Status.ATTENDED)
# Booked less than so many days before; the last has no end.
LEADS = [
    (1, "Within a day"),
    (3, "1 or 2 days before"),
    (7, "3 to 6 days before"),
    (14, "1 to 2 weeks before"),
    (30, "2 to 4 weeks before"),
    (None, "Earlier than that"),
]


@dataclass(frozen=True, kw_only=True)
class Line:
    """The visits of one kind, and how many of them were missed."""

    label: str
    missed: Rate


@dataclass(frozen=True, kw_only=True)
class Table:
    title: str
    name: str
    lines: Sequence[Line]


@dataclass(frozen=True, kw_only=True)
class Figures:
    missed: Rate
    tables: Sequence[Table]


def missed(*, stores: Sequence[Store], since: datetime, until: datetime) -> Rate:
    """Of all visits that began in [since, until)."""
    return _rate(_counted(stores, since, until).aggregate(**_SUMS))


def figures(*, stores: Sequence[Store], since: datetime, until: datetime) -> Figures:
    """Four queries, however many visits there are."""
    counted = _counted(stores, since, until)
    sources = [(source.value, str(source.label)) for source in Appointment.Source]
    return Figures(
        missed=missed(stores=stores, since=since, until=until),
        tables=[
            _table("How long before it was booked", "lead", counted, _LEAD, LEAD_NAMES),
            _table("Where it was booked from", "source", counted, F("source"), sources),
            _table("Whether the lookbook was opened", "lookbook", counted, _OPENED, OPENED_NAMES),
        ],
    )


# Inside.

LEAD_NAMES = [(str(days), label) for days, label in LEADS]
OPENED_NAMES = [("yes", "Opened before the visit"), ("no", "Not opened")]
_AHEAD = ExpressionWrapper(F("starts_at") - F("booked_at"), output_field=DurationField())
_LEAD = Case(
    *(When(ahead__lt=timedelta(days=days), then=Value(str(days))) for days, _ in LEADS if days),
    default=Value("None"),
    output_field=CharField(),
)
_OPENED = Case(
    When(lookbook_opened_at__lte=F("starts_at"), then=Value("yes")),
    default=Value("no"),
    output_field=CharField(),
)
_SUMS = {"part": Count("pk", filter=Q(status=Status.MISSED)), "whole": Count("pk")}


def _counted(stores: Sequence[Store], since: datetime, until: datetime) -> QuerySet[Appointment]:
    return Appointment.objects.filter(
        store__in=stores, starts_at__gte=since, starts_at__lt=until,
        status__in=[*CAME, Status.MISSED],
    ).exclude(source=Appointment.Source.WALK_IN)  # fmt: skip


def _table(
    title: str,
    name: str,
    counted: QuerySet[Appointment],
    kind: "Expression | F",
    names: Sequence[tuple[str, str]],
) -> Table:
    rows = counted.annotate(ahead=_AHEAD, kind=kind).values("kind").annotate(**_SUMS).order_by()
    rates = {row["kind"]: _rate(dict(row)) for row in rows}
    lines = [Line(label=label, missed=rates[value]) for value, label in names if value in rates]
    return Table(title=title, name=name, lines=lines)


def _rate(row: Mapping[str, Any]) -> Rate:
    return Rate(part=row["part"], whole=row["whole"])
