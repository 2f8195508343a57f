"""What somebody has to see to is noticed in time, told once, and cleared when it is over."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from jeweler.access import Role
from jeweler.models import EmailMessage
from pos_bridge import alarms, slots, watching
from pos_bridge.connections import Opened
from pos_bridge.models import Alarm, Connection, InboxEvent, Slot
from tests.factories import pos_bridge as tills
from tests.factories.jeweler import StaffMemberFactory, UserFactory

pytestmark = pytest.mark.django_db

NEW_YORK = ZoneInfo("America/New_York")
MONDAY = datetime(2026, 11, 16, tzinfo=NEW_YORK)
Kind = Alarm.Kind


@pytest.fixture
def till() -> Opened:
    return tills.open_till(store=tills.open_store())


def four_weeks(*, hours: range = range(10, 18), every: int = 20) -> list[datetime]:
    """A store that speaks each twenty minutes from Tuesday to Saturday."""
    days = [MONDAY - timedelta(weeks=4) + timedelta(days=number) for number in range(28)]
    return [
        day.replace(hour=hour, minute=minute).astimezone(UTC)
        for day in days
        if day.weekday() in range(1, 6)
        for hour in hours
        for minute in range(0, 60, every)
    ]


@pytest.mark.parametrize(
    ("now", "is_silent"),
    [
        (MONDAY.replace(hour=23), False),  # it is never open on Mondays
        (MONDAY.replace(hour=10, minute=50) + timedelta(days=1), False),
        (MONDAY.replace(hour=11, minute=50) + timedelta(days=1), True),
    ],
)
def test_a_store_is_silent_when_its_own_weeks_say_so(now: datetime, is_silent: bool) -> None:
    expected = watching.expected_words(four_weeks(), zone=NEW_YORK, now=now)
    assert (expected >= watching.EXPECTED) is is_silent


def test_of_a_till_that_hardly_speaks_nothing_is_known() -> None:
    few = four_weeks(every=60, hours=range(10, 11))[:10]
    assert watching.expected_words(few, zone=NEW_YORK, now=MONDAY + timedelta(days=60)) == 0


def speak(till: Opened, moments: list[datetime]) -> None:
    InboxEvent.objects.bulk_create(
        InboxEvent(
            connection=till.connection, delivery_key=f"k{number}", type="sale.recorded", body={},
            received_at=at, state="done", next_attempt_at=at, finished_at=at,
        )
        for number, at in enumerate(moments)
    )  # fmt: skip


def test_a_silent_store_is_raised_once_written_of_once_and_cleared_by_its_next_word(
    till: Opened,
) -> None:
    owner = StaffMemberFactory(role=Role.OWNER, user=UserFactory(email="ada@osmere.example"))
    speak(till, four_weeks())
    now = (MONDAY + timedelta(days=1)).replace(hour=13)
    for minutes in (0, 5, 10):
        watching.watch(now=now + timedelta(minutes=minutes))
    alarm = Alarm.objects.get()
    assert (alarm.kind, alarm.subject) == (Kind.SILENT, "nyc-lispenard")
    assert EmailMessage.objects.get().to == owner.user.email

    later = now + timedelta(minutes=20)
    InboxEvent.objects.filter(delivery_key="k0").update(received_at=later)
    watching.watch(now=later)
    alarm.refresh_from_db()
    assert alarm.cleared_at == later


def test_a_clock_that_is_ahead_is_seen_and_late_deliveries_alone_are_no_proof(till: Opened) -> None:
    now = datetime.now(UTC)
    tills.post(
        till, tills.event("sale.recorded", occurred_at=(now - timedelta(hours=2)).isoformat())
    )
    watching.watch(now=now)
    assert not Alarm.objects.filter(kind=Kind.CLOCK).exists()

    ahead = tills.event("payment.captured", occurred_at=(now + timedelta(minutes=7)).isoformat())
    tills.post(till, ahead)
    watching.watch(now=now + timedelta(minutes=5))
    assert "7 minutes ahead" in Alarm.objects.get(kind=Kind.CLOCK).detail


def test_a_till_whose_clock_makes_everything_refused_is_told_by_its_signatures(
    till: Opened,
) -> None:
    now = datetime.now(UTC)
    late = now - timedelta(minutes=20)
    assert tills.post(till, tills.event("sale.voided"), at=late).status_code == 401
    watching.watch(now=now)
    alarm = Alarm.objects.get(kind=Kind.CLOCK, cleared_at=None)
    assert "signs by a clock that is 20 minutes behind" in alarm.detail

    assert tills.post(till, tills.event("sale.voided")).status_code == 200
    watching.watch(now=now + timedelta(minutes=5))
    assert not Alarm.objects.filter(kind=Kind.CLOCK, cleared_at=None).exists()
    forged = Opened(connection=till.connection, token=till.token, secret="whsec_" + "A" * 32)
    tills.post(forged, tills.event("sale.voided"), at=late)
    watching.watch(now=now + timedelta(minutes=10))
    assert not Alarm.objects.filter(kind=Kind.CLOCK, cleared_at=None).exists()


def test_given_up_messages_and_a_lost_secret_are_alarms_until_they_are_mended(till: Opened) -> None:
    now = datetime.now(UTC)
    speak(till, [now])
    InboxEvent.objects.update(state="dead")
    secrets = till.connection.secrets
    Connection.objects.update(secrets=[])
    watching.watch(now=now)
    still_open = Alarm.objects.filter(cleared_at=None)
    assert set(still_open.values_list("kind", flat=True)) == {Kind.GIVEN_UP, Kind.NO_SECRET}

    InboxEvent.objects.update(state="done")
    Connection.objects.update(secrets=secrets)
    watching.watch(now=now + timedelta(minutes=5))
    assert not still_open.exists()


def test_the_front_page_shows_what_is_open_to_whom_it_concerns(
    till: Opened, client: Client
) -> None:
    now = datetime.now(UTC)
    alarms.sound(
        connection=till.connection, kind=Kind.CANNOT_PULL, detail="It answers 500.", now=now
    )
    concerned = StaffMemberFactory(role=Role.MANAGER)
    concerned.stores.add(till.connection.store)
    for member, sees in (
        (StaffMemberFactory(role=Role.OWNER), True),
        (concerned, True),
        (StaffMemberFactory(role=Role.MANAGER), False),
        (StaffMemberFactory(role=Role.ASSOCIATE), False),
    ):
        client.force_login(member.user)
        page = client.get("/admin/").content.decode()
        assert ("It answers 500." in page) is sees


def test_scenario_55_two_clocks_and_a_change_of_summer_time_make_each_turn_once() -> None:
    """Both clocks ring each minute from midnight on 1 November, when New York's hour from 1:00 comes twice."""
    midnight = datetime(2026, 11, 1, tzinfo=NEW_YORK).astimezone(UTC)
    ringing = [midnight + timedelta(minutes=number) for number in range(180)]
    jumped_back = [midnight + timedelta(minutes=number) for number in range(60, 120)]
    taken = [
        at
        for at in [*ringing, *jumped_back]
        for _clock in range(2)
        if slots.take(name="pull", every=timedelta(minutes=10), now=at)
    ]
    assert len(taken) == 18
    assert Slot.objects.count() == 18
