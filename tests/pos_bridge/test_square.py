"""What Square's objects say, in whole minor units."""

from decimal import Decimal
from typing import Any

import pytest

from pos_bridge.providers import square
from pos_bridge.providers.contract import Delivery
from pos_bridge.providers.fields import Malformed
from pos_bridge.records import Cancellation, HandOver, PaymentReport, RefundReport, Ticket, Wanted
from tests.factories import vendors
from tests.factories.vendors import (
    square_event,
    square_order,
    square_payment,
    square_refund,
    square_tender,
)

ADDRESS = "https://shop.example/hooks/v1/token/"


def read(**more: Any) -> tuple[object, ...]:
    found = square.parse(name="order", body=square_order(**more))
    for each in found:
        if isinstance(each, Ticket):
            assert sum(line.net for line in each.lines) + each.tax == each.total
    return found


def test_the_address_is_signed_with_the_body() -> None:
    headers = square.sign(b"{}", secret=vendors.SECRET, address=ADDRESS)
    secrets = [vendors.SECRET]

    for body, address, answer in (
        (b"{}", ADDRESS, True),
        (b"{}", ADDRESS[:-1], False),
        (b"{ }", ADDRESS, False),
    ):
        sent = Delivery(headers=headers, body=body, address=address)
        assert square.is_signed(sent, secrets=secrets, now=vendors.NOW) is answer
        assert not square.is_signed(sent, secrets=[""], now=vendors.NOW)


def test_an_event_is_known_by_its_id_and_is_about_its_order() -> None:
    body = b'{"event_id": "e1", "type": "payment.created", "data": {"object": {"payment": {"order_id": "o"}}}}'
    found = square.read(Delivery(headers={}, body=body, address=""))

    assert (found.key, found.type, found.about) == ("e1", "payment.created", "o")


def test_an_event_without_an_id_is_known_by_its_bytes() -> None:
    assert square.read(Delivery(headers={}, body=b"[]", address="")).key.startswith("sha256:")


def test_a_thin_event_wants_its_order() -> None:
    said = square_event("order.updated", {"order_updated": {"order_id": "o", "version": 2}})

    assert square.parse(name="order.updated", body=said) == (Wanted(kind="order", external_id="o"),)


def test_the_tenders_of_an_order_have_the_keys_of_their_payments() -> None:
    card = {"card_details": {"status": "AUTHORIZED"}, "type": "CARD"}
    found = read(tenders=[square_tender("p1", 100000), square_tender("p2", 408800, **card)])

    told = [
        (each.payment_id, each.status, each.tender)
        for each in found
        if isinstance(each, PaymentReport)
    ]
    assert told == [("p1", "captured", "cash"), ("p2", "authorized", "card")]
    (event,) = square.parse(
        name="payment.updated", body=square_payment("APPROVED", id_="p2", cents=408800)
    )
    assert isinstance(event, PaymentReport)
    assert (event.payment_id, event.amount, event.status) == ("p2", Decimal(4088), "authorized")


def test_tips_and_charges_are_lines_of_their_own() -> None:
    charge = {"name": "Sizing", "total_money": {"amount": 2500, "currency": "USD"}}
    found = read(
        total_money={"amount": 512300, "currency": "USD"},
        total_tip_money={"amount": 1000, "currency": "USD"},
        service_charges=[charge],
    )

    assert isinstance(found[0], Ticket)
    told = [(line.kind, line.net) for line in found[0].lines]
    assert told == [
        ("merchandise", Decimal(4800)),
        ("service", Decimal(25)),
        ("service", Decimal(10)),
    ]


def test_an_order_that_takes_something_back_is_worth_the_difference() -> None:
    net = {
        "total_money": {"amount": 91200, "currency": "USD"},
        "tax_money": {"amount": 0, "currency": "USD"},
    }
    found = read(returns=[{"uid": "r"}], net_amounts=net)

    assert isinstance(found[0], Ticket)
    assert found[0].total == Decimal(912)


def test_an_order_that_only_takes_back_is_no_sale() -> None:
    assert read(line_items=[], returns=[{"uid": "r"}]) == ()


@pytest.mark.parametrize(
    ("state", "kinds"),
    [
        ("DRAFT", []),
        ("OPEN", [Ticket]),
        ("COMPLETED", [Ticket, HandOver]),
        ("CANCELED", [Ticket, Cancellation]),
    ],
)
def test_an_orders_state_says_what_became_of_it(state: str, kinds: list[type]) -> None:
    assert [type(each) for each in read(state=state)] == kinds


def test_a_refund_names_its_payment_and_counts_when_it_is_completed() -> None:
    body = square_refund("r", 1000)
    (found,) = square.parse(name="refund.updated", body=body)
    assert isinstance(found, RefundReport)
    assert (found.payment_id, found.amount, found.tax) == (
        vendors.SQUARE_PAYMENT,
        Decimal(10),
        None,
    )

    body["data"]["object"]["refund"]["status"] = "PENDING"
    assert square.parse(name="refund.updated", body=body) == ()


def test_amounts_of_yen_and_dinars_are_whole_minor_units() -> None:
    for currency, amount, found in (("JPY", 1234, "1234"), ("KWD", 1234, "1.234")):
        money = {"amount": amount, "currency": currency}
        (report,) = square.parse(
            name="payment",
            body={
                "payment": {
                    **square_payment("COMPLETED")["data"]["object"]["payment"],
                    "total_money": money,
                }
            },
        )
        assert isinstance(report, PaymentReport)
        assert report.amount == Decimal(found)


def test_a_line_in_another_currency_is_malformed() -> None:
    row = square_order()["order"]["line_items"][0]
    row["total_money"] = {"amount": 1, "currency": "CAD"}

    with pytest.raises(Malformed):
        read(line_items=[row])
