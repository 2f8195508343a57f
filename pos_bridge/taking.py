"""Money and the ring itself across the counter: deposits, balances, voids, refunds, and the hand-over.

What is typed is what was done: the card is charged on the terminal, and we see an amount, never a card. Each act is one
transaction with the ticket's row held, and one effect per form. What is due is added up from the facts each time. A payment is
voided on its own day; later it is refunded. What was paid by store credit goes back to her credit, in its share of each refund.
"""

import dataclasses
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from jeweler import audit, customers, money, sales
from jeweler.models import Payment
from pos_bridge import inventory, reserving, tickets, totals
from pos_bridge.models import CounterAct, CounterTicket, Tender
from pos_bridge.tickets import Act, CannotSell, NeedsManager, NotNow
from referrals import credit, full_price
from referrals import tender as tender_rules
from referrals.models import CreditEntry

Kind = CounterAct.Kind
NOTHING = Decimal(0)


@transaction.atomic
def take(
    *, ticket: CounterTicket, tender: Tender, amount: Decimal, reference: str = "", act: Act
) -> None:
    """A deposit, a part, or the balance; the first money begins the sale.

    Raises CannotSell, NotNow, Promised, CardNumberTyped, and credit's InsufficientCredit and NotFullPrice.
    """
    tickets.refuse_card_numbers(reference)
    found = tickets.opened(ticket, act)
    if found is None:
        return
    if not found.lines.exists():
        raise NotNow("Nothing is rung up yet.")
    sale = found.sale or tickets.report(found, act)
    _check_amount(found, tender=tender, amount=amount)
    if tender == Tender.CASH and amount != tickets.due(found) and amount == _in_coins(found):
        found.rounding += amount - tickets.due(found)
        found.save(update_fields=["rounding"])
        sale = tickets.report(found, act)
    if amount > tickets.due(found):
        raise CannotSell(f"Only {_due_words(found)} is due. Change is given from the drawer; type what stays in it.")  # fmt: skip
    payment = sales.record_payment(
        source=tickets.source(found.store),
        external_id=f"{found.uid.hex}-{act.key}",
        sale=sale,
        status=Payment.Status.CAPTURED,
        amount=amount,
        currency=found.currency,
        tender=tender,
        paid_at=act.now,
        now=act.now,
    )
    if tender == Tender.STORE_CREDIT:
        _spend_credit(found, payment, now=act.now)
    tickets.written(
        found, act, kind=Kind.TAKEN, tender=tender, amount=amount, said=reference.strip()
    )


@transaction.atomic
def void(*, ticket: CounterTicket, payment_id: int, act: Act) -> None:
    """A payment that was taken today did not come about. Raises NotNow."""
    found = tickets.opened(ticket, act)
    if found is None:
        return
    payment = _payment(found, payment_id)
    if payment.status == Payment.Status.VOIDED:
        raise NotNow("This payment is voided already.")
    zone = found.store.zone
    if payment.paid_at.astimezone(zone).date() != act.now.astimezone(zone).date():
        raise NotNow("A payment is voided on its own day only. Refund it: a manager can.")
    assert found.sale is not None
    if found.sale.handed_over_at is not None:
        raise NotNow("She has it already. Refund the payment instead: a manager can.")
    if sales.captured(found.sale) - payment.amount < sales.refunded(found.sale):
        raise NotNow("Part of this payment was given back; refund the rest of it instead.")
    sales.record_payment(
        source=payment.source,
        external_id=payment.external_id,
        sale=found.sale,
        status=Payment.Status.VOIDED,
        amount=payment.amount,
        currency=found.currency,
        tender=payment.tender,
        paid_at=payment.paid_at,
        now=act.now,
    )
    _settle_credit(found, now=act.now)
    if payment.tender == Tender.CASH and found.rounding:
        found.rounding = NOTHING
        found.save(update_fields=["rounding"])
        tickets.report(found, act)
    tickets.written(found, act, kind=Kind.VOIDED, tender=payment.tender, amount=payment.amount)


@transaction.atomic
def refund(
    *, ticket: CounterTicket, tender: Tender, amount: Decimal, reason: str, act: Act
) -> None:
    """Give back a part or all, with a reason; a manager's. Raises NeedsManager, CannotSell, NotNow, sales.OverRefund."""
    tickets.refuse_card_numbers(reason)
    if not act.is_manager:
        raise NeedsManager("A manager gives money back, with a reason.")
    found = tickets.opened(ticket, act)
    if found is None:
        return
    if not reason.strip():
        raise CannotSell("Say why it is given back.")
    sale = found.sale
    if sale is None:
        raise NotNow("Nothing was paid, so nothing can be given back.")
    if tender == Tender.STORE_CREDIT:
        raise CannotSell(
            "What was paid by store credit goes back there by itself, in its share. Choose how the rest is given back."
        )
    _check_step(found, tender=tender, amount=amount)
    sales.record_refund(
        source=tickets.source(found.store),
        external_id=f"{found.uid.hex}-{act.key}",
        sale=sale,
        amount=amount,
        tax=money.rounded(amount * sale.tax / sale.total, currency=sale.currency) if sale.total else NOTHING,
        currency=found.currency,
        reason=reason.strip()[:200],
        refunded_at=act.now,
        now=act.now,
    )  # fmt: skip
    as_credit = _settle_credit(found, now=act.now)
    if sales.fully_paid_at(sale) is not None and sales.refunded(sale) >= sale.total:
        inventory.take_back(sale=sale, reason="refunded", at=act.now)
    parts = [(tender, amount - as_credit), (Tender.STORE_CREDIT, as_credit)]
    keys = [act.key, f"{act.key}-credit"]  # the first is the form's, by which it is known
    for key, (by, part) in zip(keys, [each for each in parts if each[1] > 0], strict=False):
        once = dataclasses.replace(act, key=key)
        tickets.written(
            found, once, kind=Kind.REFUNDED, tender=by, amount=part, said=reason.strip()
        )


@transaction.atomic
def hand_over(*, ticket: CounterTicket, act: Act) -> None:
    """She has it. A fact of its own, after the last payment. Raises NotNow."""
    found = tickets.opened(ticket, act)
    if found is None:
        return
    if found.sale is None or found.sale.voided_at is not None or tickets.due(found) > 0:
        raise NotNow(f"{_due_words(found)} is due before it is handed over.")
    if found.sale.handed_over_at is not None:
        raise NotNow("She has it already.")
    sales.hand_over(sale=found.sale, at=act.now, now=act.now)
    tickets.written(found, act, kind=Kind.HANDED_OVER)


@transaction.atomic
def call_off(*, ticket: CounterTicket, act: Act) -> None:
    """It does not come about; what was paid has to be voided or given back before. Raises NotNow."""
    found = tickets.opened(ticket, act)
    if found is None:
        return
    if found.sale is not None:
        kept = sales.captured(found.sale) - sales.refunded(found.sale)
        if found.sale.handed_over_at is not None:
            raise NotNow("She has it already. Give back what she paid: it comes back with it.")
        if kept > 0:
            raise NotNow(
                f"{tickets.in_words(kept, found)} is paid on it: void or refund that first."
            )
        sales.void(sale=found.sale, at=act.now, now=act.now)
        inventory.take_back(sale=found.sale, reason="voided", at=act.now)
    reserving.set_free(found, now=act.now)
    found.called_off_at = act.now
    found.save(update_fields=["called_off_at"])
    tickets.written(found, act, kind=Kind.CALLED_OFF)
    audit.record(action="ticket.called_off", subject=found, actor=act.by.user, store=found.store, now=act.now)  # fmt: skip


def to_give_back(ticket: CounterTicket) -> Decimal:
    """What she paid beyond the total, after an exchange for something less."""
    if ticket.sale is None:
        return NOTHING
    kept = sales.captured(ticket.sale) - sales.refunded(ticket.sale)
    beyond: Decimal = max(kept - ticket.sale.total, NOTHING)
    return beyond


def credit_for(ticket: CounterTicket, *, now: datetime) -> Decimal:
    """How much of what is due her credit can pay, with what is kept of it for this ticket."""
    if ticket.customer is None:
        return NOTHING
    balance = credit.balance(customer=ticket.customer, currency=ticket.currency, now=now)
    kept = sum((hold.amount for hold in reserving.kept(ticket, now=now)), NOTHING)
    left = full_price.eligible(reserving.lines(ticket)).total - _paid_by_credit(ticket)
    return max(min(balance.available + kept, left, tickets.due(ticket)), NOTHING)


# Inside: with the ticket's row held.


def _check_amount(ticket: CounterTicket, *, tender: Tender, amount: Decimal) -> None:
    if tickets.due(ticket) <= 0:
        raise NotNow("It is paid in full.")
    if amount <= 0:
        raise CannotSell("Type the amount that was taken, such as 1500 or 1500.00.")
    _check_step(ticket, tender=tender, amount=amount)


def _check_step(ticket: CounterTicket, *, tender: Tender, amount: Decimal) -> None:
    said = totals.amiss(amount, currency=ticket.currency, is_cash=tender == Tender.CASH)
    if said:
        raise CannotSell(said)


def _in_coins(ticket: CounterTicket) -> Decimal:
    return totals.in_cash(tickets.due(ticket), currency=ticket.currency)


def _due_words(ticket: CounterTicket) -> str:
    return tickets.in_words(tickets.due(ticket), ticket)


def _payment(ticket: CounterTicket, payment_id: int) -> Payment:
    payment = Payment.objects.filter(pk=payment_id, sale=ticket.sale, sale__isnull=False).first()
    if payment is None:
        raise NotNow("There is no such payment on this ticket.")
    return payment


def _paid_by_credit(ticket: CounterTicket) -> Decimal:
    """What stays spent of it on this sale."""
    if ticket.sale is None:
        return NOTHING
    payments = ticket.sale.payments.filter(status=Payment.Status.CAPTURED)
    paid = payments.filter(tender=Tender.STORE_CREDIT).aggregate(sum=Sum("amount"))["sum"]
    return (paid or NOTHING) - _given_back(ticket)


def _spend_credit(ticket: CounterTicket, payment: Payment, *, now: datetime) -> None:
    if ticket.customer is None:
        raise CannotSell("Say first whose ticket it is: credit is hers alone.")
    assert ticket.sale is not None
    found = full_price.eligible(reserving.lines(ticket))
    if _paid_by_credit(ticket) > found.total:  # this payment among it
        raise CannotSell(
            f"Credit can pay {tickets.in_words(found.total, ticket)} of this ticket. {found.in_words()}".strip()
        )
    reserving.set_free(ticket, now=now)  # for this: her accounts stay locked until we are done
    held = credit.hold(
        customer=customers.resolve(ticket.customer),
        amount=payment.amount,
        currency=ticket.currency,
        sale_reference=ticket.uid.hex,
        lines=list(ticket.sale.lines.order_by("position")),
        store=ticket.store,
        now=now,
    )
    credit.capture(uid=held.uid, payment=payment, now=now)


def _settle_credit(ticket: CounterTicket, *, now: datetime) -> Decimal:
    """Give back to her credit what the sale's refunds and voids give back of it, by the house's one rule, and say how much."""
    if ticket.sale is None:
        return NOTHING
    before = _given_back(ticket)
    tender_rules.settle(sale_id=ticket.sale.pk, now=now)
    return _given_back(ticket) - before


def _given_back(ticket: CounterTicket) -> Decimal:
    entries = CreditEntry.objects.filter(
        transaction__hold__payment__sale=ticket.sale,
        transaction__kind="give_back",
        source=CreditEntry.Bucket.SPENT,
    )
    return entries.aggregate(sum=Sum("amount"))["sum"] or NOTHING
