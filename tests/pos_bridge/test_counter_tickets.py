from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jeweler import customers
from jeweler.models import (
    AuditEntry,
    Customer,
    EmailMessage,
    Payment,
    Refund,
    Sale,
    StaffMember,
    Store,
)
from pos_bridge.models import CounterAct, CounterTicket, DrawerCount
from referrals import codes
from tests.factories import counter
from tests.factories import pos_bridge as tills
from tests.factories.jeweler import SaleFactory
from tests.factories.referrals import AdvocateFactory, grant

pytestmark = pytest.mark.django_db
KEY = "k" * 22


@pytest.fixture
def store() -> Store:
    return tills.open_store()


@pytest.fixture
def marisol(store: Store) -> StaffMember:
    return counter.member(store)


@pytest.fixture
def clara() -> Customer:
    return customers.identify(
        email="clara@example.com", first_name="Clara", last_name="Whitcombe", source="design",
        now=tills.NOW,
    )  # fmt: skip


def at_the_counter(member: StaffMember) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def do(client: Client, ticket: CounterTicket, what: str, *, status: int = 302, **said: str) -> str:
    address = reverse("counter-ticket-act", args=[ticket.uid])
    answer = client.post(address, {"do": what, **said})
    assert answer.status_code == status, answer.content.decode()[:400]
    return answer.content.decode()


def test_from_the_code_to_the_receipt(store: Store, marisol: StaffMember, clara: Customer) -> None:
    design = counter.design(clara)
    client = at_the_counter(marisol)

    page = client.get("/admin/counter/", {"q": design.code}, follow=True).content.decode()
    assert "Start the sale" in page
    for _ in range(2):  # a doubled click is one ticket
        client.post(reverse("counter-sell", args=[design.code]), {"once": KEY})
    ticket = CounterTicket.objects.get()
    for _ in range(2):
        do(client, ticket, "take", amount="$3,000.00", tender="card", once=KEY)
    assert "due before it is handed over" in do(client, ticket, "hand_over", status=409)
    do(client, ticket, "take", amount="10490", tender="wire", reference="MT103")
    assert "Ready to hand over" in client.get(reverse("counter-tickets")).content.decode()
    do(client, ticket, "hand_over")
    do(client, ticket, "mail")

    receipt = client.get(reverse("counter-receipt", args=[ticket.uid])).content.decode()
    for words in ("48 Lispenard Street", "OS-2345-67A", "2216048137", "$13,490", "30 days"):
        assert words in receipt
    assert list(Payment.objects.order_by("pk").values_list("amount", flat=True)) == [3000, 10490]
    assert Sale.objects.get().handed_over_at is not None
    mailed = EmailMessage.objects.get(key__startswith="receipt:")
    assert mailed.to == "clara@example.com"
    assert "$13,490" in mailed.text


def test_what_is_refused_is_shown_as_it_was_typed_but_never_a_card_number(
    store: Store, marisol: StaffMember
) -> None:
    client = at_the_counter(marisol)
    ticket = counter.ticket(marisol, store, price="100.00")

    page = do(client, ticket, "take", status=409, amount="100.01", tender="cash", reference="box 7")
    assert "Only $100 is due" in page
    assert 'value="box 7"' in page
    for field in ("amount", "reference"):
        said = {"amount": "10.00", "reference": "", field: "4111 1111 1111 1111"}
        page = do(client, ticket, "take", status=409, tender="card", **said)
        assert "looks like a card" in page
        assert "4111" not in page
    assert not CounterAct.objects.filter(kind="taken").exists()


def test_a_refund_is_a_managers_page_and_act(store: Store, marisol: StaffMember) -> None:
    manager = counter.member(store, StaffMember.Role.MANAGER)
    ticket = counter.ticket(marisol, store, price="100.00")
    counter.take(ticket, marisol, "100.00")
    back = {"amount": "40", "tender": "cash", "reason": "A scratch"}

    assert "A manager gives money back" in do(at_the_counter(marisol), ticket, "refund", status=409, **back)  # fmt: skip
    asked = do(at_the_counter(manager), ticket, "refund", status=200, **back)
    assert "Give $40 back, by cash?" in asked
    assert not Refund.objects.exists(), "it is only asked yet"
    do(at_the_counter(manager), ticket, "refund", sure="yes", **back)

    assert Refund.objects.get().amount == 40


def test_a_payment_is_voided_once_that_was_asked(store: Store, marisol: StaffMember) -> None:
    ticket, desk = counter.ticket(marisol, store, price="100.00"), at_the_counter(marisol)
    do(desk, ticket, "take", amount="100.00", tender="card")
    payment = Payment.objects.get()
    assert "Void $100, card" in do(desk, ticket, "void", status=200, payment=str(payment.pk))
    payment.refresh_from_db()
    assert payment.status == "captured"
    do(desk, ticket, "void", payment=str(payment.pk), sure="yes")
    payment.refresh_from_db()
    assert payment.status == "voided"
    gone = do(desk, ticket, "void", status=409, payment=str(payment.pk))
    assert "voided already" in gone


def test_a_ticket_of_another_store_does_not_exist(store: Store, marisol: StaffMember) -> None:
    boston = tills.open_store(code="boston", name="Boston")
    theirs = counter.ticket(counter.member(boston), boston, price="100.00")

    client = at_the_counter(marisol)

    assert client.get(reverse("counter-ticket", args=[theirs.uid])).status_code == 404
    do(client, theirs, "take", status=404, amount="100", tender="card")


def test_the_closing_keeps_a_difference_with_its_reason(store: Store, marisol: StaffMember) -> None:
    client = at_the_counter(marisol)
    address = reverse("counter-closing")

    refused = client.post(address, {"counted_cash": "4.10", "once": KEY})
    kept = client.post(address, {"counted_cash": "4.10", "why_cash": "Float", "once": KEY})

    assert refused.status_code == 409
    assert "$4.10 more than the facts say" in refused.content.decode()
    assert kept.status_code == 302
    assert DrawerCount.objects.get().difference == Decimal("4.10")


def test_her_page_says_what_is_hers_masked_and_is_noted(
    store: Store, marisol: StaffMember, clara: Customer
) -> None:
    counter.design(clara)
    grant(clara, "50.00", now=tills.NOW)
    code = codes.shown(AdvocateFactory(customer=clara).code)
    boston = tills.open_store(code="boston", name="Boston")
    SaleFactory(customer=clara, store=store, number="1042")
    SaleFactory(customer=clara, store=boston, number="9999")
    SaleFactory(customer=clara, store=None, channel="web", number="WEB-77")
    client = at_the_counter(marisol)

    found = client.get("/admin/counter/", {"q": "clara@example.com"})
    [(initials, address)] = found.context["people"]
    page = client.get(address).content.decode()

    assert initials == "C. W."
    for words in ("Clara Whitcombe", tills.CODE, "1042", "WEB-77", "online", code):
        assert words in page
    assert "clara@example.com" not in page
    assert "9999" not in page
    assert AuditEntry.objects.filter(action="customer.viewed", actor=marisol.user).count() == 1
    assert "clara@example.com" in client.post(f"{address}reach/").content.decode()
    stranger = at_the_counter(counter.member(store))
    assert stranger.get(address).status_code == 302  # the address is the asker's alone


def test_the_list_of_tickets_asks_as_much_for_many_as_for_one(
    store: Store, marisol: StaffMember
) -> None:
    client = at_the_counter(marisol)

    def asked() -> int:
        with CaptureQueriesContext(connection) as seen:
            page = client.get("/admin/counter/tickets/").content.decode()
        assert page.count("Balance due") == CounterTicket.objects.count()
        return len(seen)

    def begin() -> None:
        made = counter.ticket(marisol, store, price="100.00")
        counter.take(made, marisol, "40.00")

    begin()
    client.get("/admin/counter/tickets/")
    for_one = asked()
    for _ in range(3):
        begin()
    assert asked() == for_one


def test_a_report_number_finds_who_saved_that_stone(
    store: Store, marisol: StaffMember, clara: Customer
) -> None:
    counter.design(clara)

    for typed in ("2216048137", "GIA 2216048137"):
        page = at_the_counter(marisol).get("/admin/counter/", {"q": typed}).content.decode()
        assert tills.CODE in page
