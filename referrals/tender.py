"""Store credit as a tender: a payment by it meets the hold that it names, and comes back with what the sale gives back.

A till names the hold in the payment's `reference`, as `credit_hold:<uid>`. Promise: `settle` makes of the sale's facts what they
mean for credit, from whatever is known; so it may run after any of them, in any order and as often as it likes. A payment that
no hold covers leaves the credit untouched and is a row for the manager (CreditMismatch). What is refunded comes back pro rata
over the sale's tenders, exact with the last of it, and as credit alone: it is never paid out.
"""

import uuid
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction

from jeweler import audit, customers, locking, money, sales
from jeweler.models import Payment, Sale
from referrals import credit, full_price
from referrals.models import CreditHold, CreditMismatch

TENDER = "store_credit"
PREFIX = "credit_hold:"
Reason = CreditMismatch.Reason
Status = Payment.Status


class AlreadySettled(ValueError):
    def __init__(self, mismatch: CreditMismatch) -> None:
        super().__init__(f"{mismatch} was settled before.")


def reference_to(hold: CreditHold) -> str:
    """What a payment says that is paid by this hold."""
    return f"{PREFIX}{hold.uid}"


@transaction.atomic
def settle(*, sale_id: int, now: datetime) -> None:
    """Capture the holds that the sale's payments name, and give back what its refunds and voids give back."""
    by_credit = Payment.objects.filter(sale=sale_id, tender=TENDER).exclude(
        status=Status.AUTHORIZED
    )
    if not by_credit.exists():
        return
    locking.hold(f"credit of sale {sale_id}")
    sale = Sale.objects.select_related("customer__merged_into").get(pk=sale_id)
    for payment in by_credit.filter(credit_hold=None).order_by("pk"):
        _meet(payment, sale=sale, now=now)
    _give_back(sale, now=now)


def share_of(sale: Sale, *, refund: Decimal) -> Decimal:
    """How much of a refund that is still to be recorded would go back to her credit."""
    paid = sale.payments.filter(tender=TENDER, status=Status.CAPTURED, credit_hold__isnull=False)
    known = list(paid)
    return _due_back(known, sale=sale, more=refund) - _due_back(known, sale=sale)


@transaction.atomic
def settle_otherwise(*, mismatch: CreditMismatch, by: User, now: datetime) -> None:
    """The manager has dealt with it: taken another tender, or written it off. Raises AlreadySettled."""
    open_ones = CreditMismatch.objects.filter(pk=mismatch.pk, settled_at=None)
    if not open_ones.update(settled_at=now, settled_by=by):
        raise AlreadySettled(mismatch)
    audit.record(
        action="credit_mismatch.settled",
        subject=mismatch,
        actor=by,
        store=mismatch.payment.sale.store,
        now=now,
    )


def _meet(payment: Payment, *, sale: Sale, now: datetime) -> None:
    hold, reason = _judged(payment, sale=sale)
    if payment.status == Status.VOIDED:
        if hold is not None and not reason:
            _undo(hold, payment=payment, now=now)
        _close_mismatch(payment, now=now)
    elif hold is None or reason:
        CreditMismatch.objects.get_or_create(
            payment=payment, defaults={"reason": reason, "hold": hold, "found_at": now}
        )
    elif not CreditMismatch.objects.filter(payment=payment, settled_by__isnull=False).exists():
        credit.capture(uid=hold.uid, amount=payment.amount, payment=payment, now=now)
        _close_mismatch(payment, now=now)


def _undo(hold: CreditHold, *, payment: Payment, now: datetime) -> None:
    """Its payment was voided before it was met: what is held goes free, what the till captured is given back below."""
    if hold.state == CreditHold.State.HELD:
        credit.release(uid=hold.uid, now=now)
    else:
        credit.capture(uid=hold.uid, payment=payment, now=now)


def _close_mismatch(payment: Payment, *, now: datetime) -> None:
    CreditMismatch.objects.filter(payment=payment, settled_at=None).update(settled_at=now)


def _judged(payment: Payment, *, sale: Sale) -> tuple[CreditHold | None, str]:
    """The hold that the payment names, and why it does not cover it, "" when it does."""
    hold = _named(payment.reference)
    if hold is None:
        says_one = payment.reference.startswith(PREFIX)
        return None, Reason.UNKNOWN_HOLD if says_one else Reason.NO_HOLD
    owed = hold.captured_amount or hold.amount
    is_other_amount = payment.amount > owed or (
        hold.state == CreditHold.State.CAPTURED and payment.amount != owed
    )
    judged = {
        Reason.HOLD_USED: hold.payment_id is not None,
        Reason.OTHER_CURRENCY: hold.currency != sale.currency,
        Reason.OTHER_CUSTOMER: _is_anothers(hold, sale=sale),
        Reason.OTHER_SALE: _is_for_another(hold, sale=sale),
        Reason.HOLD_CLOSED: hold.state not in {CreditHold.State.HELD, CreditHold.State.CAPTURED},
        Reason.OTHER_AMOUNT: is_other_amount,
        Reason.NOT_FULL_PRICE: _is_beyond_full_price(payment, sale=sale),
    }
    return hold, next((reason for reason, is_so in judged.items() if is_so), "")


def _named(reference: str) -> CreditHold | None:
    try:
        return credit.find(uuid.UUID(reference.removeprefix(PREFIX)))
    except (ValueError, credit.UnknownHold):
        return None


def _is_anothers(hold: CreditHold, *, sale: Sale) -> bool:
    return sale.customer is not None and hold.customer_id not in customers.ids_of(sale.customer)


def _is_for_another(hold: CreditHold, *, sale: Sale) -> bool:
    """Of another store; or, where nobody knows whose the sale is, of another ticket."""
    if hold.store_id is not None and hold.store_id != sale.store_id:
        return True
    return sale.customer is None and hold.sale_reference not in {sale.external_id, sale.number}


def _is_beyond_full_price(payment: Payment, *, sale: Sale) -> bool:
    """The ticket as it was reported, which may be another than the one that the credit was held for."""
    met = sale.payments.filter(tender=TENDER, status=Status.CAPTURED, credit_hold__isnull=False)
    paid = sum((each.amount for each in met), payment.amount)
    return bool(paid > full_price.eligible(sale.lines.all()).total)


def _give_back(sale: Sale, *, now: datetime) -> None:
    met = list(
        sale.payments.filter(tender=TENDER, credit_hold__isnull=False)
        .select_related("credit_hold")
        .order_by("-pk")
    )
    due = _due_back([each for each in met if each.status == Status.CAPTURED], sale=sale)
    for payment in met:
        back = payment.amount
        if payment.status == Status.CAPTURED:
            back = min(due, payment.amount)
            due -= back
        if back:
            reason = f"Sale {sale.pk} gave it back"
            credit.give_back(uid=payment.credit_hold.uid, total=back, reason=reason, now=now)


def _due_back(by_credit: list[Payment], *, sale: Sale, more: Decimal = Decimal(0)) -> Decimal:
    """Of what was refunded so far, and `more`, the share of these payments in all that was taken."""
    paid = sum((payment.amount for payment in by_credit), Decimal(0))
    taken, refunded = sales.captured(sale), sales.refunded(sale) + more
    if sale.voided_at is not None or (refunded and refunded >= taken):
        return paid
    if not refunded:
        return Decimal(0)
    return money.rounded(paid * refunded / taken, currency=sale.currency)
