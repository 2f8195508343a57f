"""Hold a time by one question: the database judges, takes an associate, a room and a place on the day, and writes the visit.

Promise: what is held so is free by the same hours as what is shown (`terms`), which the database compares with those in force, and by what
is taken, which it reads under the names that everybody else holds too (`appointments_hold`, a function in its migration). It says yes, or
leaves everything as it was: then the visit is laid out at length (`booking`), which has the words for why not.

Limit: for visits without stones. What a stone's other promises leave of its days is worked out in Python, under its name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from appointments import diary, seating, terms
from appointments.diary import Asked, Hours, NotOffered
from appointments.models import Appointment
from appointments.terms import Terms
from jeweler import locking, prepared

PATIENCE_S = 3


class Answer(StrEnum):
    HELD = "held"
    TAKEN = "taken"
    KNOWN = "known"  # a visit with this form's key is there
    UNTIDY = "untidy"  # a hold that ran out is in the books, or an earlier one of hers
    STALE = "stale"  # the terms are others now
    CLOSED = "closed"  # by the terms nobody receives visitors then


@dataclass(frozen=True, kw_only=True)
class Said:
    """`asked` and the hours are those by which it was said; no hours where they changed while it was asked."""

    answer: Answer
    asked: Asked
    hours: Callable[..., Hours] | None


def hold(visit: Appointment, *, asked: Asked, now: datetime) -> Said:
    """Write the visit, if it can be had. It says all but its end, its associate and the moment it is held from.

    Raises NotOffered where the service is not to be had any more.
    """
    known = terms.kept()
    answer = _hold(visit, known.asked(asked), known, now)
    if answer in (Answer.STALE, Answer.CLOSED):
        of = known
        known = terms.in_force()
        if known is not of:
            asked = known.asked(asked)
            visit.store, visit.service = asked.store, asked.service
            if not (visit.service.is_offered or asked.is_staff):
                raise NotOffered(f"{visit.service} is not to be had any more. Choose another visit.")  # fmt: skip
            answer = _hold(visit, asked, known, now)
    return Said(answer=answer, asked=asked, hours=None if answer == Answer.STALE else known.hours)


def _hold(visit: Appointment, asked: Asked, known: Terms, now: datetime) -> Answer:
    service = asked.service
    try:
        rooms = asked.showroom.rooms if diary.takes_room(service) else None
    except NotOffered:
        return Answer.CLOSED
    people = known.people(asked, starts_at=visit.starts_at, now=now)
    if not people:
        return Answer.CLOSED
    names = seating.names(asked.store, service, visit.starts_at) if locking.are_on() else []
    at_wall = visit.starts_at.astimezone(asked.store.zone)
    visit.ends_at = visit.starts_at + timedelta(minutes=service.minutes)
    visit.wall_start = f"{at_wall:%Y-%m-%dT%H:%M}"
    assert visit.expires_at is not None
    whole = DateTimeTZRange(
        visit.starts_at, visit.ends_at + timedelta(minutes=service.after_minutes)
    )
    since, until = seating.week_of(visit.starts_at, zone=asked.store.zone)
    ((said, pk, person, begun_at),) = prepared.rows(
        _HOLD,
        {
            "terms": known.token, "names": sorted(names),
            "patience": f"{PATIENCE_S}s", "now": now, "lasts": visit.expires_at - now,
            "uid": visit.uid, "key": visit.key, "hash": visit.asked_hash, "store": visit.store_id,
            "service": visit.service_id, "visitor": visit.visitor_id, "source": str(visit.source),
            "starts_at": visit.starts_at, "ends_at": visit.ends_at, "blocked": whole,
            "wall": visit.wall_start, "since": since, "until": until,
            "people": list(people), "rooms": rooms,
            "day": at_wall.date(), "most": service.most_per_day,
        },
    )  # fmt: skip
    if said == Answer.HELD:
        visit.expires_at += begun_at - now
        visit.pk, visit.associate_id, visit.held_at = pk, person, begun_at
        visit._state.adding, visit._state.db = False, connection.alias
    return Answer(said)


_HOLD = """
select said, visit, person, begun_at from appointments_hold(
    %(terms)s, %(names)s::text[], %(patience)s, %(now)s, %(lasts)s,
    %(uid)s, %(key)s, %(hash)s, %(store)s, %(service)s, %(visitor)s::bigint, %(source)s,
    %(starts_at)s, %(ends_at)s, %(blocked)s::tstzrange, %(wall)s, %(since)s, %(until)s,
    %(people)s::bigint[], %(rooms)s::int, %(day)s, %(most)s::int
)
"""
