"""Figures add up: to the tills, to their parts, and to the journeys behind them."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from attribution import conversions, reports
from attribution.channels import Channel
from attribution.crediting import CreditModel
from attribution.models import Conversion, Credit
from attribution.reports import Scope, Slice
from jeweler.models import Customer, Sale, Store
from tests.factories.attribution import AdSpendFactory, TouchpointFactory
from tests.factories.builder import DesignFactory
from tests.factories.jeweler import (
    NOW,
    CustomerFactory,
    RefundFactory,
    SaleFactory,
    SaleLineFactory,
    StoreFactory,
    VisitorFactory,
)

DAY = timedelta(days=1)
TODAY = NOW.date()

pytestmark = pytest.mark.django_db


def scope(**changes: object) -> Scope:
    values = {
        "start_date": TODAY - 90 * DAY,
        "end_date": TODAY,
        "model": CreditModel.LAST,
        **changes,
    }
    return Scope(**values)  # type: ignore[arg-type]


def sell(
    *, amount: str, customer: Customer | None = None, days_ago: int = 0, store: Store | None = None
) -> Sale:
    at = NOW - days_ago * DAY
    place = {"store": store} if store else {}
    sale = SaleFactory(customer=customer, placed_at=at, total=Decimal(amount), tax=0, **place)
    SaleLineFactory(sale=sale, net_total=Decimal(amount))
    return sale


def sell_online(*, amount: str, customer: Customer | None = None) -> Sale:
    sale = SaleFactory(
        customer=customer, channel="web", store=None, source="web", total=Decimal(amount), tax=0
    )
    SaleLineFactory(sale=sale, net_total=Decimal(amount))
    return sale


def clicked(*, days_ago: int = 5, **said: object) -> Customer:
    customer = CustomerFactory()
    TouchpointFactory(
        visitor=VisitorFactory(customer=customer), occurred_at=NOW - days_ago * DAY, **said
    )
    return customer


def count() -> None:
    conversions.rebuild_all(now=NOW)


def test_credited_and_unattributed_less_refunds_equal_the_tills() -> None:
    sale = sell(amount="13790.00", customer=clicked())
    sell(amount="780.00")
    RefundFactory(sale=sale, amount=Decimal("108.88"), tax=Decimal("8.88"))
    count()
    found = reports.balance(scope=scope())
    assert (found.credited, found.unattributed) == (Decimal("13790.00"), Decimal("780.00"))
    assert (found.refunded, found.tills) == (Decimal("100.00"), Decimal("14470.00"))
    assert found.difference == 0


def test_the_tills_are_added_up_apart_so_a_lost_credit_is_seen() -> None:
    sell(amount="780.00")
    count()
    Credit.objects.filter(model=CreditModel.LAST).delete()
    assert reports.balance(scope=scope()).difference == Decimal("780.00")
    assert reports.balance(scope=scope(model=CreditModel.FIRST)).difference == 0


def test_a_sale_that_is_not_counted_yet_is_a_difference() -> None:
    sell(amount="780.00")
    assert reports.balance(scope=scope()).difference == Decimal("780.00")


def test_a_voided_sale_and_another_currency_are_in_no_figure() -> None:
    voided = sell(amount="500.00")
    voided.voided_at = NOW
    voided.save(update_fields=["voided_at"])
    in_pounds = SaleFactory(currency="GBP")
    SaleLineFactory(sale=in_pounds)
    count()
    found = reports.balance(scope=scope())
    assert (found.tills, found.difference) == (0, 0)
    assert found.other_currencies == ["GBP"]


def test_a_refund_counts_on_its_day_and_the_sale_on_its_own() -> None:
    sale = sell(amount="1000.00", days_ago=10)
    RefundFactory(sale=sale, amount=Decimal("300.00"), refunded_at=NOW)
    count()
    before = reports.balance(scope=scope(end_date=TODAY - DAY))
    after = reports.balance(scope=scope(start_date=TODAY))
    assert (before.tills, before.difference) == (Decimal("1000.00"), 0)
    assert (after.tills, after.difference) == (Decimal("-300.00"), 0)


def test_a_store_sees_its_own_sales_alone() -> None:
    here, elsewhere = StoreFactory(), StoreFactory()
    sell(amount="100.00", store=here)
    sell(amount="50.00", store=elsewhere)
    sell_online(amount="9.00")
    count()
    found = reports.balance(scope=scope(store_ids=frozenset({here.pk})))
    assert (found.tills, found.difference) == (Decimal("100.00"), 0)
    nowhere = reports.balance(scope=scope(store_ids=frozenset()))
    assert (nowhere.tills, nowhere.difference) == (0, 0)


def test_the_tree_sums_from_term_to_campaign_to_channel() -> None:
    sell(amount="100.00", customer=clicked(term="oval ring"))
    sell_online(amount="60.00", customer=clicked(term="round ring"))
    sell(amount="40.00", customer=clicked(campaign="Boston", term=""))
    AdSpendFactory(amount=Decimal("50.00"), term="oval ring")
    count()
    found = reports.returns(scope=scope())
    (channel,) = found.channels
    assert (channel.web, channel.store) == (Decimal("60.00"), Decimal("140.00"))
    assert (channel.sales, channel.visits, channel.spend) == (3, 3, Decimal("50.00"))
    assert (channel.roas, channel.web_roas) == (4, Decimal("1.2"))
    assert channel.store_share == Decimal("0.7")
    assert sum(child.together for child in channel.children) == channel.together
    new_york = channel.children[0]
    assert [term.label for term in new_york.children] == ["oval ring", "round ring"]
    assert channel.children[1].children == []
    assert found.total.together == Decimal("200.00")


def test_spend_and_credit_meet_whatever_the_case_of_their_names() -> None:
    sell(amount="100.00", customer=clicked(campaign="new york", term="Oval Ring"))
    AdSpendFactory(campaign="New York", term="oval ring")
    count()
    (channel,) = reports.returns(scope=scope()).channels
    (campaign,) = channel.children
    (term,) = campaign.children
    assert (term.spend, term.together) == (Decimal("100.00"), Decimal("100.00"))


def test_without_a_sale_the_interval_says_what_is_still_possible() -> None:
    sell(amount="1000.00", customer=clicked())
    AdSpendFactory(amount=Decimal("100.00"))
    AdSpendFactory(channel=Channel.PAID_VIDEO, source="youtube", amount=Decimal("100.00"))
    count()
    video = next(
        node
        for node in reports.returns(scope=scope()).ranked
        if node.path == (Channel.PAID_VIDEO.value,)
    )
    assert (video.low, video.high) == (0, pytest.approx(30.0))


def test_an_interval_holds_its_middle_and_narrows_with_more_sales() -> None:
    for _ in range(30):
        sell(amount="1000.00", customer=clicked())
    for _ in range(2):
        sell(amount="15000.00", customer=clicked(channel=Channel.PAID_SOCIAL, source="meta"))
    AdSpendFactory(amount=Decimal("1000.00"))
    AdSpendFactory(channel=Channel.PAID_SOCIAL, source="meta", amount=Decimal("1000.00"))
    count()
    nodes = {node.path[0]: node for node in reports.returns(scope=scope()).ranked}
    many, few = nodes[Channel.PAID_SEARCH], nodes[Channel.PAID_SOCIAL]
    for node in (many, few):
        assert node.low is not None
        assert node.high is not None
        assert node.low <= float(node.roas or 0) <= node.high
    assert many.high - many.low < few.high - few.low  # type: ignore[operator]
    assert many.rank == few.rank == "1–2"


def test_every_model_shares_the_same_money() -> None:
    ada = CustomerFactory()
    browser = VisitorFactory(customer=ada)
    TouchpointFactory(visitor=browser, occurred_at=NOW - 9 * DAY, channel=Channel.PAID_SOCIAL)
    TouchpointFactory(visitor=browser, occurred_at=NOW - 2 * DAY, channel=Channel.EMAIL)
    sell(amount="100.00", customer=ada)
    count()
    first, last = reports.panels(scope=scope())
    assert first.amounts == {Channel.EMAIL: 0, Channel.PAID_SOCIAL: Decimal("100.00")}
    assert last.amounts == {Channel.EMAIL: Decimal("100.00"), Channel.PAID_SOCIAL: 0}
    assert first.total == last.total


def test_weeks_are_counted_back_from_the_last_day_and_hold_all_sales() -> None:
    sell(amount="100.00", days_ago=0)
    sell(amount="40.00", days_ago=6)
    sell(amount="7.00", days_ago=7)
    sell_online(amount="5.00")
    count()
    weeks = reports.weeks(scope=scope(start_date=TODAY - 9 * DAY))
    assert [(week.web, week.together) for week in weeks] == [(0, 7), (5, 145)]
    assert [(week.end_date - week.start_date).days for week in weeks] == [2, 6]


def test_the_median_is_from_the_first_touch_to_the_sale() -> None:
    for days in (3, 10, 40):
        sell(amount="10.00", customer=clicked(days_ago=days))
    count()
    lags = reports.lags(scope=scope())
    assert lags.median_days == 10
    assert (lags.counts[0], lags.counts[1], lags.counts[5]) == (1, 1, 1)


def test_sales_without_a_thread_say_what_is_missing() -> None:
    sell(amount="1.00")
    sell(amount="2.00", customer=CustomerFactory())
    sell(amount="4.00", customer=clicked(days_ago=200))
    count()
    missing = {row.why: (row.sales, row.amount) for row in reports.missing_threads(scope=scope())}
    assert missing == {"nobody": (1, 1), "unseen": (1, 2), "late": (1, 4)}


def test_each_person_counts_once_at_her_furthest_step() -> None:
    looked = clicked()
    buyer = clicked()
    TouchpointFactory(visitor=buyer.visitors.get())
    second_phone = VisitorFactory(customer=CustomerFactory(merged_into=buyer))
    TouchpointFactory(visitor=second_phone)
    DesignFactory(visitor=looked.visitors.get(), created_at=NOW)
    DesignFactory(visitor=buyer.visitors.get(), created_at=NOW, completed_at=NOW)
    sell(amount="10.00", customer=buyer)
    count()
    stages = reports.stages(start_date=TODAY - 90 * DAY, end_date=TODAY)
    assert [stage.reached for stage in stages] == [2, 2, 1, 1, 1, 1]
    assert [stage.stopped_here for stage in stages] == [0, 1, 0, 0, 0, 1]


def test_no_one_and_nothing_is_no_error() -> None:
    empty = scope(start_date=date(2020, 1, 1), end_date=date(2020, 1, 2))
    assert reports.balance(scope=empty).difference == 0
    assert reports.returns(scope=empty).channels == []
    assert reports.lags(scope=empty).median_days is None
    assert reports.stages(start_date=empty.start_date, end_date=empty.end_date)[0].reached == 0


def test_a_slice_holds_the_shares_of_its_row() -> None:
    sell(amount="100.00", customer=clicked(term="oval ring"))
    sell(amount="50.00", customer=clicked(term=""))
    sell_online(amount="20.00", customer=clicked(campaign="", source="bing"))
    count()

    def total(**part: str) -> Decimal:
        return reports.total_of(scope=scope(), part=Slice(**part))

    assert total(channel="paid_search") == Decimal("170.00")
    assert total(channel="paid_search", where="web") == Decimal("20.00")
    assert total(channel="paid_search", campaign="bing") == Decimal("20.00")
    assert total(channel="paid_search", campaign="Engagement rings, new york", term="") == 50
    assert total(thread="none") == 0


def test_a_thousand_sales_are_counted_in_a_few_seconds() -> None:
    store = StoreFactory()
    people = [CustomerFactory.build() for _ in range(1000)]
    Customer.objects.bulk_create(people)
    browsers = [VisitorFactory.build(customer=person) for person in people]
    type(browsers[0]).objects.bulk_create(browsers)
    touches = [TouchpointFactory.build(visitor=browser) for browser in browsers for _ in range(5)]
    type(touches[0]).objects.bulk_create(touches)
    sales = [SaleFactory.build(store=store, customer=person) for person in people]
    Sale.objects.bulk_create(sales)
    lines = [SaleLineFactory.build(sale=sale) for sale in sales]
    type(lines[0]).objects.bulk_create(lines)
    conversions.rebuild(sale_ids=[sale.pk for sale in sales], now=NOW)
    assert Conversion.objects.count() == 1000
    assert Credit.objects.count() == 2000
