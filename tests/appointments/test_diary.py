"""What is laid out from the tables is what is booked: named cases of the clocks, and a long story beside a plain list."""

import random
import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from appointments import booking, looking
from appointments.booking import Contact
from appointments.diary import Asked, NotOffered
from appointments.models import (
    Appointment,
    OpeningHours,
    OutsideBusy,
    Service,
    Shift,
    ShiftChange,
    SpecialHours,
)
from appointments.seating import SlotTaken
from jeweler.models import Store
from tests.factories.appointments import AssociateFactory, ServiceFactory, open_showroom
from tests.factories.jeweler import NOW, StoreFactory

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def shown(store: Store, since: str, until: str, *, now: datetime, **more: object) -> list[datetime]:
    """On the store's wall, from one date to another."""
    first, last = (
        datetime.combine(date.fromisoformat(day), time(), tzinfo=store.zone)
        for day in (since, until)
    )
    asked = Asked(service=Service.objects.get(), store=store, **more)  # type: ignore[arg-type]
    found = looking.slots(asked, since=first, until=last, now=now)
    return [each.astimezone(store.zone) for each in found]


def keep_hours(store: Store, opens: time, closes: time, *, weekdays: range = range(7)) -> None:
    OpeningHours.objects.filter(store=store).exclude(weekday__in=weekdays).delete()
    OpeningHours.objects.filter(store=store).update(opens=opens, closes=closes)
    Shift.objects.update(starts=opens, ends=closes)


def test_the_clocks_go_back_and_every_day_begins_at_nine() -> None:
    ServiceFactory(minutes=60, after_minutes=0, step_minutes=60, horizon_days=60)
    store = open_showroom()
    keep_hours(store, time(9), time(17), weekdays=range(5))
    now = datetime(2023, 11, 5, 13, 26, tzinfo=UTC)
    found = shown(store, "2023-11-01", "2023-12-01", now=now)
    assert found[0].isoformat() == "2023-11-06T09:00:00-05:00"
    days = {each.date() for each in found}
    assert len(days) == 19
    assert {each.astimezone(UTC).hour for each in found} == set(range(14, 22))


def test_the_last_day_of_london_summer_keeps_its_last_start() -> None:
    ServiceFactory(minutes=60, after_minutes=0, step_minutes=60)
    store = open_showroom(zone="Europe/London")
    keep_hours(store, time(8), time(17))
    now = datetime(2026, 10, 20, tzinfo=UTC)
    found = shown(store, "2026-10-24", "2026-11-02", now=now)
    assert [each.hour for each in found] == list(range(8, 17)) * 9
    assert found[-10].isoformat() == "2026-10-31T16:00:00+00:00"


def test_a_day_ends_on_the_stores_wall_wherever_it_is_asked_from() -> None:
    ServiceFactory(minutes=60, after_minutes=0, step_minutes=60)
    store = open_showroom(zone="Pacific/Honolulu")
    keep_hours(store, time(9), time(17))
    SpecialHours.objects.create(store=store, day=date(2026, 8, 15), opens=time(9), closes=time(17))
    SpecialHours.objects.create(store=store, day=date(2026, 8, 15), opens=time(19), closes=time(21))
    Shift.objects.update(starts=time(9), ends=time(21))
    brussels = ZoneInfo("Europe/Brussels")
    found = looking.slots(
        Asked(service=Service.objects.get(), store=store),
        since=datetime(2026, 8, 15, tzinfo=brussels), until=datetime(2026, 8, 17, tzinfo=brussels),
        now=datetime(2026, 8, 14, tzinfo=UTC),
    )  # fmt: skip
    hours = [each.astimezone(store.zone) for each in found]
    fifteenth = [each.hour for each in hours if each.date() == date(2026, 8, 15)]
    assert fifteenth == [9, 10, 11] or fifteenth == [*range(9, 17), 19, 20]
    assert max(each for each in hours if each.day == 15).isoformat() == "2026-08-15T20:00:00-10:00"


def test_a_full_day_is_full_for_every_visitor_and_is_the_stores() -> None:
    service = ServiceFactory(most_per_day=2, minutes=60, after_minutes=0, step_minutes=60)
    store = open_showroom(associates=2, rooms=2)
    keep_hours(store, time(18), time(23))
    for hour in (23, 24):  # in UTC the second is on the next day
        at = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(hours=hour)
        asked = Asked(service=service, store=store)
        booking.reserve(asked=asked, starts_at=at, key=uuid.uuid4(), now=NOW)
    found = shown(store, "2026-11-23", "2026-11-25", now=NOW)
    assert {each.day for each in found} == {24}
    samoa = ZoneInfo("Pacific/Pago_Pago")
    asked = Asked(service=service, store=store)
    theirs = looking.slots(
        asked, since=datetime(2026, 11, 23, tzinfo=samoa), until=datetime(2026, 11, 25, tzinfo=samoa),
        now=NOW,
    )  # fmt: skip
    assert 23 not in {each.astimezone(store.zone).day for each in theirs}


def test_who_is_away_works_elsewhere_or_is_busy_outside_takes_nobody() -> None:
    ServiceFactory()
    store, other = open_showroom(), StoreFactory(code="boston-newbury")
    associate = store.shifts.first().associate  # type: ignore[union-attr]
    ShiftChange.objects.create(associate=associate, day=date(2026, 11, 23))
    ShiftChange.objects.create(
        associate=associate, day=date(2026, 11, 24), store=other, starts=time(10), ends=time(18)
    )
    start = datetime(2026, 11, 25, 15, tzinfo=UTC)
    OutsideBusy.objects.create(associate=associate, during=(start, start + timedelta(hours=2)))
    found = shown(store, "2026-11-23", "2026-11-26", now=NOW)
    assert found[0].isoformat() == "2026-11-25T12:00:00-05:00"
    with pytest.raises(NotOffered):
        shown(other, "2026-11-23", "2026-11-26", now=NOW)


def test_a_language_and_a_certain_associate_are_heeded() -> None:
    ServiceFactory()
    store = open_showroom(associates=1, rooms=3)
    speaks = AssociateFactory(works_in=[store], languages=["es"])
    asked = {"since": "2026-11-23", "until": "2026-11-24", "now": NOW}
    assert shown(store, language="es", **asked)  # type: ignore[arg-type]
    assert not shown(store, language="zh", **asked)  # type: ignore[arg-type]
    found = looking.slots(
        Asked(service=Service.objects.get(), store=store, associate_id=speaks.pk),
        since=NOW, until=NOW + DAY, now=NOW,
    )  # fmt: skip
    assert set(found.values()) == {(speaks.pk,)}


def test_a_month_takes_as_many_queries_as_a_day(django_assert_num_queries: Any) -> None:
    service = ServiceFactory(most_per_day=9)
    store = open_showroom(associates=10, rooms=10)
    asked = Asked(service=service, store=store)
    for days in (1, 31):
        with django_assert_num_queries(3):
            looking.slots(asked, since=NOW, until=NOW + days * DAY, now=NOW)


@dataclass
class Plain:
    """The same house as a list: what is taken, by whom, and nothing clever."""

    people: list[int]
    length: timedelta
    whole: timedelta
    taken: dict[uuid.UUID, tuple[int, datetime]] = field(default_factory=dict)

    def free(self, at: datetime, *, apart: uuid.UUID | None = None) -> set[int]:
        busy = {
            person
            for uid, (person, start) in self.taken.items()
            if uid != apart and start < at + self.whole and at < start + self.whole
        }
        return set(self.people) - busy

    def starts(self, day: datetime) -> dict[datetime, set[int]]:
        """From ten to six, every half hour."""
        found = {}
        at = day.replace(hour=10)
        while at + self.whole <= day.replace(hour=18):
            if who := self.free(at):
                found[at] = who
            at += timedelta(minutes=30)
        return found


@pytest.mark.parametrize("seed", [1, 2])
def test_a_long_story_of_bookings_ends_as_in_a_plain_list(seed: int) -> None:
    dice, service = random.Random(seed), ServiceFactory()
    store = open_showroom(associates=2, rooms=4)  # a room for each at any time
    day = datetime(2026, 11, 23, tzinfo=store.zone)
    grid = [day.replace(hour=10) + timedelta(minutes=30 * number) for number in range(16)]
    people = sorted({shift.associate_id for shift in store.shifts.all()})
    plain = Plain(people, timedelta(minutes=60), timedelta(minutes=75))
    living: list[Appointment] = []
    for number in range(30):
        at, deed = dice.choice(grid), dice.random()
        if deed < 0.6 or not living:
            shown_now = looking.slots(
                Asked(service=service, store=store), since=day, until=day + DAY, now=NOW
            )
            try:
                held = booking.reserve(
                    asked=Asked(service=service, store=store), starts_at=at, key=uuid.uuid4(), now=NOW
                )  # fmt: skip
            except SlotTaken:
                assert at not in shown_now
                assert at not in plain.starts(day)
                continue
            assert at in shown_now
            who = Contact(email=f"guest.{number}@example.com")
            visit = booking.confirm(uid=held.uid, contact=who, now=NOW)
            assert visit.associate_id in plain.starts(day)[at]
            plain.taken[visit.uid] = (visit.associate_id or 0, at)
            living.append(visit)
        elif deed < 0.8:
            visit = dice.choice(living)
            fits = plain.free(at, apart=visit.uid) and at + plain.whole <= day.replace(hour=18)
            try:
                moved = booking.move(appointment=visit, starts_at=at, now=NOW)
            except SlotTaken:
                assert not fits
                continue
            assert fits
            plain.taken[visit.uid] = (moved.associate_id or 0, at)
        else:
            visit = living.pop(dice.randrange(len(living)))
            booking.cancel(appointment=visit, now=NOW)
            del plain.taken[visit.uid]
        found = looking.slots(
            Asked(service=service, store=store), since=day, until=day + DAY, now=NOW
        )
        assert {start: set(who) for start, who in found.items()} == plain.starts(day)
    assert plain.taken
