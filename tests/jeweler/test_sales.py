"""Facts of a sale: once each, whatever their order and repetition."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jeweler import money, sales
from jeweler.models import OutboxEvent, Payment, Refund, Sale, SaleEvidence, SaleLine, Store
from tests.factories.jeweler import (
    NOW,
    CustomerFactory,
    PaymentFactory,
    RefundFactory,
    SaleFactory,
    StoreFactory,
)

pytestmark = pytest.mark.django_db

D = Decimal
Status = Payment.Status


def report(*, version: int = 1, store: Store | None = None, **changes: Any) -> sales.SaleReport:
    reported: dict[str, Any] = {
        "source": "till:nyc",
        "external_id": "order-1",
        "version": version,
        "channel": Sale.Channel.STORE,
        "store": store or StoreFactory(code="nyc"),
        "number": "1007",
        "currency": "USD",
        "total": D("5088.00"),
        "tax": D("388.00"),
        "placed_at": NOW,
        "lines": (
            sales.LineReport(description="Ring", list_price=D(5000), net_total=D(4600)),
            sales.LineReport(
                kind=SaleLine.Kind.SERVICE,
                description="Resize",
                list_price=D(100),
                net_total=D(100),
            ),
        ),
    }
    return sales.SaleReport(**reported | changes)


def pay(sale: Sale, amount: str, **changes: Any) -> Payment:
    told: dict[str, Any] = {
        "source": "till:nyc",
        "external_id": "payment-1",
        "status": Status.CAPTURED,
        "currency": sale.currency,
        "tender": "card",
        "paid_at": NOW,
        "now": NOW,
    }
    return sales.record_payment(sale=sale, amount=D(amount), **told | changes)


def give_back(sale: Sale, amount: str, **changes: Any) -> Refund:
    told: dict[str, Any] = {
        "source": "till:nyc",
        "external_id": "refund-1",
        "tax": D(0),
        "currency": sale.currency,
        "reason": "",
        "refunded_at": NOW,
        "now": NOW,
    }
    return sales.record_refund(sale=sale, amount=D(amount), **told | changes)


def announced() -> list[str]:
    names = OutboxEvent.objects.order_by("pk").values_list("name", flat=True)
    return [name.removeprefix("jeweler.") for name in names]


# Sales and their versions.


def test_a_sale_is_recorded_with_its_lines_and_announced() -> None:
    sale = sales.record_sale(report=report(), now=NOW)
    lines = sale.lines.order_by("position").values_list("position", "description", "net_total")
    assert list(lines) == [(1, "Ring", D(4600)), (2, "Resize", D(100))]
    assert announced() == ["SaleRecorded"]


def test_the_same_report_again_changes_nothing() -> None:
    first = sales.record_sale(report=report(), now=NOW)
    again = sales.record_sale(report=report(total=D(1), tax=D(0)), now=NOW)
    assert again == first
    assert again.total == D("5088.00")
    assert announced() == ["SaleRecorded"]


def test_of_versions_three_one_and_two_the_third_stands() -> None:
    for version in (3, 1, 2):
        told = report(version=version, note=f"as of {version}", lines=report().lines[:1])
        sales.record_sale(report=told, now=NOW)
    sale = Sale.objects.get()
    assert (sale.version, sale.note) == (3, "as of 3")
    assert sale.lines.count() == 1
    assert announced() == ["SaleRecorded"]


def test_a_newer_version_replaces_the_lines() -> None:
    sales.record_sale(report=report(), now=NOW)
    only = (sales.LineReport(description="Band", list_price=D(980), net_total=D(980)),)
    sale = sales.record_sale(report=report(version=2, lines=only), now=NOW)
    assert [line.description for line in sale.lines.all()] == ["Band"]
    assert announced() == ["SaleRecorded", "SaleRecorded"]


def test_a_sale_does_not_change_its_currency() -> None:
    sales.record_sale(report=report(), now=NOW)
    with pytest.raises(sales.CurrencyMismatch, match="is in USD, and this was reported in CAD"):
        sales.record_sale(report=report(version=2, currency="CAD"), now=NOW)


def test_a_currency_that_is_none_is_refused() -> None:
    with pytest.raises(money.UnknownCurrency):
        sales.record_sale(report=report(currency="XXQ"), now=NOW)


# Money taken.


def test_a_deposit_and_its_balance_pay_a_sale_once() -> None:
    sale = SaleFactory(total=D("5088.00"))
    assert sales.due(sale) == D("5088.00")
    pay(sale, "1000.00", external_id="deposit")
    assert sales.due(sale) == D("4088.00")
    assert sales.fully_paid_at(sale) is None

    next_week = NOW + timedelta(days=7)
    pay(sale, "4088.00", external_id="balance", paid_at=next_week)
    assert sales.due(sale) == 0
    assert sales.fully_paid_at(sale) == next_week
    assert announced() == ["PaymentCaptured", "PaymentCaptured"]


def test_money_that_is_only_authorized_pays_nothing() -> None:
    sale = SaleFactory()
    pay(sale, "5088.00", status=Status.AUTHORIZED)
    assert sales.captured(sale) == 0
    assert announced() == []


def test_a_late_word_of_an_authorization_does_not_undo_the_capture() -> None:
    sale = SaleFactory()
    pay(sale, "5000.00")
    pay(sale, "5088.00", status=Status.AUTHORIZED)
    assert sales.captured(sale) == D(5000)
    assert announced() == ["PaymentCaptured"]


def test_a_capture_may_be_less_than_was_authorized() -> None:
    sale = SaleFactory()
    pay(sale, "5088.00", status=Status.AUTHORIZED)
    pay(sale, "5000.00")
    assert sales.captured(sale) == D(5000)


def test_a_voided_payment_is_no_money_whichever_word_came_first() -> None:
    voided_last, voided_first = SaleFactory(), SaleFactory()
    pay(voided_last, "100.00", external_id="a")
    pay(voided_last, "100.00", external_id="a", status=Status.VOIDED)
    pay(voided_first, "100.00", external_id="b", status=Status.VOIDED)
    pay(voided_first, "100.00", external_id="b")
    assert sales.captured(voided_last) == sales.captured(voided_first) == 0


def test_a_payment_repeated_with_another_amount_is_refused() -> None:
    sale = SaleFactory()
    pay(sale, "1000.00")
    with pytest.raises(sales.ContradictoryFact, match=r"recorded with 1000\.000 .* again with 999"):
        pay(sale, "999.00")


def test_a_payment_repeated_for_another_sale_is_refused() -> None:
    pay(SaleFactory(), "1000.00")
    with pytest.raises(sales.ContradictoryFact, match="for sale"):
        pay(SaleFactory(), "1000.00")


def test_a_payment_in_another_currency_is_refused_and_not_converted() -> None:
    sale = SaleFactory()
    with pytest.raises(sales.CurrencyMismatch, match="never converted"):
        pay(sale, "1000.00", currency="CAD")
    assert sale.payments.count() == 0


def test_currencies_with_no_and_with_three_decimals_are_exact() -> None:
    yen, dinar = SaleFactory(currency="JPY", total=1234, tax=0), SaleFactory(currency="KWD")
    pay(yen, "1234", external_id="yen")
    pay(dinar, "1.234", external_id="dinar")
    assert sales.captured(yen) == D(1234)
    assert sales.captured(dinar) == D("1.234")


# Money given back.


def test_a_refund_lessens_what_was_taken_and_is_announced_once() -> None:
    sale = PaymentFactory().sale
    for _ in range(3):
        give_back(sale, "1000.00")
    assert sales.refunded(sale) == D(1000)
    assert announced() == ["RefundRecorded"]


def test_more_than_was_ever_taken_cannot_be_given_back() -> None:
    sale = PaymentFactory(sale__total=D("5088.00")).sale
    give_back(sale, "5000.00")
    with pytest.raises(sales.OverRefund, match=r"\$89 is more than the \$88 that"):
        give_back(sale, "89.00", external_id="refund-2")
    assert sales.refunded(sale) == D(5000)


def test_a_refund_that_comes_before_its_payment_is_asked_to_wait() -> None:
    sale = SaleFactory()
    with pytest.raises(sales.RefundBeforePayment, match="waits"):
        give_back(sale, "1000.00")
    pay(sale, "5088.00")
    assert give_back(sale, "1000.00").amount == D(1000)


def test_a_refund_in_another_currency_is_refused() -> None:
    with pytest.raises(sales.CurrencyMismatch):
        give_back(PaymentFactory().sale, "10.00", currency="CAD")


def test_a_refund_repeated_with_another_amount_is_refused() -> None:
    sale = PaymentFactory().sale
    give_back(sale, "10.00")
    with pytest.raises(sales.ContradictoryFact):
        give_back(sale, "11.00")


def test_a_deposit_given_back_is_owed_again_and_a_return_is_not() -> None:
    sale = SaleFactory(total=D(5000))
    PaymentFactory(sale=sale, amount=D(1000), paid_at=NOW)
    RefundFactory(sale=sale, amount=D(1000), refunded_at=NOW + timedelta(days=1))
    PaymentFactory(sale=sale, amount=D(4000), paid_at=NOW + timedelta(days=2))
    assert sales.due(sale) == D(1000)
    assert sales.fully_paid_at(sale) is None

    PaymentFactory(sale=sale, amount=D(1000), paid_at=NOW + timedelta(days=3))
    RefundFactory(sale=sale, amount=D(2000), refunded_at=NOW + timedelta(days=9))
    assert sales.due(sale) == 0
    assert sales.fully_paid_at(sale) == NOW + timedelta(days=3)


@pytest.mark.django_db(transaction=True)
def test_two_tills_cannot_give_the_same_money_back_twice() -> None:
    sale = PaymentFactory(sale__total=D(5000), sale__tax=D(0)).sale

    def work(number: int) -> bool:
        try:
            give_back(sale, "3000.00", external_id=f"refund-{number}")
        except sales.OverRefund:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(work, range(4))) == [False, False, False, True]
    assert sales.refunded(sale) == D(3000)


# The rest of a sale's life.


def test_a_sale_is_handed_over_and_voided_once_at_the_earliest_time() -> None:
    sale = SaleFactory()
    for at in (NOW, NOW - timedelta(days=1), NOW + timedelta(days=1)):
        sales.hand_over(sale=sale, at=at, now=NOW)
        sales.void(sale=sale, at=at, now=NOW)
    sale.refresh_from_db()
    assert sale.handed_over_at == sale.voided_at == NOW - timedelta(days=1)
    assert announced() == ["SaleHandedOver", "SaleVoided"]


def test_a_voided_sale_owes_nothing_and_is_not_paid() -> None:
    sale = PaymentFactory().sale
    sales.void(sale=sale, at=NOW, now=NOW)
    sale.refresh_from_db()
    assert sales.due(sale) == 0
    assert sales.fully_paid_at(sale) is None


def test_a_sale_of_nothing_is_paid_when_it_is_placed() -> None:
    assert sales.fully_paid_at(SaleFactory(total=0, tax=0)) == NOW


# Whose it is.


def test_a_sale_is_assigned_with_its_evidence_and_announced_once() -> None:
    sale, ada = SaleFactory(), CustomerFactory()
    evidence = [
        sales.Evidence(
            kind=SaleEvidence.Kind.EMAIL, value="ada@example.com", customer=ada, grade="A"
        )
    ]
    for _ in range(2):
        sales.assign(sale=sale, customer=ada, evidence=evidence, now=NOW)
    sale.refresh_from_db()
    assert sale.customer == ada
    assert sale.evidence.count() == 1
    assert announced() == ["SaleRecorded"]


def test_evidence_for_two_people_is_kept_and_nobody_is_guessed() -> None:
    sale = SaleFactory()
    evidence = [
        sales.Evidence(kind=SaleEvidence.Kind.PHONE, value="+16505551212", customer=who, grade="B")
        for who in (CustomerFactory(), CustomerFactory())
    ]
    sales.assign(sale=sale, customer=None, evidence=evidence, now=NOW)
    sale.refresh_from_db()
    assert sale.customer is None
    assert sale.evidence.count() == 2
    assert announced() == []


# Facts commute.

Fact = Callable[[], object]


def facts_of_one_sale() -> list[Fact]:
    store = StoreFactory(code="nyc")
    sale = sales.record_sale(report=report(version=0, store=store, note="first"), now=NOW)

    def version(number: int) -> Fact:
        told = report(version=number, store=store, note=f"as of {number}")
        return lambda: sales.record_sale(report=told, now=NOW)

    def payment(external_id: str, status: Status, amount: str, day: int) -> Fact:
        at = datetime(2026, 11, day, tzinfo=UTC)
        return lambda: pay(sale, amount, external_id=external_id, status=status, paid_at=at)

    def refund(external_id: str, amount: str) -> Fact:
        return lambda: give_back(sale, amount, external_id=external_id)

    return [
        version(1),
        version(2),
        payment("deposit", Status.AUTHORIZED, "1100.00", 1),
        payment("deposit", Status.CAPTURED, "1000.00", 2),
        payment("balance", Status.CAPTURED, "4088.00", 9),
        payment("mistake", Status.CAPTURED, "70.00", 9),
        payment("mistake", Status.VOIDED, "70.00", 9),
        payment("declined", Status.AUTHORIZED, "4088.00", 8),
        payment("declined", Status.VOIDED, "4088.00", 8),
        refund("return", "900.00"),
        refund("goodwill", "100.00"),
        lambda: sales.hand_over(sale=sale, at=NOW, now=NOW),
        lambda: sales.hand_over(sale=sale, at=NOW + timedelta(days=2), now=NOW),
    ]


def tell(facts: list[Fact]) -> None:
    """As the inbox does: what has to wait is told again after the others."""
    waiting = []
    for fact in facts:
        try:
            fact()
        except sales.RefundBeforePayment:
            waiting.append(fact)
    for fact in waiting:
        fact()


def state() -> dict[str, list[tuple[Any, ...]]]:
    return {
        "sales": list(
            Sale.objects.values_list("version", "note", "total", "handed_over_at", "voided_at")
        ),
        "lines": list(SaleLine.objects.order_by("position").values_list("position", "net_total")),
        "payments": list(
            Payment.objects.order_by("external_id").values_list(
                "external_id", "status", "amount", "paid_at"
            )
        ),
        "refunds": list(
            Refund.objects.order_by("external_id").values_list("external_id", "amount")
        ),
        "figures": [
            (sales.captured(sale), sales.refunded(sale), sales.due(sale), sales.fully_paid_at(sale))
            for sale in Sale.objects.all()
        ],
    }


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_whatever_the_order_and_repetition_the_same_state_comes_of_the_facts(
    data: st.DataObject,
) -> None:
    with transaction.atomic():
        tell(facts_of_one_sale())
        expected = state()
        transaction.set_rollback(True)
    with transaction.atomic():
        facts = facts_of_one_sale()
        repeated = data.draw(st.lists(st.sampled_from(range(len(facts))), max_size=8))
        order = data.draw(st.permutations([*range(len(facts)), *repeated]))
        tell([facts[index] for index in order])
        assert state() == expected
        with suppress(sales.RefundBeforePayment):
            tell(facts)  # everything once more, as a replay would
        assert state() == expected
        transaction.set_rollback(True)
    assert expected["figures"] == [
        (D("5088.00"), D("1000.00"), D("4088.00") - D("4088.00"), datetime(2026, 11, 9, tzinfo=UTC))
    ]
