"""Reminders, follow-ups and what is instead of a stone that is gone: written when their time has come, and once."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as how_often
from hypothesis import strategies as st

from appointments import booking, promises, receiving, reminders
from appointments.booking import Contact, Wishes
from appointments.diary import Asked
from appointments.models import Appointment, VisitTask
from builder import inventory
from builder.models import Stone
from jeweler import outbox
from jeweler.events import SaleRecorded
from jeweler.mail import came_back
from jeweler.models import EmailMessage, Store
from tests.factories.appointments import ServiceFactory, open_showroom
from tests.factories.builder import DesignFactory, StoneFactory
from tests.factories.jeweler import (
    NOW,
    CustomerFactory,
    SaleFactory,
    StaffMemberFactory,
)

pytestmark = pytest.mark.django_db

NEW_YORK = ZoneInfo("America/New_York")
FRIDAY = datetime(
    2026, 11, 27, 19, tzinfo=UTC
)  # 14:00 on the wall in New York; NOW is the Saturday before
DAYS_DUE = FRIDAY - timedelta(days=3)
HOURS_DUE = FRIDAY - timedelta(hours=3)


@pytest.fixture
def store() -> Store:
    ServiceFactory()
    return open_showroom()


def book(
    store: Store, starts_at: datetime = FRIDAY, *, now: datetime = NOW, **more: Any
) -> Appointment:
    """`stones`, `designs`, and `is_surprise`."""
    is_surprise = more.pop("is_surprise", False)
    asked = Asked(service=ServiceFactory(), store=store, stones=more.pop("stones", ()))
    held = booking.reserve(asked=asked, starts_at=starts_at, key=uuid.uuid4(), now=now, **more)
    return booking.confirm(
        uid=held.uid, contact=Contact(email="ada@example.com", first_name="Ada"),
        wishes=Wishes(is_surprise=is_surprise), now=now,
    )  # fmt: skip


def written(kind: str) -> list[EmailMessage]:
    return list(EmailMessage.objects.filter(key__contains=kind, dead_at=None).order_by("pk"))


def test_she_is_reminded_three_days_and_three_hours_before_and_once_each(store: Store) -> None:
    book(store)
    minute = timedelta(minutes=1)
    assert reminders.remind(now=DAYS_DUE - minute) == 0
    assert reminders.remind(now=DAYS_DUE) == 1
    assert reminders.remind(now=DAYS_DUE + minute) == 0
    assert reminders.remind(now=HOURS_DUE - minute) == 0
    assert reminders.remind(now=HOURS_DUE) == 1
    assert reminders.remind(now=HOURS_DUE + minute) == 0
    [days, hours] = written("reminder")
    for mail in (days, hours):
        assert "Friday, November 27, 2:00 pm, New York time" in mail.text
        assert "12 Lispenard Street, New York" in mail.text
        assert mail.calendar == ""


def test_a_sweep_that_comes_late_wakes_nobody(store: Store) -> None:
    book(store)
    night = DAYS_DUE + timedelta(hours=9)  # eleven in the evening
    assert reminders.remind(now=night) == 0
    assert reminders.remind(now=night + timedelta(hours=10)) == 1


def test_who_moved_it_is_reminded_of_the_new_time_and_who_cancelled_of_nothing(
    store: Store,
) -> None:
    visit = book(store)
    reminders.remind(now=DAYS_DUE)
    later = FRIDAY + timedelta(days=7)
    visit = booking.move(appointment=visit, starts_at=later, now=DAYS_DUE)
    assert reminders.remind(now=HOURS_DUE) == 0
    assert reminders.remind(now=later - timedelta(days=3)) == 1
    booking.cancel(appointment=visit, now=later - timedelta(days=2))
    assert reminders.remind(now=later - timedelta(hours=3)) == 0
    assert [
        mail.sent_at or mail.dead_at
        for mail in EmailMessage.objects.filter(kind__endswith="reminder")
    ][-1]


def test_who_books_later_than_that_needs_no_reminder_of_it(store: Store) -> None:
    book(store, now=DAYS_DUE + timedelta(minutes=1))
    assert reminders.remind(now=DAYS_DUE + timedelta(minutes=2)) == 0
    assert reminders.remind(now=HOURS_DUE) == 1


@how_often(max_examples=50)
@given(
    starts_at=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    zone=st.sampled_from(
        ["America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kolkata"]
    ),
    kind=st.sampled_from(sorted(reminders.BEFORE)),
)
def test_whatever_the_zone_a_reminder_comes_by_day_and_in_time(
    starts_at: datetime, zone: str, kind: str
) -> None:
    due = reminders.due_at(starts_at, kind=kind, zone=ZoneInfo(zone))
    assert 9 <= due.astimezone(ZoneInfo(zone)).hour < 21
    assert timedelta(hours=1) <= starts_at - due <= timedelta(days=3, hours=14)


def test_over_a_change_of_clocks_it_comes_at_the_visits_own_time_on_the_wall() -> None:
    monday = datetime(2026, 11, 2, 19, tzinfo=UTC)  # 14:00; the clocks went back on Sunday
    due = reminders.due_at(monday, kind=reminders.DAYS, zone=NEW_YORK)
    assert f"{due.astimezone(NEW_YORK):%a %H:%M}" == "Fri 14:00"


def attend(store: Store, **more: Any) -> Appointment:
    design = DesignFactory()
    visit = book(store, designs=[design], **more)
    by = StaffMemberFactory()
    receiving.check_in(appointment=visit, by=by, now=FRIDAY)
    return receiving.complete(
        appointment=visit, outcome="interested", tried=[design.pk], by=by,
        now=FRIDAY + timedelta(hours=1),
    )  # fmt: skip


def test_the_morning_after_she_gets_the_rings_that_she_tried_on_and_can_end_it(
    store: Store,
) -> None:
    visit = attend(store)
    morning = datetime(2026, 11, 28, 15, tzinfo=UTC)  # 10:00 in New York
    assert reminders.follow_up(now=morning - timedelta(minutes=1)) == 0
    assert reminders.follow_up(now=morning) == 1
    assert reminders.follow_up(now=morning + timedelta(hours=1)) == 0
    [mail] = written("follow_up")
    assert mail.topic == "visits"
    assert "The Alba" in mail.text
    assert "/mail/stop/" in mail.text
    assert visit.store.zone.key == mail.zone


def test_a_surprise_is_followed_up_in_plain_words(store: Store) -> None:
    attend(store, is_surprise=True)
    assert reminders.follow_up(now=FRIDAY + timedelta(days=1)) == 1
    [mail] = written("follow_up")
    assert "ring" not in mail.text.lower().replace("during", "")
    assert "<img" not in mail.html
    assert mail.sender.startswith("Kept for you")


def sell(stone: Stone, *, sale_id: int, now: datetime) -> None:
    inventory.sell(stone=stone, sale_id=sale_id, at=now, now=now)


@pytest.mark.django_db(transaction=True)
def test_the_manager_has_a_quarter_of_an_hour_then_she_is_offered_twins(store: Store) -> None:
    now = timezone.now()
    starts_at = (now + timedelta(days=3)).replace(hour=19, minute=0, second=0, microsecond=0)
    stone, twin = StoneFactory(store=store), StoneFactory(store=store, carat="1.50")
    visit = book(store, starts_at, stones=[stone], designs=[DesignFactory(stone=stone)], now=now)
    sell(stone, sale_id=SaleFactory().pk, now=now)
    outbox.deliver_due(now=now)
    [task] = VisitTask.objects.all()
    assert reminders.tell_of_broken(now=now) == 0
    assert reminders.tell_of_broken(now=task.due_at) == 1
    assert reminders.tell_of_broken(now=task.due_at) == 0
    [mail] = written(":broken:")
    assert f"stone={twin.pk}#instead" in mail.text
    assert "It was sold." in mail.html
    assert "1.50 ct round, G, VS1" in mail.text
    visit.refresh_from_db()
    assert visit.flagged_at == now


@pytest.mark.django_db(transaction=True)
def test_once_the_manager_has_settled_it_she_is_written_nothing_more(store: Store) -> None:
    stone, twin = StoneFactory(store=store), StoneFactory(store=store)
    visit = book(store, stones=[stone])
    promises.break_(stone=stone, why="It broke", cause="sold:1", now=NOW)
    promises.replace(hold=promises.broken(visit)[0], stone=twin, by=None, now=NOW)
    assert reminders.tell_of_broken(now=NOW + timedelta(days=1)) == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_known_later", [False, True])
def test_a_stone_that_she_bought_herself_is_kept_and_not_broken(
    store: Store, is_known_later: bool
) -> None:
    now = timezone.now()
    starts_at = (now + timedelta(days=3)).replace(hour=19, minute=0, second=0, microsecond=0)
    stone = StoneFactory(store=store)
    visit = book(store, starts_at, stones=[stone], now=now)
    sale = SaleFactory(customer=CustomerFactory() if is_known_later else visit.customer)
    sell(stone, sale_id=sale.pk, now=now)
    outbox.deliver_due(now=now)
    visit.refresh_from_db()
    assert (visit.flagged_at is not None) == is_known_later
    sale.customer = visit.customer
    sale.save(update_fields=["customer"])
    with transaction.atomic():
        outbox.publish(SaleRecorded(sale_id=sale.pk), at=now)
    outbox.deliver_due(now=now)
    visit.refresh_from_db()
    assert visit.flagged_at is None
    assert [hold.state for hold in visit.holds.all()] == ["kept"]
    assert not VisitTask.objects.filter(done_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_who_did_not_get_her_mail_is_phoned(store: Store) -> None:
    now = timezone.now()
    visit = book(
        store,
        (now + timedelta(days=3)).replace(hour=19, minute=0, second=0, microsecond=0),
        now=now,
    )
    [mail] = EmailMessage.objects.all()
    for _ in range(2):
        came_back(mail_id=mail.pk, why="postmark: bounced", now=now)
    outbox.deliver_due(now=now)
    [task] = VisitTask.objects.all()
    assert task.text == "Phone her: our mail about this visit came back"
    visit.refresh_from_db()
    assert visit.flagged_at == now
