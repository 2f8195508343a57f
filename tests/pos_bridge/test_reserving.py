"""Her credit, kept at the counter for a ticket that she pays later."""

from datetime import timedelta
from decimal import Decimal

import pytest

from jeweler import customers
from jeweler.models import Customer, StaffMember, Store
from pos_bridge import reserving, selling, taking
from pos_bridge.models import CounterTicket, Tender
from referrals import credit
from referrals.models import CreditHold
from tests.factories import counter
from tests.factories import pos_bridge as tills
from tests.factories.referrals import grant
from tests.factories.referrals import hold as hold_elsewhere

pytestmark = pytest.mark.django_db


@pytest.fixture
def store() -> Store:
    return tills.open_store()


@pytest.fixture
def marisol(store: Store) -> StaffMember:
    return counter.member(store)


@pytest.fixture
def clara() -> Customer:
    return customers.identify(email="clara@example.com", source="design", now=tills.NOW)


@pytest.fixture
def ticket(store: Store, marisol: StaffMember, clara: Customer) -> CounterTicket:
    made = counter.ticket(marisol, store, price="680.00")
    selling.tie(ticket=made, email="clara@example.com", phone="", name="", act=counter.act(marisol))
    made.refresh_from_db()
    grant(clara, "100.00", now=tills.NOW)
    return made


def available(customer: Customer, *, days: int = 0) -> Decimal:
    now = tills.NOW + timedelta(days=days)
    return credit.balance(customer=customer, currency="USD", now=now).available


def test_what_is_kept_is_nobody_elses_until_she_pays_with_it(
    ticket: CounterTicket, marisol: StaffMember, clara: Customer
) -> None:
    reserving.keep(ticket=ticket, amount=Decimal(80), act=counter.act(marisol))
    assert (available(clara), available(clara, days=13), available(clara, days=14)) == (20, 20, 100)
    with pytest.raises(credit.InsufficientCredit):
        hold_elsewhere(clara, "50.00", now=tills.NOW)
    assert taking.credit_for(ticket, now=tills.NOW) == 100

    counter.take(ticket, marisol, "90.00", tender=Tender.STORE_CREDIT)

    assert available(clara) == 10
    states = CreditHold.objects.order_by("pk").values_list("state", "amount")
    assert list(states) == [("released", Decimal(80)), ("captured", Decimal(90))]


def test_it_goes_free_by_hand_with_the_ticket_or_when_the_ticket_is_anothers(
    ticket: CounterTicket, marisol: StaffMember, clara: Customer
) -> None:
    reserving.keep(ticket=ticket, amount=Decimal(80), act=counter.act(marisol))
    reserving.keep(ticket=ticket, amount=Decimal(50), act=counter.act(marisol))
    assert available(clara) == 50
    reserving.let_go(ticket=ticket, act=counter.act(marisol))
    assert available(clara) == 100

    reserving.keep(ticket=ticket, amount=Decimal(80), act=counter.act(marisol))
    selling.tie(ticket=ticket, email="bea@example.com", phone="", name="", act=counter.act(marisol))
    assert available(clara) == 100
    taking.call_off(ticket=ticket, act=counter.act(marisol))
    assert not reserving.kept(ticket, now=tills.NOW)
