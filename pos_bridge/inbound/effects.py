"""What each record does. Runs in the transaction that marks its event done."""

from collections.abc import Callable
from datetime import datetime

from pos_bridge import alarms, registers
from pos_bridge.inbound import people, selling, stock
from pos_bridge.inbound.waiting import CurrencyMismatch, payment_name, store_at, want
from pos_bridge.models import Connection
from pos_bridge.records import (
    Cancellation,
    Closure,
    CustomerCard,
    CustomerErased,
    CustomersJoined,
    HandOver,
    ItemCard,
    Notice,
    PaymentReport,
    Record,
    RefundReport,
    StockCount,
    Ticket,
    Wanted,
)


def apply(record: Record, *, connection: Connection, now: datetime) -> None:
    """Raises waiting.Parked, and what `jeweler.sales` refuses."""
    _EFFECTS[type(record)](record, connection=connection, now=now)


def names_of(record: Record) -> set[str]:
    """Under which names whoever applies this waits for the others: the sale, its payment, the customer."""
    match record:
        case Ticket():
            return {record.sale_id, _customer(record.person.id)}
        case PaymentReport() | RefundReport():
            return {record.sale_id, payment_name(record.payment_id)}
        case HandOver() | Cancellation():
            return {record.sale_id}
        case CustomerCard() | CustomerErased():
            return {_customer(record.person.id)}
        case CustomersJoined():
            return {_customer(each) for each in (*record.from_ids, record.to_id)}
        case StockCount() | ItemCard():
            return {f"item {record.item_id}"}
        case Closure():
            return {f"closing {record.closure_id}"}
        case _:
            return set()


def _customer(external_id: str) -> str:
    return f"customer {external_id}" if external_id else ""


def _count(counted: StockCount, *, connection: Connection, now: datetime) -> None:
    store = store_at(counted.place, connection=connection)
    if stock.count(counted, store=store, connection=connection, now=now):
        want(Wanted(kind="item", external_id=counted.item_id), connection=connection, now=now)


def _close(closure: Closure, *, connection: Connection, now: datetime) -> None:
    """Raises registers.CountedOtherwise, which is a ContradictoryFact: a count is corrected under another id."""
    store = store_at(closure.place, connection=connection)
    if closure.currency not in {"", store.currency}:
        raise CurrencyMismatch(
            f"The register was counted in {closure.currency}, and {store} sells in {store.currency}. "
            "Amounts are never converted: correct the till or the store."
        )
    row = registers.keep(connection=connection, closure=closure, now=now)
    if row is not None:
        registers.check_same(row=row, closure=closure)


def _tell(notice: Notice, *, connection: Connection, now: datetime) -> None:
    alarms.sound(
        connection=connection,
        kind=alarms.Kind(notice.kind),
        subject=notice.subject,
        detail=notice.detail,
        now=now,
    )


_EFFECTS: dict[type[Record], Callable[..., None]] = {
    Ticket: selling.record_sale,
    PaymentReport: selling.record_payment,
    RefundReport: selling.record_refund,
    HandOver: selling.hand_over,
    Cancellation: selling.void,
    StockCount: _count,
    ItemCard: stock.name,
    CustomerCard: people.keep_card,
    CustomersJoined: people.join,
    CustomerErased: people.erase,
    Closure: _close,
    Notice: _tell,
    Wanted: want,
}
