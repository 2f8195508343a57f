"""What the sample house's tills counted at their closings: two weeks of registers, most of which agree with the books to the cent.

Two days do not, as it goes: in one store a payment came whose ticket never did, so that the registers have more than the books;
in another the drawer was short, and its manager said why.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from jeweler import money
from jeweler.models import Payment, Refund, StaffMember, Store
from pos_bridge import connections, inbound, reconciliation, registers
from pos_bridge.models import Connection, InboxEvent, ReconciliationRun
from pos_bridge.providers.contract import Message
from pos_bridge.records import Closure

LASTS = timedelta(days=14)
OPENS, CLOSES = time(9, 30), time(19, 30)
LOST = ("nyc-lispenard", 2, Decimal("1240.00"))  # whose, how many days ago, and what
SHORT = ("boston-newbury", 5, Decimal("20.00"))
WHY = "The courier was paid from the drawer. It was put back in the morning."


def write(*, stores: Mapping[str, Store], now: datetime) -> int:
    """Each till with its closings, compared as in the night after; returns how many days agree."""
    for code, store in stores.items():
        till = Connection.objects.filter(code=code).first() or (
            connections.open_connection(
                code=code, currency=store.currency, store=store, now=now - LASTS
            ).connection
        )
        _close(till, store=store, now=now)
    reconciliation.begin_days(now=now)
    for run in ReconciliationRun.objects.select_related("connection", "store"):
        reconciliation.compare(run=run, now=reconciliation.due_at(run.day_date, run.store.zone))
    _settle(stores[SHORT[0]], now=now)
    return ReconciliationRun.objects.filter(state=ReconciliationRun.State.BALANCED).count()


def _close(till: Connection, *, store: Store, now: datetime) -> None:
    today = now.astimezone(store.zone).date()
    for ago in range(LASTS.days, 0, -1):
        day = today - timedelta(days=ago)
        opened_at, closed_at = _at(store, day, OPENS), _at(store, day, CLOSES)
        taken = _taken(till, opened_at, closed_at)
        if (store.code, ago) == LOST[:2]:
            _lose(till, LOST[2], at=closed_at - timedelta(hours=2))
            taken["card"] += LOST[2]
        if (store.code, ago) == SHORT[:2]:
            taken["cash"] -= SHORT[2]
        registers.keep(
            connection=till,
            closure=Closure(
                closure_id=f"Z-{day:%y%m%d}",
                place=store.code,
                register="Front desk",
                opened_at=opened_at,
                closed_at=closed_at,
                currency=store.currency,
                tenders=tuple(sorted(taken.items())),
            ),
            now=closed_at,
        )


def _at(store: Store, day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, tzinfo=store.zone)


def _taken(till: Connection, opened_at: datetime, closed_at: datetime) -> dict[str, Decimal]:
    """By tender, what the day's tickets took less what they gave back; the drawer is always counted."""
    sums: dict[str, Decimal] = defaultdict(Decimal, cash=Decimal(0))
    lasted = (opened_at, closed_at)
    for payment in Payment.objects.filter(source=till.source, paid_at__range=lasted):
        sums[payment.tender] += payment.amount
    for refund in Refund.objects.filter(source=till.source, refunded_at__range=lasted):
        sums["card"] -= refund.amount  # as everything of these tills was paid
    return sums


def _lose(till: Connection, amount: Decimal, *, at: datetime) -> None:
    """A payment comes, and its ticket never does."""
    ticket = f"S{at:%y%m%d}-7"
    body = {
        "type": "payment.captured",
        "occurred_at": at.isoformat(),
        "sale": {"id": ticket},
        "payment": {
            "id": f"{ticket}-P1",
            "amount_minor": money.to_minor(amount, currency=till.currency),
            "currency": till.currency,
            "tender": "card",
        },
    }
    message = Message(key=f"demo-{ticket}", type="payment.captured", about=ticket, body=body)
    inbound.keep(connection=till, message=message, now=at)
    inbound.apply_here(InboxEvent.objects.get(connection=till, delivery_key=message.key), now=at)


def _settle(store: Store, *, now: datetime) -> None:
    manager = StaffMember.objects.filter(stores=store, role=StaffMember.Role.MANAGER).first()
    differing = ReconciliationRun.objects.filter(store=store, state=ReconciliationRun.State.DIFFERS)
    if manager is None:
        return
    for run in differing:
        for found in run.found.filter(gone_at=None):
            reconciliation.settle(found=found, by=manager.user, because=WHY, now=now)
