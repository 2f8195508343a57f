"""What was paid, authorized and given back. The others by number: 21, 27, 29 and 31 in test_inbound."""

from decimal import Decimal

import pytest

from jeweler import sales
from jeweler.models import OutboxEvent, Payment, Refund, Sale
from pos_bridge.connections import Opened
from pos_bridge.models import Connection
from tests.factories import pos_bridge as tills
from tests.factories import vendors

pytestmark = pytest.mark.django_db


@pytest.fixture
def till() -> Opened:
    return vendors.open_till()


@pytest.fixture
def square() -> Opened:
    return vendors.open_till(Connection.Provider.SQUARE)


def pulled(till: Opened, **order: object) -> None:
    """The fetched order, as the API's answer is kept."""
    tills.keep(till, type_="order", about=vendors.SQUARE_ORDER, body=vendors.square_order(**order))


def test_scenario_19_an_approval_that_comes_after_the_completion_changes_nothing(
    square: Opened,
) -> None:
    pulled(square)
    vendors.tell_square(square, vendors.square_payment("COMPLETED"))
    vendors.tell_square(square, vendors.square_payment("APPROVED"))

    tills.work_off()

    assert Payment.objects.get().status == "captured"
    assert {state for _, state, _ in tills.states()} == {"done"}


def test_scenario_23_nothing_is_paid_while_shopify_has_only_authorized(till: Opened) -> None:
    vendors.tell(till, "orders/create", vendors.order(financial_status="authorized"))
    vendors.tell(
        till, "order_transactions/create", vendors.transaction(1, "authorization", "5088.00")
    )
    tills.work_off()
    sale = Sale.objects.get()
    assert sales.fully_paid_at(sale) is None
    assert not OutboxEvent.objects.filter(name="jeweler.PaymentCaptured").exists()

    captured = vendors.transaction(2, "capture", "5088.00", parent_id=1)
    vendors.tell(till, "order_transactions/create", captured)
    tills.work_off()

    assert sales.fully_paid_at(sale) == sale.placed_at
    assert OutboxEvent.objects.filter(name="jeweler.PaymentCaptured").count() == 1


def test_scenario_23_what_was_authorized_and_voided_was_never_paid(till: Opened) -> None:
    vendors.tell(
        till, "order_transactions/create", vendors.transaction(2, "void", "5088.00", parent_id=1)
    )
    vendors.tell(
        till, "order_transactions/create", vendors.transaction(1, "authorization", "5088.00")
    )
    vendors.tell(till, "orders/create", vendors.order(financial_status="voided"))

    tills.work_off()

    assert Payment.objects.get().status == "voided"
    assert sales.captured(Sale.objects.get()) == 0


def test_scenario_25_a_partial_refund_leaves_the_net_to_the_cent_and_is_told_once(
    till: Opened,
) -> None:
    """From 5,088.00 to 999.99: what hangs on it hears RefundRecorded and adds up anew."""
    vendors.tell(till, "orders/paid", vendors.order())
    vendors.tell(till, "order_transactions/create", vendors.transaction(1, "sale", "5088.00"))
    back = vendors.refund(10, "4088.01")
    vendors.tell(till, "refunds/create", back)
    vendors.tell(till, "refunds/create", back)
    tills.work_off()

    sale = Sale.objects.get()
    assert sales.captured(sale) - sales.refunded(sale) == Decimal("999.99")
    assert OutboxEvent.objects.filter(name="jeweler.RefundRecorded").count() == 1
    assert Refund.objects.get().tax == Decimal(
        "231.40"
    )  # as the sale holds tax, where the till does not say
