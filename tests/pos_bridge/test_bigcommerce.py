"""BigCommerce's hints, and the orders that they lead to."""

import json
from decimal import Decimal
from typing import Any

import pytest

from jeweler import sales
from jeweler.models import Refund, Sale
from pos_bridge.models import Connection, Fetch
from pos_bridge.providers import bigcommerce
from pos_bridge.providers.contract import Delivery
from tests.factories import pos_bridge as tills
from tests.factories import vendors


def order(**more: Any) -> dict[str, Any]:
    item = {
        "product_id": 7,
        "sku": "RING",
        "name": "Solitaire ring",
        "quantity": 1,
        "price_ex_tax": "4850.0000",
        "total_ex_tax": "4850.0000",
        "applied_discounts": [{"code": "FRIEND-ANNA-50", "amount": "50.0000"}],
        "product_options": [{"display_name": "Design", "display_value": "OS-2345-67A"}],
    }
    said = {
        "id": 250,
        "status": "Awaiting Fulfillment",
        "date_created": "Thu, 01 Oct 2026 15:04:05 +0000",
        "date_modified": "Thu, 01 Oct 2026 15:05:05 +0000",
        "currency_code": "USD",
        "total_inc_tax": "5108.0000",
        "total_tax": "288.0000",
        "shipping_cost_ex_tax": "20.0000",
        "customer_id": 0,
        "billing_address": {"email": "bob@example.com", "first_name": "Bob"},
        "consignments": {"shipping": [{"line_items": [item]}]},
    }
    return {**said, **more}


@pytest.mark.django_db
def test_a_hint_has_its_order_fetched_which_is_a_sale_online() -> None:
    till = vendors.open_till(Connection.Provider.BIGCOMMERCE, api_token="its token")
    hint = {
        "scope": "store/order/statusUpdated",
        "data": {"type": "order", "id": 250},
        "created_at": 1,
    }
    known = {bigcommerce.HEADER: vendors.SECRET}
    assert tills.send(till, json.dumps(hint).encode(), headers=known).status_code == 200
    tills.work_off()
    assert (Fetch.objects.get().kind, Fetch.objects.get().external_id) == ("order", "250")
    paid = {"id": 9, "order_id": 250, "event": "purchase", "status": "ok", "amount": "5108.00", "currency": "USD", "method": "credit_card", "date_created": "2026-10-01T15:04:06+00:00"}  # fmt: skip
    back = {
        "id": 3,
        "order_id": 250,
        "created": "2026-10-02T15:04:06+00:00",
        "payments": [{"amount": "50.50"}],
    }
    for kind, body in (("refund", back), ("transaction", paid), ("order", order())):
        tills.keep(till, type_=kind, about="250", body=body)
    tills.work_off()

    sale = Sale.objects.get()
    assert (sale.channel, sale.store, sale.total, sale.codes) == (
        "web",
        None,
        Decimal(5108),
        ["FRIEND-ANNA-50"],
    )
    told = [
        (line.kind, line.net_total, line.design_code) for line in sale.lines.order_by("position")
    ]
    assert told == [("merchandise", Decimal(4800), "OS-2345-67A"), ("shipping", Decimal(20), "")]
    assert sales.due(sale) == 0
    assert Refund.objects.get().amount == Decimal("50.50")


@pytest.mark.parametrize("status", ["Incomplete", "Pending", "Awaiting Payment"])
def test_an_order_that_is_not_paid_yet_is_none(status: str) -> None:
    assert bigcommerce.parse(name="order", body=order(status=status)) == ()


@pytest.mark.parametrize(
    ("given", "answer"),
    [(vendors.SECRET, True), ("", False), ("é", False), (vendors.SECRET + " ", False)],
)
def test_the_password_in_its_header_is_compared_whole(given: str, answer: bool) -> None:
    sent = Delivery(headers={bigcommerce.HEADER: given}, body=b"{}", address="")

    assert bigcommerce.is_signed(sent, secrets=["", vendors.SECRET], now=vendors.NOW) is answer
