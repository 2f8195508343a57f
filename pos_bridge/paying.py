"""An invoice is paid, given back and handed over: at the counter, by her store credit, or by whoever reports money for it.

The first money begins its sale, whoever takes it: then its lines become a sale of source `invoice` and her stone leaves the
builder. Whoever takes money holds the invoice's row first, so that no two take the same part. What the house takes itself
is never more than what is due now; money that somebody else reports has moved already, and is booked as it is.
"""

import uuid
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction

from jeweler import audit, customers, money, sales
from jeweler.models import Payment, Refund, Sale, SaleEvidence
from jeweler.sales import SaleReport
from pos_bridge import inventory, invoices, totals
from pos_bridge.models import Invoice, Tender
from referrals import credit, full_price
from referrals import tender as credit_rules

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


@transaction.atomic
def refund(
    *,
    invoice: Invoice,
    tender: Tender,
    amount: Decimal,
    reason: str,
    key: str,
    by: User,
    now: datetime,
) -> None:
    """Give back a part or all, once for the key of its form; credit's share goes back to her credit by itself. The caller checks who may.

    Raises CannotTake, NotNow, and what sales.record_refund does.
    """
    locked = _locked(invoice)
    source, name = f"counter:{locked.store.code}", f"{locked.uid.hex}-{key}"
    if Refund.objects.filter(source=source, external_id__in=[name, f"{name}-credit"]).exists():
        return
    sale = _refundable(locked, tender=tender, amount=amount, reason=reason)
    as_credit = credit_rules.share_of(sale, refund=amount)
    for part, how, called in (
        (amount - as_credit, tender, name),
        (as_credit, Tender.STORE_CREDIT, f"{name}-credit"),
    ):
        if part:
            sales.record_refund(
                source=source,
                external_id=called,
                sale=sale,
                amount=part,
                tax=money.rounded(part * sale.tax / sale.total, currency=sale.currency),
                currency=sale.currency,
                tender=how,
                reason=reason.strip()[:200],
                refunded_at=now,
                now=now,
            )
    credit_rules.settle(sale_id=sale.pk, now=now)
    if sales.fully_paid_at(sale) is not None and sales.refunded(sale) >= sale.total:
        inventory.take_back(sale=sale, reason="refunded", at=now)
    audit.record(
        action="invoice.refunded", subject=locked, actor=by, store=locked.store,
        detail={"amount": str(amount), "because": reason.strip()[:200]}, now=now,
    )  # fmt: skip


@transaction.atomic
def hand_over(*, invoice: Invoice, by: User, now: datetime) -> None:
    """She has it. A fact of its own, after the last payment. Raises NotNow."""
    locked = _locked(invoice)
    left = invoices.standing(locked).left
    if locked.sale is None or locked.sale.voided_at is not None or sales.due(locked.sale) > 0:
        words = money.in_words(left, currency=locked.currency)
        raise invoices.NotNow(f"{words} is to be paid before it is handed over.")
    if locked.sale.handed_over_at is None:
        sales.hand_over(sale=locked.sale, at=now, now=now)
        audit.record(action="invoice.handed_over", subject=locked, actor=by, store=locked.store, now=now)  # fmt: skip


@transaction.atomic
def call_off(*, invoice: Invoice, by: User, now: datetime) -> None:
    """It does not come about. Raises NotNow while something that was paid is not given back."""
    locked = _locked(invoice)
    if locked.sale is None:
        invoices.cancel(invoice=locked, by=by, now=now)
        return
    if locked.sale.handed_over_at is not None:
        raise invoices.NotNow("She has it already. Give back what she paid: it comes back with it.")
    kept = sales.captured(locked.sale) - sales.refunded(locked.sale)
    if kept > 0:
        words = money.in_words(kept, currency=locked.currency)
        raise invoices.NotNow(f"{words} is paid on it: give that back first.")
    if locked.sale.voided_at is None:
        sales.void(sale=locked.sale, at=now, now=now)
        inventory.take_back(sale=locked.sale, reason="voided", at=now)
        audit.record(action="invoice.cancelled", subject=locked, actor=by, now=now)


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
        tender=credit_rules.TENDER,
        reference=credit_rules.reference_to(hold),
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


def _refundable(invoice: Invoice, *, tender: Tender, amount: Decimal, reason: str) -> Sale:
    if invoice.sale is None:
        raise invoices.NotNow("Nothing was paid, so nothing can be given back.")
    if not reason.strip():
        raise CannotTake("Say why it is given back.")
    if tender == Tender.STORE_CREDIT:
        raise CannotTake(
            "What was paid by store credit goes back there by itself, in its share. Choose how the rest is given back."
        )
    if said := totals.amiss(amount, currency=invoice.currency, is_cash=tender == Tender.CASH):
        raise CannotTake(said)
    kept = sales.captured(invoice.sale) - sales.refunded(invoice.sale)
    if amount > kept:
        words = money.in_words(kept, currency=invoice.currency)
        raise CannotTake(f"{words} is all that was paid and not given back.")
    return invoice.sale


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
            sold_by=invoice.written_by,
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
    return list(
        invoice.sale.payments.filter(tender=credit_rules.TENDER, status=Payment.Status.CAPTURED)
    )
