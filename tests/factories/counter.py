"""Tickets of tests, and who rings them up."""

import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from appointments.models import Appointment, PieceHold
from builder.models import Design, Stone
from jeweler.models import Customer, SaleLine, StaffMember, Store
from pos_bridge import selling, taking
from pos_bridge.models import CounterTicket, Tender
from pos_bridge.tickets import Act
from tests.factories import pos_bridge as tills
from tests.factories.appointments import ServiceFactory
from tests.factories.jeweler import CustomerFactory, StaffMemberFactory

NOW = tills.NOW


def member(store: Store, role: StaffMember.Role = StaffMember.Role.ASSOCIATE) -> StaffMember:
    made: StaffMember = StaffMemberFactory(role=role, stores=[store])
    return made


def act(by: StaffMember, *, key: str = "", now: datetime = NOW, **more: Any) -> Act:
    return Act(by=by, key=key or uuid.uuid4().hex[:22], now=now, **more)


def ticket(by: StaffMember, store: Store, *, price: str = "") -> CounterTicket:
    """A new ticket, with one piece at the price when there is one."""
    made = selling.start(store=store, act=act(by))
    if price:
        ring_up(made, by, price=price)
    return made


def ring_up(made: CounterTicket, by: StaffMember, *, price: str, **more: Any) -> None:
    values = {"kind": SaleLine.Kind.MERCHANDISE, "description": "Signet", "quantity": 1}
    selling.add_line(ticket=made, price=Decimal(price), act=act(by), **{**values, **more})


def take(
    made: CounterTicket, by: StaffMember, amount: str, *, tender: Tender = Tender.CARD, **more: Any
) -> None:
    taking.take(ticket=made, tender=tender, amount=Decimal(amount), act=act(by, **more))
    made.refresh_from_db()


def design(customer: Customer) -> Design:
    """Saved at a promised price below today's: 13,490 in two lines."""
    lines = [
        {"label": "Round diamond", "note": "1.52 ct, G, VS1", "amount": "12480.00"},
        {"label": "The Alba", "note": "18 k yellow gold", "amount": "1010.00"},
        {"label": "Engraving", "note": "", "amount": None},
    ]
    version = {"price": Decimal("13490.00"), "price_lines": lines}
    return tills.saved_design(customer=customer, versions=[version])


def promise(stone: Stone, *, store: Store, at: datetime) -> PieceHold:
    """The stone is to be shown to somebody else then."""
    ends = at + timedelta(hours=1)
    visit = Appointment.objects.create(
        store=store, service=ServiceFactory(), customer=CustomerFactory(), starts_at=at,
        ends_at=ends, booked_at=NOW,
    )  # fmt: skip
    during = DateTimeTZRange(at, ends)
    return PieceHold.objects.create(
        stone=stone, store=store, appointment=visit, during=during, occupied=during,
        state=PieceHold.State.PROMISED, created_at=NOW,
    )  # fmt: skip
