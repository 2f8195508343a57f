"""What tills tell us, in our own words. Every provider translates its events into these records.

Amounts are `Decimal` in major units, moments are aware, and texts fit the columns they go to.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who bought, as typed at the till. Nothing of it is checked yet."""

    email: str = ""
    phone: str = ""
    first_name: str = ""
    last_name: str = ""


@dataclass(frozen=True, kw_only=True)
class TicketLine:
    """One position. `price` is each, before discounts; `net` the whole after them; without tax."""

    kind: str
    sku: str
    description: str
    quantity: int
    price: Decimal
    net: Decimal
    design_code: str
    report_number: str


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """The whole sale as it stands in this version."""

    sale_id: str
    version: int
    store: str
    number: str
    currency: str
    total: Decimal
    tax: Decimal
    placed_at: datetime
    note: str
    design_code: str
    person: Person
    lines: tuple[TicketLine, ...]


@dataclass(frozen=True, kw_only=True)
class PaymentReport:
    sale_id: str
    payment_id: str
    status: str
    amount: Decimal
    currency: str
    tender: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class RefundReport:
    sale_id: str
    refund_id: str
    amount: Decimal
    tax: Decimal
    currency: str
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class HandOver:
    sale_id: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Cancellation:
    """The whole sale was voided."""

    sale_id: str
    at: datetime


Record = Ticket | PaymentReport | RefundReport | HandOver | Cancellation
