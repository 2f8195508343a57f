from datetime import timedelta
from decimal import Decimal

import pytest

from builder.models import Stone
from jeweler import customers, sales
from jeweler.models import Payment, SaleLine, StaffMember, Store
from pos_bridge import selling, taking, tickets
from pos_bridge.models import ReturnedStone, Tender
from referrals import credit
from tests.factories import counter
from tests.factories import pos_bridge as tills
from tests.factories.referrals import grant

pytestmark = pytest.mark.django_db


@pytest.fixture
def store() -> Store:
    return tills.open_store()


@pytest.fixture
def marisol(store: Store) -> StaffMember:
    return counter.member(store)


@pytest.fixture
def manager(store: Store) -> StaffMember:
    return counter.member(store, StaffMember.Role.MANAGER)


def test_a_deposit_a_part_and_the_balance_by_several_tenders(
    store: Store, marisol: StaffMember
) -> None:
    made = counter.ticket(marisol, store, price="1000.00")

    counter.take(made, marisol, "200.00", tender=Tender.CASH)
    counter.take(made, marisol, "500.00", tender=Tender.WIRE)
    with pytest.raises(tickets.CannotSell, match=r"Only \$300 is due"):
        counter.take(made, marisol, "300.01")
    with pytest.raises(tickets.NotNow, match=r"\$300 is due before"):
        taking.hand_over(ticket=made, act=counter.act(marisol))
    counter.take(made, marisol, "300.00", tender=Tender.CHECK)
    taking.hand_over(ticket=made, act=counter.act(marisol))

    made.refresh_from_db()
    assert sales.captured(made.sale) == Decimal("1000.00")
    assert made.sale.handed_over_at == tills.NOW


def test_cash_pays_to_the_coin_and_the_rest_is_a_line_of_the_sale() -> None:
    store = tills.open_store(code="zurich", currency="CHF", time_zone="Europe/Zurich")
    marisol = counter.member(store)
    made = counter.ticket(marisol, store, price="100.02")

    with pytest.raises(tickets.CannotSell, match=r"no coin for 100.02; in cash it is 100.00"):
        counter.take(made, marisol, "100.02", tender=Tender.CASH)
    counter.take(made, marisol, "100.00", tender=Tender.CASH)

    assert sales.due(made.sale) == 0
    assert made.sale.lines.get(description="Rounded to the coin").net_total == Decimal("-0.02")


def test_a_payment_is_voided_on_its_day_alone(store: Store, marisol: StaffMember) -> None:
    made = counter.ticket(marisol, store, price="100.00")
    counter.take(made, marisol, "40.00")
    payment = Payment.objects.get().pk

    tomorrow = counter.act(marisol, now=tills.NOW + timedelta(days=1))
    with pytest.raises(tickets.NotNow, match="on its own day only"):
        taking.void(ticket=made, payment_id=payment, act=tomorrow)
    taking.void(ticket=made, payment_id=payment, act=counter.act(marisol))

    assert sales.due(made.sale) == Decimal("100.00")


def test_a_manager_gives_back_in_parts_and_the_stone_goes_to_the_vault(
    store: Store, marisol: StaffMember, manager: StaffMember
) -> None:
    clara = customers.identify(email="clara@example.com", source="design", now=tills.NOW)
    design = counter.design(clara)
    made = selling.start(store=store, design=design, act=counter.act(marisol))
    counter.take(made, marisol, "13490.00")

    def back(by: StaffMember, amount: str) -> None:
        taking.refund(ticket=made, tender=Tender.CARD, amount=Decimal(amount), reason="Not her", act=counter.act(by))  # fmt: skip

    with pytest.raises(tickets.NeedsManager):
        back(marisol, "490.00")
    back(manager, "490.00")
    assert not ReturnedStone.objects.exists()
    back(manager, "13000.00")

    assert sales.refunded(made.sale) == Decimal("13490.00")
    assert ReturnedStone.objects.get().stone == design.stone
    with pytest.raises(sales.OverRefund):
        back(manager, "0.01")


def test_credit_pays_at_full_price_and_goes_back_to_credit_alone(
    store: Store, marisol: StaffMember, manager: StaffMember
) -> None:
    clara = customers.identify(email="clara@example.com", source="design", now=tills.NOW)
    grant(clara, "250.00", now=tills.NOW)
    made = selling.start(store=store, customer=clara, act=counter.act(marisol))
    counter.ring_up(made, marisol, price="200.00")
    counter.ring_up(made, marisol, price="100.00", kind=SaleLine.Kind.SERVICE)

    assert taking.credit_for(made, now=tills.NOW) == Decimal("200.00")
    with pytest.raises(tickets.CannotSell, match=r"Credit can pay \$200"):
        counter.take(made, marisol, "250.00", tender=Tender.STORE_CREDIT)
    counter.take(made, marisol, "200.00", tender=Tender.STORE_CREDIT)
    counter.take(made, marisol, "100.00")
    with pytest.raises(tickets.CannotSell, match="by itself"):
        taking.refund(ticket=made, tender=Tender.STORE_CREDIT, amount=Decimal("150.00"), reason="x", act=counter.act(manager))  # fmt: skip
    taking.refund(ticket=made, tender=Tender.CASH, amount=Decimal("150.00"), reason="x", act=counter.act(manager))  # fmt: skip

    back = made.acts.filter(kind="refunded").order_by("pk").values_list("tender", "amount")
    assert list(back) == [("cash", Decimal("50.00")), ("store_credit", Decimal("100.00"))]
    left = credit.balance(customer=clara, currency="USD", now=tills.NOW)
    assert left.available == Decimal("150.00")


def test_what_was_paid_has_to_go_back_before_it_is_called_off(
    store: Store, marisol: StaffMember
) -> None:
    clara = customers.identify(email="clara@example.com", source="design", now=tills.NOW)
    design = counter.design(clara)
    made = selling.start(store=store, design=design, act=counter.act(marisol))
    counter.take(made, marisol, "100.00")

    with pytest.raises(tickets.NotNow, match=r"\$100 is paid on it"):
        taking.call_off(ticket=made, act=counter.act(marisol))
    taking.void(ticket=made, payment_id=Payment.objects.get().pk, act=counter.act(marisol))
    taking.call_off(ticket=made, act=counter.act(marisol))

    made.refresh_from_db()
    assert made.sale.voided_at == tills.NOW
    assert Stone.objects.get().status == Stone.Status.SOLD  # until somebody has looked at it
    assert ReturnedStone.objects.get().reason == "voided"
