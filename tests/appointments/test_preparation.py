"""What lies on which tray, what leaves for elsewhere, and what is counted in."""

from datetime import date, timedelta

import pytest

from appointments import booking, preparation, promises
from appointments.booking import Contact
from appointments.models import Appointment, PieceHold, Service, TransferTime
from appointments.preparation import CannotBeBrought, Place
from builder import inventory
from builder.models import Band, Design, Stone
from jeweler.models import Store
from tests.appointments.test_booking import MONDAY, reserve
from tests.factories.appointments import ServiceFactory, open_showroom
from tests.factories.builder import DesignFactory, SettingFactory, StoneFactory
from tests.factories.jeweler import NOW, StaffMemberFactory

pytestmark = pytest.mark.django_db

ON = date(2026, 11, 23)


@pytest.fixture
def service() -> Service:
    return ServiceFactory()


@pytest.fixture
def store(service: Service) -> Store:
    return open_showroom(rooms=2, associates=2)


def book(store: Store, service: Service, stone: Stone, **more: object) -> Appointment:
    ring = DesignFactory(setting=SettingFactory(), stone=stone)
    held = reserve(store, service, stones=(stone,), designs=[ring], **more)  # type: ignore[arg-type]
    return booking.confirm(uid=held.uid, contact=Contact(email="ada@example.com"), now=NOW)


def items(store: Store) -> list[preparation.Item]:
    return [item for tray in preparation.trays(store=store, day=ON, now=NOW) for item in tray.items]


def test_a_tray_says_what_is_needed_when_and_which_bands_sit_flush(
    store: Store, service: Service
) -> None:
    for profile in ("curved", "straight"):
        Band.objects.create(
            code=profile, name=profile.title(), width_mm="2.00", thickness_mm="1.60",
            profile=profile,
        )  # fmt: skip
    visit = book(store, service, StoneFactory(store=store))
    [tray] = preparation.trays(store=store, day=ON, now=NOW)
    [item] = tray.items
    assert (tray.visit, item.place) == (visit, Place.HERE)
    assert item.needed_at == MONDAY - timedelta(minutes=10)
    assert isinstance(item.design, Design)
    assert "Curved" in [band.name for band in tray.bands]
    assert preparation.trays(store=store, day=ON + timedelta(days=1), now=NOW) == []


def test_a_tick_is_kept_once_and_taken_back(store: Store, service: Service) -> None:
    visit = book(store, service, StoneFactory(store=store))
    hold, by = visit.holds.get(), StaffMemberFactory()
    for _ in range(2):
        preparation.tick(hold=hold, is_brought=True, by=by, now=NOW)
    assert [item.place for item in items(store)] == [Place.TRAY]
    preparation.tick(hold=hold, is_brought=False, by=by, now=NOW)
    kinds = visit.events.exclude(kind="booked").values_list("kind", flat=True)
    assert list(kinds) == ["brought", "taken back"]


def test_a_piece_that_is_elsewhere_sold_or_let_go_is_not_ticked(
    store: Store, service: Service
) -> None:
    boston = open_showroom("boston-newbury")
    by = StaffMemberFactory()
    far = book(store, service, StoneFactory(store=boston)).holds.get()
    with pytest.raises(CannotBeBrought, match="still at Osmere boston-newbury"):
        preparation.tick(hold=far, is_brought=True, by=by, now=NOW)
    near = book(store, service, StoneFactory(store=store))
    hold = near.holds.get()
    inventory.sell(stone=hold.stone, sale_id=1, at=NOW, now=NOW)
    with pytest.raises(CannotBeBrought, match="was sold"):
        preparation.tick(hold=hold, is_brought=True, by=by, now=NOW)
    booking.cancel(appointment=near, now=NOW)
    with pytest.raises(CannotBeBrought, match="let go"):
        preparation.tick(hold=hold, is_brought=True, by=by, now=NOW)
    booking.cancel(appointment=far.appointment, now=NOW)
    with pytest.raises(CannotBeBrought, match="let go"):
        preparation.count_in(hold=far, by=by, now=NOW)


def test_a_stone_leaves_one_store_and_is_counted_in_at_the_other(
    store: Store, service: Service
) -> None:
    boston = open_showroom("boston-newbury")
    stone, by = StoneFactory(store=boston), StaffMemberFactory()
    TransferTime.objects.create(from_store=boston, to_store=store, minutes=4 * 60)
    visit = book(store, service, stone)
    assert preparation.leaving(store=boston, day=ON - timedelta(days=1), now=NOW) == []
    [item] = preparation.leaving(store=boston, day=ON, now=NOW)
    assert item.needed_at == MONDAY - timedelta(hours=4)
    [there] = items(store)
    assert there.place == Place.ELSEWHERE
    for _ in range(2):
        preparation.send(hold=item.hold, by=by, now=NOW)
    assert [each.place for each in items(store)] == [Place.COMING]
    for _ in range(2):
        preparation.count_in(hold=item.hold, by=by, now=NOW)
    assert [each.place for each in items(store)] == [Place.HERE]
    hold = PieceHold.objects.get(appointment=visit)
    assert hold.occupied.lower == MONDAY, "it has no way to go any more"
    assert preparation.leaving(store=boston, day=ON, now=NOW) == []
    kinds = visit.events.exclude(kind="booked").values_list("kind", flat=True)
    assert list(kinds) == ["sent", "arrived"]


def test_a_twin_stands_behind_the_stone_that_it_replaces(store: Store, service: Service) -> None:
    stone, twin = StoneFactory(store=store), StoneFactory(store=store)
    visit = book(store, service, stone)
    inventory.sell(stone=stone, sale_id=1, at=NOW, now=NOW)
    promises.break_(stone=stone, why="Sold", now=NOW, cause="sold:1")
    promises.replace(hold=visit.holds.get(), stone=twin, by=None, now=NOW)
    assert [(item.hold.stone, item.place, item.is_instead) for item in items(store)] == [
        (stone, Place.GONE, False),
        (twin, Place.HERE, True),
    ]


def test_a_report_number_is_scanned_with_or_without_its_spaces(
    store: Store, service: Service
) -> None:
    visit = book(store, service, StoneFactory(store=store, report_number="22160 48137"))
    by = StaffMemberFactory()
    [hold] = preparation.scan(text="2216048137 ", store=store, day=ON, by=by, now=NOW)
    assert hold.appointment_id == visit.pk
    with pytest.raises(CannotBeBrought, match="No visit of this day needs 9"):
        preparation.scan(text="9", store=store, day=ON, by=by, now=NOW)


def test_a_stone_on_its_way_is_still_on_its_way_when_the_visit_moves_within_the_store(
    store: Store, service: Service
) -> None:
    vault = open_showroom("vault")
    for pair in ((vault, store), (store, vault)):
        TransferTime.objects.create(from_store=pair[0], to_store=pair[1], minutes=60)
    visit = book(store, service, StoneFactory(store=vault))
    preparation.send(hold=visit.holds.get(), by=StaffMemberFactory(), now=NOW)
    later, elsewhere = MONDAY + timedelta(hours=2), MONDAY + timedelta(hours=4)
    moved = booking.move(appointment=visit, starts_at=later, now=NOW)
    assert [item.place for item in items(store)] == [Place.COMING]
    booking.move(appointment=moved, starts_at=elsewhere, store=vault, now=NOW)
    assert visit.holds.get(state="promised").sent_at is None  # not on its way to that one
