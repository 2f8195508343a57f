"""How far those came who came by a friend: in cohorts by the week of the first touch, and the people behind each figure.

A person is the customer who stands for her, or her browser while nobody knows who she is; she counts once, in the week of her first
touch by the house's clock, by whatever became of her until now. A showroom's own tablet is nobody. A cohort is young until nine of
ten who ever qualified had done so after as long.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import TextChoices

from builder import quotes
from builder.funnel import Period, Rate

FEW = 5  # who qualified; below that the lag is taken from the terms
USUAL_LAG = timedelta(days=150)


class Step(TextChoices):
    CAME = "came", "Came by a friend"
    IDENTIFIED = "identified", "Told us who they are"
    BOOKED = "booked", "Booked a visit"
    PURCHASED = "purchased", "Bought and paid"
    QUALIFIED = "qualified", "Qualified"


HAS = {
    Step.CAME: "TRUE",
    Step.IDENTIFIED: "identified_at IS NOT NULL",
    Step.BOOKED: "booked_at IS NOT NULL",
    Step.PURCHASED: "has_paid",
    Step.QUALIFIED: "qualified_at IS NOT NULL",
}
# One row for each person who came by somebody's link or code.
PEOPLE = """
    WITH came AS (
        SELECT touch.id, touch.at, touch.advocate_id, touch.channel,
               coalesce(known.merged_into_id, known.id, owner.merged_into_id, owner.id) AS customer_id,
               coalesce('c' || coalesce(known.merged_into_id, known.id, owner.merged_into_id, owner.id),
                        'v' || visitor.id, 't' || touch.id) AS person
        FROM referrals_touch AS touch
        LEFT JOIN jeweler_customer AS known ON known.id = touch.customer_id
        LEFT JOIN jeweler_visitor AS visitor ON visitor.id = touch.visitor_id AND NOT visitor.is_store_device
        LEFT JOIN jeweler_customer AS owner ON owner.id = visitor.customer_id
        WHERE touch.channel <> 'kiosk' OR touch.customer_id IS NOT NULL
    ), arrived AS (
        SELECT DISTINCT ON (person) person, customer_id, at, advocate_id, channel FROM came ORDER BY person, at, id
    ), bound AS (
        SELECT coalesce(friend.merged_into_id, friend.id) AS customer_id,
               min(referral.locked_at) AS identified_at,
               (array_agg(referral.id ORDER BY referral.locked_at DESC))[1] AS referral_id,
               bool_or(referral.sale_id IS NOT NULL AND referral.state IN ('purchased', 'in_return_window', 'on_hold',
                       'qualified', 'unrewarded', 'rewarded', 'clawed_back')) AS has_paid,
               min(decided.at) AS qualified_at
        FROM referrals_referral AS referral
        JOIN jeweler_customer AS friend ON friend.id = referral.friend_id
        LEFT JOIN referrals_referralevent AS decided
               ON decided.referral_id = referral.id AND decided.kind IN ('rewarded', 'unrewarded')
        GROUP BY 1
    ), visit AS (
        SELECT coalesce(guest.merged_into_id, guest.id) AS customer_id, max(booking.booked_at) AS at
        FROM appointments_appointment AS booking JOIN jeweler_customer AS guest ON guest.id = booking.customer_id
        WHERE booking.booked_at IS NOT NULL AND booking.status NOT IN ('held', 'expired') GROUP BY 1
    ), person AS (
        SELECT arrived.person, arrived.at AS came_at, arrived.advocate_id, arrived.channel, arrived.customer_id,
               bound.identified_at, bound.referral_id, coalesce(bound.has_paid, FALSE) AS has_paid, bound.qualified_at,
               CASE WHEN bound.identified_at IS NOT NULL AND visit.at >= arrived.at THEN visit.at END AS booked_at,
               date_trunc('week', arrived.at AT TIME ZONE %(zone)s)::date AS week
        FROM arrived LEFT JOIN bound USING (customer_id) LEFT JOIN visit USING (customer_id)
    )
"""
COUNTS = (
    PEOPLE  # noqa: S608  our own words
    + "SELECT week, "
    + ", ".join(f"count(*) FILTER (WHERE {has})" for has in HAS.values())
    + " FROM person WHERE came_at >= %(start)s AND came_at < %(end)s GROUP BY week ORDER BY week"
)
LAG = (
    PEOPLE  # noqa: S608  our own words
    + """SELECT count(*), extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY qualified_at - came_at)),
        extract(epoch FROM percentile_cont(0.9) WITHIN GROUP (ORDER BY qualified_at - came_at))
        FROM person WHERE qualified_at IS NOT NULL"""
)
LIST = """
    SELECT person.came_at, person.channel, person.referral_id, advocate.code, referral.state, referral.reason,
           referral.surprise_until, person.identified_at, person.booked_at, person.has_paid, person.qualified_at,
           count(*) OVER ()
    FROM person JOIN referrals_advocate AS advocate ON advocate.id = person.advocate_id
    LEFT JOIN referrals_referral AS referral ON referral.id = person.referral_id
    WHERE person.came_at >= %(start)s AND person.came_at < %(end)s
"""


@dataclass(frozen=True, kw_only=True)
class Week:
    """Those whose first touch was in the seven days from `start_date`."""

    start_date: date
    counts: dict[Step, int]
    is_young: bool

    @property
    def end_date(self) -> date:
        return self.start_date + timedelta(days=6)

    def rate(self, step: Step) -> Rate:
        return Rate(part=self.counts[step], whole=self.counts[Step.CAME])


@dataclass(frozen=True, kw_only=True)
class Passage:
    """From one step to the next, over all weeks; `grown` over those alone that are no longer young."""

    step: Step
    count: int
    of_before: Rate | None
    grown: Rate | None


@dataclass(frozen=True, kw_only=True)
class Cohorts:
    """`median_days` and `grown_days`: after so long half, and nine of ten, of those who ever qualified had."""

    weeks: list[Week]
    passages: list[Passage]
    median_days: int | None
    grown_days: int

    @property
    def came(self) -> int:
        return self.passages[0].count


@dataclass(frozen=True, kw_only=True)
class Person:
    came_at: datetime
    channel: str
    referral_id: int | None
    code: str
    state: str
    reason: str
    surprise_until: date | None
    identified_at: datetime | None
    booked_at: datetime | None
    has_paid: bool
    qualified_at: datetime | None


def cohorts(*, period: Period, now: datetime) -> Cohorts:
    """Two queries, however many people there are."""
    with connection.cursor() as cursor:
        cursor.execute(LAG, {"zone": str(quotes.zone_of(None))})
        number, median, late = cursor.fetchone()
        cursor.execute(COUNTS, _said(period))
        rows = cursor.fetchall()
    lag = timedelta(seconds=float(late)) if number >= FEW else USUAL_LAG
    today = now.astimezone(quotes.zone_of(None)).date()
    weeks = [
        Week(
            start_date=week,
            counts=dict(zip(Step, counts, strict=True)),
            is_young=week + timedelta(days=7) + lag > today,
        )
        for week, *counts in rows
    ]
    return Cohorts(
        weeks=weeks,
        passages=_passages(weeks),
        median_days=round(float(median) / 86_400) if number else None,
        grown_days=-(-lag // timedelta(days=1)),
    )


def people(
    *, period: Period, step: Step, week: date | None = None, limit: int, offset: int = 0
) -> tuple[list[Person], int]:
    """Those behind a figure, who came last first, and how many there are."""
    query = PEOPLE + LIST + f" AND {HAS[step]}"
    said: dict[str, Any] = {**_said(period), "limit": limit, "offset": offset, "week": week}
    query += " AND person.week = %(week)s" if week else ""
    query += " ORDER BY person.came_at DESC, person.person LIMIT %(limit)s OFFSET %(offset)s"
    with connection.cursor() as cursor:
        cursor.execute(query, said)
        rows = cursor.fetchall()
    fields = list(Person.__dataclass_fields__)
    found = [Person(**{**dict(zip(fields, row, strict=False)), "state": row[4] or "", "reason": row[5] or ""}) for row in rows]  # fmt: skip
    return found, rows[0][-1] if rows else 0


def _said(period: Period) -> dict[str, Any]:
    return {**period.bounds, "zone": str(quotes.zone_of(None))}


def _passages(weeks: list[Week]) -> list[Passage]:
    """Booking is no condition of buying, so each of the two is a share of those who told us who they are."""
    before = {
        Step.IDENTIFIED: Step.CAME,
        Step.BOOKED: Step.IDENTIFIED,
        Step.PURCHASED: Step.IDENTIFIED,
        Step.QUALIFIED: Step.PURCHASED,
    }
    return [
        Passage(
            step=step,
            count=sum(week.counts[step] for week in weeks),
            of_before=_rate(weeks, step, before.get(step)),
            grown=_rate([week for week in weeks if not week.is_young], step, before.get(step)),
        )
        for step in Step
    ]


def _rate(weeks: list[Week], step: Step, before: Step | None) -> Rate | None:
    if before is None:
        return None
    part, whole = (sum(week.counts[each] for week in weeks) for each in (step, before))
    return Rate(part=min(part, whole), whole=whole)
