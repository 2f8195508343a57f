"""How far people came who arrived in a period, each counted once at the furthest step."""

from dataclasses import dataclass
from datetime import date

from django.db import connection

from attribution.models import Conversion

# A person is the customer who stands for a browser's owner, or the browser while nobody is known.
FURTHEST = """
    WITH person AS (
        SELECT visitor.id AS visitor_id,
               coalesce('c' || coalesce(customer.merged_into_id, customer.id),
                        'v' || visitor.id) AS person
        FROM jeweler_visitor AS visitor
        LEFT JOIN jeweler_customer AS customer ON customer.id = visitor.customer_id
        WHERE NOT visitor.is_store_device
    ), arrival AS (
        SELECT person.person, min(touch.occurred_at) AS at
        FROM attribution_touchpoint AS touch JOIN person USING (visitor_id)
        WHERE touch.occurred_at >= %(start)s AND touch.occurred_at < %(end)s::date + 1
        GROUP BY 1
    ), deed AS (
        SELECT person.person, 1 AS step, min(design.created_at) AS at
        FROM builder_design AS design JOIN person ON person.visitor_id = design.visitor_id
        GROUP BY 1
        UNION ALL
        SELECT coalesce('c' || coalesce(customer.merged_into_id, customer.id), person.person),
               array_position(%(kinds)s::text[], done.kind::text) + 1, done.occurred_at
        FROM attribution_conversion AS done
        LEFT JOIN jeweler_customer AS customer ON customer.id = done.customer_id
        LEFT JOIN person ON person.visitor_id = done.visitor_id
        WHERE done.kind = ANY(%(kinds)s)
    ), reached AS (
        SELECT arrival.person, arrival.at AS arrived_at, deed.step, min(deed.at) AS at
        FROM arrival JOIN deed ON deed.person = arrival.person AND deed.at >= arrival.at
        GROUP BY 1, 2, 3
    ), furthest AS (
        SELECT arrival.person, coalesce(max(reached.step), 0) AS step
        FROM arrival LEFT JOIN reached USING (person) GROUP BY 1
    )
    SELECT step, count(*), (
        SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM at - arrived_at))
        FROM reached WHERE reached.step = furthest.step
    ) FROM furthest GROUP BY step
"""
STEPS = {
    "Arrived": None,
    "Began a ring": None,
    "Completed it": Conversion.Kind.BUILDER_COMPLETED,
    "Saved it by e-mail": Conversion.Kind.DESIGN_SAVED,
    "Opened it in a showroom": Conversion.Kind.DESIGN_LOOKED_UP,
    "Bought": Conversion.Kind.SALE,
}


@dataclass(frozen=True, kw_only=True)
class Stage:
    """`reached`: people who came here or further. `passed_on`: their share of the step before."""

    label: str
    reached: int
    stopped_here: int
    passed_on: float | None
    median_days: float | None


def stages(*, start_date: date, end_date: date) -> list[Stage]:
    """Of the people who arrived between the dates, whenever they went on afterwards."""
    kinds = [kind.value for kind in STEPS.values() if kind is not None]
    with connection.cursor() as cursor:
        cursor.execute(FURTHEST, {"start": start_date, "end": end_date, "kinds": kinds})
        rows = {step: (count, wait) for step, count, wait in cursor.fetchall()}
    found: list[Stage] = []
    for step, label in enumerate(STEPS):
        reached = sum(count for other, (count, _) in rows.items() if other >= step)
        stopped, wait = rows.get(step, (0, None))
        before = found[-1].reached if found else 0
        found.append(
            Stage(
                label=label,
                reached=reached,
                stopped_here=stopped,
                passed_on=reached / before if before else None,
                median_days=wait / 86_400 if wait is not None else None,
            )
        )
    return found
