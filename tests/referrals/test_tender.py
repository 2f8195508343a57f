"""A payment by store credit meets its hold, whatever the till reports first, and comes back as credit when the sale does."""

import itertools
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from jeweler import outbox, sales
from jeweler.models import AuditEntry, Customer, Payment, Sale, StaffMember, Store
from referrals import credit, tender
from referrals.models import CreditHold, CreditLot, CreditMismatch
from tests.factories.jeweler import (
    NOW,
    CustomerFactory,
    SaleFactory,
    SaleLineFactory,
    StaffMemberFactory,
    StoreFactory,
    UserFactory,
)
from tests.factories.referrals import grant, hold

pytestmark = pytest.mark.django_db
Reason = CreditMismatch.Reason


@pytest.fixture
def store() -> Store:
    return StoreFactory(code="nyc")


@pytest.fixture
def ada() -> Customer:
    ada = CustomerFactory()
    grant(ada, "200.00")
    return ada


@pytest.fixture
def sale(ada: Customer, store: Store) -> Sale:
    sale = SaleFactory(customer=ada, store=store, external_id="T-1", total=1000, tax=0)
    SaleLineFactory(sale=sale, list_price=1000, net_total=1000)
    return sale


def pay(
    sale: Sale, amount: str, *, by: str = "store_credit", reference: str = "", key: str = "P-1",
    status: Payment.Status = Payment.Status.CAPTURED,
) -> Payment:  # fmt: skip
    return sales.record_payment(
        source="till:nyc", external_id=key, sale=sale, status=status, amount=Decimal(amount),
        currency=sale.currency, tender=by, reference=reference, paid_at=NOW, now=NOW,
    )  # fmt: skip


def refund(sale: Sale, amount: str, *, key: str = "R-1") -> None:
    sales.record_refund(
        source="till:nyc", external_id=key, sale=sale, amount=Decimal(amount), tax=Decimal(0),
        currency=sale.currency, reason="Returned", refunded_at=NOW, now=NOW,
    )  # fmt: skip


def available(customer: Customer) -> Decimal:
    return credit.balance(customer=customer, currency="USD", now=NOW).available


def spent() -> Decimal:
    return sum((lot.spent for lot in CreditLot.objects.all()), Decimal(0))


def test_scenario_37_the_sales_event_captures_the_hold_that_its_payment_names_once(
    sale: Sale, ada: Customer, store: Store
) -> None:
    kept = hold(ada, "150.00", store=store)
    payment = pay(sale, "150.00", reference=tender.reference_to(kept))
    for _ in range(3):
        tender.settle(sale_id=sale.pk, now=NOW)
    kept.refresh_from_db()
    assert (kept.state, kept.payment) == (CreditHold.State.CAPTURED, payment)
    assert (available(ada), spent()) == (50, 150)
    assert not CreditMismatch.objects.exists()


def wrong(case: str, *, ada: Customer, store: Store) -> tuple[str, str]:
    """What the payment of $150 names, and what is the matter with it."""
    if case == "missing":
        return "", Reason.NO_HOLD
    if case == "unknown":
        return f"{tender.PREFIX}0c5b7a52-6b1f-4d53-9a39-0a0f4f2c8a11", Reason.UNKNOWN_HOLD
    if case == "another customer's":
        eve = CustomerFactory()
        grant(eve, "200.00")
        return tender.reference_to(hold(eve, "150.00", store=store)), Reason.OTHER_CUSTOMER
    if case == "another currency":
        grant(ada, "200.00", currency="CAD")
        kept = hold(ada, "150.00", store=store, currency="CAD")
        return tender.reference_to(kept), Reason.OTHER_CURRENCY
    if case == "another store":
        kept = hold(ada, "150.00", store=StoreFactory(code="boston"))
        return tender.reference_to(kept), Reason.OTHER_SALE
    if case == "too small":
        return tender.reference_to(hold(ada, "149.99", store=store)), Reason.OTHER_AMOUNT
    kept = hold(ada, "150.00", store=store)
    credit.release(uid=kept.uid, now=NOW)
    return tender.reference_to(kept), Reason.HOLD_CLOSED


@pytest.mark.parametrize("case", ["missing", "unknown", "another customer's", "another currency", "another store", "too small", "released"])  # fmt: skip
def test_scenario_37_without_its_right_hold_the_sale_is_booked_and_the_credit_untouched(
    case: str, sale: Sale, ada: Customer, store: Store
) -> None:
    reference, reason = wrong(case, ada=ada, store=store)
    payment = pay(sale, "150.00", reference=reference)
    for _ in range(2):
        tender.settle(sale_id=sale.pk, now=NOW)
    assert sales.captured(sale) == 150
    assert spent() == 0
    [mismatch] = CreditMismatch.objects.all()
    assert (mismatch.payment, mismatch.reason, mismatch.settled_at) == (payment, reason, None)


def test_a_ticket_that_was_reduced_after_the_hold_takes_no_credit(
    sale: Sale, ada: Customer, store: Store
) -> None:
    kept = hold(ada, "150.00", store=store)
    sale.lines.update(net_total=900)
    pay(sale, "150.00", reference=tender.reference_to(kept))
    tender.settle(sale_id=sale.pk, now=NOW)
    assert CreditMismatch.objects.get().reason == Reason.NOT_FULL_PRICE
    assert spent() == 0


def test_one_hold_pays_once(sale: Sale, ada: Customer, store: Store) -> None:
    named = tender.reference_to(hold(ada, "100.00", store=store))
    pay(sale, "100.00", reference=named)
    pay(sale, "100.00", reference=named, key="P-2")
    tender.settle(sale_id=sale.pk, now=NOW)
    assert spent() == 100
    assert CreditMismatch.objects.get().reason == Reason.HOLD_USED


def test_a_sale_without_an_owner_is_believed_by_its_own_ticket_alone(
    ada: Customer, store: Store, sale: Sale
) -> None:
    sale.customer = None
    sale.save(update_fields=["customer"])
    pay(sale, "50.00", reference=tender.reference_to(hold(ada, "50.00", store=store, sale="T-1")))
    other = tender.reference_to(hold(ada, "60.00", store=store, sale="T-2"))
    pay(sale, "60.00", reference=other, key="P-2")
    tender.settle(sale_id=sale.pk, now=NOW)
    assert spent() == 50
    assert CreditMismatch.objects.get().reason == Reason.OTHER_SALE

    sales.assign(sale=sale, customer=ada, evidence=[], now=NOW)
    tender.settle(sale_id=sale.pk, now=NOW)
    assert spent() == 110
    assert CreditMismatch.objects.get().settled_at == NOW


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::5])
def test_refunds_come_back_pro_rata_and_exactly_whatever_is_heard_first(
    order: tuple[int, ...], sale: Sale, ada: Customer, store: Store
) -> None:
    """A third was paid by credit; three refunds of a third each bring back a third each time, and all with the last."""
    kept = hold(ada, "100.00", store=store)
    pay(sale, "200.00", by="card", key="P-2")
    pay(sale, "100.00", reference=tender.reference_to(kept))
    steps = [
        lambda: refund(sale, "100.01"),
        lambda: refund(sale, "99.99", key="R-2"),
        lambda: refund(sale, "100.00", key="R-3"),
        lambda: None,
    ]
    for number in order:
        steps[number]()
        tender.settle(sale_id=sale.pk, now=NOW)
        back = Decimal(100) - spent()
        assert abs(back - sales.refunded(sale) / 3) <= Decimal("0.01")
    assert (spent(), available(ada)) == (0, 200)


@pytest.mark.parametrize("is_met_first", [True, False])
@pytest.mark.parametrize("what", ["payment", "sale"])
def test_what_is_voided_gives_all_of_its_credit_back(
    what: str, is_met_first: bool, sale: Sale, ada: Customer, store: Store
) -> None:
    named = tender.reference_to(hold(ada, "100.00", store=store))
    pay(sale, "100.00", reference=named)
    if is_met_first:
        tender.settle(sale_id=sale.pk, now=NOW)
    if what == "payment":
        pay(sale, "100.00", status=Payment.Status.VOIDED)
    else:
        sales.void(sale=sale, at=NOW, now=NOW)
    tender.settle(sale_id=sale.pk, now=NOW)
    there = credit.balance(customer=ada, currency="USD", now=NOW)
    assert (there.available, there.held, spent()) == (200, 0, 0)
    assert not CreditMismatch.objects.exists()


def test_what_the_till_captured_itself_is_not_captured_again(
    sale: Sale, ada: Customer, store: Store
) -> None:
    kept = hold(ada, "100.00", store=store)
    credit.capture(uid=kept.uid, amount=Decimal("80.00"), now=NOW)
    pay(sale, "80.00", reference=tender.reference_to(kept))
    tender.settle(sale_id=sale.pk, now=NOW)
    kept.refresh_from_db()
    assert (spent(), kept.payment) == (80, sale.payments.get())


def office(*stores: Store) -> Client:
    daniel = StaffMemberFactory(role=StaffMember.Role.MANAGER, stores=stores)
    client = Client()
    client.force_login(daniel.user)
    return client


def act(client: Client, action: str, mismatch: CreditMismatch) -> str:
    said: dict[str, Any] = {"action": action, "_selected_action": [str(mismatch.pk)]}
    page = client.post("/admin/referrals/creditmismatch/", said, follow=True)
    return page.content.decode()


def test_a_sale_that_comes_after_its_credit_was_given_back_waits_for_the_manager(
    sale: Sale, ada: Customer, store: Store
) -> None:
    kept = hold(ada, "150.00", store=store)
    credit.capture(uid=kept.uid, now=NOW)
    later = NOW + timedelta(days=1)
    credit.return_unreported(uid=kept.uid, reason="No sale came", by=UserFactory(), now=later)
    pay(sale, "150.00", reference=tender.reference_to(kept))
    tender.settle(sale_id=sale.pk, now=later)
    assert CreditMismatch.objects.get().reason == Reason.HOLD_CLOSED
    assert (available(ada), spent()) == (200, 0)


def test_the_stores_manager_settles_what_no_hold_covers_and_another_stores_does_not_see_it(
    sale: Sale, store: Store
) -> None:
    pay(sale, "50.00")
    tender.settle(sale_id=sale.pk, now=NOW)
    mismatch = CreditMismatch.objects.get()
    assert "Her credit stays untouched" in act(office(store), "look_again", mismatch)

    act(office(StoreFactory(code="boston")), "settle_otherwise", mismatch)
    mismatch.refresh_from_db()
    assert mismatch.settled_at is None

    daniel = office(store)
    assert "is settled" in act(daniel, "settle_otherwise", mismatch)
    assert "was settled before" in act(daniel, "settle_otherwise", mismatch)
    assert AuditEntry.objects.filter(action="credit_mismatch.settled").count() == 1
    assert "It names no hold" in daniel.get("/admin/referrals/creditmismatch/").content.decode()
    assert "$200" in daniel.get("/admin/referrals/creditaccount/").content.decode()
    account = CreditLot.objects.get().account
    page = daniel.get(f"/admin/referrals/creditaccount/{account.pk}/change/").content.decode()
    assert "200.000" in page


def test_the_facts_of_a_sale_reach_its_credit_through_their_events(
    sale: Sale, ada: Customer, store: Store
) -> None:
    kept = hold(ada, "100.00", store=store)
    pay(sale, "100.00", reference=tender.reference_to(kept))
    outbox.deliver_due(now=NOW + timedelta(minutes=1))
    assert spent() == 100
    refund(sale, "100.00")
    outbox.deliver_due(now=NOW + timedelta(minutes=2))
    assert spent() == 0
