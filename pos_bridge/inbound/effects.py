"""What each record does to the house's books. Runs in the transaction that marks its event done."""

from datetime import datetime

from jeweler import sales
from jeweler.models import Payment, Sale, SaleLine, Store
from pos_bridge import fetching, inventory, invoices, matching
from pos_bridge.models import Connection
from pos_bridge.records import (
    Cancellation,
    HandOver,
    PaymentReport,
    Record,
    RefundReport,
    Ticket,
    Wanted,
)


class Parked(Exception):
    """The event cannot be applied now; `reason` says why, and `waits_for` what will wake it."""

    reason = ""
    waits_for = ""


class SaleUnknown(Parked):
    reason, waits_for = "sale_unknown", "sale"


class PaymentUnknown(Parked):
    reason, waits_for = "payment_unknown", "payment"


class StoreUnknown(Parked):
    reason = "store_unknown"


class StoreMismatch(Parked):
    reason = "store_mismatch"


class CurrencyMismatch(Parked):
    reason = "currency_mismatch"


def apply(record: Record, *, connection: Connection, now: datetime) -> None:
    """Raises Parked, and what `jeweler.sales` refuses."""
    match record:
        case Ticket():
            _record_sale(record, connection=connection, now=now)
        case PaymentReport():
            sales.record_payment(
                source=connection.source,
                external_id=record.payment_id,
                sale=_paid_for(record, connection, now=now),
                status=Payment.Status(record.status),
                amount=record.amount,
                currency=record.currency,
                tender=record.tender,
                reference=record.reference,
                paid_at=record.at,
                now=now,
            )
        case RefundReport():
            _record_refund(record, connection=connection, now=now)
        case HandOver():
            sales.hand_over(sale=_sale(record.sale_id, connection), at=record.at, now=now)
        case Cancellation():
            sale = _sale(record.sale_id, connection)
            sales.void(sale=sale, at=record.at, now=now)
            inventory.take_back(sale=sale, reason="voided", at=record.at)
        case Wanted():
            fetching.want(
                connection=connection,
                kind=record.kind,
                external_id=record.external_id,
                now=now,
            )
        case _:
            raise NotImplementedError(f"{type(record).__name__} has no effect yet")


def _record_sale(ticket: Ticket, *, connection: Connection, now: datetime) -> None:
    store = _store(ticket, connection)
    sold_before = inventory.stones_of_sale(source=connection.source, external_id=ticket.sale_id)
    sale = sales.record_sale(
        report=sales.SaleReport(
            source=connection.source,
            external_id=ticket.sale_id,
            version=ticket.version,
            channel=Sale.Channel.STORE,
            store=store,
            number=ticket.number,
            currency=ticket.currency,
            total=ticket.total,
            tax=ticket.tax,
            placed_at=ticket.placed_at,
            note=ticket.note,
            lines=tuple(
                sales.LineReport(
                    kind=SaleLine.Kind(line.kind),
                    sku=line.sku,
                    description=line.description,
                    quantity=line.quantity,
                    list_price=line.price,
                    net_total=line.net,
                    design_code=line.design_code,
                    report_number=line.report_number,
                )
                for line in ticket.lines
            ),
        ),
        now=now,
    )
    if sale.version != ticket.version:
        return  # a newer version was here first, and said all there is to say
    inventory.sell_stones(sale=sale, sold_before=sold_before, now=now)
    matching.tie(sale=sale, ticket=ticket, store=store, now=now)


def _record_refund(refund: RefundReport, *, connection: Connection, now: datetime) -> None:
    sale = _given_back_of(refund, connection)
    sales.record_refund(
        source=connection.source,
        external_id=refund.refund_id,
        sale=sale,
        amount=refund.amount,
        tax=refund.tax,
        currency=refund.currency,
        reason=refund.reason,
        refunded_at=refund.at,
        now=now,
    )
    if sales.refunded(sale) >= sale.total:
        inventory.take_back(sale=sale, reason="refunded", at=refund.at)


def _paid_for(payment: PaymentReport, connection: Connection, *, now: datetime) -> Sale:
    """The first payment of an invoice begins its sale."""
    if payment.sale_source != invoices.SOURCE:
        return _sale(payment.sale_id, connection)
    sale = invoices.sale_of(uid=payment.sale_id, now=now)
    if sale is None:
        raise SaleUnknown(f"There is no invoice {payment.sale_id}")
    return sale


def _given_back_of(refund: RefundReport, connection: Connection) -> Sale:
    if refund.sale_id:
        return _sale(refund.sale_id, connection)
    payment = Payment.objects.filter(
        source=connection.source, external_id=refund.payment_id
    ).select_related("sale")
    found = payment.first()
    if found is None:
        raise PaymentUnknown(f"Payment {refund.payment_id} has not been reported yet")
    return found.sale


def _sale(external_id: str, connection: Connection) -> Sale:
    sale = Sale.objects.filter(source=connection.source, external_id=external_id).first()
    if sale is None:
        raise SaleUnknown(f"Sale {external_id} has not been reported yet")
    return sale


def _store(ticket: Ticket, connection: Connection) -> Store:
    place = connection.places.select_related("store").filter(external_id=ticket.store).first()
    store = place.store if place else connection.store
    if store is None:
        store = Store.objects.filter(code=ticket.store).first()
        if store is None:
            raise StoreUnknown(
                f"There is no store {ticket.store!r}; name its code, add it, "
                "or say in the connection's places which store that is"
            )
    elif place is None and ticket.store not in {"", store.code}:
        raise StoreMismatch(f"This connection is of {store.code}, the event of {ticket.store!r}")
    expected = connection.currency if connection.store else store.currency
    if ticket.currency != expected:
        raise CurrencyMismatch(
            f"The sale is in {ticket.currency}, and this till's currency is {expected}. "
            "Amounts are never converted: correct the till or the connection."
        )
    return store
