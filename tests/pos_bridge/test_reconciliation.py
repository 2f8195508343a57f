"""Each day of each store beside its registers' closings, to the cent; what differs is named until it is gone or settled."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from jeweler.access import Role
from jeweler.models import AuditEntry, Store
from pos_bridge import days, reconciliation, registers
from pos_bridge.connections import Opened
from pos_bridge.models import Alarm, Discrepancy, ReconciliationRun
from pos_bridge.records import Closure
from tests.factories import pos_bridge as tills
from tests.factories.jeweler import StaffMemberFactory, UserFactory

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 21)
OPENED = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)  # 9:00 in New York
CLOSED = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
NIGHT = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)  # 3:30 there
State = ReconciliationRun.State


@pytest.fixture
def store() -> Store:
    return tills.open_store()


@pytest.fixture
def till(store: Store) -> Opened:
    return tills.open_till(store=store)


def ring_up(
    till: Opened, number: int, *, minor: int, tender: str = "card", at: datetime = OPENED
) -> None:
    sale = {"id": f"T-{number}", "total_minor": minor, "tax_minor": 0, "placed_at": at.isoformat()}
    lines = [{"description": "Ring", "price_minor": minor}]
    tills.post(till, tills.event("sale.recorded", sale=sale, lines=lines))
    pay(till, number, minor=minor, tender=tender, at=at)


def pay(till: Opened, number: int, *, minor: int, tender: str, at: datetime) -> None:
    payment = {"id": f"P-{number}", "amount_minor": minor, "tender": tender}
    said = tills.event(
        "payment.captured", sale={"id": f"T-{number}"}, payment=payment, occurred_at=at.isoformat()
    )
    tills.post(till, said)
    tills.work_off()


def close(till: Opened, *tenders: tuple[str, str], **more: Any) -> None:
    values = {
        "closure_id": "R1-1",
        "place": "nyc-lispenard",
        "register": "Front desk",
        "opened_at": OPENED - timedelta(minutes=5),
        "closed_at": CLOSED,
        "currency": "USD",
        "tenders": tuple((name, Decimal(amount)) for name, amount in tenders),
    }
    registers.keep(connection=till.connection, closure=Closure(**{**values, **more}), now=CLOSED)


def reconcile(at: datetime = NIGHT) -> ReconciliationRun:
    reconciliation.reconcile_due(now=at)
    return ReconciliationRun.objects.get(day_date=DAY)


def open_differences() -> list[tuple[str, str, Decimal | None, Decimal | None]]:
    found = Discrepancy.objects.filter(gone_at=None).order_by("kind", "subject")
    return list(found.values_list("kind", "subject", "theirs", "ours"))


def test_a_day_balances_when_every_tender_agrees_to_the_cent(till: Opened) -> None:
    ring_up(till, 1, minor=508800)
    ring_up(till, 2, minor=12345, tender="cash", at=OPENED + timedelta(hours=3))
    tills.post(
        till,
        tills.event(
            "refund.recorded",
            sale={"id": "T-2"},
            refund={"id": "R-1", "amount_minor": 2345},
            occurred_at=(OPENED + timedelta(hours=5)).isoformat(),
        ),
    )
    tills.work_off()
    close(till, ("Credit Card", "5088.00"), ("Cash", "100.00"))

    run = reconcile()

    assert (run.state, run.theirs, run.ours) == (State.BALANCED, Decimal(5188), Decimal(5188))
    assert not Discrepancy.objects.exists()
    assert not Alarm.objects.exists()


def test_a_cent_is_a_difference_and_the_database_agrees(till: Opened) -> None:
    ring_up(till, 1, minor=508800)
    close(till, ("Card", "5088.01"))
    run = reconcile()
    assert run.state == State.DIFFERS
    assert open_differences() == [("tender", "card", Decimal("5088.01"), Decimal(5088))]
    assert "0.01" in Alarm.objects.get(cleared_at=None).detail
    with pytest.raises(IntegrityError), transaction.atomic():
        ReconciliationRun.objects.update(state=State.BALANCED)


def test_a_sale_that_is_stuck_is_named_and_the_day_balances_once_it_is_there(till: Opened) -> None:
    ring_up(till, 1, minor=100000)
    pay(till, 2, minor=30000, tender="card", at=OPENED + timedelta(hours=1))  # its sale is missing
    close(till, ("card", "1300.00"))
    Alarm.objects.all().delete()
    # What waits came now, by the tests' own clock; the day is looked at as of now.
    from_inbox = tills.InboxEvent.objects.filter(state="parked")
    from_inbox.update(received_at=OPENED + timedelta(hours=1))

    assert reconcile().state == State.DIFFERS
    named = {(kind, subject) for kind, subject, *_ in open_differences()}
    assert named == {("missing_here", "T-2"), ("tender", "card")}

    sale = {"id": "T-2", "total_minor": 30000, "tax_minor": 0, "placed_at": OPENED.isoformat()}
    lines = [{"description": "Chain", "price_minor": 30000}]
    tills.post(till, tills.event("sale.recorded", sale=sale, lines=lines))
    tills.work_off()
    run = reconcile(NIGHT + timedelta(minutes=20))

    assert run.state == State.BALANCED
    assert open_differences() == []
    assert not Alarm.objects.filter(cleared_at=None).exists()


def test_what_was_taken_while_no_register_was_open_is_named(till: Opened) -> None:
    ring_up(till, 1, minor=100000)
    ring_up(till, 2, minor=5000, at=CLOSED + timedelta(minutes=10))
    close(till, ("card", "1050.00"))
    reconcile()
    assert ("other_day", "T-2", None, Decimal(50)) in open_differences()


def test_a_register_that_counts_cash_alone_says_nothing_of_cards(till: Opened) -> None:
    ring_up(till, 1, minor=508800)
    ring_up(till, 2, minor=10000, tender="cash")
    close(till, ("cash", "100.00"), is_counted_whole=False)
    run = reconcile()
    assert (run.state, run.ours) == (State.BALANCED, Decimal(100))


def test_each_day_is_one_row_however_often_and_by_whomever_it_is_rung_for(till: Opened) -> None:
    close(till, ("card", "0.00"))
    for _ in range(3):
        reconciliation.reconcile_due(now=NIGHT)
    days = ReconciliationRun.objects.values_list("day_date", flat=True)
    assert list(days) == [DAY]
    reconciliation.reconcile_due(now=NIGHT - timedelta(hours=3))  # a clock that was set back
    assert ReconciliationRun.objects.count() == 1


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25), (DAY, 24)]
)
def test_a_day_has_the_hours_that_the_stores_clock_gives_it(day: date, hours: int) -> None:
    new_york = ZoneInfo("America/New_York")
    begins, ends = (each.astimezone(UTC) for each in days.bounds(day, new_york))
    assert ends - begins == timedelta(hours=hours)
    assert reconciliation.due_at(day, new_york).hour == 3


def test_a_session_over_midnight_on_the_long_day_belongs_to_the_day_it_was_opened(
    till: Opened,
) -> None:
    """On 1 November 2026 New York's hour from 1:00 comes twice; the register closes in the second one."""
    opened = datetime(2026, 10, 31, 14, 0, tzinfo=UTC)
    second_half_past_one = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    ring_up(till, 1, minor=7700, at=second_half_past_one - timedelta(minutes=45))
    close(till, ("card", "77.00"), opened_at=opened, closed_at=second_half_past_one)
    reconciliation.reconcile_due(now=datetime(2026, 11, 1, 8, 30, tzinfo=UTC))
    run = ReconciliationRun.objects.get()
    assert (run.day_date, run.state) == (date(2026, 10, 31), State.BALANCED)


def test_whoever_settles_a_difference_says_why_and_the_alarm_is_over(till: Opened) -> None:
    ring_up(till, 1, minor=508800)
    close(till, ("card", "5088.01"))
    reconcile()
    found, by = Discrepancy.objects.get(), UserFactory()
    with pytest.raises(reconciliation.NoReason):
        reconciliation.settle(found=found, by=by, because=" ", now=NIGHT)
    reconciliation.settle(found=found, by=by, because="A cent lay beside the drawer", now=NIGHT)
    with pytest.raises(reconciliation.AlreadySettled):
        reconciliation.settle(found=found, by=by, because="again", now=NIGHT)

    assert ReconciliationRun.objects.get().state == State.SETTLED
    assert not Alarm.objects.filter(cleared_at=None).exists()
    assert AuditEntry.objects.get(action="discrepancy.settled").actor == by
    assert reconcile(NIGHT + timedelta(days=1)).state == State.SETTLED


def test_a_place_that_nobody_named_is_told_and_not_guessed(store: Store) -> None:
    till = tills.open_till()
    close(till, ("card", "1.00"), place="L77")
    assert "L77" in Alarm.objects.get().detail
    till.connection.places.create(external_id="L77", store=store)
    close(till, ("card", "1.00"), place="L77")
    assert not Alarm.objects.filter(cleared_at=None).exists()


def test_a_till_of_our_own_format_closes_its_register_and_the_day_balances(till: Opened) -> None:
    ring_up(till, 1, minor=508800, tender="Credit card")
    closing = {
        "opened_at": (OPENED - timedelta(minutes=5)).isoformat(),
        "tenders": [{"tender": "card", "taken": "5100.00", "given_back": "12.00"}],
    }
    said = tills.event("register.closed", closing=closing, occurred_at=CLOSED.isoformat())
    for _ in range(2):
        assert tills.post(till, said).status_code == 200
    tills.work_off()

    run = reconcile()

    assert (run.state, run.theirs, run.ours) == (State.BALANCED, Decimal(5088), Decimal(5088))
    other = tills.event(
        "register.closed",
        closing={**closing, "tenders": [{"tender": "card", "taken": "1.00"}]},
        occurred_at=CLOSED.isoformat(),
    )
    tills.post(till, other)
    tills.work_off()
    assert tills.InboxEvent.objects.get(state="dead").reason == "contradictory_fact"


def test_a_second_registers_late_closing_opens_the_day_again(till: Opened) -> None:
    ring_up(till, 1, minor=508800)
    close(till, ("card", "5088.00"))
    assert reconcile().state == State.BALANCED
    close(till, ("card", "100.00"), closure_id="R2-1", register="Back office")
    assert reconcile(NIGHT + timedelta(days=1)).state == State.DIFFERS
    assert open_differences() == [("tender", "card", Decimal(5188), Decimal(5088))]


def test_the_page_shows_a_manager_her_stores_days_alone(till: Opened, client: Client) -> None:
    ring_up(till, 1, minor=508800)
    close(till, ("card", "5088.01"))
    run = reconcile()
    run.day_date = datetime.now(UTC).date() - timedelta(days=1)
    run.save()
    manager = StaffMemberFactory(role=Role.MANAGER)
    manager.stores.add(till.connection.store)
    stranger = StaffMemberFactory(role=Role.MANAGER)
    client.force_login(manager.user)
    assert "0.01 apart" in client.get("/admin/tills/days/").content.decode()
    page = client.get(f"/admin/tills/days/{run.pk}/").content.decode()
    assert '"/admin/tills/inbox/" aria-current="page"' in page, (
        "the menu says that it is of the tills"
    )
    assert "The registers took $0.01" in page

    client.force_login(stranger.user)
    assert "apart" not in client.get("/admin/tills/days/").content.decode()
    assert client.get(f"/admin/tills/days/{run.pk}/").status_code == 404
    found = Discrepancy.objects.get()
    address = f"/admin/tills/days/{run.pk}/settle/{found.pk}/"
    assert client.post(address, {"because": "mine"}).status_code == 404
