"""What was paid, authorized and given back. The others by number: 21, 27, 29 and 31 in test_inbound."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from jeweler import sales
from jeweler.models import OutboxEvent, Payment, Refund, Sale
from pos_bridge.connections import Opened
from pos_bridge.models import Connection
from referrals import credit, full_price
from referrals.models import CreditAccount, Referral, Reward
from tests.factories import friends, vendors
from tests.factories import pos_bridge as tills

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


def test_scenario_25_a_reward_whose_sale_falls_below_the_minimum_goes_once_and_what_was_spent_is_owed() -> (
    None
):
    """A cent below £500: of the reward of £100, £30 were spent in the meantime."""
    store, ada, now = friends.london(), friends.ada(), timezone.now()
    placed_at = now - timedelta(days=90)
    bea = friends.brought(ada, at=placed_at - timedelta(days=9)).friend
    sale = friends.buy(bea, store=store, at=placed_at)
    friends.sweep(now - timedelta(days=2))
    assert Referral.objects.get().state == Referral.State.REWARDED
    spent = credit.hold(
        customer=ada.customer, amount=Decimal(30), currency="GBP", sale_reference="T-9",
        lines=[full_price.Asked(list_price=Decimal(80), net_total=Decimal(80))], now=now,
    )  # fmt: skip
    credit.capture(uid=spent.uid, now=now)

    till = tills.open_till(store=store, code="london", currency="GBP")
    back = {"id": "R-1", "amount_minor": 370001, "currency": "GBP"}
    said = tills.event("refund.recorded", sale={"id": sale.external_id}, refund=back, occurred_at=now.isoformat())  # fmt: skip
    for _ in range(2):
        assert tills.post(till, said).status_code == 200
        tills.work_off()
        friends.deliver(now + timedelta(minutes=5))
        friends.sweep(now + timedelta(days=1))

    assert sales.captured(sale) - sales.refunded(sale) == Decimal("499.99")
    reward = Reward.objects.get(kind=Reward.Kind.CREDIT)
    assert (reward.state, reward.loss) == (Reward.State.CLAWED_BACK, Decimal(30))
    assert CreditAccount.objects.get().owed == Decimal(30), "never below zero by silence"
    told = OutboxEvent.objects.filter(name="referrals.RewardClawedBack")
    assert told.filter(payload__reward_id=reward.pk).count() == 1
