"""Money and the ring itself across the counter: deposits, balances, voids, refunds, and the hand-over.

What is typed is what was done: the card is charged on the terminal, and we see an amount, never a card. Each act is one
transaction with the ticket's row held, and one effect per form. What is due is added up from the facts each time. A payment is
voided on its own day; later it is refunded. What was paid by store credit goes back to her credit and nowhere else.
"""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from jeweler import audit, customers, money, sales
from jeweler.models import Payment, SaleLine
from pos_bridge import inventory, tickets, totals
from pos_bridge.models import CounterAct, CounterTicket, Tender
from pos_bridge.tickets import Act, CannotSell, NeedsManager, NotNow
from referrals import credit, full_price
from referrals.models import CreditEntry, CreditHold

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
    if payment.tender == Tender.STORE_CREDIT:
        _return_credit(found, payment.amount, reason="voided", now=act.now)
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
    _check_step(found, tender=tender, amount=amount)
    left = _left_of(found, is_credit=tender == Tender.STORE_CREDIT)
    if amount > left:
        way = "store credit" if tender == Tender.STORE_CREDIT else "other tenders than store credit"
        raise CannotSell(f"{tickets.in_words(left, found)} of it was paid by {way} and can go back there.")  # fmt: skip
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
    if tender == Tender.STORE_CREDIT:
        _return_credit(found, amount, reason=reason, now=act.now)
    if sales.fully_paid_at(sale) is not None and sales.refunded(sale) >= sale.total:
        inventory.take_back(sale=sale, reason="refunded", at=act.now)
    tickets.written(
        found, act, kind=Kind.REFUNDED, tender=tender, amount=amount, said=reason.strip()
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
    """How much of what is due her credit can pay."""
    if ticket.customer is None:
        return NOTHING
    balance = credit.balance(customer=ticket.customer, currency=ticket.currency, now=now)
    left = _eligible(ticket).total - _paid(ticket, is_credit=True)
    return max(min(balance.available, left, tickets.due(ticket)), NOTHING)


# Inside: with the ticket's row held.


def _check_amount(ticket: CounterTicket, *, tender: Tender, amount: Decimal) -> None:
    if tickets.due(ticket) <= 0:
        raise NotNow("It is paid in full.")
    if amount <= 0:
        raise CannotSell("Type the amount that was taken, such as 1500 or 1500.00.")
    _check_step(ticket, tender=tender, amount=amount)


def _check_step(ticket: CounterTicket, *, tender: Tender, amount: Decimal) -> None:
    if amount <= 0 or money.rounded(amount, currency=ticket.currency) != amount:
        raise CannotSell(f"{amount} is no amount in {ticket.currency}. Type one such as 1500.00.")
    coined = totals.in_cash(amount, currency=ticket.currency)
    if tender == Tender.CASH and coined != amount:
        raise CannotSell(f"There is no coin for {amount}; in cash it is {coined}.")


def _in_coins(ticket: CounterTicket) -> Decimal:
    return totals.in_cash(tickets.due(ticket), currency=ticket.currency)


def _due_words(ticket: CounterTicket) -> str:
    return tickets.in_words(tickets.due(ticket), ticket)


def _payment(ticket: CounterTicket, payment_id: int) -> Payment:
    payment = Payment.objects.filter(pk=payment_id, sale=ticket.sale, sale__isnull=False).first()
    if payment is None:
        raise NotNow("There is no such payment on this ticket.")
    return payment


def _paid(ticket: CounterTicket, *, is_credit: bool) -> Decimal:
    if ticket.sale is None:
        return NOTHING
    payments = ticket.sale.payments.filter(status=Payment.Status.CAPTURED)
    asked = payments.filter(tender=Tender.STORE_CREDIT) if is_credit else payments.exclude(tender=Tender.STORE_CREDIT)  # fmt: skip
    given = ticket.acts.filter(kind=Kind.REFUNDED)
    back = given.filter(tender=Tender.STORE_CREDIT) if is_credit else given.exclude(tender=Tender.STORE_CREDIT)  # fmt: skip
    paid = asked.aggregate(sum=Sum("amount"))["sum"] or NOTHING
    return paid - (back.aggregate(sum=Sum("amount"))["sum"] or NOTHING)


def _left_of(ticket: CounterTicket, *, is_credit: bool) -> Decimal:
    return max(_paid(ticket, is_credit=is_credit), NOTHING)


def _eligible(ticket: CounterTicket) -> full_price.Eligible:
    """What of it credit can pay: merchandise at full price alone."""
    worked = tickets.add_up(ticket).lines
    return full_price.eligible(
        SaleLine(
            kind=line.kind,
            quantity=line.quantity,
            list_price=each.list_price,
            net_total=each.net_total,
        )
        for line, each in zip(ticket.lines.order_by("pk"), worked, strict=True)
    )


def _spend_credit(ticket: CounterTicket, payment: Payment, *, now: datetime) -> None:
    if ticket.customer is None:
        raise CannotSell("Say first whose ticket it is: credit is hers alone.")
    assert ticket.sale is not None
    found = _eligible(ticket)
    if _paid(ticket, is_credit=True) > found.total:  # this payment among it
        raise CannotSell(
            f"Credit can pay {tickets.in_words(found.total, ticket)} of this ticket. {found.in_words()}".strip()
        )
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


def _return_credit(ticket: CounterTicket, amount: Decimal, *, reason: str, now: datetime) -> None:
    """To the lots it came from, the last spent first."""
    assert ticket.sale is not None
    spent = CreditHold.objects.filter(
        payment__sale=ticket.sale, state=CreditHold.State.CAPTURED
    ).order_by("-pk")
    left = amount
    for held in spent:
        if left <= 0:
            return
        before = _given_back(held)
        part = min(left, held.captured_amount - before)
        if part > 0:
            credit.give_back(uid=held.uid, total=before + part, reason=reason, now=now)
            left -= part


def _given_back(held: CreditHold) -> Decimal:
    entries = CreditEntry.objects.filter(
        transaction__hold=held, transaction__kind="give_back", source=CreditEntry.Bucket.SPENT
    )
    return entries.aggregate(sum=Sum("amount"))["sum"] or NOTHING
