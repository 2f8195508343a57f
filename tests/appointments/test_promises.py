"""Stones promised to visits, between stores whose ways differ."""

import uuid
from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from appointments import booking, bringing, looking, promises, receiving, seating
from appointments.booking import Contact
from appointments.diary import Asked, StoneGone
from appointments.models import Appointment, PieceHold, Service, Shift, TransferTime, VisitTask
from appointments.promises import StoneTaken
from appointments.seating import SlotTaken
from builder import inventory
from builder.models import Stone
from jeweler.models import Store
from tests.factories.appointments import ServiceFactory, open_showroom
from tests.factories.builder import DesignFactory, StoneFactory
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
DAY = 24 * HOUR
MONDAY = datetime(2026, 11, 23, 15, tzinfo=UTC)


@pytest.fixture
def service() -> Service:
    return ServiceFactory(step_minutes=60)


@pytest.fixture
def stores(service: Service) -> list[Store]:
    """Three, open around the clock but for a quarter of an hour, a day apart from each other."""
    return [
        open_showroom(code, opens=time(0), closes=time(23, 59), associates=2, rooms=2)
        for code in ("a", "b", "c")
    ]


def way(one: Store, other: Store, *, hours: int) -> None:
    """Both ways."""
    for pair in ((one, other), (other, one)):
        TransferTime.objects.create(from_store=pair[0], to_store=pair[1], minutes=60 * hours)


def book(store: Store, at: datetime, stone: Stone, *, who: str = "ada") -> Appointment:
    asked = Asked(service=Service.objects.get(), store=store, stones=[stone], is_staff=True)
    held = booking.reserve(asked=asked, starts_at=at, key=uuid.uuid4(), now=NOW)
    return booking.confirm(uid=held.uid, contact=Contact(email=f"{who}@example.com"), now=NOW)


def is_shown(store: Store, at: datetime, stone: Stone, *, now: datetime = NOW) -> bool:
    asked = Asked(service=Service.objects.get(), store=store, stones=[stone], is_staff=True)
    return at in looking.slots(asked, since=at, until=at + HOUR, now=now)


def leaves(visit: Appointment) -> datetime:
    return visit.holds.get(state="promised").occupied.lower


@pytest.fixture
def wide_open(stores: list[Store]) -> None:
    Shift.objects.update(starts=time(0), ends=time(23, 59))


@pytest.mark.usefixtures("wide_open")
def test_a_stone_is_promised_where_it_can_be_to_both_sides_of_time(stores: list[Store]) -> None:
    """The measured outcomes: a day between two stores, nothing within one."""
    here, there, third = stores
    stone = StoneFactory(store=here)
    noon = MONDAY + 7 * DAY
    book(here, noon, stone)
    cases = [
        (here, noon + HOUR, True),  # touching
        (here, noon + HOUR / 2, False),  # one viewing at a time
        (there, noon + 4 * HOUR, False),  # three hours after it ended
        (there, noon + 25 * HOUR, True),  # exactly a day after
        (there, noon + 24 * HOUR, False),
        (third, noon - 25 * HOUR, True),  # exactly a day before
        (third, noon - 24 * HOUR, False),  # it could not be back
    ]
    for store, at, can_be in cases:
        assert is_shown(store, at, stone) == can_be, (store, at)
        if can_be:
            with transaction.atomic():
                book(store, at, stone, who=f"grace.{store.code}")
                transaction.set_rollback(True)
        else:
            with pytest.raises((SlotTaken, StoneTaken)), transaction.atomic():
                book(store, at, stone)


@pytest.mark.usefixtures("wide_open")
def test_the_database_itself_refuses_what_no_courier_can_do(stores: list[Store]) -> None:
    here, there, _ = stores
    stone = StoneFactory(store=here)
    book(here, MONDAY + 7 * DAY, stone)
    other = book(there, MONDAY + 9 * DAY, StoneFactory(store=there))

    def put(start: datetime, *, leaves: datetime) -> None:
        with transaction.atomic():
            PieceHold.objects.create(
                stone=stone, store=there, appointment=other, state="promised", created_at=NOW,
                during=DateTimeTZRange(start, start + HOUR),
                occupied=DateTimeTZRange(leaves, start + HOUR),
            )  # fmt: skip

    noon = MONDAY + 7 * DAY
    with pytest.raises(IntegrityError, match="piece_one_viewing"):
        put(noon + HOUR / 2, leaves=noon + HOUR / 2)
    with pytest.raises(IntegrityError, match="piece_transfer_time"):
        put(noon + 3 * HOUR, leaves=noon - 21 * HOUR)
    with pytest.raises(IntegrityError, match="piece_hold_occupies_its_visit"):
        put(noon + 3 * DAY, leaves=noon + 3 * DAY + HOUR / 2)


@pytest.mark.usefixtures("wide_open")
def test_a_visit_put_between_or_taken_out_changes_when_the_stone_leaves(
    stores: list[Store],
) -> None:
    first, second, third = stores
    way(first, second, hours=10)
    way(second, third, hours=12)
    way(first, third, hours=44)  # over the second it is quicker
    stone = StoneFactory(store=first)
    last = book(third, MONDAY + 7 * DAY, stone, who="last")
    assert leaves(last) == last.starts_at - 22 * HOUR
    middle = book(second, last.starts_at - 13 * HOUR, stone, who="middle")
    assert leaves(middle) == middle.starts_at - 10 * HOUR
    assert leaves(last) == last.starts_at - 12 * HOUR == middle.ends_at
    assert not is_shown(second, middle.starts_at + HOUR, stone)  # then it would come too late
    booking.cancel(appointment=middle, now=NOW)
    assert leaves(last) == last.starts_at - 22 * HOUR


@pytest.mark.usefixtures("wide_open")
def test_a_hold_that_ran_out_no_longer_keeps_the_stone_from_leaving_in_time(
    stores: list[Store],
) -> None:
    here, there, _ = stores
    stone = StoneFactory(store=here)
    asked = Asked(service=Service.objects.get(), store=there, stones=[stone])
    booking.reserve(asked=asked, starts_at=MONDAY + 5 * DAY, key=uuid.uuid4(), now=NOW)
    booked = book(there, MONDAY + 7 * DAY, stone)
    assert leaves(booked) == booked.starts_at  # it would be there already
    assert seating.expire(now=NOW + HOUR) == 1
    assert leaves(booked) == booked.starts_at - DAY


@pytest.mark.usefixtures("wide_open")
def test_a_way_that_became_longer_keeps_nobody_from_cancelling(stores: list[Store]) -> None:
    here, there, _ = stores
    way(here, there, hours=2)
    stone = StoneFactory(store=here)
    first = book(here, MONDAY + 7 * DAY, stone, who="first")
    last = book(there, MONDAY + 7 * DAY + 4 * HOUR, stone, who="last")
    early = book(here, MONDAY + 6 * DAY, stone, who="early")
    TransferTime.objects.update(minutes=30 * 60)
    booking.cancel(appointment=early, now=NOW)
    assert leaves(last) == first.ends_at  # as soon as can be


def test_a_hold_made_longer_keeps_its_stone_as_long(service: Service) -> None:
    store = open_showroom(associates=2, rooms=2)
    stone = StoneFactory(store=store)
    asked = Asked(service=service, store=store, stones=[stone])
    held = booking.reserve(asked=asked, starts_at=MONDAY, key=uuid.uuid4(), now=NOW)
    booking.extend(appointment=held, now=NOW + 9 * HOUR / 60)
    later = NOW + 15 * HOUR / 60
    assert not is_shown(store, MONDAY, stone, now=later)
    visit = booking.confirm(uid=held.uid, contact=Contact(email="ada@example.com"), now=later)
    assert visit.holds.get().state == "promised"


def test_what_broke_while_the_form_was_filled_is_flagged_as_it_is_booked(service: Service) -> None:
    store = open_showroom()
    stone = StoneFactory(store=store)
    asked = Asked(service=service, store=store, stones=[stone])
    held = booking.reserve(asked=asked, starts_at=MONDAY, key=uuid.uuid4(), now=NOW)
    promises.break_(stone=stone, why="It was dropped", cause="dropped", now=NOW)
    assert not VisitTask.objects.exists()  # nobody has booked anything yet
    visit = booking.confirm(uid=held.uid, contact=Contact(email="ada@example.com"), now=NOW)
    visit.refresh_from_db()
    assert visit.flag == "It was dropped"
    assert VisitTask.objects.get().appointment == visit
    assert [hold.stone for hold in promises.broken(visit)] == [stone]


def test_a_page_that_knew_a_stone_before_it_was_sold_promises_nothing(service: Service) -> None:
    store = open_showroom()
    stone, later = StoneFactory(store=store), StoneFactory(store=store)
    visit = book(store, MONDAY, stone)
    design = DesignFactory(stone=later)
    inventory.sell(stone=Stone.objects.get(pk=later.pk), sale_id=1, at=NOW, now=NOW)
    with pytest.raises(StoneGone):
        book(store, MONDAY + 2 * HOUR, later)
    with pytest.raises(StoneGone):
        bringing.bring(appointment=visit, design=design, now=NOW)
    assert PieceHold.objects.get(state="promised").stone == stone


def test_a_stone_is_free_again_for_whoever_takes_it_after_a_hold_nobody_tidied(
    service: Service,
) -> None:
    store = open_showroom(associates=2, rooms=2)
    stone, twin = StoneFactory(store=store), StoneFactory(store=store)
    visit = book(store, MONDAY, stone)
    asked = Asked(service=service, store=store, stones=[twin])
    booking.reserve(asked=asked, starts_at=MONDAY, key=uuid.uuid4(), now=NOW)
    promises.break_(stone=stone, why="It was dropped", cause="dropped", now=NOW)
    (broken,) = promises.broken(visit)
    with pytest.raises(StoneTaken):
        promises.replace(hold=broken, stone=twin, by=None, now=NOW)
    promised = promises.replace(hold=broken, stone=twin, by=None, now=NOW + HOUR)
    assert promised.stone == twin


def test_a_missed_visit_lets_its_stone_go(service: Service) -> None:
    store = open_showroom()
    stone = StoneFactory(store=store)
    visit = book(store, MONDAY, stone)
    receiving.miss(appointment=visit, by=None, now=MONDAY + HOUR)
    assert visit.holds.get().state == "released"
    stone.refresh_from_db()
    assert stone.promised_until is None


def test_a_stone_that_came_back_and_is_withdrawn_again_makes_another_task(
    stores: list[Store],
) -> None:
    stone = StoneFactory(store=stores[0])
    visit = book(stores[0], MONDAY, stone)
    for times in (1, 2):
        for _ in range(2):  # heard twice
            promises.break_(stone=stone, why="Withdrawn", cause=f"withdrawn:{stone.pk}", now=NOW)
        visit.refresh_from_db()
        assert visit.flagged_at is not None
        assert VisitTask.objects.filter(appointment=visit).count() == times
        (broken,) = promises.broken(visit)
        promises.replace(hold=broken, stone=stone, by=None, now=NOW)
        visit.refresh_from_db()
        assert visit.flagged_at is None
