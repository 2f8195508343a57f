"""The inbox's workers are killed while they apply: the books are exact, and one poison holds up nobody."""

import random
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings

from jeweler import sales
from jeweler.models import OutboxEvent, Payment, Refund, Sale
from pos_bridge.connections import Opened
from pos_bridge.models import InboxEvent
from tests.factories import pos_bridge as tills
from tests.faults import intake_probe, probe

pytestmark = pytest.mark.django_db(transaction=True)

SALES = 40
KILLS = 4


@pytest.fixture
def till() -> Opened:
    tills.open_store()
    return tills.open_till()


def report_a_busy_day(till: Opened, *, dice: random.Random) -> int:
    """Forty sales in two versions, each with deposit, balance, refund and hand-over, shuffled."""
    said = []
    for number in range(SALES):
        sale = {"id": f"T-{number}"}
        buyer = {"email": f"buyer{number}@example.com"}
        deposit = {"id": f"P-{number}a", "amount_minor": 100000}
        balance = {"id": f"P-{number}b", "amount_minor": 408800}
        said += [
            tills.event("sale.recorded", sale=sale),
            tills.event("sale.recorded", sale={**sale, "version": 2}, customer=buyer),
            tills.event("payment.captured", sale=sale, payment=deposit),
            tills.event("payment.captured", sale=sale, payment=balance),
            tills.event("refund.recorded", sale=sale, refund={"id": f"R-{number}"}),
            tills.event("sale.handed_over", sale=sale),
        ]
    dice.shuffle(said)
    for each in said:
        assert tills.post(till, each).status_code == 200
    return len(said)


def test_scenario_49_workers_that_are_killed_again_and_again_leave_exact_books(
    till: Opened, tmp_path: Path
) -> None:
    dice = random.Random(20261121)
    reported = report_a_busy_day(till, dice=dice)
    file = tmp_path / "noted"
    unfinished = InboxEvent.objects.exclude(state="done")

    for hours in range(KILLS):
        with intake_probe.applying(file=file, ahead=2 * hours) as worker:
            time.sleep(dice.uniform(0.02, 0.25))
            worker.kill()
    assert unfinished.exists(), "The kills came too late to prove anything"
    with intake_probe.applying(file=file, ahead=2 * KILLS + 24):
        probe.wait_until(lambda: not unfinished.exists(), what="every event was applied")

    assert InboxEvent.objects.filter(state="done").count() == reported
    booked = Sale.objects.all()
    assert len(booked) == SALES
    assert {sale.version for sale in booked} == {2}
    assert all(sale.customer_id and sale.handed_over_at for sale in booked)
    assert len({sale.customer_id for sale in booked}) == SALES
    assert (Payment.objects.count(), Refund.objects.count()) == (2 * SALES, SALES)
    assert sum(sales.captured(sale) for sale in booked) == SALES * Decimal(5088)
    assert sum(sales.refunded(sale) for sale in booked) == SALES * Decimal(1000)
    told = Counter(OutboxEvent.objects.values_list("name", flat=True))
    assert told["jeweler.PaymentCaptured"] == 2 * SALES
    assert told["jeweler.RefundRecorded"] == told["jeweler.SaleHandedOver"] == SALES


def test_scenario_53_an_event_that_kills_its_worker_ends_dead_and_holds_up_nobody(
    till: Opened, tmp_path: Path
) -> None:
    file = tmp_path / "noted"
    intake_probe.poison_sales()
    try:
        tills.post(till, tills.event("sale.recorded", sale={"id": intake_probe.POISON}))
        tills.post(till, tills.event("sale.recorded", sale={"id": "T-1"}))
        # All attempts but the last two are taken as made, since each costs a process.
        poison = InboxEvent.objects.filter(sale_external_id=intake_probe.POISON)
        poison.update(attempts=settings.INBOX_MAX_ATTEMPTS - 2)
        for hours in range(2):
            with intake_probe.applying(file=file, ahead=2 * hours) as worker:
                probe.wait_until(lambda: worker.process.poll() is not None, what="it died")
        with intake_probe.applying(file=file, ahead=24):
            waiting = InboxEvent.objects.filter(state="new")
            probe.wait_until(lambda: not waiting.exists(), what="the poison was given up")
    finally:
        intake_probe.clean_sales()

    assert probe.lines(file).count("died of poison") == 2
    assert tills.states() == [
        ("sale.recorded", "dead", "worker_died"),
        ("sale.recorded", "done", ""),
    ]
    assert list(Sale.objects.values_list("external_id", flat=True)) == ["T-1"]
