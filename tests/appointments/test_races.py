"""What happens at the same moment: one is served, everybody else is told so, and nobody waits in a circle.

Two things keep a time, a room and a stone with one visit: names that are held (`jeweler.locking`), and exclusion constraints.
Each is switched off here in turn. Without either the race appears, so that these tests would see it. The constraints alone
keep two visits apart; what the names are for besides is shown at the end.
"""

import contextlib
import functools
import itertools
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models import Model
from django.urls import reverse

from appointments import booking, bringing, looking, promises, receiving
from appointments.booking import Contact, HoldExpired
from appointments.diary import Asked, StoneGone
from appointments.models import (
    Appointment,
    PieceHold,
    RoomBusy,
    Service,
    StaffBusy,
    TransferTime,
    VisitTask,
)
from appointments.promises import StoneTaken
from appointments.seating import SlotTaken
from builder import inventory
from builder.models import Stone
from jeweler import locking, outbox
from jeweler.models import Store
from tests.builder.test_races import at_once
from tests.factories.appointments import AssociateFactory, ServiceFactory, open_showroom
from tests.factories.builder import DesignFactory, StoneFactory
from tests.factories.jeweler import NOW, StaffMemberFactory

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)
MONDAY = datetime(2026, 11, 23, 15, tzinfo=UTC)  # 10:00 on the wall in New York
CLIENTS = 50
TOLD = (SlotTaken, StoneTaken, StoneGone)
NUMBERS = itertools.count()


@pytest.fixture
def service() -> Service:
    return ServiceFactory()


@pytest.fixture(autouse=True)
def _addresses_are_read() -> None:
    """Once in a process, which may take longer on a busy machine than anybody waits for a name."""
    reverse("visits:book")


def reserve(
    store: Store, starts_at: datetime = MONDAY, *stones: Stone, now: datetime = NOW, **more: Any
) -> Appointment:
    asked = Asked(service=Service.objects.get(), store=store, stones=stones)
    return booking.reserve(asked=asked, starts_at=starts_at, key=uuid.uuid4(), now=now, **more)


def book(
    store: Store, starts_at: datetime = MONDAY, *stones: Stone, now: datetime = NOW, **more: Any
) -> Appointment:
    held = reserve(store, starts_at, *stones, now=now, **more)
    who = Contact(email=f"ada.{next(NUMBERS)}@example.com")
    return booking.confirm(uid=held.uid, contact=who, now=now)


def without_locks(job: Callable[[], object]) -> Callable[[], object]:
    def work() -> object:
        with locking.without_locks_to_prove_that_they_are_needed():
            return job()

    return work


@contextlib.contextmanager
def without_constraints() -> Iterator[None]:
    """The tables of this test's own database without the exclusion constraints, and empty before they come back."""
    kinds: tuple[type[Model], ...] = (StaffBusy, RoomBusy, PieceHold)
    constraints = [
        (kind, each)
        for kind in kinds
        for each in kind._meta.constraints
        if type(each).__name__ == "ExclusionConstraint"
    ]
    assert len(constraints) == 4
    with connection.schema_editor() as editor:
        for kind, each in constraints:
            editor.remove_constraint(kind, each)
    try:
        yield
    finally:
        Appointment.objects.all().delete()
        with connection.schema_editor() as editor:
            for kind, each in constraints:
                editor.add_constraint(kind, each)


def winners(given: list[object]) -> list[Appointment]:
    """Those who have it; everybody else was told why not."""
    won = [each for each in given if isinstance(each, Appointment)]
    lost = [each for each in given if not isinstance(each, Appointment)]
    assert all(isinstance(each, TOLD) for each in lost), lost
    return won


def test_one_time_is_held_by_one_of_fifty(service: Service) -> None:
    store = open_showroom()
    (won,) = winners(at_once(*[lambda: reserve(store)] * CLIENTS))
    assert StaffBusy.objects.get().appointment == RoomBusy.objects.get().appointment == won
    assert Appointment.objects.get() == won  # nothing is left of the others


def test_one_stone_is_promised_to_one_of_fifty(service: Service) -> None:
    store = open_showroom(associates=4, rooms=9)
    stone = StoneFactory(store=store)
    times = [MONDAY, MONDAY + HOUR / 2]
    jobs = [lambda at=times[number % 2]: book(store, at, stone) for number in range(CLIENTS)]
    (won,) = winners(at_once(*jobs))
    assert PieceHold.objects.get().appointment == won
    stone.refresh_from_db()
    assert stone.promised_until == won.ends_at


def test_one_stone_is_promised_in_one_of_two_stores(service: Service) -> None:
    here, there = open_showroom(associates=2, rooms=2), open_showroom("boston-newbury")
    stone = StoneFactory(store=here)
    at = {here: MONDAY + 24 * HOUR, there: MONDAY + 25 * HOUR + HOUR / 2}
    jobs = [lambda store=store: book(store, at[store], stone) for store in (here, there)]
    (won,) = winners(at_once(*jobs * 6))
    assert PieceHold.objects.get().appointment == won


@pytest.mark.parametrize(
    ("opens", "closes", "starts"),
    [
        # Over midnight, where the day's names differ; each overlaps the one before it.
        (time(18), time(3), ["2026-11-24T04:00", "2026-11-24T04:30", "2026-11-24T05:00"]),
        # In the hour that the wall has twice, in New York on the first of November of the next year.
        (time(0), time(6), ["2027-11-07T05:00", "2027-11-07T05:30", "2027-11-07T06:00"]),
    ],
)
def test_visits_that_overlap_are_held_by_one(
    service: Service, opens: time, closes: time, starts: list[str]
) -> None:
    store = open_showroom(opens=opens, closes=closes)
    for associate in store.shifts.all():
        type(associate).objects.filter(pk=associate.pk).update(starts=opens, ends=closes)
    Service.objects.update(horizon_days=366)
    moments = [datetime.fromisoformat(each).replace(tzinfo=UTC) for each in starts]
    shown = looking.slots(
        Asked(service=Service.objects.get(), store=store),
        since=moments[0], until=moments[-1] + HOUR / 2, now=NOW,
    )  # fmt: skip
    assert set(moments) <= set(shown)
    won = winners(at_once(*[lambda at=at: reserve(store, at) for at in moments] * 4))
    assert (
        1 <= len(won) <= 2
    )  # the first and the last do not overlap when both are within an hour and a quarter
    taken = sorted(row.blocked.lower for row in StaffBusy.objects.all())
    assert all(after - before >= 75 * HOUR / 60 for before, after in itertools.pairwise(taken))


def test_a_hold_that_runs_out_is_confirmed_or_taken_by_another_and_never_both(
    service: Service,
) -> None:
    store = open_showroom()
    for _ in range(4):
        held = reserve(store)
        until = held.expires_at
        assert until is not None
        who = Contact(email=f"ada.{next(NUMBERS)}@example.com")
        confirmed, taken = at_once(
            lambda held=held, who=who, until=until: booking.confirm(
                uid=held.uid, contact=who, now=until - timedelta(seconds=1)
            ),
            lambda until=until: reserve(store, now=until),
        )
        assert isinstance(confirmed, Appointment) != isinstance(taken, Appointment)
        assert isinstance(confirmed, (Appointment, HoldExpired)), confirmed
        assert isinstance(taken, (Appointment, SlotTaken)), taken
        assert StaffBusy.objects.count() == 1
        Appointment.objects.all().delete()


def test_a_move_and_a_booking_do_not_both_have_the_time(service: Service) -> None:
    store = open_showroom()
    noon = MONDAY + 2 * HOUR
    for _ in range(4):
        visit = book(store)
        moved, taken = at_once(
            lambda visit=visit: booking.move(appointment=visit, starts_at=noon, now=NOW),
            lambda: reserve(store, noon),
        )
        assert len(winners([moved, taken])) == 1
        visit.refresh_from_db()
        assert visit.starts_at == (noon if isinstance(moved, Appointment) else MONDAY)
        assert visit.staff_busy.blocked.lower == visit.starts_at
        Appointment.objects.all().delete()


def test_visits_that_change_places_in_two_stores_do_not_wait_for_each_other(
    service: Service,
) -> None:
    here, there = open_showroom(associates=0), open_showroom("boston", associates=0)
    for _ in range(2):
        AssociateFactory(works_in=[here, there])

    for _ in range(4):
        first, second = book(here), book(there)
        given = at_once(
            *[
                lambda visit=visit, to=to: booking.move(
                    appointment=visit, starts_at=MONDAY + HOUR / 2, associate_id=to, now=NOW
                )
                for visit, to in ((first, second.associate_id), (second, first.associate_id))
            ]
        )
        assert winners(given) == []  # each wants whom the other has
        Appointment.objects.all().delete()


def test_a_stone_that_is_sold_is_not_promised_unseen(service: Service) -> None:
    store = open_showroom()
    for _ in range(4):
        stone = StoneFactory(store=store)
        booked, sold = at_once(
            lambda stone=stone: book(store, MONDAY, stone),
            lambda stone=stone: inventory.sell(stone=stone, sale_id=stone.pk, at=NOW, now=NOW),
        )
        assert sold is True
        outbox.deliver_due(now=NOW)
        if isinstance(booked, Appointment):
            booked.refresh_from_db()
            assert booked.flagged_at is not None
            assert VisitTask.objects.filter(appointment=booked).exists()
        else:
            assert isinstance(booked, StoneGone), booked
        assert not PieceHold.objects.filter(state__in=PieceHold.ACTIVE).exists()
        Appointment.objects.all().delete()


def test_a_twin_takes_the_place_of_a_broken_stone_at_one_of_two_visits(service: Service) -> None:
    store = open_showroom(associates=2, rooms=2)
    twin = StoneFactory(store=store)
    broken = []
    for _ in range(2):
        stone = StoneFactory(store=store)
        visit = book(store, MONDAY, stone)
        promises.break_(stone=stone, why="It was dropped", cause=f"dropped:{stone.pk}", now=NOW)
        broken += promises.broken(visit)
    given = at_once(
        *[
            lambda hold=hold: promises.replace(hold=hold, stone=twin, by=None, now=NOW)
            for hold in broken
        ]
    )
    assert sorted(type(each).__name__ for each in given) == ["PieceHold", "StoneTaken"]
    assert PieceHold.objects.get(state="promised").stone == twin
    assert Appointment.objects.filter(flagged_at=None).count() == 1


def test_a_ring_brought_while_its_visit_moves_comes_along(service: Service) -> None:
    store = open_showroom()
    noon = MONDAY + 2 * HOUR
    for _ in range(4):
        visit = book(store, MONDAY, StoneFactory(store=store))
        design = DesignFactory(stone=StoneFactory(store=store))
        given = at_once(
            lambda visit=visit: booking.move(appointment=visit, starts_at=noon, now=NOW),
            lambda visit=visit, design=design: bringing.bring(
                appointment=visit, design=design, now=NOW
            ),
        )
        assert len(winners(given)) == 2
        active = PieceHold.objects.filter(state="promised")
        assert {hold.during.lower for hold in active} == {noon}
        assert len(active) == 2
        Appointment.objects.all().delete()


def test_whoever_ends_a_visit_and_whoever_breaks_its_promise_do_not_wait_for_each_other(
    service: Service,
) -> None:
    store, by = open_showroom(), StaffMemberFactory()
    for number in range(4):
        stone = StoneFactory(store=store)
        visit = book(store, MONDAY, stone)
        receiving.check_in(appointment=visit, by=by, now=MONDAY)
        ended, told = at_once(
            lambda visit=visit: receiving.complete(
                appointment=visit, outcome="lost", by=by, now=MONDAY
            ),
            lambda stone=stone, number=number: promises.break_(
                stone=stone, why="It was sold", cause=f"sold:{number}", now=MONDAY
            ),
        )
        assert isinstance(ended, Appointment), ended
        assert isinstance(told, list), told
        assert not PieceHold.objects.filter(state__in=PieceHold.ACTIVE).exists()
        Appointment.objects.all().delete()


def test_one_key_for_two_days_holds_one_of_them(service: Service) -> None:
    store = open_showroom()
    asked, key = Asked(service=service, store=store), uuid.uuid4()
    given = at_once(
        *[
            lambda day=day: booking.reserve(
                asked=asked, starts_at=MONDAY + day * 24 * HOUR, key=key, now=NOW
            )
            for day in range(4)
        ]
    )
    assert sorted(type(each).__name__ for each in given) == ["Appointment"] + ["KeyReused"] * 3


# What each of the two is for.


def overbooked(job: Callable[[], object], *, rounds: int, seats: int = 1) -> bool:
    """Whether in one of these rounds more had the same time than there is room for."""
    for _ in range(rounds):
        given = at_once(*[job] * 8)
        Appointment.objects.all().delete()
        if sum(isinstance(each, Appointment) for each in given) > seats:
            return True
    return False


def test_names_alone_keep_a_time_with_one_and_without_them_the_race_is_there(
    service: Service,
) -> None:
    store = open_showroom()
    stone = StoneFactory(store=store)
    with without_constraints():
        for stones in [(stone,), ()]:  # laid out at length, and held by one question
            job = functools.partial(reserve, store, MONDAY, *stones)
            assert not overbooked(job, rounds=3)
            assert overbooked(without_locks(job), rounds=20)


def test_constraints_alone_keep_a_time_with_one(service: Service) -> None:
    store = open_showroom(associates=2)
    stone = StoneFactory(store=store)
    for stones in [(stone,), ()]:
        job = without_locks(functools.partial(reserve, store, MONDAY, *stones))
        assert not overbooked(job, rounds=6, seats=1 if stones else 2)


def test_without_names_two_promises_are_made_of_which_one_cannot_be_kept(service: Service) -> None:
    """The way back is long: each of the two fits by itself, and the database knows the ways of neither to the other."""
    vault, one, other = (open_showroom(code, handling_minutes=0) for code in ("a", "b", "c"))
    minutes = {(vault, one): 60, (vault, other): 60}
    for pair in itertools.permutations((vault, one, other), 2):
        TransferTime.objects.create(
            from_store=pair[0], to_store=pair[1], minutes=minutes.get(pair, 20 * 60)
        )
    stone = StoneFactory(store=vault)
    jobs = [lambda: reserve(one, MONDAY, stone), lambda: reserve(other, MONDAY + 5 * HOUR, stone)]

    def both(jobs: list[Callable[[], object]]) -> bool:
        given = at_once(*jobs)
        Appointment.objects.all().delete()
        return sum(isinstance(each, Appointment) for each in given) == 2

    assert not any(both(jobs) for _ in range(3))
    assert any(both([without_locks(job) for job in jobs]) for _ in range(20))


def hold_with(store: Store, person: int, *stones: Stone) -> Appointment:
    asked = Asked(service=Service.objects.get(), store=store, stones=stones, associate_id=person)
    return booking.reserve(asked=asked, starts_at=MONDAY, key=uuid.uuid4(), now=NOW)


def ever(is_so: Callable[[list[object]], bool], *jobs: Callable[[], object], rounds: int) -> bool:
    """Whether it is so in one of these rounds."""
    for _ in range(rounds):
        given = at_once(*jobs)
        Appointment.objects.all().delete()
        if is_so(given):
            return True
    return False


def test_without_names_two_who_want_the_same_stones_wait_in_a_circle() -> None:
    ServiceFactory(takes_room=False)
    store = open_showroom(associates=2)
    people = [shift.associate_id for shift in store.shifts.filter(weekday=0)]
    stones = [StoneFactory(store=store) for _ in range(12)]
    jobs = [
        lambda person=person, order=order: hold_with(store, person, *order)
        for person, order in zip(people, (stones, stones[::-1]), strict=True)
    ]

    def is_deadlock(given: list[object]) -> bool:
        return any(isinstance(each, OperationalError) for each in given)

    assert not ever(is_deadlock, *jobs, rounds=3)
    assert ever(is_deadlock, *map(without_locks, jobs), rounds=20)


def test_without_names_a_day_with_room_refuses_a_visit() -> None:
    """They count the same place on the day, and one is sent away from a time that is free."""
    ServiceFactory(takes_room=False, most_per_day=6)
    store = open_showroom(associates=6)
    people = [shift.associate_id for shift in store.shifts.filter(weekday=0)]
    jobs = [lambda person=person: hold_with(store, person) for person in people]

    def is_refused(given: list[object]) -> bool:
        return any(isinstance(each, SlotTaken) for each in given)

    assert not ever(is_refused, *jobs, rounds=2)
    assert ever(is_refused, *map(without_locks, jobs), rounds=20)
