"""A time that is held by one question is held as one that is laid out at length, and by the terms that are in force."""

import random
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import transaction

from appointments import booking, holding, looking, terms
from appointments.diary import Asked, NotOffered
from appointments.holding import Answer
from appointments.models import (
    Appointment,
    Associate,
    DayPlace,
    OpeningHours,
    OutsideBusy,
    RoomBusy,
    Service,
    Shift,
    ShiftChange,
    Showroom,
    SpecialHours,
    StaffBusy,
)
from appointments.seating import SlotTaken
from jeweler.models import Store
from tests.factories.appointments import AssociateFactory, ServiceFactory, open_showroom
from tests.factories.jeweler import NOW, VisitorFactory

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
MONDAY = datetime(2026, 11, 23, 15, tzinfo=UTC)  # 10:00 on the wall in New York


@pytest.fixture
def service() -> Service:
    return ServiceFactory(most_per_day=9)


@pytest.fixture
def store(service: Service) -> Store:
    return open_showroom(associates=2, rooms=2)


def asked_for(store: Store) -> Asked:
    return Asked(service=Service.objects.get(), store=store)


def hold(store: Store, at: datetime = MONDAY, **more: Any) -> Appointment:
    return booking.reserve(
        asked=asked_for(store), starts_at=at, key=uuid.uuid4(), now=NOW, **more
    )  # fmt: skip


def try_to_hold(store: Store, at: datetime) -> Answer:
    visit = Appointment(
        store=store, service=Service.objects.get(), starts_at=at, status="held", held_at=NOW,
        expires_at=NOW + DAY,
    )  # fmt: skip
    return holding.hold(visit, asked=asked_for(store), now=NOW).answer


def written(visit: Appointment) -> list[object]:
    """Every column of what a hold writes, but for what names the one row."""
    own = {"id", "uid", "key", "appointment_id", "appointment"}
    rows = [
        Appointment.objects.get(pk=visit.pk),
        StaffBusy.objects.get(appointment=visit),
        RoomBusy.objects.get(appointment=visit),
        DayPlace.objects.get(appointment=visit),
    ]
    return [
        {each.attname: getattr(row, each.attname) for each in row._meta.concrete_fields
         if each.attname not in own}
        for row in rows
    ]  # fmt: skip


def test_both_ways_write_the_same(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = VisitorFactory()
    rows = []
    for answer in (None, Answer.UNTIDY):
        with transaction.atomic():
            if answer:
                monkeypatch.setattr(holding, "_hold", lambda *_, answer=answer: answer)
            held = hold(store, visitor=visitor, source=Appointment.Source.RING, minutes=7)
            rows.append(written(held))
            assert held.expires_at == NOW + timedelta(minutes=7)
            assert list(rows[-1][0].values()) == [  # type: ignore[attr-defined]
                getattr(held, name)
                for name in rows[-1][0]  # type: ignore[attr-defined]
            ]
            transaction.set_rollback(True)
    assert rows[0] == rows[1]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_time_is_held_at_once_if_and_only_if_it_is_shown(store: Store, seed: int) -> None:
    dice = random.Random(seed)
    people = list(Associate.objects.order_by("pk"))
    midnight = datetime(2026, 11, 23, tzinfo=store.zone)
    shown_some, grid = 0, [midnight + timedelta(minutes=15 * number) for number in range(96)]
    for _ in range(5):  # of somebody's own, perhaps both at once
        begins = dice.choice(grid) + timedelta(seconds=dice.choice([0, 30]))
        OutsideBusy.objects.create(
            associate=dice.choice(people),
            during=(begins, begins + timedelta(minutes=dice.choice([5, 90]))),
        )
    while True:
        shown = looking.slots(asked_for(store), since=midnight, until=midnight + DAY, now=NOW)
        for at in dice.sample(grid, 12):
            with transaction.atomic():
                assert (try_to_hold(store, at) == Answer.HELD) == (at in shown), at
                transaction.set_rollback(True)
        if not shown:
            break
        at = dice.choice(list(shown))
        assert hold(store, at).associate_id in shown[at]
        shown_some += 1
    assert shown_some > 3


def closed(store: Store) -> None:
    SpecialHours.objects.create(store=store, day=date(2026, 11, 23))


WAYS: dict[str, Callable[[Store], object]] = {
    "a date is closed": closed,
    "she is away": lambda store: [
        ShiftChange.objects.create(associate=each, day=date(2026, 11, 23))
        for each in Associate.objects.all()
    ],
    "she works no longer": lambda store: Shift.objects.all().delete(),
    "she receives nobody": lambda store: Associate.objects.update(is_bookable=False),
    "she does something else": lambda store: [
        each.services.clear() for each in Associate.objects.all()
    ],
    "the house opens later": lambda store: OpeningHours.objects.update(opens=time(12)),
    "the store is closed": lambda store: Store.objects.update(is_open=False),
    "there is no showroom": lambda store: Showroom.objects.all().delete(),
    "it lasts longer than the day": lambda store: Service.objects.update(minutes=480),
    "it is had elsewhere": lambda store: Service.objects.get().stores.add(open_showroom("boston")),
    "it is not offered": lambda store: Service.objects.update(is_offered=False),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_a_process_remembers_ends_with_the_terms(store: Store, way: str) -> None:
    hold(store)
    before = terms.kept()
    WAYS[way](store)
    # A request that read store and service a moment ago.
    asked = Asked(service=before.service(Service.objects.get().pk), store=before.store(store.pk))
    with pytest.raises((SlotTaken, NotOffered)):
        booking.reserve(asked=asked, starts_at=MONDAY, key=uuid.uuid4(), now=NOW)
    assert terms.kept() is not before


def test_what_is_newly_to_be_had_is_held(store: Store) -> None:
    closed(store)
    with pytest.raises(SlotTaken):
        hold(store)
    SpecialHours.objects.all().delete()
    assert try_to_hold(store, MONDAY) == Answer.HELD
    AssociateFactory(works_in=[store])
    Showroom.objects.update(rooms=1)
    assert try_to_hold(store, MONDAY) == Answer.TAKEN  # for want of a room
    Showroom.objects.update(rooms=3)
    assert [try_to_hold(store, MONDAY) for _ in range(3)] == [
        Answer.HELD, Answer.HELD, Answer.TAKEN
    ]  # fmt: skip


def test_terms_that_are_rolled_back_were_never_in_force(store: Store) -> None:
    before = terms.in_force()
    with transaction.atomic():
        closed(store)
        assert try_to_hold(store, MONDAY) == Answer.CLOSED
        transaction.set_rollback(True)
    assert terms.in_force().token == before.token
    assert try_to_hold(store, MONDAY) == Answer.HELD
