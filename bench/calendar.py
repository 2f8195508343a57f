"""A house of ten stores with ten associates each and 360,000 visits in its books, and its free times found by brute force.

The brute force reads the same rows and looks at every start of every associate on its own: no merged hours, no whole minutes, no
code of ours but the models.
"""

import random
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta

from django.contrib.auth import get_user_model
from django.db import connection as database

from appointments.models import (
    Associate,
    OpeningHours,
    RoomBusy,
    Service,
    Shift,
    Showroom,
    StaffBusy,
)
from demo.bulk import insert
from jeweler.models import Customer, StaffMember, Store

STORES, PEOPLE = 10, 10
OPENS, CLOSES = time(9), time(17)
ZONES = ("America/New_York", "Europe/London", "America/Los_Angeles", "America/Chicago")
AHEAD = 80  # days from now that are in the books; the rest lies behind
LENGTH, AFTER, STEP = timedelta(minutes=60), timedelta(minutes=15), timedelta(minutes=30)
SEED = 20261121

# Five visits a day and associate, each begun at another five minutes, four in five of them booked.
_FILL = """
with made as (
    insert into appointments_appointment
        (uid, key, asked_hash, store_id, service_id, associate_id, customer_id, status, source, starts_at,
         ends_at, wall_start, visitor_zone, is_extended, booked_at, sequence, link_version, email, phone,
         language, occasion, is_surprise, note, risk, flag, outcome, lost_reason)
    select gen_random_uuid(), gen_random_uuid(), '', person.store, %(service)s, person.id, %(customer)s,
           'booked', 'site', at, at + interval '60 minutes', '', '', false, %(now)s, 0, 0, '', '', '', '',
           false, '', '', '', '', ''
    from unnest(%(people)s::bigint[], %(stores)s::bigint[], %(zones)s::text[]) as person(id, store, zone)
    cross join generate_series(%(first)s::date, %(last)s::date, interval '1 day') as day
    cross join generate_series(0, 4) as turn
    cross join lateral (
        select (day + interval '9 hours' + turn * interval '95 minutes'
                + 5 * ((extract(doy from day)::int + person.id * 3 + turn * 7) %% 4) * interval '1 minute'
               ) at time zone person.zone as at
    ) as begun
    where (person.id * 31 + turn * 17 + extract(doy from day)::int * 7) %% 5 <> 0
    returning id, associate_id, store_id, starts_at
), seated as (
    insert into appointments_staffbusy (associate_id, blocked, appointment_id, reason)
    select associate_id, tstzrange(starts_at, starts_at + interval '75 minutes'), id, '' from made
)
insert into appointments_roombusy (store_id, lane, during, appointment_id)
select store_id, 1 + (associate_id %% %(rooms)s), tstzrange(starts_at, starts_at + interval '75 minutes'), id
from made
"""


def fill(*, visits: int, now: datetime) -> list[Store]:
    """So many visits, as nearly as whole days allow."""
    days = round(visits / (STORES * PEOPLE * 4))
    service = Service.objects.create(
        code="bench", name="Bench", minutes=60, after_minutes=15, step_minutes=30, lead_minutes=120
    )
    stores = [
        Store(
            code=f"bench-{number}", name=f"Bench {number}", street="", city="", region="US",
            time_zone=ZONES[number % len(ZONES)],
        )
        for number in range(STORES)
    ]  # fmt: skip
    insert(Store, stores)
    insert(Showroom, [Showroom(store=store, rooms=PEOPLE) for store in stores])
    insert(OpeningHours, [
        OpeningHours(store=store, weekday=weekday, opens=OPENS, closes=CLOSES)
        for store in stores for weekday in range(7)
    ])  # fmt: skip
    people = _employ(stores, service)
    customer = Customer.objects.create(first_name="Ada", created_at=now)
    today = now.date()
    with database.cursor() as cursor:
        cursor.execute(_FILL, {
            "people": [person.pk for person, _ in people],
            "stores": [store.pk for _, store in people],
            "zones": [store.time_zone for _, store in people],
            "service": service.pk, "customer": customer.pk, "now": now, "rooms": PEOPLE,
            "first": today - timedelta(days=days - AHEAD), "last": today + timedelta(days=AHEAD - 1),
        })  # fmt: skip
        for table in ("appointment", "staffbusy", "roombusy"):
            cursor.execute(f"vacuum analyze appointments_{table}")
    return stores


def _employ(stores: list[Store], service: Service) -> list[tuple[Associate, Store]]:
    """Their ids follow each other, so that each of a store's ten has a room of her own."""
    users = get_user_model()
    logins = [users(username=f"bench-{number}") for number in range(STORES * PEOPLE)]
    insert(users, logins)
    staff = [StaffMember(user=user, role=StaffMember.Role.ASSOCIATE) for user in logins]
    insert(StaffMember, staff)
    people = [Associate(staff=member, name=f"Bench {member.pk}") for member in staff]
    insert(Associate, people)
    does = Associate.services.through
    insert(does, [does(associate=person, service=service) for person in people])
    placed = [(person, stores[number // PEOPLE]) for number, person in enumerate(people)]
    insert(Shift, [
        Shift(associate=person, store=store, weekday=weekday, starts=OPENS, ends=CLOSES)
        for person, store in placed for weekday in range(7) if weekday != person.pk % 7
    ])  # fmt: skip
    return placed


def by_brute_force(
    store: Store, *, since: datetime, until: datetime, now: datetime
) -> dict[datetime, tuple[int, ...]]:
    """Every start, with who is free: each looked at beside every visit of that day."""
    people = sorted(set(Shift.objects.filter(store=store).values_list("associate", flat=True)))
    weekdays = set(Shift.objects.filter(store=store).values_list("associate", "weekday"))
    busy, rooms = _taken(store, people, since=since, until=until)
    found: dict[datetime, tuple[int, ...]] = {}
    day = since.astimezone(store.zone).date()
    while day <= until.astimezone(store.zone).date():
        for start in _starts(store, day):
            if not since <= start < until or start < now + timedelta(minutes=120):
                continue
            who = tuple(
                person
                for person in people
                if (person, day.weekday()) in weekdays and _is_free(busy[person, day], start)
            )
            if who and any(
                _is_free(rooms[lane, day], start) for lane in range(1, store.showroom.rooms + 1)
            ):
                found[start] = who
        day += timedelta(days=1)
    return found


Stretch = tuple[datetime, datetime]
Taken = dict[tuple[int, date], list[Stretch]]


def _taken(
    store: Store, people: list[int], *, since: datetime, until: datetime
) -> tuple[Taken, Taken]:
    """By person and by room, on each of the store's days."""
    busy: Taken = defaultdict(list)
    rooms: Taken = defaultdict(list)
    around = (since - timedelta(days=2), until + timedelta(days=2))
    for row in StaffBusy.objects.filter(associate__in=people, blocked__overlap=around):
        day = row.blocked.lower.astimezone(store.zone).date()
        busy[row.associate_id, day].append((row.blocked.lower, row.blocked.upper))
    for room in RoomBusy.objects.filter(store=store, during__overlap=around):
        day = room.during.lower.astimezone(store.zone).date()
        rooms[room.lane, day].append((room.during.lower, room.during.upper))
    return busy, rooms


def _starts(store: Store, day: date) -> list[datetime]:
    opens = datetime.combine(day, OPENS, tzinfo=store.zone).astimezone(UTC)
    closes = datetime.combine(day, CLOSES, tzinfo=store.zone).astimezone(UTC)
    starts = []
    while opens + LENGTH + AFTER <= closes:
        starts.append(opens)
        opens += STEP
    return starts


def _is_free(taken: list[Stretch], start: datetime) -> bool:
    return not any(since < start + LENGTH + AFTER and start < until for since, until in taken)


def asked(stores: list[Store], *, count: int, now: datetime) -> list[tuple[Store, datetime]]:
    """A store and the first day of a month, at another hour each."""
    dice = random.Random(SEED)
    return [
        (
            dice.choice(stores),
            now + timedelta(days=dice.randrange(45), minutes=dice.randrange(1440)),
        )
        for _ in range(count)
    ]
