"""How far the rings came that were begun in a period: by step, by way in and by device, and where they rest.

A design is counted once, in however many browsers it was made: as begun at the first of its steps, by the way in and the
device of that step, and with each further step at the first time it was reached anywhere. Setting and stone come in either
order, so neither counts as lost before the other. What a store's own devices began is left out, as in attribution.
Everything is counted in the database, by whatever was done until now; docs/algorithms/funnel.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import sqrt

from django.db import connection
from django.db.models import QuerySet, TextChoices

from builder import quotes
from builder.models import Design, DesignStep
from jeweler.models import Visitor

Z = 1.6449  # intervals are of 90 %, as everywhere on the staff pages


class Reach(TextChoices):
    """What a ring has; `label` as the page says it."""

    BEGUN = "begun", "Began a ring"
    SETTING = "setting", "Has a setting"
    STONE = "stone", "Has a stone"
    BOTH = "both", "Has both"
    RING = "ring", "Metal and size chosen too"
    SUMMARY = "summary", "Reached the summary"
    SAVED = "saved", "Saved by e-mail"


class Rest(TextChoices):
    """Where a ring rests: every ring rests at one place."""

    SETTING = "setting", "A setting, no stone yet"
    STONE = "stone", "A stone, no setting yet"
    BOTH = "both", "Setting and stone, no size yet"
    RING = "ring", "Everything chosen, the summary not seen"
    SUMMARY = "summary", "The summary seen, not saved"
    SAVED = "saved", "Saved by e-mail"


HAS = {
    Reach.BEGUN: "TRUE",
    Reach.SETTING: "setting_at IS NOT NULL",
    Reach.STONE: "stone_at IS NOT NULL",
    Reach.BOTH: "setting_at IS NOT NULL AND stone_at IS NOT NULL",
    Reach.RING: "setting_at IS NOT NULL AND stone_at IS NOT NULL AND ring_at IS NOT NULL",
    Reach.SUMMARY: "summary_at IS NOT NULL",
    Reach.SAVED: "saved_at IS NOT NULL",
}
# The designs with a step in the period, which may have been begun before it, and all of their steps: one row for each.
RINGS = """
    WITH candidate AS (
        SELECT DISTINCT design_id FROM builder_designstep
        WHERE reached_at >= %(start)s AND reached_at < %(end)s
    ), begun AS (
        SELECT step.design_id, min(step.reached_at) AS at,
               (array_agg(step.entry ORDER BY step.reached_at, step.id))[1] AS entry,
               (array_agg(step.device ORDER BY step.reached_at, step.id))[1] AS device,
               (array_agg(step.visitor_id ORDER BY step.reached_at, step.id))[1] AS visitor_id,
               min(step.reached_at) FILTER (WHERE step.step = 'setting') AS setting_at,
               min(step.reached_at) FILTER (WHERE step.step = 'stone') AS stone_at,
               min(step.reached_at) FILTER (WHERE step.step = 'ring') AS ring_at,
               min(step.reached_at) FILTER (WHERE step.step = 'summary') AS summary_at,
               min(step.reached_at) FILTER (WHERE step.step = 'saved') AS saved_at
        FROM builder_designstep AS step JOIN candidate USING (design_id)
        GROUP BY step.design_id HAVING min(step.reached_at) >= %(start)s
    ), ring AS (
        SELECT begun.*, CASE
            WHEN saved_at IS NOT NULL THEN 'saved'
            WHEN summary_at IS NOT NULL THEN 'summary'
            WHEN setting_at IS NOT NULL AND stone_at IS NOT NULL AND ring_at IS NOT NULL THEN 'ring'
            WHEN setting_at IS NOT NULL AND stone_at IS NOT NULL THEN 'both'
            WHEN stone_at IS NOT NULL THEN 'stone' ELSE 'setting' END AS rest
        FROM begun JOIN jeweler_visitor AS visitor ON visitor.id = begun.visitor_id
        WHERE NOT visitor.is_store_device
    )
"""
COUNTS = (
    RINGS  # noqa: S608  our own words
    + "SELECT entry, device, rest, "
    + ", ".join(f"count(*) FILTER (WHERE {has})" for has in HAS.values())
    + ", count(*) FILTER (WHERE summary_at IS NOT NULL AND saved_at IS NOT NULL)"
    + " FROM ring GROUP BY GROUPING SETS ((), (entry), (device), (rest))"
)
# From each step to the one before it in time, whichever that was; what was chosen at one stroke took no time.
WAITS = (
    RINGS  # noqa: S608  our own words
    + """, walked AS (
        SELECT taken.name, taken.at - max(taken.at) OVER (
            PARTITION BY ring.design_id ORDER BY taken.at RANGE UNBOUNDED PRECEDING EXCLUDE GROUP
        ) AS wait
        FROM ring CROSS JOIN LATERAL (VALUES
            ('setting', setting_at), ('stone', stone_at), ('ring', ring_at),
            ('summary', summary_at), ('saved', saved_at)) AS taken(name, at)
        WHERE taken.at IS NOT NULL
    )
    SELECT name, extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY wait))
    FROM walked WHERE wait IS NOT NULL GROUP BY name
"""
)


@dataclass(frozen=True, kw_only=True)
class Period:
    """Both days are included, by the house's clock."""

    start_date: date
    end_date: date

    @property
    def bounds(self) -> dict[str, datetime]:
        zone = quotes.zone_of(None)
        return {
            "start": datetime.combine(self.start_date, time(), zone),
            "end": datetime.combine(self.end_date + timedelta(days=1), time(), zone),
        }


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A share of `whole`, with the Wilson interval of 90 %; None while there is nothing to share."""

    part: int
    whole: int

    @property
    def share(self) -> float | None:
        return self.part / self.whole if self.whole else None

    @property
    def low(self) -> float:
        return self._bounds[0]

    @property
    def high(self) -> float:
        return self._bounds[1]

    @property
    def _bounds(self) -> tuple[float, float]:
        if not self.whole:
            return 0.0, 1.0
        share, spread = self.part / self.whole, Z * Z / self.whole
        middle = (share + spread / 2) / (1 + spread)
        half = Z * sqrt(share * (1 - share) / self.whole + spread / (4 * self.whole)) / (1 + spread)
        return max(middle - half, 0.0), min(middle + half, 1.0)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """`of_begun`: the share of all; `wait`: half of those who took the step took at most so long since their last one."""

    reach: Reach
    count: int
    of_begun: Rate
    wait: timedelta | None


@dataclass(frozen=True, kw_only=True)
class Part:
    """The rings of one device or one way in."""

    value: str
    label: str
    begun: int
    completed: Rate
    saved: Rate


@dataclass(frozen=True, kw_only=True)
class Resting:
    rest: Rest
    count: int
    share: Rate


@dataclass(frozen=True, kw_only=True)
class Funnel:
    """`completed`: summaries of rings begun. `kept`: of the summaries, how many were saved."""

    stages: list[Stage]
    completed: Rate
    kept: Rate
    devices: list[Part]
    entries: list[Part]
    resting: list[Resting]

    @property
    def begun(self) -> int:
        return self.stages[0].count


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Which of a period's rings: all, or those that have, rest, came or were begun as said."""

    reach: Reach = Reach.BEGUN
    rest: Rest | None = None
    entry: DesignStep.Entry | None = None
    device: Visitor.Device | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    """A ring of a list, with its first step's time, way in and device."""

    design: Design
    begun_at: datetime
    entry: str
    device: str
    rest: Rest


def counted(*, period: Period) -> Funnel:
    """Two queries, whatever the number of rings."""
    sets, waits = _sets(period), _waits(period)
    whole = sets["", ""]
    begun = whole[Reach.BEGUN]
    stages = [
        Stage(
            reach=reach,
            count=whole[reach],
            of_begun=Rate(part=whole[reach], whole=begun),
            wait=waits.get(reach.value),
        )
        for reach in Reach
    ]
    return Funnel(
        stages=stages,
        completed=Rate(part=whole[Reach.SUMMARY], whole=begun),
        kept=Rate(part=whole["kept"], whole=whole[Reach.SUMMARY]),
        devices=_parts(sets, "device", Visitor.Device.choices),
        entries=_parts(sets, "entry", DesignStep.Entry.choices),
        resting=[
            Resting(rest=rest, count=count, share=Rate(part=count, whole=begun))
            for rest in Rest
            for count in [sets.get(("rest", rest.value), _NONE)[Reach.BEGUN]]
        ],
    )


def listed(*, period: Period, part: Slice, limit: int, offset: int = 0) -> tuple[list[Row], int]:
    """The rings behind a figure, those begun last first, and how many there are."""
    where = [HAS[part.reach]]
    said: dict[str, datetime | int | str] = {**period.bounds, "limit": limit, "offset": offset}
    for name in ("rest", "entry", "device"):
        if (value := getattr(part, name)) is not None:
            where.append(f"{name} = %({name})s")
            said[name] = value.value
    question = (
        f"{RINGS} SELECT design_id, at, entry, device, rest, count(*) OVER () FROM ring "  # noqa: S608  our own words
        f"WHERE {' AND '.join(where)} ORDER BY at DESC, design_id DESC LIMIT %(limit)s OFFSET %(offset)s"
    )
    with connection.cursor() as cursor:
        cursor.execute(question, said)
        found = cursor.fetchall()
    known = _designs().in_bulk([row[0] for row in found])
    rows = [
        Row(design=known[pk], begun_at=at, entry=DesignStep.Entry(entry).label, device=device, rest=Rest(rest))
        for pk, at, entry, device, rest, _ in found
    ]  # fmt: skip
    return rows, found[0][-1] if found else 0


def _designs() -> QuerySet[Design]:
    return Design.objects.select_related("setting", "metal", "stone", "store")


Counts = Mapping[str, int]
_NAMES: Sequence[str] = [*(reach.value for reach in Reach), "kept"]
_NONE: Counts = dict.fromkeys(_NAMES, 0)


def _sets(period: Period) -> dict[tuple[str, str], Counts]:
    """The counts of all rings under ("", ""), and of each part under its kind and value."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, period.bounds)
        rows = cursor.fetchall()
    found: dict[tuple[str, str], Counts] = {("", ""): _NONE}
    for entry, device, rest, *counts in rows:
        said = [("entry", entry), ("device", device), ("rest", rest)]
        key = next(((kind, value) for kind, value in said if value is not None), ("", ""))
        found[key] = dict(zip(_NAMES, counts, strict=True))
    return found


def _waits(period: Period) -> dict[str, timedelta]:
    with connection.cursor() as cursor:
        cursor.execute(WAITS, period.bounds)
        return {name: timedelta(seconds=float(wait)) for name, wait in cursor.fetchall()}


def _parts(
    sets: Mapping[tuple[str, str], Counts], kind: str, choices: Sequence[tuple[str, str]]
) -> list[Part]:
    return [
        Part(
            value=value,
            label=label,
            begun=counts[Reach.BEGUN],
            completed=Rate(part=counts[Reach.SUMMARY], whole=counts[Reach.BEGUN]),
            saved=Rate(part=counts[Reach.SAVED], whole=counts[Reach.BEGUN]),
        )
        for value, label in choices
        for counts in [sets.get((kind, value), _NONE)]
    ]
