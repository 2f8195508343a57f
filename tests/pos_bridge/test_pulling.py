"""What did not come by webhook comes by asking: whole, once, and without harm when a vendor fails in the middle."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jeweler.models import Store
from pos_bridge import connections, fetching, pulling, subscribing
from pos_bridge.models import Alarm, Connection, Fetch, InboxEvent, Slot
from tests.fakes import vendor as vendors
from tests.fakes.vendor import REACH, Shop, Vendor

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
BEGAN = NOW - timedelta(hours=6)


def order(number: int, *, minute: int) -> dict[str, Any]:
    at = f"2026-11-21T14:{minute:02}:00Z"
    return {
        "id": number,
        "name": f"#{number}",
        "currency": "USD",
        "total_price": "108.88",
        "total_tax": "8.88",
        "created_at": at,
        "processed_at": at,
        "updated_at": at,
        "source_name": "pos",
        "location_id": 7,
        "financial_status": "paid",
        "line_items": [
            {"id": number * 10, "title": "Ring", "quantity": 1, "price": "100.00", "sku": "R"}
        ],
    }


@pytest.fixture
def shop() -> Shop:
    return Shop(orders=[order(number, minute=number) for number in range(1, 6)])


@pytest.fixture
def vendor(shop: Shop) -> Iterator[Vendor]:
    with vendors.serving(Vendor(answers=shop)) as found:
        yield found


@pytest.fixture
def connection(vendor: Vendor, store: Store) -> Connection:
    opened = connections.open_connection(
        code="shop",
        currency="USD",
        provider=Connection.Provider.SHOPIFY,
        store=store,
        secret="its secret",
        api_url=vendor.url,
        api_token="its token",
        now=BEGAN,
    )
    return opened.connection


@pytest.fixture
def store() -> Store:
    return Store.objects.create(
        code="nyc", name="New York", street="", city="", region="US", time_zone="America/New_York"
    )


class Pauses(list[float]):
    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def pull(connection: Connection, *, at: datetime = NOW, pause: Any = None) -> bool:
    connection.refresh_from_db()
    return pulling.pull(
        connection=connection, now=at, reach=REACH, pause=Pauses() if pause is None else pause
    )


def kept() -> list[str]:
    orders = InboxEvent.objects.filter(type="orders/updated").order_by("id")
    return list(orders.values_list("sale_external_id", flat=True))


def test_all_that_changed_is_kept_page_by_page_and_what_it_does_not_say_is_asked_for(
    connection: Connection, vendor: Vendor
) -> None:
    assert pull(connection)

    assert kept() == ["1", "2", "3", "4", "5"]
    assert {each.headers["x-shopify-access-token"] for each in vendor.asked} == {"its token"}
    wanted = Fetch.objects.filter(kind="transactions").order_by("id")
    assert [each.external_id for each in wanted] == ["1", "2", "3", "4", "5"]
    connection.refresh_from_db()
    assert connection.pulled_until == NOW


def test_the_hour_before_is_asked_for_again_and_changes_nothing(
    connection: Connection, vendor: Vendor
) -> None:
    pull(connection)
    Fetch.objects.update(fetched_at=NOW)
    vendor.asked.clear()

    assert pull(connection, at=NOW + timedelta(minutes=10))

    assert vendor.asked[0].query["updated_at_min"] == "2026-11-21T14:00:00Z"
    assert kept() == ["1", "2", "3", "4", "5"]
    assert not Fetch.objects.filter(fetched_at=None).exists()


def test_an_order_that_changes_while_pages_are_turned_is_kept_as_it_became(
    connection: Connection, shop: Shop
) -> None:
    def change_the_first() -> None:
        shop.orders[0] = order(1, minute=30)

    shop.meanwhile = change_the_first
    pull(connection)

    said = InboxEvent.objects.filter(sale_external_id="1").values_list("delivery_key", flat=True)
    assert set(said) == {
        "recon:orders/updated:1:2026-11-21T14:01:00Z",
        "recon:orders/updated:1:2026-11-21T14:30:00Z",
    }
    assert set(kept()) == {"1", "2", "3", "4", "5"}


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ((500, {}, b"oops"), "500"),
        ((200, {}, b"<html>"), "no JSON"),
        ((200, {}, {"errors": "no orders today"}), "no 'orders'"),
        ((200, {}, {"orders": ["what?"]}), "no list of objects"),
    ],
)
def test_a_failure_in_the_middle_keeps_what_came_and_the_next_pull_begins_again(
    connection: Connection, vendor: Vendor, fault: vendors.Said, says: str
) -> None:
    vendor.faults = [None, fault]

    assert not pull(connection)

    connection.refresh_from_db()
    assert connection.pulled_until is None
    assert kept() == ["1", "2"]
    alarm = Alarm.objects.get(kind=Alarm.Kind.CANNOT_PULL)
    assert says in alarm.detail
    assert pull(connection, at=NOW + timedelta(minutes=10))
    assert kept() == ["1", "2", "3", "4", "5"]
    alarm.refresh_from_db()
    assert alarm.cleared_at == NOW + timedelta(minutes=10)


def test_a_vendor_that_wants_a_pause_is_given_it_and_one_that_wants_an_hour_is_left_alone(
    connection: Connection, vendor: Vendor
) -> None:
    pauses = Pauses()
    vendor.faults = [None, (429, {"Retry-After": "2.0"}, b"")]
    assert pull(connection, pause=pauses)
    assert (pauses, kept()) == ([2.0], ["1", "2", "3", "4", "5"])

    vendor.faults = [(429, {"Retry-After": "3600"}, b"")]
    assert not pull(connection, at=NOW + timedelta(minutes=10), pause=pauses)
    assert pauses == [2.0]
    connection.refresh_from_db()
    assert connection.pulled_until == NOW


def test_a_token_that_opens_nothing_is_said_to_the_owner(
    connection: Connection, vendor: Vendor
) -> None:
    vendor.faults = [(401, {}, b"")]
    assert not pull(connection)
    assert "API token" in Alarm.objects.get().detail


def test_whoever_was_away_for_long_asks_day_by_day(connection: Connection, vendor: Vendor) -> None:
    Connection.objects.update(pulled_until=NOW - timedelta(days=3))
    assert pull(connection)
    begins = [
        each.query["updated_at_min"]
        for each in vendor.asked
        if each.path.endswith("/orders.json") and "updated_at_min" in each.query
    ]
    assert begins == ["2026-11-18T14:00:00Z", "2026-11-19T14:00:00Z", "2026-11-20T14:00:00Z"]
    assert kept() == ["1", "2", "3", "4", "5"]


def test_one_turn_of_ten_minutes_is_one_pull_however_often_it_is_rung(
    connection: Connection, vendor: Vendor
) -> None:
    for seconds in (0, 1, 599):
        pulling.pull_due(now=NOW + timedelta(seconds=seconds), reach=REACH)
    lists = [each for each in vendor.asked if each.path.endswith("/orders.json")]
    assert len(lists) == 3  # the pages of one pull
    assert Slot.objects.count() == 1


def test_an_owed_thing_is_fetched_once_and_comes_through_the_inbox(
    connection: Connection, shop: Shop
) -> None:
    shop.transactions["1"] = [
        {
            "id": 91, "order_id": 1, "kind": "sale", "status": "success", "amount": "108.88",
            "currency": "USD", "gateway": "cash", "processed_at": "2026-11-21T14:01:00Z",
            "created_at": "2026-11-21T14:01:00Z",
        }
    ]  # fmt: skip
    for _ in range(2):
        fetching.want(connection=connection, kind="transactions", external_id="1", now=NOW)

    assert pulling.fetch_due(now=NOW, reach=REACH) == 1
    assert pulling.fetch_due(now=NOW + timedelta(hours=1), reach=REACH) == 0

    event = InboxEvent.objects.get()
    assert (event.type, event.sale_external_id) == ("order_transactions/create", "1")
    assert event.delivery_key == "recon:order_transactions/create:91:sale:success"


def test_what_the_vendor_does_not_know_is_given_up_and_what_fails_is_tried_again(
    connection: Connection, vendor: Vendor
) -> None:
    fetching.want(connection=connection, kind="order", external_id="404", now=NOW)
    pulling.fetch_due(now=NOW, reach=REACH)
    unknown = Fetch.objects.get()
    assert (unknown.dead_at, unknown.attempts) == (NOW, 1)

    fetching.want(connection=connection, kind="order", external_id="1", now=NOW)
    vendor.faults = [(503, {}, b"")]
    assert pulling.fetch_due(now=NOW, reach=REACH) == 0
    later = NOW + timedelta(minutes=1)
    assert pulling.fetch_due(now=later, reach=REACH) == 2  # the order, and then its transactions


def test_a_subscription_that_is_gone_is_noticed_and_made_again(
    connection: Connection, shop: Shop, vendor: Vendor
) -> None:
    assert subscribing.look(connection=connection, now=NOW, reach=REACH)
    hook = connections.hook_of(connection)
    assert {each["address"] for each in shop.webhooks} == {hook}
    assert "orders/updated" in {each["topic"] for each in shop.webhooks}
    alarm = Alarm.objects.get(kind=Alarm.Kind.NOT_SUBSCRIBED)
    assert alarm.cleared_at == NOW
    assert "made again" in alarm.detail

    made = len(shop.webhooks)
    assert subscribing.look(connection=connection, now=NOW, reach=REACH)
    assert len(shop.webhooks) == made
