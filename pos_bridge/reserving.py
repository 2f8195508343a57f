"""Her credit is kept for a ticket that she will pay later: for a ring that is made, or a repair that she fetches.

Promise: what is kept is hers for this ticket until the day that was told, at whatever till or page her credit is asked for
meanwhile. Paying by credit uses it first; calling the ticket off, or giving the ticket to somebody else, sets it free. It is kept
once: keeping anew replaces what was kept.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet

from jeweler import customers
from pos_bridge import tickets, totals
from pos_bridge.models import CounterAct, CounterTicket
from pos_bridge.tickets import Act
from referrals import credit, full_price
from referrals.models import CreditHold

KEPT_FOR = timedelta(days=14)
Kind = CounterAct.Kind


@transaction.atomic
def keep(*, ticket: CounterTicket, amount: Decimal, act: Act) -> None:
    """So much of her credit, for a fortnight. Raises CannotSell, NotNow, credit's InsufficientCredit and NotFullPrice."""
    found = tickets.opened(ticket, act)
    if found is None:
        return
    if found.customer is None:
        raise tickets.CannotSell("Say first whose ticket it is: credit is hers alone.")
    if amount > tickets.due(found):
        raise tickets.CannotSell(
            f"Only {tickets.in_words(tickets.due(found), found)} is due on this ticket."
        )
    if said := totals.amiss(amount, currency=found.currency, is_cash=False):
        raise tickets.CannotSell(said)
    set_free(found, now=act.now)
    until = act.now + KEPT_FOR
    credit.hold(
        customer=customers.resolve(found.customer),
        amount=amount,
        currency=found.currency,
        sale_reference=found.uid.hex,
        lines=lines(found),
        store=found.store,
        until=until,
        now=act.now,
    )
    day = until.astimezone(found.store.zone)
    said = f"{tickets.in_words(amount, found)} until {day:%-d %B}"
    tickets.written(found, act, kind=Kind.CREDIT_KEPT, said=said)


@transaction.atomic
def let_go(*, ticket: CounterTicket, act: Act) -> None:
    """Nothing is kept any more. Raises NotNow."""
    found = tickets.opened(ticket, act)
    if found is None:
        return
    freed = set_free(found, now=act.now)
    if freed:
        tickets.written(found, act, kind=Kind.CREDIT_FREED, said=tickets.in_words(freed, found))


def kept(ticket: CounterTicket, *, now: datetime) -> list[CreditHold]:
    """What is kept for it and has not run out."""
    return list(_holds(ticket).filter(lapses_at__gt=now))


def set_free(ticket: CounterTicket, *, now: datetime) -> Decimal:
    """Within the caller's transaction: how much was set free, which nobody else can have before it ends."""
    freed = Decimal(0)
    for hold in _holds(ticket):
        credit.release(uid=hold.uid, now=now)
        freed += hold.amount
    return freed


def lines(ticket: CounterTicket) -> list[full_price.Line]:
    """As the rule of full price judges them, whether or not the ticket has become a sale."""
    rung = sorted(ticket.lines.all(), key=lambda line: line.pk)
    return [
        full_price.Asked(
            kind=line.kind,
            quantity=line.quantity,
            list_price=worked.list_price,
            net_total=worked.net_total,
        )
        for line, worked in zip(rung, tickets.add_up(ticket).lines, strict=True)
    ]


def _holds(ticket: CounterTicket) -> QuerySet[CreditHold]:
    holds = CreditHold.objects.filter(state=CreditHold.State.HELD, store=ticket.store)
    return holds.filter(sale_reference=ticket.uid.hex).order_by("pk")
