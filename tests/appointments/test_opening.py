"""A visit fits its hours, or somebody is told that it does not."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appointments import calendars, opening
from appointments.calendars import Window
from appointments.models import (
    Appointment,
    Associate,
    OpeningHours,
    Service,
    ShiftChange,
    Showroom,
    SpecialHours,
)
from appointments.opening import Booked, Hours
from tests.appointments.test_booking import MONDAY, book, reserve
from tests.factories.appointments import ServiceFactory, open_showroom
from tests.factories.jeweler import NOW

START = calendars.minute_of(MONDAY)


def hours(*stretches: tuple[int, int], rooms: int = 1) -> Hours:
    windows = tuple(Window(START + since, START + until, START) for since, until in stretches)
    return Hours(stores={1: windows}, shifts={(1, 1): windows}, rooms={1: rooms})


def visit(start: int = 0, end: int = 60, *, room: int = 1) -> Booked:
    return Booked(
        id=1, store=1, associate=1, start=START + start, end=START + end, room=room
    )  # fmt: skip


@given(
    start=st.integers(0, 300), length=st.integers(1, 120),
    opens=st.integers(0, 300), open_for=st.integers(1, 300), cut=st.integers(0, 300),
)  # fmt: skip
@settings(max_examples=50)
def test_a_visit_fits_where_every_minute_of_it_is_open(
    start: int, length: int, opens: int, open_for: int, cut: int
) -> None:
    """Hours that are cut in two at a minute, as at midnight, are the same hours."""
    closes = opens + open_for
    middle = min(max(cut, opens), closes)
    open_minutes = set(range(opens, closes))
    is_open = set(range(start, start + length)) <= open_minutes
    said = opening.wrong(visit(start, start + length), hours((opens, middle), (middle, closes)))
    assert (said == "") is is_open


def test_the_reason_is_the_first_that_holds() -> None:
    open_all_day = hours((0, 480))
    assert opening.wrong(visit(450, 510), open_all_day) == "the store is closed then"
    away = Hours(stores=open_all_day.stores, shifts={}, rooms={1: 1})
    assert opening.wrong(visit(), away) == "the associate does not work there then"
    assert opening.wrong(visit(room=2), open_all_day) == "its room is no more"


@pytest.mark.django_db
def test_what_a_change_hits_is_what_fitted_before_it() -> None:
    service = ServiceFactory()
    store = open_showroom(rooms=2, associates=2)
    morning, noon = book(store, service), book(store, service, MONDAY + timedelta(hours=2))
    assert opening.misfits(now=NOW) == {}
    before = opening.misfits(now=NOW)
    OpeningHours.objects.filter(store=store, weekday=0).update(opens=time(11))
    [hit] = opening.hit(before=before, now=NOW)
    assert (hit.visit, hit.why) == (morning, "the store is closed then")
    before = opening.misfits(now=NOW)
    SpecialHours.objects.create(day=date(2026, 11, 23), reason="Stocktaking")
    assert [each.visit for each in opening.hit(before=before, now=NOW)] == [noon]


@pytest.mark.django_db
def test_an_associate_who_is_away_or_a_room_that_is_given_up_hits_her_visits() -> None:
    service = ServiceFactory()
    store = open_showroom(rooms=2, associates=2)
    hers, other = book(store, service), book(store, service)
    held = reserve(store, service, MONDAY + timedelta(hours=3))
    ShiftChange.objects.create(associate=hers.associate, day=date(2026, 11, 23))
    assert set(opening.misfits(now=NOW)) == {hers.pk}
    ShiftChange.objects.all().delete()
    Showroom.objects.update(rooms=1)
    second = max(hers, other, key=lambda each: each.room_busy.lane)
    assert opening.misfits(now=NOW) == {second.pk: "its room is no more"}
    assert held.pk not in opening.misfits(now=NOW)
    assert opening.misfits(now=datetime(2026, 12, 1, tzinfo=UTC)) == {}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            lambda visit: Associate.objects.filter(pk=visit.associate_id).update(is_bookable=False),
            "the associate receives nobody any more",
        ),
        (
            lambda visit: visit.associate.services.clear(),
            "the associate does not do this any more",
        ),
        (
            lambda visit: visit.service.stores.add(open_showroom("boston", associates=0)),
            "this is not done in the store any more",
        ),
    ],
)
def test_who_does_what_where_is_not_taken_away_unseen(
    change: Callable[[Appointment], object], why: str
) -> None:
    service = ServiceFactory()
    visit = book(open_showroom(), service)
    Service.objects.update(is_offered=False)  # she booked it while it was
    before = opening.misfits(now=NOW)
    assert before == {}
    change(visit)
    [hit] = opening.hit(before=before, now=NOW)
    assert (hit.visit, hit.why) == (visit, why)
