"""An invoice is paid: at the counter, by her store credit, or by whoever reports money for it.

The first money begins its sale, whoever takes it: then its lines become a sale of source `invoice` and her stone leaves the
builder. Whoever takes money holds the invoice's row first, so that no two take the same part. What the house takes itself
is never more than what is due now; money that somebody else reports has moved already, and is booked as it is.
"""

import uuid
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from jeweler import customers, money, sales
from jeweler.models import Payment, Sale, SaleEvidence
from jeweler.sales import SaleReport
from pos_bridge import inventory, invoices, totals
from pos_bridge.models import Invoice, Tender
from referrals import credit, full_price, tender

SOURCE = "invoice"


class CannotTake(ValueError):
    """So much cannot be taken for it; the text says what can."""


@transaction.atomic
def take(*, invoice: Invoice, tender: Tender, amount: Decimal, key: str, now: datetime) -> Payment:
    """Money at the counter for what is due now, once for the key of its form. Raises CannotTake, NotNow."""
    locked = _locked(invoice)
    source, name = f"counter:{locked.store.code}", f"{locked.uid.hex}-{key}"
    known = Payment.objects.filter(source=source, external_id=name).first()
    if known is not None:
        return known
    _check(locked, tender=tender, amount=amount, now=now)
    return sales.record_payment(
        source=source,
        external_id=name,
        sale=_sale(locked, now=now),
        status=Payment.Status.CAPTURED,
        amount=amount,
        currency=locked.currency,
        tender=tender,
        paid_at=now,
        now=now,
    )


def usable_credit(invoice: Invoice, *, now: datetime) -> Decimal:
    """How much of what is due her store credit can pay: full-price lines alone, and what is hers and free."""
    due = invoices.standing(invoice).missing
    if invoice.customer is None or not due:
        return Decimal(0)
    spent = sum((payment.amount for payment in _payments_by_credit(invoice)), Decimal(0))
    has = credit.balance(customer=invoice.customer, currency=invoice.currency, now=now).available
    payable = full_price.eligible(invoices.lines_of(invoice)).total
    return max(min(has, due, payable - spent), Decimal(0))


@transaction.atomic
def pay_by_credit(*, invoice: Invoice, now: datetime) -> Payment:
    """Pay of what is due as much as her store credit can, as any tender pays. Raises NotNow.

    Two clicks at once pay once: the second finds nothing left that it could pay.
    """
    locked = _locked(invoice)
    if not invoices.is_open(locked, now=now):
        raise invoices.NotNow("This order is no longer open.")
    amount = usable_credit(locked, now=now)
    if not amount or locked.customer is None:
        raise invoices.NotNow("There is no store credit that could pay what is due now.")
    hold = credit.hold(
        customer=locked.customer,
        amount=amount,
        currency=locked.currency,
        sale_reference=locked.uid.hex,
        lines=invoices.lines_of(locked),
        store=locked.store,
        now=now,
    )
    payment = sales.record_payment(
        source=SOURCE,
        external_id=f"{locked.uid.hex}-{hold.uid.hex}",
        sale=_sale(locked, now=now),
        status=Payment.Status.CAPTURED,
        amount=amount,
        currency=locked.currency,
        tender=tender.TENDER,
        reference=tender.reference_to(hold),
        paid_at=now,
        now=now,
    )
    credit.capture(uid=hold.uid, payment=payment, now=now)
    return payment


def sale_of(*, uid: str, now: datetime) -> Sale | None:
    """The sale of the invoice, which its first payment begins; None for no invoice of ours.

    Money that came is a fact: it counts for an invoice that was cancelled meanwhile, too, and the house sees both.
    Must run in the transaction that records the money.
    """
    try:
        key = uuid.UUID(hex=uid)
    except ValueError:
        return None
    invoice = Invoice.objects.filter(uid=key).first()
    return None if invoice is None else _sale(_locked(invoice), now=now)


# Inside: with the invoice's row held.


def _locked(invoice: Invoice) -> Invoice:
    rows = Invoice.objects.select_for_update(of=["self"])
    return rows.select_related("store", "customer", "sale", "design").get(pk=invoice.pk)


def _check(invoice: Invoice, *, tender: Tender, amount: Decimal, now: datetime) -> None:
    if not invoices.is_open(invoice, now=now):
        raise invoices.NotNow("This order is no longer open. Write a new one from the design.")
    standing = invoices.standing(invoice)
    if standing.waits_for is not None:
        stage = standing.waits_for.title
        raise CannotTake(f"Nothing is due until she approves “{stage}”. Show it to her first.")
    if standing.due is None:
        raise CannotTake("It is paid in full.")
    if said := totals.amiss(amount, currency=invoice.currency, is_cash=tender == Tender.CASH):
        raise CannotTake(said)
    if amount > standing.missing:
        due = money.in_words(standing.missing, currency=invoice.currency)
        raise CannotTake(
            f"{due} is due now. Change is given from the drawer; type what stays in it."
        )


def _sale(invoice: Invoice, *, now: datetime) -> Sale:
    if invoice.sale is None:
        invoice.sale, invoice.cancelled_at = _begun(invoice, now=now), None
        invoice.save(update_fields=["sale", "cancelled_at"])
    return invoice.sale


def _begun(invoice: Invoice, *, now: datetime) -> Sale:
    sale = sales.record_sale(
        report=SaleReport(
            source=SOURCE,
            external_id=invoice.uid.hex,
            version=1,
            channel=Sale.Channel.STORE,
            store=invoice.store,
            number=invoice.number,
            currency=invoice.currency,
            total=invoice.total,
            tax=invoice.tax,
            placed_at=now,
            codes=(invoice.code,) if invoice.code else (),
            lines=tuple(invoices.lines_of(invoice)),
        ),
        now=now,
    )
    inventory.sell_stones(sale=sale, sold_before=set(), now=now)
    if invoice.customer is not None:
        owner = customers.resolve(invoice.customer)
        found = sales.Evidence(
            kind=SaleEvidence.Kind.DESIGN_CODE,
            value=invoice.design.code,
            customer=owner,
            grade="A",
        )
        sales.assign(sale=sale, customer=owner, evidence=[found], now=now)
    return sale


def _payments_by_credit(invoice: Invoice) -> list[Payment]:
    if invoice.sale is None:
        return []
    return list(invoice.sale.payments.filter(tender=tender.TENDER, status=Payment.Status.CAPTURED))
