"""What registers say when they are closed, kept as rows, and the tenders' names made one.

A tender's name is the till's own word; ours are few (card, cash, gift_card, store_credit, wire, check). What we cannot
place keeps its name, and then has to match a payment's by it.
"""

from datetime import datetime

from jeweler import money
from jeweler.models import Store
from pos_bridge import alarms
from pos_bridge.models import Connection, RegisterClosure
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
    places = money.exponent(currency)
    sums: dict[str, str] = {}
    for name, amount in closure.tenders:
        tender = tender_of(name)
        sums[tender] = f"{amount + type(amount)(sums.get(tender, '0')):.{places}f}"
    row, _ = RegisterClosure.objects.get_or_create(
        connection=connection,
        external_id=closure.closure_id[:128],
        defaults={
            "store": store,
            "register": closure.register[:100],
            "opened_at": closure.opened_at,
            "closed_at": closure.closed_at,
            "currency": currency,
            "tenders": sums,
            "is_counted_whole": closure.is_counted_whole,
            "kept_at": now,
        },
    )
    return row
