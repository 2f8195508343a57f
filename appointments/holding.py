"""Hold a time by one question: the database judges, takes an associate, a room, a place on the day and the stones, and writes the visit.

Promise: what is held so is free by the same hours and ways as what is shown (`terms`), which the database compares with those in force, and
by what is taken, which it reads under the names that everybody else holds too (`appointments_hold`, a function in its migration). Holds that
ran out it lets go. It says yes, or leaves what is held as it was: then the visit is laid out at length (`booking`), which has the words for
why not.

Limit: a hold that ran out, or hers before this one, from which its stone goes on to another visit is let go at length.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from appointments import calendars, diary, promises, seating, terms
from appointments.diary import Asked, NotOffered
from appointments.models import Appointment
from appointments.terms import Terms
from builder.models import Design
from jeweler import locking, prepared

PATIENCE_S = 3


class Answer(StrEnum):
    HELD = "held"
    TAKEN = "taken"
    KNOWN = "known"  # a visit with this form's key is there
    UNTIDY = "untidy"  # a stone goes on from a hold that is over
    GONE = "gone"  # one of the stones is not where it was, or sold
    STALE = "stale"  # the terms are others now
    CLOSED = "closed"  # by the terms nobody receives visitors then


@dataclass(frozen=True, kw_only=True)
class Said:
    """`asked` and the terms are those by which it was said; none where they changed while it was asked."""

    answer: Answer
    asked: Asked
    terms: Terms | None


def hold(
    visit: Appointment, *, asked: Asked, designs: Sequence[Design] = (), now: datetime
) -> Said:
    """Write the visit and its designs, if it can be had. It says all but its end, its associate and the moment it is held from.

    Raises NotOffered where the service is not to be had any more.
    """
    known = terms.kept()
    answer = _hold(visit, known.asked(asked), designs, known, now)
    if answer in (Answer.STALE, Answer.CLOSED):
        of = known
        known = terms.in_force()
        if known is not of:
            asked = known.asked(asked)
            visit.store, visit.service = asked.store, asked.service
            if not (visit.service.is_offered or asked.is_staff):
                raise NotOffered(f"{visit.service} is not to be had any more. Choose another visit.")  # fmt: skip
            answer = _hold(visit, asked, designs, known, now)
    return Said(answer=answer, asked=asked, terms=None if answer == Answer.STALE else known)


def _hold(
    visit: Appointment, asked: Asked, designs: Sequence[Design], known: Terms, now: datetime
) -> Answer:
    service = asked.service
    try:
        rooms = asked.showroom.rooms if diary.takes_room(service) else None
    except NotOffered:
        return Answer.CLOSED
    people = known.people(asked, starts_at=visit.starts_at, now=now)
    if not people:
        return Answer.CLOSED
    names = [
        *seating.names(asked.store, service, visit.starts_at), *promises.names(asked.stones)
    ] if locking.are_on() else []  # fmt: skip
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
            "terms": known.token, "names": sorted(set(names)),
            "patience": f"{PATIENCE_S}s", "now": now, "lasts": visit.expires_at - now,
            "uid": visit.uid, "key": visit.key, "hash": visit.asked_hash, "store": visit.store_id,
            "service": visit.service_id, "visitor": visit.visitor_id, "source": str(visit.source),
            "starts_at": visit.starts_at, "ends_at": visit.ends_at, "blocked": whole,
            "wall": visit.wall_start, "since": since, "until": until,
            "people": list(people), "rooms": rooms,
            "day": at_wall.date(), "most": service.most_per_day,
            "designs": list(dict.fromkeys(each.pk for each in designs)),
            **_stones(asked, known, now),
        },
    )  # fmt: skip
    if said == Answer.HELD:
        visit.expires_at += begun_at - now
        visit.pk, visit.associate_id, visit.held_at = pk, person, begun_at
        visit._state.adding, visit._state.db = False, connection.alias
    return Answer(said)


def _stones(asked: Asked, known: Terms, now: datetime) -> dict[str, list[Any]]:
    """Where each lies and when it can be there, and how long it is on its way here from every store, and from here."""
    if not asked.stones:
        return {name: [] for name in _OF_STONES}
    ways, here = known.ways(), asked.store.pk
    places = [stone.store_id for stone in asked.stones]
    stores = sorted({here, *ways.stores, *(place for place in places if place is not None)})
    arrivals = [diary.arrives(each, store=asked.store, ways=ways, now=now) for each in asked.stones]
    return {
        "stones": [stone.pk for stone in asked.stones], "places": places,
        "deliveries": [stone.delivery_days for stone in asked.stones],
        "arrivals": [calendars.moment_of(minute) for minute in arrivals],
        "stores": stores, "ways_here": [ways.minutes(store, here) for store in stores],
        "ways_there": [ways.minutes(here, store) for store in stores],
    }  # fmt: skip


_OF_STONES = ("stones", "places", "deliveries", "arrivals", "stores", "ways_here", "ways_there")
_HOLD = """
select said, visit, person, begun_at from appointments_hold(
    %(terms)s, %(names)s::text[], %(patience)s, %(now)s, %(lasts)s,
    %(uid)s, %(key)s, %(hash)s, %(store)s, %(service)s, %(visitor)s::bigint, %(source)s,
    %(starts_at)s, %(ends_at)s, %(blocked)s::tstzrange, %(wall)s, %(since)s, %(until)s,
    %(people)s::bigint[], %(rooms)s::int, %(day)s, %(most)s::int,
    %(designs)s::bigint[], %(stones)s::bigint[], %(places)s::bigint[], %(deliveries)s::int[], %(arrivals)s::timestamptz[],
    %(stores)s::bigint[], %(ways_here)s::int[], %(ways_there)s::int[]
)
"""
