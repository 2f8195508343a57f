"""What tickets, payments and refunds do to the books, and to the stones that were sold."""

from datetime import datetime
from decimal import Decimal

from builder.models import Stone
from jeweler import money, sales
from jeweler.models import Payment, Sale, SaleLine, Store
from pos_bridge import inventory, matching, paying
from pos_bridge.inbound import people, stock
from pos_bridge.inbound.waiting import (
    CurrencyMismatch,
    PaymentUnknown,
    SaleUnknown,
    payment_name,
    store_at,
    want,
)
from pos_bridge.models import Connection
from pos_bridge.providers import tickets
from pos_bridge.records import Cancellation, HandOver, PaymentReport, RefundReport, Ticket, Wanted


def record_sale(ticket: Ticket, *, connection: Connection, now: datetime) -> None:
    """Raises Parked, sales.CurrencyMismatch."""
    store = _store(ticket, connection)
    ticket = tickets.in_currency(ticket, _currency(store, connection))
    _check_currency(ticket, store, connection)
    known = sales.find(source=connection.source, external_id=ticket.sale_id)
    if known is not None and known.version > ticket.version and known.currency == ticket.currency:
        return  # a newer version was here first, and said all there is to say
    person, whom = people.known_as(person=ticket.person, connection=connection, at=ticket.placed_at)
    sold_before = _stones_of(known)
    report = _report(ticket, person.id, store, connection)
    sale = sales.record_sale(report=report, now=now)
    if sale.version != ticket.version:
        return  # the same, told by somebody who was faster by a moment
    if sold_before or any(line.report_number or line.design_code for line in report.lines):
        inventory.sell_stones(sale=sale, sold_before=sold_before, now=now)
    owner = matching.tie(sale=sale, ticket=ticket, person=person, store=store, known=whom, now=now)
    if owner is not None:
        people.learn(person=person, customer=owner, connection=connection, now=now)
    elif person.id and whom is None:
        want(Wanted(kind="customer", external_id=person.id), connection=connection, now=now)


def _report(
    ticket: Ticket, buyer_id: str, store: Store | None, connection: Connection
) -> sales.SaleReport:
    reports = stock.report_numbers(
        item_ids={line.item_id for line in ticket.lines},
        skus={line.sku for line in ticket.lines},
        connection=connection,
    )
    return sales.SaleReport(
        source=connection.source,
        external_id=ticket.sale_id,
        version=ticket.version,
        channel=Sale.Channel.WEB if ticket.is_online else Sale.Channel.STORE,
        store=store,
        number=ticket.number,
        currency=ticket.currency,
        total=ticket.total,
        tax=ticket.tax,
        placed_at=ticket.placed_at,
        note=ticket.note,
        codes=ticket.codes,
        buyer_external_id=buyer_id,
        lines=tuple(
            sales.LineReport(
                kind=SaleLine.Kind(line.kind),
                sku=(line.sku or line.item_id)[:64],
                description=line.description,
                quantity=line.quantity,
                list_price=line.price,
                net_total=line.net,
                design_code=line.design_code,
                report_number=line.report_number
                or reports.get(line.item_id or line.sku, reports.get(line.sku, "")),
            )
            for line in ticket.lines
        ),
    )


def _stones_of(sale: Sale | None) -> set[Stone]:
    if sale is None:
        return set()
    return inventory.stones_of_sale(source=sale.source, external_id=sale.external_id)


def record_payment(payment: PaymentReport, *, connection: Connection, now: datetime) -> None:
    sale = _paid_for(payment, connection, now=now)
    sales.record_payment(
        source=connection.source,
        external_id=payment.payment_id,
        sale=sale,
        status=Payment.Status(payment.status),
        amount=payment.amount
        if payment.currency
        else money.rounded(payment.amount, currency=sale.currency),
        currency=payment.currency or sale.currency,
        tender=payment.tender,
        reference=payment.reference,
        card_hash=payment.card_hash,
        paid_at=payment.at,
        now=now,
    )


def record_refund(refund: RefundReport, *, connection: Connection, now: datetime) -> None:
    sale = _refunded_sale(refund, connection)
    sales.record_refund(
        source=connection.source,
        external_id=refund.refund_id,
        sale=sale,
        amount=refund.amount
        if refund.currency
        else money.rounded(refund.amount, currency=sale.currency),
        tax=_tax_in(refund, sale),
        currency=refund.currency or sale.currency,
        reason=refund.reason,
        tender=refund.tender,
        refunded_at=refund.at,
        now=now,
    )
    if sales.refunded(sale) >= sale.total:
        inventory.take_back(sale=sale, reason="refunded", at=refund.at)


def hand_over(handed: HandOver, *, connection: Connection, now: datetime) -> None:
    sales.hand_over(sale=_sale(handed.sale_id, connection), at=handed.at, now=now)


def void(cancelled: Cancellation, *, connection: Connection, now: datetime) -> None:
    sale = _sale(cancelled.sale_id, connection)
    sales.void(sale=sale, at=cancelled.at, now=now)
    inventory.take_back(sale=sale, reason="voided", at=cancelled.at)


def _paid_for(payment: PaymentReport, connection: Connection, *, now: datetime) -> Sale:
    """The first payment of an invoice begins its sale."""
    if payment.sale_source != paying.SOURCE:
        return _sale(payment.sale_id, connection)
    sale = paying.sale_of(uid=payment.sale_id, now=now)
    if sale is None:
        raise SaleUnknown(f"There is no invoice {payment.sale_id}")
    return sale


def _refunded_sale(refund: RefundReport, connection: Connection) -> Sale:
    """By the payment that it gives back, where the till names it."""
    if not refund.payment_id:
        return _sale(refund.sale_id, connection)
    payment = (
        Payment.objects.select_related("sale")
        .filter(source=connection.source, external_id=refund.payment_id)
        .first()
    )
    if payment is None:
        raise PaymentUnknown(
            f"Payment {refund.payment_id} has not been reported yet",
            about=payment_name(refund.payment_id),
            wants=Wanted(kind="payment", external_id=refund.payment_id),
        )
    return payment.sale


def _tax_in(refund: RefundReport, sale: Sale) -> Decimal:
    """As the till says; else in the proportion in which the sale holds tax."""
    if refund.tax is not None:
        return refund.tax
    if not sale.total:
        return Decimal(0)
    return money.rounded(refund.amount * sale.tax / sale.total, currency=sale.currency)


def _sale(external_id: str, connection: Connection) -> Sale:
    sale = sales.find(source=connection.source, external_id=external_id)
    if sale is None:
        raise SaleUnknown(
            f"Sale {external_id} has not been reported yet",
            about=external_id,
            wants=Wanted(kind="order", external_id=external_id),
        )
    return sale


def _store(ticket: Ticket, connection: Connection) -> Store | None:
    """None for an order from the web, which no store sold."""
    return None if ticket.is_online else store_at(ticket.store, connection=connection)


def _currency(store: Store | None, connection: Connection) -> str:
    return connection.currency if connection.store or store is None else store.currency


def _check_currency(ticket: Ticket, store: Store | None, connection: Connection) -> None:
    expected = _currency(store, connection)
    if ticket.currency != expected:
        raise CurrencyMismatch(
            f"The sale is in {ticket.currency}, and this till's currency is {expected}. "
            "Amounts are never converted: correct the till or the connection."
        )
