"""The sample house's books hold together, because every figure is counted from its rows."""

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from appointments.models import Appointment, PieceHold
from attribution import conversions
from attribution.crediting import CreditModel
from attribution.models import AdSpend, Touchpoint
from attribution.reports.balance import balance
from attribution.reports.scope import Scope
from builder import funnel
from builder.models import Design, DesignStep, DesignVersion, Stone
from demo import (
    catalog,
    closings,
    counters,
    credit,
    friends,
    history,
    house,
    showrooms,
    tills,
    visits,
)
from jeweler import sales
from jeweler.models import Sale, Store
from pos_bridge.models import CounterTicket, Discrepancy, ReconciliationRun, TillDevice
from referrals import codes
from referrals import credit as store_credit
from referrals.models import Advocate, CreditEntry, CreditLot, Referral

pytestmark = pytest.mark.django_db

DAYS = 120


def a_tuesday() -> datetime:
    """The last one, when every showroom is open: what has room in a day depends on the hour at which the tour begins."""
    today = timezone.now().replace(hour=19, minute=30, second=0, microsecond=0)
    return today - timedelta(days=(today.weekday() - 1) % 7 or 7)


@pytest.fixture(scope="module")
def sample(django_db_setup: None, django_db_blocker: object) -> Iterator[None]:
    """Four months of the house with two thousand stones, taken away again afterwards."""
    with django_db_blocker.unblock(), transaction.atomic():  # type: ignore[attr-defined]
        now = a_tuesday()
        stores = house.open_stores()
        house.hire(stores=stores)
        showrooms.open_showrooms(stores=stores, now=now)
        catalog.load_catalog(now=now, count=2000, imported=200)
        dice = random.Random(11)
        threads = history.write(stores=stores, dice=dice, now=now, days=DAYS)
        tills.write(threads, stores=stores, dice=dice, now=now, days=DAYS)
        friends.write(threads, stores=stores, dice=dice, now=now)
        credit.write(stores=stores, now=now)
        visits.write(stores=stores, now=now)
        counters.write(stores=stores, now=now)
        closings.write(stores=stores, now=now)
        conversions.rebuild_all(now=now)
        yield
        transaction.set_rollback(True)


@pytest.mark.usefixtures("sample")
class TestTheSampleHouse:
    def test_the_credits_and_what_found_no_thread_equal_the_tills(self) -> None:
        for model in CreditModel:
            books = balance(
                scope=Scope(start_date=date(2020, 1, 1), end_date=date(2100, 1, 1), model=model)
            )
            assert books.difference == 0
            assert books.credited > 0
            assert books.unattributed > 0

    def test_nobody_has_paid_more_than_she_owed(self) -> None:
        assert Sale.objects.exists()
        for sale in Sale.objects.all():
            assert sales.captured(sale) <= sale.total
            assert sales.refunded(sale) <= sales.captured(sale)
            lines = sum((line.net_total for line in sale.lines.all()), Decimal(0))
            assert lines + sale.tax == sale.total

    def test_some_have_left_a_deposit_and_owe_the_rest(self) -> None:
        owing = [sale for sale in Sale.objects.all() if sales.due(sale) > 0]
        assert owing
        assert all(sale.handed_over_at is None for sale in owing)

    def test_a_stone_is_sold_once_and_to_whom_designed_a_ring_around_it(self) -> None:
        sold = Stone.objects.filter(status=Stone.Status.SOLD)
        rings = Sale.objects.exclude(lines__report_number="")
        assert sold.count() == rings.count() > 0

    def test_every_saved_design_has_its_version_and_its_owner(self) -> None:
        saved = Design.objects.filter(saved_at__isnull=False)
        assert saved.count() == DesignVersion.objects.count() > 50
        assert not saved.filter(customer=None).exists()
        version = DesignVersion.objects.select_related("design").latest("pk")
        assert sum(Decimal(line["amount"] or 0) for line in version.price_lines) == version.price

    def test_the_funnel_of_its_rings_is_that_of_the_designs(self) -> None:
        period = funnel.Period(start_date=date(2020, 1, 1), end_date=date(2100, 1, 1))
        found = funnel.counted(period=period)
        assert found.begun == Design.objects.count() > 300
        assert found.completed.part == Design.objects.filter(completed_at__isnull=False).count()
        assert found.stages[-1].count == Design.objects.filter(saved_at__isnull=False).count()
        assert all(each.count for each in found.resting)
        assert {part.value for part in found.entries if part.begun} == {"setting", "stone", "link"}
        for kind, name in (("setting", "setting"), ("stone", "stone")):
            reached = {stage.reach.value: stage.count for stage in found.stages}[kind]
            assert reached == Design.objects.filter(**{f"{name}__isnull": False}).count()
        assert DesignStep.objects.filter(entry="mail").exists()

    def test_everything_that_the_pages_show_is_there(self) -> None:
        assert Store.objects.values("time_zone").distinct().count() == 3
        assert Touchpoint.objects.values("channel").distinct().count() >= 10
        assert AdSpend.objects.count() > 500
        assert set(Appointment.objects.values_list("status", flat=True)) >= {"attended", "missed"}
        for referral in Referral.objects.select_related("advocate"):
            assert referral.friend_id != referral.advocate.customer_id

    def test_every_store_has_a_deposit_and_an_unpaid_repair_at_its_counter(self) -> None:
        for store in Store.objects.all():
            tickets = CounterTicket.objects.filter(store=store).order_by("pk")
            assert [ticket.sale is not None for ticket in tickets] == [True, False]

    def test_two_weeks_of_registers_agree_but_for_a_lost_ticket_and_a_courier(self) -> None:
        runs = ReconciliationRun.objects.all()
        assert sorted(run.state for run in runs.exclude(state="balanced")) == ["differs", "settled"]
        assert runs.count() == 5 * closings.LASTS.days
        assert runs.filter(state="balanced", ours__gt=0).count() > 5
        open_ones = Discrepancy.objects.filter(settled_at=None).order_by("kind")
        assert [(each.kind, each.theirs) for each in open_ones] == [
            ("missing_here", closings.LOST[2]),
            ("tender", open_ones.get(kind="tender").ours + closings.LOST[2]),
        ]

    def test_of_one_hold_alone_no_till_told_the_sale(self) -> None:
        assert store_credit.unreported(now=timezone.now()).count() == 1

    def test_a_filled_house_is_left_alone(self) -> None:
        before = (Sale.objects.count(), Touchpoint.objects.count(), Stone.objects.count())
        call_command("seed_demo")
        assert (Sale.objects.count(), Touchpoint.objects.count(), Stone.objects.count()) == before

    def test_a_day_of_the_tour_has_a_visit_of_every_kind_and_no_promise_twice(self) -> None:
        for store in Store.objects.all():
            today = Appointment.objects.filter(store=store, booked_at__isnull=False).exclude(
                staff_busy=None
            )
            assert set(today.values_list("status", flat=True)) >= {"booked", "arrived", "seen"}
            assert today.filter(source="walk_in").exists()
        flagged = Appointment.objects.exclude(flagged_at=None)
        assert flagged.exists()
        assert all(visit.tasks.filter(done_at=None).exists() for visit in flagged)
        assert PieceHold.objects.filter(state="promised", sent_at__isnull=False).exists()
        gone = PieceHold.objects.filter(state="promised", stone__status=Stone.Status.SOLD)
        assert not gone.exists()

    def test_every_visit_that_was_attended_says_who_received_her_and_what_came_of_it(self) -> None:
        came = Appointment.objects.filter(status="attended")
        assert not came.filter(Q(associate=None) | Q(outcome="") | Q(seen_at=None)).exists()
        bought = came.filter(outcome="ordered", booked_at__lt=a_tuesday() - timedelta(days=7))
        assert all(Sale.objects.filter(customer=visit.customer_id).exists() for visit in bought)

    def test_advocates_have_codes_that_a_till_reads_and_credit_for_friends_who_bought(self) -> None:
        for code in Advocate.objects.values_list("code", flat=True):
            assert codes.read(code) == code
        lots = CreditLot.objects.select_related("account")
        assert lots
        for lot in lots:
            advocate = Advocate.objects.get(customer=lot.account.customer_id)
            assert advocate.referrals.exclude(sale=None).exists()
        assert CreditEntry.objects.filter(target="spent").exists()

    def test_a_few_friends_are_held_for_a_manager_to_look_at(self) -> None:
        held = Referral.objects.filter(state=Referral.State.ON_HOLD)
        assert held
        assert all(each.reviews.filter(state="open").exists() for each in held)

    def test_each_store_has_a_till_whose_key_nobody_knows(self) -> None:
        assert {device.store_id for device in TillDevice.objects.all()} == set(
            Store.objects.values_list("pk", flat=True)
        )
