"""What goes wrong with a visit while nobody does anything about it."""

from datetime import timedelta

import pytest

from appointments import watching
from appointments.models import Appointment, PieceHold, VisitTask
from jeweler.models import Store
from tests.appointments.test_reminders import FRIDAY, book
from tests.factories.appointments import ServiceFactory, open_showroom
from tests.factories.builder import StoneFactory
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db

HAS_TO_LEAVE = FRIDAY - timedelta(days=1)  # the way takes a day
MINUTE = timedelta(minutes=1)


@pytest.fixture
def store() -> Store:
    ServiceFactory()
    return open_showroom()


@pytest.fixture
def hold(store: Store) -> PieceHold:
    """Of a stone that lies in another store."""
    elsewhere = open_showroom("chi-oak", zone="America/Chicago")
    visit = book(store, stones=[StoneFactory(store=elsewhere)])
    held: PieceHold = visit.holds.get()
    return held


def open_tasks() -> list[str]:
    tasks = VisitTask.objects.filter(done_at=None).order_by("pk")
    return [task.key.split(":")[0] for task in tasks]


def test_a_stone_that_has_to_leave_is_the_managers_task_and_then_a_broken_promise(
    hold: PieceHold,
) -> None:
    assert watching.watch_stones(now=HAS_TO_LEAVE) == 0
    assert watching.watch_stones(now=HAS_TO_LEAVE + MINUTE) == 1
    assert watching.watch_stones(now=HAS_TO_LEAVE + 2 * MINUTE) == 0
    assert open_tasks() == ["leaving"]
    watching.watch_stones(now=HAS_TO_LEAVE + 16 * MINUTE)
    watching.watch_stones(now=HAS_TO_LEAVE + 17 * MINUTE)
    hold.refresh_from_db()
    assert hold.state == "broken"
    assert open_tasks() == ["late"]


def test_once_it_is_on_its_way_nothing_is_wrong_any_more(hold: PieceHold) -> None:
    watching.watch_stones(now=HAS_TO_LEAVE + MINUTE)
    PieceHold.objects.filter(pk=hold.pk).update(sent_at=HAS_TO_LEAVE + 2 * MINUTE)
    watching.watch_stones(now=HAS_TO_LEAVE + 20 * MINUTE)
    hold.refresh_from_db()
    assert (hold.state, open_tasks(), hold.appointment.flagged_at) == ("promised", [], None)


def test_a_visit_stays_at_its_time_on_the_wall_when_a_zones_law_changes(store: Store) -> None:
    visit = book(store)
    # As if New York had given up winter time since: 14:00 would be an hour earlier in the world.
    Appointment.objects.filter(pk=visit.pk).update(
        starts_at=FRIDAY - timedelta(hours=1), ends_at=FRIDAY
    )
    assert watching.keep_wall_times(now=NOW) == 1
    visit.refresh_from_db()
    assert visit.starts_at == FRIDAY
    assert visit.wall_start == "2026-11-27T14:00"
    assert visit.sequence == 1
    assert open_tasks() == ["zone"]
    assert watching.keep_wall_times(now=NOW) == 0


def test_a_visit_whose_wall_time_is_taken_is_left_to_the_manager(store: Store) -> None:
    visit = book(store)
    taken = FRIDAY - timedelta(hours=3)
    book(store, taken)
    # What was promised on the wall is now the other visit's moment.
    Appointment.objects.filter(pk=visit.pk).update(wall_start="2026-11-27T11:00")
    watching.keep_wall_times(now=NOW)
    watching.keep_wall_times(now=NOW)
    visit.refresh_from_db()
    assert visit.starts_at == FRIDAY
    assert "call her" in VisitTask.objects.get().text


def test_a_call_needs_its_link_a_day_before_once(store: Store) -> None:
    ServiceFactory(code="video", place="video", takes_pieces=False)
    service = ServiceFactory(code="video")
    Appointment.objects.filter(pk=book(store).pk).update(service=service)
    assert watching.ask_for_calls(now=FRIDAY - timedelta(days=1, minutes=1)) == 0
    assert watching.ask_for_calls(now=FRIDAY - timedelta(days=1)) == 1
    assert watching.ask_for_calls(now=FRIDAY - timedelta(hours=1)) == 0
    [task] = VisitTask.objects.all()
    assert "link to the video call" in task.text
