"""Lightspeed's sales, in both of its spellings."""

import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest

from jeweler.models import Payment, Refund, Sale
from pos_bridge.models import Connection, StockLevel
from pos_bridge.providers import json_text, lightspeed, signatures
from pos_bridge.providers.contract import Delivery
from tests.factories import pos_bridge as tills
from tests.factories import vendors

REGISTER = "b1e198a9-f019-11e3-a0f5-b8ca3a64f8f4"


def sale(**more: Any) -> dict[str, Any]:
    """200.00 with tax, which the till holds with five decimals, as its webhook writes it."""
    said = {
        "id": "S1",
        "register_id": REGISTER,
        "status": "CLOSED",
        "invoice_number": "1570",
        "sale_date": "2026-10-01 15:04:05",
        "updated_at": "2026-10-01 15:05:00",
        "total_price": 173.91304,
        "total_tax": 26.08696,
        "note": "",
        "register_sale_products": [{"id": "L1", "product_id": "P1", "quantity": 1, "price": 173.91304}],
        "register_sale_payments": [{"id": "M1", "name": "Cash", "amount": 200.02}, {"id": "M2", "name": "Rounding", "amount": -0.02}],
    }  # fmt: skip
    return {**said, **more}


def tell(till: Any, payload: dict[str, Any], *, kind: str = "sale.update") -> Any:
    body = urlencode(
        {"payload": json.dumps(payload), "type": kind, "domain_prefix": "osmere"}
    ).encode()
    digest = signatures.digest(vendors.SECRET, body).hex()
    return tills.send(
        till, body, headers={"x-signature": f"signature={digest}, algorithm=HMAC-SHA256"}
    )


@pytest.mark.django_db
def test_a_sale_is_booked_in_the_tills_currency_to_the_cent() -> None:
    till = vendors.open_till(Connection.Provider.LIGHTSPEED, place=REGISTER)

    assert tell(till, sale()).status_code == 200
    tills.work_off()

    booked = Sale.objects.get()
    assert (booked.total, booked.tax, booked.currency) == (
        Decimal("200.00"),
        Decimal("26.09"),
        "USD",
    )
    assert booked.lines.get().net_total == Decimal("173.91")
    assert (Payment.objects.get().amount, Payment.objects.get().tender) == (
        Decimal("200.02"),
        "cash",
    )
    assert booked.handed_over_at is not None


@pytest.mark.django_db
def test_a_return_gives_back_of_the_sale_that_it_names() -> None:
    till = vendors.open_till(Connection.Provider.LIGHTSPEED, place=REGISTER)
    back = {"id": "M3", "name": "Cash", "amount": -100}
    tell(
        till,
        sale(
            id="S2",
            return_for="S1",
            total_price=-86.95,
            total_tax=-13.05,
            register_sale_payments=[back],
        ),
    )
    tell(till, sale())
    tell(
        till,
        {
            "product_id": "P1",
            "outlet_id": REGISTER,
            "count": 3,
            "updated_at": "2026-10-01 15:05:00",
        },
        kind="inventory.update",
    )

    tills.work_off()

    assert Refund.objects.get().amount == Decimal(100)
    assert StockLevel.objects.get().quantity == 3


def test_the_newer_spelling_says_the_same() -> None:
    older = lightspeed.parse(name="sale.update", body=json_text.read(json.dumps(sale()).encode()))
    newer = sale(outlet_id="", source="x")
    newer["line_items"] = newer.pop("register_sale_products")
    newer["payments"] = newer.pop("register_sale_payments")

    assert (
        lightspeed.parse(name="sale.update", body=json_text.read(json.dumps(newer).encode()))
        == older
    )


@pytest.mark.parametrize("status", ["OPEN", "SAVED"])
def test_a_sale_that_is_not_made_yet_is_none(status: str) -> None:
    assert lightspeed.parse(name="sale.update", body=sale(status=status)) == ()


@pytest.mark.parametrize(
    "header", ["", "signature=", "signature=zz", "signature={}, algorithm=MD5", ",,,", "="]
)
def test_a_malformed_signature_is_a_clear_no(header: str) -> None:
    digest = signatures.digest(vendors.SECRET, b"payload={}").hex()
    sent = Delivery(headers={"x-signature": header.format(digest)}, body=b"payload={}", address="")

    assert not lightspeed.is_signed(sent, secrets=[vendors.SECRET], now=vendors.NOW)


@pytest.mark.parametrize(
    "body", [b"", b"payload=", b"\xff", b"payload=1&payload=2", b"other={}", b"payload={"]
)
def test_a_form_that_is_none_is_named(body: bytes) -> None:
    with pytest.raises(json_text.NotReadable):
        lightspeed.read(Delivery(headers={}, body=body, address=""))
