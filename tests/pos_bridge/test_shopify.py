"""What Shopify's objects say, to the cent."""

from decimal import Decimal
from typing import Any

import pytest

from pos_bridge.providers import shopify
from pos_bridge.providers.contract import Delivery
from pos_bridge.providers.fields import Malformed
from pos_bridge.records import (
    Cancellation,
    CustomersJoined,
    HandOver,
    PaymentReport,
    RefundReport,
    Ticket,
)
from tests.factories import vendors
from tests.factories.vendors import AT, line, order, refund, transaction


def ticket(**more: Any) -> Ticket:
    found = shopify.parse(name="orders/updated", body=order(**more))[0]
    assert isinstance(found, Ticket)
    assert sum(each.net for each in found.lines) + found.tax == found.total
    return found


def test_a_delivery_is_known_by_its_webhooks_id_and_not_by_its_events() -> None:
    headers = {
        "x-shopify-webhook-id": "w1",
        "x-shopify-event-id": "e1",
        "x-shopify-topic": "orders/paid",
        "x-shopify-shop-domain": "osmere.example",
    }
    sent = Delivery(headers=headers, body=b'{"id": 5}', address="")

    assert shopify.key_of(sent) == "osmere.example orders/paid w1"
    assert shopify.read(sent).about == "5"
    endless = Delivery(
        headers={**headers, "x-shopify-webhook-id": "w" * 999}, body=b"{}", address=""
    )
    assert len(shopify.key_of(endless)) < 200


@pytest.mark.parametrize("signature", ["", "=", "é", "not base64!", "AAAA", "QUJD" * 99])
def test_a_malformed_signature_is_a_clear_no(signature: str) -> None:
    sent = Delivery(headers={"x-shopify-hmac-sha256": signature}, body=b"{}", address="")

    assert not shopify.is_signed(sent, secrets=[vendors.SECRET, ""], now=vendors.NOW)


def test_a_signature_without_the_x_is_as_good_and_one_without_a_secret_is_none() -> None:
    signed = shopify.sign(b"{}", secret=vendors.SECRET, topic="t", webhook_id="w", shop="s")
    newer = {name.removeprefix("x-"): value for name, value in signed.items()}
    sent = Delivery(headers=newer, body=b"{}", address="")

    assert shopify.is_signed(sent, secrets=["other", vendors.SECRET], now=vendors.NOW)
    assert not shopify.is_signed(sent, secrets=[], now=vendors.NOW)


def test_a_tax_that_the_price_holds_is_taken_out_of_it() -> None:
    row = line(
        price="1190.00", tax_lines=[{"price": "182.00"}], discount_allocations=[{"amount": "50.10"}]
    )
    found = ticket(line_items=[row], taxes_included=True, total_price="1139.90", total_tax="182.00")

    assert found.lines[0].net == Decimal("957.90")
    assert found.lines[0].price == Decimal("1000.00")


def test_tips_gift_cards_services_shipping_and_the_rounding_of_cash_are_lines_of_their_kinds() -> (
    None
):
    plain: dict[str, Any] = {"discount_allocations": [], "tax_lines": []}
    rows = [
        line(price="100.00", **plain),
        line(price="50.00", gift_card=True, **plain),
        line(price="10.00", tip_payment_gateway="shopify_payments", **plain),
        line(price="20.00", requires_shipping=False, **plain),
    ]
    rounding = {"shop_money": {"amount": "-0.02", "currency_code": "USD"}}
    found = ticket(
        line_items=rows,
        shipping_lines=[{"title": "Courier", "price": "5.02"}],
        total_cash_rounding_payment_adjustment_set=rounding,
        total_price="185.02",
        total_tax="0.00",
    )

    kinds = [(each.kind, each.net) for each in found.lines]
    assert kinds == [
        ("merchandise", Decimal(100)),
        ("gift_card", Decimal(50)),
        ("service", Decimal(10)),
        ("service", Decimal(20)),
        ("shipping", Decimal("5.02")),
        ("service", Decimal("-0.02")),
    ]
    assert found.total == Decimal(185)


def test_an_exchange_is_worth_what_was_kept() -> None:
    """A ring of 5,088.00 goes back for one of 6,000.00: 912.00 more are paid, and nothing is given back."""
    new = line(id=2, name="Other ring", price="6000.00", discount_allocations=[], tax_lines=[])
    back = {"refund_line_items": [{"subtotal": "4800.00", "total_tax": "288.00"}]}
    found = ticket(
        line_items=[line(current_quantity=0), new],
        refunds=[refund(5, "0.00", transactions=[], **back)],
        total_price="11088.00",
        total_tax="288.00",
        current_total_tax="0.00",
    )

    assert (found.total, [each.description for each in found.lines]) == (
        Decimal(6000),
        ["Other ring"],
    )


def test_a_return_whose_money_went_back_leaves_the_worth_as_it_was() -> None:
    back = {"refund_line_items": [{"subtotal": "4800.00", "total_tax": "288.00"}]}
    found = ticket(line_items=[line(current_quantity=0)], refunds=[refund(5, "5088.00", **back)])

    assert (found.total, len(found.lines)) == (Decimal(5088), 1)


def test_money_given_back_without_goods_leaves_the_worth_as_it_was() -> None:
    adjusted = {"order_adjustments": [{"amount": "-100.00", "tax_amount": "0.00"}]}

    assert ticket(refunds=[refund(5, "100.00", **adjusted)]).total == Decimal(5088)


def test_goods_that_came_back_without_money_are_no_refund() -> None:
    assert shopify.parse(name="refunds/create", body=refund(5, "1.00", transactions=[])) == ()


def test_a_refund_in_parts_is_one_with_their_sum() -> None:
    parts = [
        transaction(6, "refund", "100.00"),
        transaction(7, "refund", "50.50", gateway="gift_card"),
        transaction(8, "refund", "9.00", status="failure"),
    ]
    (found,) = shopify.parse(name="refunds/create", body=refund(5, "", transactions=parts))

    assert isinstance(found, RefundReport)
    assert (found.refund_id, found.amount, found.tax) == ("5", Decimal("150.50"), None)


def test_a_capture_stands_beside_its_authorization_and_a_void_undoes_it() -> None:
    said = [
        transaction(1, "authorization", "10.00"),
        transaction(2, "capture", "6.00", parent_id=1),
    ]
    said.append(transaction(3, "void", "10.00", parent_id=1))

    found = [shopify.parse(name="order_transactions/create", body=body)[0] for body in said]

    payments = [each for each in found if isinstance(each, PaymentReport)]
    told = [(each.payment_id, each.status) for each in payments]
    assert told == [("1", "authorized"), ("2", "captured"), ("1", "voided")]


@pytest.mark.parametrize(
    "more", [{"status": "failure"}, {"status": "pending"}, {"test": True}, {"kind": "change"}]
)
def test_money_that_did_not_move_is_none(more: dict[str, Any]) -> None:
    body = {**transaction(1, "sale", "10.00"), **more}

    assert shopify.parse(name="order_transactions/create", body=body) == ()


def test_test_orders_are_left_out() -> None:
    assert shopify.parse(name="orders/paid", body=order(test=True)) == ()


def test_an_order_from_the_web_has_no_store_and_is_hers_when_it_is_delivered() -> None:
    sent = {"status": "success", "tracking_number": "1Z", "created_at": AT, "updated_at": AT}
    web = {"source_name": "web", "location_id": None}
    found = shopify.parse(name="orders/updated", body=order(fulfillments=[sent], **web))
    assert len(found) == 1
    assert isinstance(found[0], Ticket)
    assert (found[0].is_online, found[0].store) == (True, "")

    arrived = {**sent, "shipment_status": "delivered"}
    found = shopify.parse(name="orders/updated", body=order(fulfillments=[arrived], **web))
    assert isinstance(found[1], HandOver)


def test_a_cancelled_order_is_voided_when_it_was_cancelled() -> None:
    body = order(cancelled_at=AT, fulfillment_status=None)
    found = shopify.parse(name="orders/cancelled", body=body)

    assert [type(each) for each in found] == [Ticket, Cancellation]


def test_within_one_second_the_order_that_has_more_to_tell_is_the_newer() -> None:
    assert ticket(refunds=[refund(5, "1.00")]).version > ticket().version
    assert (
        ticket(updated_at="2026-10-01T11:04:06-04:00").version
        > ticket(refunds=[refund(5, "1.00")]).version
    )


def test_customers_that_were_merged_are_named_by_their_numbers() -> None:
    said = {
        "admin_graphql_api_customer_kept_id": "gid://shopify/Customer/1",
        "admin_graphql_api_customer_deleted_id": "gid://shopify/Customer/2",
        "status": "success",
    }

    assert shopify.parse(name="customers/merge", body=said) == (
        CustomersJoined(from_ids=("2",), to_id="1"),
    )


@pytest.mark.parametrize(
    "more",
    [{"total_price": "50.881"}, {"currency": "XXX1"}, {"updated_at": "soon"}, {"line_items": {}}],
)
def test_an_order_that_cannot_be_understood_is_malformed(more: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        shopify.parse(name="orders/paid", body=order(**more))


def test_a_topic_that_nobody_reads_says_nothing() -> None:
    assert shopify.parse(name="products/update", body={"id": 1}) == ()
