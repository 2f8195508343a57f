"""What tills tell us, in our own words. Every provider translates its events into these records.

Amounts are `Decimal` in major units, moments are aware, and texts fit the columns they go to.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who bought, as typed at the till. Nothing of it is checked yet; `id` is the till's own for her."""

    id: str = ""
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
    item_id: str = ""  # the till's own for the piece


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """The whole sale as it stands in this version.

    `store` is our store's code, or the till's own name for the place. An online order has none.
    `codes` were typed for a discount: a friend's, perhaps. Without a currency, here and in payments and
    refunds, it is the till's one, and amounts may have more decimals than there are coins.
    """

    sale_id: str
    version: int
    is_online: bool = False
    store: str
    number: str
    currency: str
    total: Decimal
    tax: Decimal
    placed_at: datetime
    note: str
    design_code: str
    codes: tuple[str, ...] = ()
    person: Person
    lines: tuple[TicketLine, ...]


@dataclass(frozen=True, kw_only=True)
class PaymentReport:
    """`sale_source`: whose id the sale's is, where it is not this connection's own."""

    sale_source: str = ""
    sale_id: str
    payment_id: str
    status: str
    amount: Decimal
    currency: str
    tender: str
    reference: str = ""
    card_hash: str = ""
    at: datetime


@dataclass(frozen=True, kw_only=True)
class RefundReport:
    """`tax` is None and `tender` empty where the till does not say; `payment_id` names the sale where `sale_id` may be another."""

    sale_id: str
    refund_id: str
    payment_id: str = ""
    amount: Decimal
    tax: Decimal | None
    currency: str
    tender: str = ""
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


@dataclass(frozen=True, kw_only=True)
class StockCount:
    """How many pieces of an item lie at a place, as of `at`. Below zero: more were sold than lay there."""

    item_id: str
    place: str
    quantity: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class ItemCard:
    """What the till calls a piece: its own id, the number on the label, the report it came with."""

    item_id: str
    sku: str
    report_number: str = ""


@dataclass(frozen=True, kw_only=True)
class CustomerCard:
    """A person as the till keeps her now."""

    person: Person
    at: datetime


@dataclass(frozen=True, kw_only=True)
class CustomersJoined:
    """The till found that several of its customers are one. That stands, whenever it is told."""

    from_ids: tuple[str, ...]
    to_id: str


@dataclass(frozen=True, kw_only=True)
class CustomerErased:
    """She asked the till's house to be forgotten."""

    person: Person
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Closure:
    """A register's session as it was closed: what it took less what it gave back, by tender.

    A tender that is not named was not counted by the register: it says nothing of it. `is_counted_whole`: every tender
    that was used is named, so that the sum is the day's.
    """

    closure_id: str
    place: str
    register: str
    opened_at: datetime
    closed_at: datetime
    currency: str
    tenders: tuple[tuple[str, Decimal], ...]
    is_counted_whole: bool = True


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Something that only a person can see to. `kind` is an alarm's: not_subscribed, data_request, erasure."""

    kind: str
    subject: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The event only hints that something changed: it has to be asked for. `kind`: order, customer, item …"""

    kind: str
    external_id: str


Record = (
    Ticket
    | PaymentReport
    | RefundReport
    | HandOver
    | Cancellation
    | StockCount
    | ItemCard
    | CustomerCard
    | CustomersJoined
    | CustomerErased
    | Closure
    | Notice
    | Wanted
)
