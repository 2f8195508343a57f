"""A visit from its ten minutes to its outcome."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from appointments import booking, keys, looking, promises, receiving
from appointments.booking import Contact
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
from appointments.seating import SlotTaken
from appointments.visits import NoSuchVisit, NotNow
from builder import inventory
from builder.models import Stone
from jeweler import outbox
from jeweler.models import OutboxEvent, Store
from tests.factories.appointments import ServiceFactory, open_showroom
from tests.factories.builder import DesignFactory, StoneFactory
from tests.factories.jeweler import NOW, StaffMemberFactory, VisitorFactory

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
MONDAY = datetime(2026, 11, 23, 15, tzinfo=UTC)  # 10:00 on the wall in New York
ADA = Contact(email="ada@example.com", first_name="Ada")


@pytest.fixture
def service() -> Service:
    return ServiceFactory()


@pytest.fixture
def store(service: Service) -> Store:
    return open_showroom()


def reserve(
    store: Store,
    service: Service,
    starts_at: datetime = MONDAY,
    *,
    stones: tuple[Stone, ...] = (),
    now: datetime = NOW,
    **more: object,
) -> Appointment:
    asked = Asked(service=service, store=store, stones=stones)
    return booking.reserve(asked=asked, starts_at=starts_at, key=uuid.uuid4(), now=now, **more)  # type: ignore[arg-type]


def book(
    store: Store, service: Service, starts_at: datetime = MONDAY, **more: object
) -> Appointment:
    held = reserve(store, service, starts_at, **more)  # type: ignore[arg-type]
    return booking.confirm(uid=held.uid, contact=ADA, now=NOW)


def starts(store: Store, service: Service, day: datetime, **asked: object) -> list[str]:
    found = looking.slots(
        Asked(service=service, store=store, **asked),  # type: ignore[arg-type]
        since=day, until=day + timedelta(hours=12), now=NOW,
    )  # fmt: skip
    return [f"{start.astimezone(store.zone):%H:%M}" for start in found]


def test_the_last_start_leaves_time_for_the_visit_and_to_set_things_back(
    store: Store, service: Service
) -> None:
    found = starts(store, service, MONDAY)
    assert found[0] == "10:00"
    assert found[-1] == "16:30"  # over at 17:30, in order again at 17:45
    assert len(found) == 14


def test_a_held_time_is_offered_to_nobody_else_until_it_runs_out(
    store: Store, service: Service
) -> None:
    reserve(store, service)
    assert starts(store, service, MONDAY)[0] == "11:30"
    with pytest.raises(SlotTaken) as taken:
        reserve(store, service, MONDAY + timedelta(minutes=30))
    assert taken.value.starts[0] == MONDAY + timedelta(minutes=90)
    later = reserve(store, service, now=NOW + timedelta(minutes=10))
    assert later.status == "held"
    assert Appointment.objects.filter(status="expired").count() == 1
    assert StaffBusy.objects.count() == RoomBusy.objects.count() == 1


def test_the_same_form_sent_twice_holds_one_time(store: Store, service: Service) -> None:
    key, asked = uuid.uuid4(), Asked(service=service, store=store)
    first = booking.reserve(asked=asked, starts_at=MONDAY, key=key, now=NOW)
    second = booking.reserve(asked=asked, starts_at=MONDAY, key=key, now=NOW)
    assert first == second
    with pytest.raises(keys.KeyReused):
        booking.reserve(asked=asked, starts_at=MONDAY + DAY, key=key, now=NOW)


def test_a_visitor_holds_one_time_at_once(store: Store, service: Service) -> None:
    visitor = VisitorFactory()
    first = reserve(store, service, visitor=visitor)
    reserve(store, service, MONDAY + timedelta(minutes=30), visitor=visitor)
    first.refresh_from_db()
    assert first.status == "expired"


def test_a_confirmed_visit_is_hers_and_is_confirmed_once(store: Store, service: Service) -> None:
    held = reserve(store, service)
    visit = booking.confirm(uid=held.uid, contact=ADA, now=NOW + timedelta(minutes=9))
    assert visit.status == "booked"
    assert visit.customer is not None
    assert visit.wall_start == "2026-11-23T10:00"
    with pytest.raises(booking.AlreadyConfirmed):
        booking.confirm(uid=held.uid, contact=ADA, now=NOW)
    assert starts(store, service, MONDAY)[0] == "11:30"


def test_a_hold_that_ran_out_is_not_confirmed_and_says_what_is_free(
    store: Store, service: Service
) -> None:
    held = reserve(store, service)
    with pytest.raises(booking.HoldExpired) as expired:
        booking.confirm(uid=held.uid, contact=ADA, now=NOW + timedelta(minutes=10))
    assert expired.value.starts[0] == MONDAY
    with pytest.raises(NoSuchVisit):
        booking.confirm(uid=uuid.uuid4(), contact=ADA, now=NOW)


def test_a_hold_is_made_longer_once_and_never_by_looking_at_it(
    store: Store, service: Service
) -> None:
    held = reserve(store, service)
    later = NOW + timedelta(minutes=5)
    assert booking.extend(appointment=held, now=later).expires_at == later + timedelta(minutes=10)
    with pytest.raises(NotNow):
        booking.extend(appointment=held, now=later)


def test_visits_go_round_the_associates(service: Service) -> None:
    store = open_showroom(associates=3, rooms=9)
    first = [reserve(store, service).associate_id for _ in range(3)]
    assert len(set(first)) == 3
    with pytest.raises(SlotTaken):
        reserve(store, service)


def test_a_store_takes_as_many_visits_at_once_as_it_has_rooms(service: Service) -> None:
    store = open_showroom(associates=3, rooms=2)
    assert {reserve(store, service).room_busy.lane for _ in range(2)} == {1, 2}
    with pytest.raises(SlotTaken):
        reserve(store, service)


def test_a_day_takes_no_more_visits_than_its_limit(service: Service) -> None:
    service.most_per_day = 2
    service.save(update_fields=["most_per_day"])
    store = open_showroom(associates=3, rooms=3)
    for hour in range(2):
        reserve(store, service, MONDAY + timedelta(hours=2 * hour))
    assert starts(store, service, MONDAY) == []
    assert starts(store, service, MONDAY + DAY)[0] == "10:00"


def test_a_moved_visit_stays_itself_with_its_stones(store: Store, service: Service) -> None:
    stone = StoneFactory(store=store)
    visit = book(store, service, stones=(stone,))
    moved = booking.move(appointment=visit, starts_at=MONDAY + timedelta(minutes=30), now=NOW)
    assert (moved.pk, moved.uid, moved.sequence) == (visit.pk, visit.uid, 1)
    active = PieceHold.objects.get(state="promised")
    assert active.during.lower == MONDAY + timedelta(minutes=30)
    assert starts(store, service, MONDAY)[0] == "12:00"
    again = booking.move(appointment=visit, starts_at=MONDAY + timedelta(minutes=30), now=NOW)
    assert again.sequence == 1


def test_a_move_to_a_taken_time_leaves_the_visit_as_it_was(store: Store, service: Service) -> None:
    visit = book(store, service)
    reserve(store, service, MONDAY + timedelta(hours=3))
    with pytest.raises(SlotTaken):
        booking.move(appointment=visit, starts_at=MONDAY + timedelta(hours=3), now=NOW)
    visit.refresh_from_db()
    assert (visit.starts_at, visit.sequence, visit.staff_busy.blocked.lower) == (MONDAY, 0, MONDAY)


def test_a_cancelled_visit_frees_everything_at_once(store: Store, service: Service) -> None:
    stone = StoneFactory(store=store)
    visit = book(store, service, stones=(stone,))
    stone.refresh_from_db()
    assert stone.promised_until == MONDAY + timedelta(hours=1)
    cancelled = booking.cancel(appointment=visit, now=NOW)
    assert (cancelled.status, cancelled.sequence) == ("cancelled", 1)
    assert booking.cancel(appointment=visit, now=NOW).sequence == 1
    assert starts(store, service, MONDAY, stones=(stone,))[0] == "10:00"
    stone.refresh_from_db()
    assert stone.promised_until is None


def test_another_store_waits_for_a_stone_as_long_as_the_way_takes(service: Service) -> None:
    here = open_showroom()
    there = open_showroom("boston-newbury")
    TransferTime.objects.create(from_store=here, to_store=there, minutes=24 * 60)
    TransferTime.objects.create(from_store=there, to_store=here, minutes=24 * 60)
    stone = StoneFactory(store=here)
    book(here, service, MONDAY + 2 * DAY, stones=(stone,))
    wednesday = starts(there, service, MONDAY + 2 * DAY, stones=(stone,))
    assert wednesday == []
    assert starts(there, service, MONDAY + DAY, stones=(stone,)) == []  # it has to be back
    assert starts(there, service, MONDAY + 3 * DAY, stones=(stone,))[0] == "11:00"
    book(there, service, MONDAY + 3 * DAY + timedelta(hours=1), stones=(stone,))
    later = PieceHold.objects.get(store=there)
    assert later.occupied.lower == MONDAY + 2 * DAY + timedelta(hours=1)


def test_one_stone_is_shown_to_one_visit_at_a_time(service: Service) -> None:
    store = open_showroom(associates=2, rooms=2)
    stone = StoneFactory(store=store)
    book(store, service, stones=(stone,))
    assert starts(store, service, MONDAY, stones=(stone,))[0] == "11:00"
    assert starts(store, service, MONDAY)[0] == "10:00"


def test_a_stone_that_is_gone_is_promised_to_nobody(store: Store, service: Service) -> None:
    sold = StoneFactory(status="sold", sold_at=NOW)
    with pytest.raises(StoneGone):
        reserve(store, service, stones=(sold,))


def test_a_sold_stone_flags_its_visit_once_and_a_twin_takes_its_place(
    store: Store, service: Service
) -> None:
    stone, twin = StoneFactory(store=store), StoneFactory(store=store)
    visit = book(store, service, stones=(stone,), designs=[DesignFactory(stone=stone)])
    inventory.sell(stone=stone, sale_id=1, at=NOW, now=NOW)
    outbox.deliver_due(now=NOW)
    visit.refresh_from_db()
    assert visit.flagged_at == NOW
    assert VisitTask.objects.get().due_at == NOW + timedelta(minutes=15)
    (broken,) = promises.broken(visit)
    promises.replace(hold=broken, stone=twin, by=None, now=NOW)
    promises.replace(hold=broken, stone=twin, by=None, now=NOW)
    visit.refresh_from_db()
    assert visit.flagged_at is None
    assert PieceHold.objects.get(state="promised").stone == twin
    assert VisitTask.objects.get().done_at == NOW


def test_a_visit_runs_from_the_door_to_its_outcome(store: Store, service: Service) -> None:
    stone = StoneFactory(store=store)
    design = DesignFactory(stone=stone)
    visit = book(store, service, stones=(stone,), designs=[design])
    by = StaffMemberFactory()
    with pytest.raises(NotNow):
        receiving.complete(appointment=visit, outcome="ordered", by=by, now=MONDAY)
    receiving.check_in(appointment=visit, by=by, now=MONDAY)
    receiving.begin(appointment=visit, by=by, now=MONDAY)
    done = receiving.complete(
        appointment=visit, outcome="ordered", tried=[design.pk], by=by, now=MONDAY + DAY / 24
    )
    assert (done.status, done.outcome) == ("attended", "ordered")
    assert done.visit_designs.get().was_tried
    assert PieceHold.objects.get().state == "kept"
    assert [event.kind for event in done.events.all()] == ["booked", "arrived", "seen", "attended"]


def test_an_outcome_written_down_twice_is_announced_once(store: Store, service: Service) -> None:
    by = StaffMemberFactory()
    came, missed = book(store, service), book(store, service, MONDAY + DAY)
    later_on = MONDAY + 2 * DAY
    receiving.check_in(appointment=came, by=by, now=MONDAY)
    for outcome in ("ordered", "lost"):
        receiving.complete(appointment=came, outcome=outcome, by=by, now=later_on)
        receiving.miss(appointment=missed, by=by, now=later_on)
    assert Appointment.objects.get(pk=came.pk).outcome == "ordered"
    for name in ("AppointmentAttended", "AppointmentMissed"):
        assert OutboxEvent.objects.filter(name=f"appointments.{name}").count() == 1


def test_a_hold_and_its_booking_take_few_statements(
    store: Store, service: Service, django_assert_max_num_queries: Any
) -> None:
    reserve(store, service, MONDAY + timedelta(hours=3))  # what the process remembers from then on
    with django_assert_max_num_queries(1):
        held = reserve(store, service)
    with django_assert_max_num_queries(22):  # one of them owes what others are to be told of it
        booking.confirm(uid=held.uid, contact=Contact(email="ada@example.com"), now=NOW)
    with django_assert_max_num_queries(3), pytest.raises(SlotTaken):
        reserve(store, service)  # who comes too late waits for nobody


def test_a_new_choice_of_hers_may_overlap_her_own_hold(store: Store, service: Service) -> None:
    visitor = VisitorFactory()
    reserve(store, service, visitor=visitor)
    later = MONDAY + timedelta(minutes=30)
    assert reserve(store, service, later, visitor=visitor).starts_at == later
