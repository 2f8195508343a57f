"""What registers say when they are closed, kept as rows, and the tenders' names made one.

A tender's name is the till's own word; ours are few (card, cash, gift_card, store_credit, wire, check). What we cannot
place keeps its name, and then has to match a payment's by it.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from jeweler import money, sales
from jeweler.models import Store
from pos_bridge import alarms
from pos_bridge.models import Connection, ReconciliationRun, RegisterClosure
from pos_bridge.records import Closure

_WORDS = (
    ("store credit", "store_credit"),
    ("store_credit", "store_credit"),
    ("gift", "gift_card"),
    ("cash", "cash"),
    ("card", "card"),
    ("credit", "card"),
    ("debit", "card"),
    ("eftpos", "card"),
    ("check", "check"),
    ("cheque", "check"),
    ("wire", "wire"),
    ("bank transfer", "wire"),
)


class CountedOtherwise(sales.ContradictoryFact):
    """A closing came a second time with other sums."""

    def __init__(self, row: RegisterClosure) -> None:
        ValueError.__init__(
            self,
            f"The closing {row.external_id} of {row.register or 'a register'} is kept with other sums. "
            "Report a corrected count under an id of its own, or settle the day by hand.",
        )


def tender_of(name: str) -> str:
    """One word for a tender, whatever it is called at the till."""
    low = name.strip().casefold()
    return next((ours for word, ours in _WORDS if word in low), low.replace(" ", "_")[:32])


def store_of(connection: Connection, place: str) -> Store | None:
    known = connection.places.select_related("store").filter(external_id=place).first()
    if known is not None:
        return known.store
    return connection.store or Store.objects.filter(code=place).first()


def keep(*, connection: Connection, closure: Closure, now: datetime) -> RegisterClosure | None:
    """The closing as a row, once; None when nobody said which store its place is, and somebody is told so."""
    store = store_of(connection, closure.place)
    if store is None:
        alarms.sound(
            connection=connection,
            kind=alarms.Kind.OUT_OF_BALANCE,
            subject=closure.place[:128],
            detail=f"A register of {closure.place!r} was closed; say in the connection's places which store that is.",
            now=now,
        )
        return None
    alarms.clear(
        connection=connection,
        kind=alarms.Kind.OUT_OF_BALANCE,
        subject=closure.place[:128],
        now=now,
    )
    currency = closure.currency or store.currency
    row, is_new = RegisterClosure.objects.get_or_create(
        connection=connection,
        external_id=closure.closure_id[:128],
        defaults={
            "store": store,
            "register": closure.register[:100],
            "opened_at": closure.opened_at,
            "closed_at": closure.closed_at,
            "currency": currency,
            "tenders": _sums(closure.tenders, currency=currency),
            "is_counted_whole": closure.is_counted_whole,
            "kept_at": now,
        },
    )
    if is_new:
        _look_again(row, now=now)
    return row


def check_same(*, row: RegisterClosure, closure: Closure) -> None:
    """That the row says what the closing says. Raises CountedOtherwise."""
    if row.tenders != _sums(closure.tenders, currency=row.currency):
        raise CountedOtherwise(row)


def _sums(tenders: Iterable[tuple[str, Decimal]], *, currency: str) -> dict[str, str]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for name, amount in tenders:
        sums[tender_of(name)] += amount
    places = money.exponent(currency)
    return {tender: f"{amount:.{places}f}" for tender, amount in sums.items()}


def _look_again(row: RegisterClosure, *, now: datetime) -> None:
    """A closing that comes late, or a second register's, opens its day anew: it is compared with all that is known."""
    day = row.opened_at.astimezone(row.store.zone).date()
    runs = ReconciliationRun.objects.filter(
        connection=row.connection, store=row.store, day_date=day
    )
    runs.update(state=ReconciliationRun.State.OPEN, next_attempt_at=now, attempts=0)
