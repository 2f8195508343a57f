"""One shop's facts, in any order and however often, end in the same books."""

from typing import Any

import pytest
from django.db import transaction as database
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from jeweler import sales
from jeweler.models import Customer, Payment, Refund, Sale
from pos_bridge.models import Alarm, Connection, InboxEvent, StockLevel
from tests.factories import pos_bridge as tills
from tests.factories import vendors
from tests.factories.vendors import AT, order, refund, transaction

BUYER = {"id": 207119551, "email": "bob@example.com", "updated_at": AT}
ITEM = 808950810
LATER = "2026-10-01T11:05:05-04:00"


def level(available: int, at: str) -> dict[str, Any]:
    return {
        "inventory_item_id": ITEM,
        "location_id": vendors.PLACE,
        "available": available,
        "updated_at": at,
    }


FACTS: list[tuple[str, dict[str, Any]]] = [
    ("orders/create", order(customer=BUYER, fulfillment_status=None, note="first")),
    ("orders/paid", order(customer=BUYER, updated_at=LATER, note="paid")),
    ("order_transactions/create", transaction(1, "authorization", "1000.00")),
    ("order_transactions/create", transaction(2, "capture", "1000.00", parent_id=1)),
    ("order_transactions/create", transaction(3, "sale", "4088.00", gateway="cash")),
    ("order_transactions/create", transaction(4, "authorization", "50.00")),
    ("order_transactions/create", transaction(5, "void", "50.00", parent_id=4)),
    ("refunds/create", refund(10, "100.00")),
    ("refunds/create", refund(20, "4900.00")),
    ("inventory_levels/update", level(1, AT)),
    ("inventory_levels/update", level(-1, LATER)),
    ("inventory_items/update", {"id": ITEM, "sku": "2141438171", "updated_at": AT}),
    ("customers/create", BUYER),
    ("customers/update", {**BUYER, "updated_at": LATER}),
]  # fmt: skip


def books() -> dict[str, Any]:
    sale = Sale.objects.select_related("customer").get()
    return {
        "sale": (
            sale.version,
            sale.total,
            sale.tax,
            sale.note,
            sale.codes,
            sale.handed_over_at,
            sale.voided_at,
        ),
        "lines": list(
            sale.lines.order_by("position").values_list("net_total", "sku", "report_number")
        ),
        "buyer": sorted(sale.customer.contact_points.values_list("canonical", flat=True))
        if sale.customer
        else None,
        "customers": Customer.objects.count(),
        "payments": sorted(
            Payment.objects.values_list("external_id", "status", "amount", "paid_at")
        ),
        "refunds": sorted(Refund.objects.values_list("external_id", "amount", "tax")),
        "stock": sorted(StockLevel.objects.values_list("quantity", "was_there")),
        "alarms": sorted(Alarm.objects.filter(cleared_at=None).values_list("kind", "subject")),
        "due": sales.due(sale),
        "left": InboxEvent.objects.exclude(state="done").count(),
    }


class AnyOrder(RuleBasedStateMachine):
    """The first machine's end is what all others must come to."""

    expected: dict[str, Any] | None = None

    @initialize()
    def open_till(self) -> None:
        self.before = database.savepoint()
        tills.stone(report_number="2141438171", status="withdrawn")
        self.till = vendors.open_till(Connection.Provider.SHOPIFY)
        self.told: set[int] = set()

    @rule(number=st.integers(0, len(FACTS) - 1))
    def tell(self, number: int) -> None:
        topic, body = FACTS[number]
        assert vendors.tell(self.till, topic, body).status_code == 200
        self.told.add(number)

    @rule()
    def work(self) -> None:
        tills.work_off(rounds=1)

    @invariant()
    def nothing_is_given_up(self) -> None:
        assert not InboxEvent.objects.filter(state="dead").exists()

    def teardown(self) -> None:
        """What was not told yet comes late, last first."""
        try:
            self.end_alike()
        finally:
            database.savepoint_rollback(self.before)

    def end_alike(self) -> None:
        for number in reversed(range(len(FACTS))):
            if number not in self.told:
                self.tell(number)
        tills.work_off(rounds=2)
        found = books()
        AnyOrder.expected = AnyOrder.expected or found
        assert found == AnyOrder.expected
        assert found["left"] == 0
        assert found["due"] == 0


@pytest.mark.django_db
def test_any_order_and_duplication_of_a_shops_facts_ends_in_the_same_books() -> None:
    AnyOrder.expected = None
    run_state_machine_as_test(
        AnyOrder,
        settings=settings(
            max_examples=6 if settings.default.derandomize else 60,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
