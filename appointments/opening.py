"""Hours, shifts, rooms, services and who does them are never changed under a confirmed visit without saying whom it hits.

The rule of hours is pure: a visit fits while it lies within one stretch of its store's hours and one of its associate's shifts there,
and while its room exists. It fits no more either where its store or its associate does not do it any more. What a change hits are the visits that do not fit after it and did before; whoever makes the change sees them
by name, and confirms them; then each becomes a task.

Limit: a store that is closed for good (`Store.is_open`) takes no new visits; what is booked there is the owner's to move.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from appointments import availability, calendars, promises, weeks
from appointments.calendars import Window
from appointments.models import Appointment, RoomBusy
from appointments.weeks import Change, Stretch
from jeweler import prepared
from jeweler.models import Store

Windows = tuple[Window, ...]


@dataclass(frozen=True, kw_only=True)
class Booked:
    """What of a visit its hours are about. `room`: its lane, 0 where it needs none."""

    id: int
    store: int
    associate: int | None
    start: int
    end: int
    room: int


@dataclass(frozen=True, kw_only=True)
class Hours:
    """When stores are open, when who works where, and how many rooms there are."""

    stores: Mapping[int, Windows]
    shifts: Mapping[tuple[int, int], Windows]
    rooms: Mapping[int, int]


@dataclass(frozen=True, kw_only=True)
class Hit:
    visit: Appointment
    why: str


def wrong(booked: Booked, hours: Hours) -> str:
    """Why the visit does not fit the hours, in words; empty: it fits. Pure."""
    if not _within(booked, hours.stores.get(booked.store, ())):
        return "the store is closed then"
    if booked.associate is not None and not _within(
        booked, hours.shifts.get((booked.associate, booked.store), ())
    ):
        return "the associate does not work there then"
    if booked.room > hours.rooms.get(booked.store, 0):
        return "its room is no more"
    return ""


def misfits(*, now: datetime) -> dict[int, str]:
    """The visits ahead that do not fit as things are, with why: five queries for the whole house."""
    ahead = list(
        Appointment.objects.filter(status=Appointment.Status.BOOKED, starts_at__gt=now).values_list(
            "pk", "store_id", "associate_id", "starts_at", "ends_at"
        )
    )
    if not ahead:
        return {}
    lanes = dict(
        RoomBusy.objects.filter(appointment__in=[row[0] for row in ahead]).values_list(
            "appointment", "lane"
        )
    )
    last = max(row[4] for row in ahead).date() + timedelta(days=1)
    hours = read(first=now.date() - timedelta(days=1), last=last)
    found = {
        pk: why for pk, why in prepared.rows(_UNDONE, {"visits": [row[0] for row in ahead]}) if why
    }
    for pk, store, associate, starts_at, ends_at in ahead:
        start, end = calendars.minute_of(starts_at), calendars.minute_after(ends_at)
        booked = Booked(
            id=pk, store=store, associate=associate, start=start, end=end, room=lanes.get(pk, 0)
        )
        if why := wrong(booked, hours):
            found[pk] = why
    return found


def hit(*, before: Mapping[int, str], now: datetime) -> list[Hit]:
    """The visits that the change made in this transaction hits, in the order of time."""
    after = misfits(now=now)
    visits = Appointment.objects.filter(pk__in=after.keys() - before.keys()).select_related(
        "store", "associate", "customer", "service"
    )
    return [Hit(visit=visit, why=after[visit.pk]) for visit in visits.order_by("starts_at", "pk")]


def token(hits: Sequence[Hit]) -> str:
    """Of exactly these visits, so that nobody confirms others than she has seen."""
    said = ",".join(f"{each.visit.pk}:{each.visit.sequence}" for each in hits)
    return hashlib.sha256(said.encode()).hexdigest()[:24]


def owe(hits: Sequence[Hit], *, now: datetime) -> None:
    """Each visit that the confirmed change hits is flagged, and its manager has a task."""
    for each in hits:
        visit = each.visit
        wall = visit.starts_at.astimezone(visit.store.zone)
        promises.flag(
            appointment=visit,
            stone=None,
            why=f"{wall:%-d %B %H:%M}: {each.why}. Move the visit, or write to her.",
            cause=f"hours:{now:%Y%m%d%H%M%S%f}",
            now=now,
        )


def open_on(store: Store, *, day: date) -> Windows:
    """When the store is open on its day, and the night before it as far as it reaches."""
    return read(first=day, last=day, stores=[store]).stores.get(store.pk, ())


def read(*, first: date, last: date, stores: Sequence[Store] | None = None) -> Hours:
    """The hours of all stores, or of these, from a date to another, both on the wall: one query, and one for all stores."""
    zones = {store.pk: store.zone for store in (Store.objects.all() if stores is None else stores)}
    opening: dict[int, list[Stretch]] = defaultdict(list)
    special: dict[int | None, list[Change]] = defaultdict(list)
    weekly: dict[tuple[int, int], list[Stretch]] = defaultdict(list)
    changes: dict[int, list[tuple[int | None, Change]]] = defaultdict(list)
    rooms: dict[int, int] = {}
    values = {"stores": list(zones), "first": first - timedelta(days=1), "last": last}
    for kind, store, number, weekday, day, starts, ends, since, until in prepared.rows(
        _HOURS, values
    ):
        if kind == "opening":
            opening[store].append(Stretch(weekday, starts, ends))
        elif kind == "special":
            special[store].append(Change(day, starts, ends))
        elif kind == "shift":
            weekly[number, store].append(Stretch(weekday, starts, ends, since, until))
        elif kind == "change":
            changes[number].append((store, Change(day, starts, ends)))
            if store in zones:
                weekly.setdefault((number, store), [])
        else:
            rooms[store] = number
    opened = {}
    for store, zone in zones.items():
        days = {change.day for change in special[store]}
        house = [change for change in special[None] if change.day not in days]
        known = tuple(opening[store]), (*special[store], *house)
        opened[store] = weeks.windows(zone, *known, first, last)
    # On a day with changes she is where they say, and nowhere else.
    shifts = {
        (associate, store): weeks.windows(
            zones[store],
            tuple(stretches),
            tuple(
                change if where == store else Change(change.day)
                for where, change in changes[associate]
            ),
            first,
            last,
        )
        for (associate, store), stretches in weekly.items()
    }
    return Hours(stores=opened, shifts=shifts, rooms=rooms)


# Inside.


def _within(booked: Booked, windows: Windows) -> bool:
    """Windows that touch, at midnight or where the clocks change, are one."""
    open_ = availability.merged((window.start, window.end) for window in windows)
    return any(start <= booked.start and booked.end <= end for start, end in open_)


# Visits that their store or their associate does not do any more. What is offered to shoppers no more is done for those who booked it.
_UNDONE = """
select visit.id, case
    when not associate.is_bookable then 'the associate receives nobody any more'
    when not exists (
        select from appointments_associate_services as does
        where does.associate_id = visit.associate_id and does.service_id = visit.service_id
    ) and visit.associate_id is not null then 'the associate does not do this any more'
    when exists (select from appointments_service_stores as had where had.service_id = visit.service_id) and not exists (
        select from appointments_service_stores as had
        where had.service_id = visit.service_id and had.store_id = visit.store_id
    ) then 'this is not done in the store any more'
end as why
from appointments_appointment as visit left join appointments_associate as associate on associate.id = visit.associate_id
where visit.id = any (%(visits)s::bigint[])
"""

_HOURS = """
select 'opening', store_id, 0, weekday, null::date, opens, closes, null::date, null::date
from appointments_openinghours where store_id = any (%(stores)s::bigint[])
union all
select 'special', store_id, 0, null, day, opens, closes, null, null
from appointments_specialhours
where day between %(first)s and %(last)s and (store_id is null or store_id = any (%(stores)s::bigint[]))
union all
select 'shift', store_id, associate_id, weekday, null, starts, ends, since_date, until_date
from appointments_shift where store_id = any (%(stores)s::bigint[])
union all
select 'change', store_id, associate_id, null, day, starts, ends, null, null
from appointments_shiftchange where day between %(first)s and %(last)s
union all
select 'rooms', store_id, rooms, null, null, null, null, null, null
from appointments_showroom where store_id = any (%(stores)s::bigint[])
"""
