"""What a till says, read field by field: every problem is named with its field and the way out."""

from dataclasses import dataclass
from decimal import Decimal

from pos_bridge.models import TillDevice
from pos_bridge.providers import json_text
from pos_bridge.providers.fields import Fields, Malformed
from pos_bridge.providers.standard import KINDS, MOST_LINES
from referrals import full_price


@dataclass(frozen=True, kw_only=True)
class Key:
    """What a customer hands over: one of the three."""

    email: str = ""
    phone: str = ""
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class Hold:
    customer: str
    sale: str
    amount: Decimal
    currency: str
    lines: tuple[full_price.Asked, ...]


@dataclass(frozen=True, kw_only=True)
class Introduction:
    """Who was sent, by whose code, and for which sale where it is one in hand."""

    customer: str
    code: str
    sale: str


def introduction(raw: bytes) -> Introduction:
    """Raises Malformed, json_text.NotReadable."""
    fields = _fields(raw)
    asked = Introduction(
        customer=fields.text("customer", longest=400, is_required=True),
        code=fields.text("code", longest=64, is_required=True),
        sale=fields.text("sale", longest=128),
    )
    _check(fields)
    return asked


def key(raw: bytes) -> Key:
    """Raises Malformed, json_text.NotReadable."""
    fields = _fields(raw)
    asked = Key(
        email=fields.text("email", longest=254),
        phone=fields.text("phone", longest=64),
        code=fields.text("code", longest=64),
    )
    if len([each for each in (asked.email, asked.phone, asked.code) if each]) != 1:
        fields.wrong("email", "or phone, or code: send exactly one of the three, whole")
    _check(fields)
    return asked


def hold(raw: bytes, *, device: TillDevice) -> Hold:
    """Raises Malformed, json_text.NotReadable."""
    fields = _fields(raw)
    currency = fields.currency("currency") if "currency" in fields.values else device.store.currency
    asked = Hold(
        customer=fields.text("customer", longest=400, is_required=True),
        sale=fields.text("sale", longest=128, is_required=True),
        amount=fields.amount("amount", currency=currency),
        currency=currency,
        lines=tuple(_line(each, currency) for each in fields.each("lines", most=MOST_LINES)),
    )
    if not asked.amount and not fields.problems:
        fields.wrong("amount", "is zero; send what is to be held")
    _check(fields)
    return asked


def captured_amount(raw: bytes, *, currency: str) -> Decimal | None:
    """How much of the hold; None for the whole of it. Raises Malformed, json_text.NotReadable."""
    fields = _fields(raw or b"{}")
    if not {"amount", "amount_minor"} & fields.values.keys():
        return None
    amount = fields.amount("amount", currency=currency)
    _check(fields)
    return amount


def currency(text: str) -> str:
    """Raises Malformed."""
    fields = Fields(values={"currency": text})
    found = fields.currency("currency")
    _check(fields)
    return found


def _line(fields: Fields, currency: str) -> full_price.Asked:
    """As a sale's line is reported (docs/webhooks.md)."""
    quantity = fields.whole("quantity", least=1, most=9999, default=1)
    price = fields.amount("price", currency=currency)
    return full_price.Asked(
        kind=fields.choice("kind", of=KINDS, default="merchandise"),
        quantity=quantity,
        list_price=price,
        net_total=fields.amount("net", currency=currency, default=price * quantity),
    )


def _fields(raw: bytes) -> Fields:
    body = json_text.read(raw)
    fields = Fields(values=body if isinstance(body, dict) else {})
    if not isinstance(body, dict):
        fields.wrong("(body)", "is a JSON object")
    return fields


def _check(fields: Fields) -> None:
    if fields.problems:
        raise Malformed(fields.problems)
