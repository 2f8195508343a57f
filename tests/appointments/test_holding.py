"""A time that is held by one question is held as one that is laid out at length, and by the terms that are in force."""

import itertools
import random
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import transaction

from appointments import booking, holding, looking, promises, terms
from appointments.diary import Asked, NotOffered, StoneGone
from appointments.holding import Answer
from appointments.models import (
    Appointment,
    Associate,
    DayPlace,
    OpeningHours,
    OutsideBusy,
    PieceHold,
    RoomBusy,
    Service,
    Shift,
    ShiftChange,
    Showroom,
    SpecialHours,
    StaffBusy,
    TransferTime,
    VisitDesign,
)
from appointments.seating import SlotTaken
from builder.models import Stone
from jeweler.models import Store, Visitor
from tests.factories.appointments import AssociateFactory, ServiceFactory, open_showroom
from tests.factories.builder import DesignFactory, StoneFactory
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


def asked_for(store: Store, *stones: Stone) -> Asked:
    return Asked(service=Service.objects.get(), store=store, stones=stones)


def hold(
    store: Store, at: datetime = MONDAY, *stones: Stone, now: datetime = NOW, **more: Any
) -> Appointment:
    asked = asked_for(store, *stones)
    return booking.reserve(asked=asked, starts_at=at, key=uuid.uuid4(), now=now, **more)


def try_to_hold(
    store: Store, at: datetime, *stones: Stone, visitor: Visitor | None = None, now: datetime = NOW
) -> Answer:
    visit = Appointment(
        store=store, service=Service.objects.get(), starts_at=at, status="held", held_at=now,
        expires_at=now + DAY, visitor=visitor,
    )  # fmt: skip
    return holding.hold(visit, asked=asked_for(store, *stones), now=now).answer


def written(visit: Appointment) -> list[object]:
    """Every column of what a hold writes, but for what names the one row."""
    own = {"id", "uid", "key", "appointment_id", "appointment"}
    rows = [
        Appointment.objects.get(pk=visit.pk),
        StaffBusy.objects.get(appointment=visit),
        RoomBusy.objects.get(appointment=visit),
        DayPlace.objects.get(appointment=visit),
        *PieceHold.objects.filter(appointment=visit).order_by("stone"),
        *VisitDesign.objects.filter(appointment=visit).order_by("position"),
    ]
    return [
        {each.attname: getattr(row, each.attname) for each in row._meta.concrete_fields
         if each.attname not in own}
        for row in rows
    ]  # fmt: skip


def test_both_ways_write_the_same(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor, boston = VisitorFactory(), open_showroom("boston", transfer_minutes=20 * 60)
    ours = StoneFactory(store=boston)
    theirs = StoneFactory(store=None, delivery_days=3)
    designs = [DesignFactory(stone=ours), DesignFactory()]
    hold(boston, MONDAY, ours)
    later = hold(boston, MONDAY + 10 * DAY, ours).holds.get()
    rows = []
    for answer in (None, Answer.UNTIDY):
        with transaction.atomic():
            if answer:
                monkeypatch.setattr(holding, "_hold", lambda *_, answer=answer: answer)
            held = hold(
                store, MONDAY + 7 * DAY, ours, theirs, visitor=visitor, source=Appointment.Source.RING,
                minutes=7, designs=designs,
            )  # fmt: skip
            rows.append([*written(held), PieceHold.objects.get(pk=later.pk).occupied])
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


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_stone_is_held_at_once_if_and_only_if_it_is_shown(store: Store, seed: int) -> None:
    """Of three stores at random ways from each other, among promises that came before and some that ran out."""
    dice = random.Random(seed)
    Service.objects.update(most_per_day=None)
    stores = [store, open_showroom("boston", rooms=9, associates=9), open_showroom("chicago")]
    for one, other in itertools.permutations(stores, 2):
        TransferTime.objects.create(
            from_store=one, to_store=other, minutes=dice.choice([60, 300, 1500])
        )
    stone = StoneFactory(store=dice.choice(stores))
    late = StoneFactory(store=None, delivery_days=2)
    grid = [MONDAY + timedelta(minutes=30 * number) for number in range(-200, 250)]
    known = 0
    for _ in range(12):
        place, stones = dice.choice(stores), dice.choice([(stone,), (stone, late)])
        now = NOW + timedelta(minutes=dice.choice([0, 0, 11]))
        asked = asked_for(place, *stones)
        shown = looking.slots(asked, since=grid[0], until=grid[-1] + DAY, now=now)
        for at in dice.sample(grid, 8) + dice.sample(sorted(shown), 4):
            with transaction.atomic():
                answer = try_to_hold(place, at, *stones, now=now)
                # What is shown is had, or it is laid out at length and then had: where a stone goes on from a lapsed hold.
                assert (answer in (Answer.HELD, Answer.UNTIDY)) == (at in shown), at
                known += answer == Answer.HELD
                transaction.set_rollback(True)
        hold(place, dice.choice(sorted(shown)), *stones, now=now)
        before = list(PieceHold.objects.order_by("pk").values_list("pk", "occupied"))
        promises.settle([each.pk for each in stones])
        assert list(PieceHold.objects.order_by("pk").values_list("pk", "occupied")) == before
    assert known > 20


def test_a_hold_that_ran_out_makes_way_by_the_same_question(store: Store) -> None:
    Showroom.objects.update(rooms=1)
    stone = StoneFactory(store=store)
    ran_out = hold(store, MONDAY, stone)
    now = NOW + timedelta(minutes=11)
    assert try_to_hold(store, MONDAY, stone, now=now) == Answer.HELD
    ran_out.refresh_from_db()
    assert ran_out.status == Appointment.Status.EXPIRED
    assert ran_out.holds.get().state == PieceHold.State.EXPIRED
    assert not StaffBusy.objects.filter(appointment=ran_out).exists()


def test_what_she_held_before_ends_with_the_next_and_stays_where_that_is_refused(
    store: Store,
) -> None:
    stone, visitor = StoneFactory(store=store), VisitorFactory()
    before = hold(store, MONDAY, stone, visitor=visitor)
    hold(store, MONDAY + DAY, stone)
    assert try_to_hold(store, MONDAY + DAY, stone, visitor=visitor) == Answer.TAKEN
    before.refresh_from_db()
    assert before.status == Appointment.Status.HELD
    # Its stone goes on to somebody else's: laid out at length, and ended there.
    hold(store, MONDAY - DAY, stone, visitor=visitor)
    before.refresh_from_db()
    assert before.status == Appointment.Status.EXPIRED
    assert try_to_hold(store, MONDAY + 2 * DAY, visitor=visitor) == Answer.UNTIDY
    assert hold(store, MONDAY + 2 * DAY, visitor=visitor).status == Appointment.Status.HELD
    assert try_to_hold(store, MONDAY + 3 * DAY, stone, visitor=visitor) == Answer.HELD
    assert Appointment.objects.filter(visitor=visitor, status="held").count() == 1


def test_a_stone_that_was_sold_since_the_page_was_read_is_gone(store: Store) -> None:
    stone = StoneFactory(store=store)
    Stone.objects.update(status=Stone.Status.SOLD, sold_at=NOW)
    with pytest.raises(StoneGone):
        hold(store, MONDAY, stone)
    assert not Appointment.objects.exists()


def test_whoever_comes_too_late_for_a_stone_learns_it_by_few_questions(
    store: Store, django_assert_num_queries: Any
) -> None:
    stone = StoneFactory(store=store)
    hold(store, MONDAY, stone)
    hold(store, MONDAY + DAY)
    asked = asked_for(store, stone)
    with django_assert_num_queries(1):
        booking.reserve(asked=asked, starts_at=MONDAY + 2 * DAY, key=uuid.uuid4(), now=NOW)
    # No: what is taken around it of people and rooms, of the day's places and of the stone; and is the form known?
    with django_assert_num_queries(5), pytest.raises(SlotTaken) as taken:
        booking.reserve(asked=asked, starts_at=MONDAY, key=uuid.uuid4(), now=NOW)
    assert taken.value.starts


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
    "the way is longer": lambda store: TransferTime.objects.create(
        from_store=Store.objects.get(code="depot"), to_store=store, minutes=14 * 24 * 60
    ),
    "it is not offered": lambda store: Service.objects.update(is_offered=False),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_a_process_remembers_ends_with_the_terms(store: Store, way: str) -> None:
    depot = open_showroom("depot")
    stone = StoneFactory(store=depot)
    with transaction.atomic():
        hold(store, MONDAY, stone)
        transaction.set_rollback(True)
    before = terms.kept()
    WAYS[way](store)
    # A request that read store and service a moment ago.
    service = before.service(Service.objects.get().pk)
    asked = Asked(service=service, store=before.store(store.pk), stones=[stone])
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
