"""What was sold is credited once, to the touches of whoever bought it, and always adds up."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attribution import conversions
from attribution.crediting import CreditModel
from attribution.models import Conversion, Credit, Touchpoint
from builder import designs, saving
from jeweler import merging, outbox, sales
from jeweler.models import Customer, Sale, SaleLine, Visitor
from tests.factories.attribution import TouchpointFactory
from tests.factories.builder import DesignFactory
from tests.factories.jeweler import (
    NOW,
    CustomerFactory,
    RefundFactory,
    SaleFactory,
    SaleLineFactory,
    VisitorFactory,
)

DAY = timedelta(days=1)
FIRST, LAST = CreditModel.FIRST, CreditModel.LAST


def sold_to(customer: Customer | None, *, amount: str = "13790.00", at: datetime = NOW) -> Sale:
    sale = SaleFactory(customer=customer, placed_at=at, total=Decimal(amount), tax=0)
    SaleLineFactory(sale=sale, net_total=Decimal(amount))
    return sale


def touch(customer: Customer, *, days_before: int, visitor: Visitor | None = None) -> Touchpoint:
    visitor = visitor or VisitorFactory(customer=customer)
    return TouchpointFactory(visitor=visitor, occurred_at=NOW - days_before * DAY)


def credited(sale: Sale, model: CreditModel) -> dict[int | None, Decimal]:
    rows = Credit.objects.filter(conversion__sale=sale, model=model, refund=None)
    return dict(rows.values_list("touchpoint_id", "amount"))


@pytest.mark.django_db
def test_the_first_and_the_last_touch_of_all_her_browsers_are_credited() -> None:
    ada = CustomerFactory()
    first, _, last = (touch(ada, days_before=days) for days in (60, 30, 2))
    sale = sold_to(ada)
    conversions.rebuild(sale_ids=[sale.pk], now=NOW)
    assert credited(sale, FIRST) == {first.pk: Decimal("13790.00")}
    assert credited(sale, LAST) == {last.pk: Decimal("13790.00")}


@pytest.mark.django_db
def test_touches_before_the_lookback_or_after_the_sale_earn_nothing() -> None:
    ada = CustomerFactory()
    touch(ada, days_before=91)
    within = touch(ada, days_before=90)
    touch(ada, days_before=-1)
    sale = sold_to(ada)
    conversions.rebuild(sale_ids=[sale.pk], now=NOW)
    assert set(credited(sale, FIRST)) == set(credited(sale, LAST)) == {within.pk}


@pytest.mark.django_db
def test_a_showrooms_tablet_earns_nothing() -> None:
    ada = CustomerFactory()
    touch(ada, days_before=3, visitor=VisitorFactory(customer=ada, is_store_device=True))
    sale = sold_to(ada)
    conversions.rebuild(sale_ids=[sale.pk], now=NOW)
    assert set(credited(sale, LAST)) == {None}


@pytest.mark.django_db
def test_a_sale_to_nobody_known_is_kept_as_unattributed() -> None:
    sale = sold_to(None)
    conversions.rebuild(sale_ids=[sale.pk], now=NOW)
    assert credited(sale, FIRST) == credited(sale, LAST) == {None: Decimal("13790.00")}


@pytest.mark.django_db
def test_only_merchandise_is_credited() -> None:
    sale = sold_to(None, amount="1000.00")
    SaleLineFactory(sale=sale, kind=SaleLine.Kind.GIFT_CARD, net_total=Decimal("500.00"))
    conversions.rebuild(sale_ids=[sale.pk], now=NOW)
    assert sale.conversion.value == Decimal("1000.00")


@pytest.mark.django_db
def test_counting_twice_gives_the_same_rows() -> None:
    ada = CustomerFactory()
    touch(ada, days_before=3)
    sale = sold_to(ada)
    RefundFactory(sale=sale)
    for _ in range(2):
        conversions.rebuild(sale_ids=[sale.pk, sale.pk], now=NOW)
    assert Conversion.objects.count() == 1
    assert Credit.objects.count() == 4


@pytest.mark.django_db
def test_a_refund_takes_back_from_the_same_touch_on_its_own_day() -> None:
    ada = CustomerFactory()
    ad = touch(ada, days_before=3)
    sale = sold_to(ada)
    refund = RefundFactory(
        sale=sale, amount=Decimal("108.88"), tax=Decimal("8.88"), refunded_at=NOW + 9 * DAY
    )
    conversions.rebuild(sale_ids=[sale.pk], now=NOW)
    taken_back = Credit.objects.get(refund=refund, model=LAST)
    assert (taken_back.touchpoint, taken_back.amount) == (ad, Decimal("-100.00"))
    assert taken_back.local_date == (NOW + 9 * DAY).date()


@pytest.mark.django_db
def test_a_sale_counts_on_the_stores_own_day() -> None:
    late_in_new_york = datetime(2026, 11, 22, 3, 30, tzinfo=UTC)
    sale = sold_to(None, at=late_in_new_york)
    conversions.rebuild(sale_ids=[sale.pk], now=NOW)
    assert {credit.local_date.isoformat() for credit in Credit.objects.all()} == {"2026-11-21"}


@pytest.mark.django_db
def test_a_voided_sale_has_no_credit_left() -> None:
    sale = sold_to(None)
    conversions.rebuild(sale_ids=[sale.pk], now=NOW)
    sale.voided_at = NOW
    sale.save(update_fields=["voided_at"])
    conversions.rebuild(sale_ids=[sale.pk], now=NOW)
    assert not Conversion.objects.exists()
    assert not Credit.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_the_till_reports_is_credited_once_the_news_arrives() -> None:
    ada = CustomerFactory()
    ad = touch(ada, days_before=3)
    sale = sold_to(None)
    sales.assign(sale=sale, customer=ada, evidence=[], now=NOW)
    outbox.deliver_due(now=NOW)
    assert set(credited(sale, LAST)) == {ad.pk}
    sales.void(sale=sale, at=NOW, now=NOW)
    outbox.deliver_due(now=NOW)
    assert not Credit.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_turn_out_to_be_one_share_their_touches_until_they_are_two_again() -> None:
    ada, adas_second_mail = CustomerFactory(), CustomerFactory()
    ad = touch(adas_second_mail, days_before=20)
    sale = sold_to(ada)
    merged = merging.merge(kept=ada, absorbed=adas_second_mail, reason="", by=None, now=NOW)
    outbox.deliver_due(now=NOW)
    assert set(credited(sale, FIRST)) == {ad.pk}
    merging.unmerge(merge=merged, by=None, now=NOW)
    outbox.deliver_due(now=NOW)
    assert set(credited(sale, FIRST)) == {None}


@pytest.mark.django_db
def test_a_completed_design_is_one_conversion_however_often_it_is_heard_of() -> None:
    design = DesignFactory(completed_at=NOW)
    for _ in range(2):
        conversions.record_completed(designs=[design], now=NOW)
    conversion = Conversion.objects.get(kind=Conversion.Kind.BUILDER_COMPLETED)
    assert (conversion.occurred_at, conversion.design_code) == (NOW, design.code)


@pytest.mark.django_db
def test_a_ring_completed_in_two_browsers_of_hers_is_worth_its_price_once() -> None:
    design = DesignFactory()
    for visitor in (design.visitor, VisitorFactory(customer=design.customer)):
        designs.complete(design=design, visitor=visitor, now=NOW)
    outbox.deliver_due(now=NOW)
    heard = list(Conversion.objects.values_list("kind", "value"))
    conversions.rebuild_all(now=NOW)
    assert list(Conversion.objects.values_list("kind", "value")) == heard
    assert [kind for kind, _ in heard] == [Conversion.Kind.BUILDER_COMPLETED]


@pytest.mark.django_db
def test_a_design_saved_half_way_is_worth_nothing_yet_and_then_its_price() -> None:
    design = DesignFactory(ring_size=None)
    said = {"email": "ada@example.com", "visitor": design.visitor, "is_discreet": False}
    saving.save(design=design, now=NOW, **said)
    outbox.deliver_due(now=NOW)
    assert Conversion.objects.get().value == 0
    designs.choose(design=design, ring_size=Decimal(6), now=NOW + DAY)
    whole = saving.save(design=design, now=NOW + DAY, **said).version
    designs.choose(design=design, ring_size=None, now=NOW + 2 * DAY)
    saving.save(design=design, now=NOW + 2 * DAY, **said)
    outbox.deliver_due(now=NOW + 2 * DAY)
    assert Conversion.objects.get().value == whole.price


histories = st.lists(
    st.fixed_dictionaries(
        {
            "owner": st.sampled_from([None, 0, 1]),
            "cents": st.integers(0, 3_000_000),
            "refunds": st.lists(st.integers(1, 90_000), max_size=3),
            "is_voided": st.booleans(),
        }
    ),
    max_size=5,
)
touch_times = st.lists(st.tuples(st.sampled_from([0, 1]), st.integers(-5, 100)), max_size=8)


@pytest.mark.django_db
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(history=histories, touches=touch_times)
def test_whatever_happened_credits_sum_to_what_was_sold_and_given_back(
    history: list[dict[str, object]], touches: list[tuple[int, int]]
) -> None:
    with transaction.atomic():
        people = [CustomerFactory(), CustomerFactory()]
        for person, days in touches:
            touch(people[person], days_before=days)
        made = [_sale_of(entry, people) for entry in history]
        conversions.rebuild(sale_ids=[sale.pk for sale in made], now=NOW)
        for sale in made:
            for model in CreditModel:
                _check_sums(sale, model)
        transaction.set_rollback(True)


def _sale_of(entry: dict[str, object], people: list[Customer]) -> Sale:
    owner = entry["owner"]
    amount = Decimal(str(entry["cents"])).scaleb(-2)
    sale = sold_to(None if owner is None else people[int(str(owner))], amount=str(amount))
    for cents in entry["refunds"]:  # type: ignore[attr-defined]
        RefundFactory(sale=sale, amount=Decimal(cents).scaleb(-2))
    if entry["is_voided"]:
        sale.voided_at = NOW
        sale.save(update_fields=["voided_at"])
    return sale


def _check_sums(sale: Sale, model: CreditModel) -> None:
    rows = Credit.objects.filter(conversion__sale=sale, model=model)
    if sale.voided_at:
        assert not rows.exists()
        return
    given_ = sum(row.amount for row in rows if row.refund_id is None)
    merchandise = sale.lines.filter(kind=SaleLine.Kind.MERCHANDISE)
    assert given_ == sum(line.net_total for line in merchandise)
    for refund in sale.refunds.all():
        taken = sum(row.amount for row in rows if row.refund_id == refund.pk)
        assert taken == -(refund.amount - refund.tax)
