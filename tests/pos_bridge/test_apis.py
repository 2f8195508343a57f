"""What each vendor's file asks and reads: pure, by the shapes in the vendors' documents."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pos_bridge.providers import (
    bigcommerce,
    bigcommerce_api,
    lightspeed_api,
    shopify_api,
    square,
    square_api,
)
from pos_bridge.providers.asking import Access, Api, Ask, NotAsExpected, Told
from pos_bridge.providers.contract import Delivery
from pos_bridge.records import ItemCard

SINCE = datetime(2026, 11, 20, 12, tzinfo=UTC)
UNTIL = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOOK = "https://house.example/hooks/v1/abc/"
ACCESS = Access(token="tok", places=("L1", "L2"), cursors={"sales": "41"}, hook=HOOK)
APIS: list[Api] = [shopify_api, square_api, lightspeed_api, bigcommerce_api]


def told(body: Any, **headers: str) -> Told:
    return Told(headers=headers, body=body)


def read(api: Api, ask: Ask | None, body: Any, **headers: str) -> Any:
    assert ask is not None
    return api.read(access=ACCESS, ask=ask, told=told(body, **headers))


def queried(ask: Ask) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(ask.path).query).items()}


def changes(api: Api) -> tuple[Ask, ...]:
    return api.changes(access=ACCESS, since=SINCE, until=UNTIL)


def named(asks: tuple[Ask, ...], about: str) -> Ask:
    return next(each for each in asks if each.about.partition(" ")[0] == about)


@pytest.mark.parametrize("api", APIS)
def test_every_request_carries_the_token_and_stays_on_the_vendors_own_host(api: Api) -> None:
    asks = [
        *changes(api),
        *api.closures(access=ACCESS, since=SINCE, until=UNTIL),
        api.subscriptions(access=ACCESS),
        api.fetch(access=ACCESS, kind="order", external_id="17"),
    ]
    for ask in asks:
        assert ask is not None
        assert any("tok" in value for value in ask.headers.values())
        assert ask.path.startswith("/")
        assert "tok" not in ask.path


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("evil", ["../shop", "1/../../x", "1?a=b", "", "17#", "17\n"])
def test_an_id_that_would_lead_elsewhere_is_asked_of_nobody(api: Api, evil: str) -> None:
    assert api.fetch(access=ACCESS, kind="order", external_id=evil) is None
    assert api.fetch(access=ACCESS, kind="moon", external_id="17") is None


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("body", [None, [], {}, "text", {"orders": 3, "data": 3}, {"data": [{}]}])
def test_an_answer_that_makes_no_sense_is_said_to_make_none(api: Api, body: Any) -> None:
    """Nothing but NotAsExpected; and a list that is simply empty is one, in the vendors that leave it out."""
    for ask in (*changes(api), *api.closures(access=ACCESS, since=SINCE, until=UNTIL)):
        try:
            page = read(api, ask, body)
        except NotAsExpected:
            continue
        assert (page.found, page.closures) == ((), ())


def test_shopify_turns_pages_by_the_link_but_never_leaves_the_shop() -> None:
    ask = named(changes(shopify_api), "orders")
    assert queried(ask)["updated_at_min"] == "2026-11-20T12:00:00Z"
    assert queried(ask)["status"] == "any"
    link = '<https://evil.example/admin/api/2025-10/orders.json?page_info=x&limit=2>; rel="next"'
    refund = {"id": 5, "created_at": "2026-11-21T09:00:00Z"}
    order = {"id": 1, "updated_at": "2026-11-21T10:00:00Z", "refunds": [refund]}
    page = read(shopify_api, ask, {"orders": [order]}, link=link)

    assert [each.message.type for each in page.found] == ["orders/updated", "refunds/create"]
    assert {each.message.about for each in page.found} == {"1"}
    assert [(each.kind, each.external_id) for each in page.found[0].wants] == [
        ("transactions", "1")
    ]
    assert page.then[0].path == "/admin/api/2025-10/orders.json?page_info=x&limit=2"


def test_shopify_tells_what_a_drawer_took_in_cash() -> None:
    [ask] = shopify_api.closures(access=ACCESS, since=SINCE, until=UNTIL)
    node = {
        "id": "gid://shopify/CashTrackingSession/12",
        "registerName": "Till 1",
        "openingTime": "2026-11-20T14:00:00Z",
        "closingTime": "2026-11-20T23:00:00Z",
        "location": {"id": "gid://shopify/Location/7"},
        "netCashSales": {"amount": "310.25", "currencyCode": "USD"},
    }
    sessions = {"pageInfo": {"hasNextPage": True, "endCursor": "c1"}, "nodes": [node]}
    page = read(shopify_api, ask, {"data": {"cashTrackingSessions": sessions}})

    [closure] = page.closures
    assert (closure.closure_id, closure.place) == ("12", "7")
    assert closure.tenders == (("cash", Decimal("310.25")),)
    assert not closure.is_counted_whole
    assert page.then[0].body["variables"]["after"] == "c1"
    denied = {"errors": [{"extensions": {"code": "ACCESS_DENIED"}}]}
    assert read(shopify_api, ask, denied).closures == ()


def test_square_reads_events_under_the_keys_of_their_webhooks_and_orders_whole() -> None:
    asks = changes(square_api)
    event = {
        "event_id": "e-1",
        "type": "payment.updated",
        "data": {"object": {"payment": {"id": "P1", "order_id": "O1"}}},
    }
    page = read(square_api, named(asks, "events"), {"events": [event], "cursor": "c"})
    [found] = page.found
    assert (found.message.key, found.message.type, found.message.about) == (
        "e-1", "payment.updated", "O1",
    )  # fmt: skip
    assert page.then[0].body["cursor"] == "c"

    search = named(asks, "orders")
    assert search.body["location_ids"] == ["L1", "L2"]
    order = {"id": "O1", "updated_at": "2026-11-21T10:00:00.1Z"}
    [whole] = read(square_api, search, {"orders": [order]}).found
    assert (whole.message.type, whole.message.about) == ("order", "O1")
    assert whole.message.key == "recon:order:O1:2026-11-21T10:00:00.1Z"
    assert read(square_api, search, {}).found == ()  # Square leaves out what is empty


def test_square_counts_a_shifts_cash() -> None:
    first, _ = square_api.closures(access=ACCESS, since=SINCE, until=UNTIL)
    shifts = [{"id": "S1", "closed_at": "2026-11-20T23:00:00Z"}, {"id": "S2"}]
    [ask] = read(square_api, first, {"cash_drawer_shifts": shifts}).then
    assert ask.path == "/v2/cash-drawers/shifts/S1?location_id=L1"
    shift = {
        "id": "S1",
        "opened_at": "2026-11-20T14:00:00Z",
        "closed_at": "2026-11-20T23:00:00Z",
        "opened_cash_money": {"amount": 10000, "currency": "USD"},
        "cash_payment_money": {"amount": 31025, "currency": "USD"},
        "cash_refunds_money": {"amount": 1000, "currency": "USD"},
    }
    [closure] = read(square_api, ask, {"cash_drawer_shift": shift}).closures
    assert (closure.place, closure.tenders) == ("L1", (("cash", Decimal("300.25")),))


def test_square_makes_its_subscription_again_or_wakes_it() -> None:
    [made] = square_api.renewals(access=ACCESS, told=told({}))
    assert made.method == "POST"
    assert made.body["subscription"]["notification_url"] == HOOK
    assert square_api.secret_in(told({"subscription": {"signature_key": "k"}})) == "k"
    asleep = {"id": "w1", "notification_url": HOOK, "enabled": False, "event_types": []}
    [woken] = square_api.renewals(access=ACCESS, told=told({"subscriptions": [asleep]}))
    assert (woken.method, woken.path) == ("PUT", "/v2/webhooks/subscriptions/w1")
    awake = {**asleep, "enabled": True, "event_types": list(square_api.EVENTS)}
    assert not square_api.renewals(access=ACCESS, told=told({"subscriptions": [awake]}))


def test_lightspeed_goes_on_from_the_version_it_was_told_last() -> None:
    ask = named(changes(lightspeed_api), "sales")
    assert queried(ask)["after"] == "41"
    answer = {"data": [{"id": "s-1", "version": 50}], "version": {"min": 42, "max": 50}}
    page = read(lightspeed_api, ask, answer)
    assert page.cursors == {"sales": "50"}
    assert queried(page.then[0])["after"] == "50"
    assert page.found[0].message.key == "recon:sale.update:s-1:50"
    with pytest.raises(NotAsExpected, match="same page"):
        read(lightspeed_api, page.then[0], answer)


def test_lightspeed_sums_a_closed_registers_session_by_tender() -> None:
    [ask] = lightspeed_api.closures(access=ACCESS, since=SINCE, until=UNTIL)
    registers = [
        {"id": "r1", "outlet_id": "o1", "name": "Front desk", "is_open": False,
         "register_close_time": "2026-11-20T23:00:00+00:00"},
        {"id": "r2", "outlet_id": "o1", "name": "Back", "is_open": True},
    ]  # fmt: skip
    [summary] = read(lightspeed_api, ask, {"data": registers}).then
    payments = [
        {"payment_type_name": "Cash", "total": "25.30"},
        {"payment_type_name": "Credit Card", "total": "900.00"},
    ]
    data = {
        "register_open_time": "2026-11-20T14:00:00+00:00",
        "register_closure_sequence_number": 25,
        "payments": payments,
    }
    [closure] = read(lightspeed_api, summary, {"data": data}).closures
    assert (closure.closure_id, closure.place, closure.register) == ("r1-25", "o1", "Front desk")
    assert closure.tenders == (("Cash", Decimal("25.30")), ("Credit Card", Decimal("900.00")))


def test_bigcommerce_hints_each_changed_order_and_asks_for_the_whole_of_it() -> None:
    [ask] = changes(bigcommerce_api)
    assert read(bigcommerce_api, ask, None).found == ()  # 204: no orders
    row = {"id": 100, "date_modified": "Fri, 20 Nov 2026 13:00:00 +0000"}
    page = read(bigcommerce_api, ask, [row] * bigcommerce_api.MOST)
    assert page.found[0].message.body["data"] == {"type": "order", "id": 100}
    assert queried(page.then[0])["page"] == "2"

    order = bigcommerce_api.fetch(access=ACCESS, kind="order", external_id="100")
    [found] = read(bigcommerce_api, order, row).found
    assert (found.message.type, found.message.about) == ("order", "100")
    assert {each.kind for each in found.wants} == {"transactions", "refunds"}


def test_bigcommerce_hooks_bring_the_password_that_its_deliveries_are_known_by() -> None:
    access = replace(ACCESS, secret="word-of-a-test")
    rows = [
        {"id": 1, "scope": scope, "destination": HOOK, "headers": {"X-Hook-Secret": word}}
        for scope, word in zip(
            bigcommerce_api.SCOPES, ("word-of-a-test", "an old one"), strict=False
        )
    ]
    mended, made = bigcommerce_api.renewals(access=access, told=told({"data": rows}))

    assert (mended.method, mended.path) == ("PUT", "/v3/hooks/1")
    assert (made.method, made.body["scope"]) == ("POST", bigcommerce_api.SCOPES[2])
    for ask in (mended, made):
        delivery = Delivery(headers=ask.body["headers"], body=b"{}", address=HOOK)
        assert bigcommerce.is_signed(delivery, secrets=["word-of-a-test"], now=UNTIL)


def test_square_is_asked_which_piece_a_counted_variation_is() -> None:
    ask = square_api.fetch(access=ACCESS, kind="item", external_id="FD2CJ3SQ5CWRYO6MNTXBHQ3Y")
    assert ask is not None
    assert ask.path == "/v2/catalog/object/FD2CJ3SQ5CWRYO6MNTXBHQ3Y"
    variation = {
        "id": "FD2C",
        "type": "ITEM_VARIATION",
        "item_variation_data": {"sku": "2141438171"},
    }
    [found] = read(square_api, ask, {"object": variation}).found
    assert square.parse(name=found.message.type, body=found.message.body) == (
        ItemCard(item_id="FD2C", sku="2141438171"),
    )
