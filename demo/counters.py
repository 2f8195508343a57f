"""What lies open at the sample house's counters: in every store a deposit that was taken, and a repair that was not begun to be paid."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q

from jeweler.models import SaleLine, StaffMember, Store
from pos_bridge import selling, taking
from pos_bridge.models import CounterTicket, Tender
from pos_bridge.tickets import Act

Kind = SaleLine.Kind
BEGUN = timedelta(minutes=50)
SIGNET = ((Kind.MERCHANDISE, "Signet, 14 k yellow gold", "680.00"), (Kind.SERVICE, "A crest cut by hand", "240.00"))  # fmt: skip
REPAIR = ((Kind.SERVICE, "Four prongs retipped, platinum", "180.00"),)


def write(*, stores: Mapping[str, Store], now: datetime) -> None:
    """Rung up as an associate would."""
    at = now - BEGUN
    for code, store in stores.items():
        of_ours = StaffMember.objects.filter(Q(stores=store) | Q(sees_all_stores=True))
        by = of_ours.exclude(role=StaffMember.Role.MARKETER).order_by("sees_all_stores", "pk").first()  # fmt: skip
        if by is None:
            continue
        signet = _rung(store, SIGNET, by=by, key=f"demo-{code}-signet", at=at)
        taking.take(
            ticket=signet, tender=Tender.CARD, amount=Decimal("300.00"),
            act=Act(by=by, key=f"demo-{code}-deposit", now=at),
        )  # fmt: skip
        _rung(store, REPAIR, by=by, key=f"demo-{code}-repair", at=at)


def _rung(
    store: Store,
    lines: tuple[tuple[SaleLine.Kind, str, str], ...],
    *,
    by: StaffMember,
    key: str,
    at: datetime,
) -> CounterTicket:
    ticket = selling.start(store=store, act=Act(by=by, key=key, now=at))
    for place, (kind, said, price) in enumerate(lines):
        selling.add_line(
            ticket=ticket, kind=kind, description=said, quantity=1, price=Decimal(price),
            act=Act(by=by, key=f"{key}-{place}", now=at),
        )  # fmt: skip
    return ticket
