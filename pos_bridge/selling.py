"""Ringing up at the counter: from a design or by free lines, changed line by line. Money is `taking`'s, the ticket itself `tickets`'."""

from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db import transaction

from builder import pricing, quotes
from builder.models import Design
from jeweler import audit, customers, money
from jeweler.models import Customer, SaleLine, Store
from pos_bridge import quoting, reserving, tickets, totals
from pos_bridge.models import CounterAct, CounterLine, CounterTicket

Kind = CounterAct.Kind


@transaction.atomic
def start(
    *,
    store: Store,
    act: tickets.Act,
    customer: Customer | None = None,
    design: Design | None = None,
) -> CounterTicket:
    """A new ticket, once per form; with the design's lines when it begins with one. Raises CannotSell."""
    owner = customer or (design.customer if design else None)
    ticket, is_new = CounterTicket.objects.get_or_create(
        key=act.key,
        defaults={
            "store": store,
            "customer": customers.resolve(owner) if owner else None,
            "begun_by": act.by,
            "begun_at": act.now,
            "currency": store.currency,
        },
    )
    if is_new:
        audit.record(action="ticket.begun", subject=ticket, actor=act.by.user, store=store, now=act.now)  # fmt: skip
        if design is not None:
            _ring_up_design(ticket, design, now=act.now)
    return ticket


@transaction.atomic
def add_design(*, ticket: CounterTicket, design: Design, act: tickets.Act) -> None:
    """All of the design's lines. Raises CannotSell, NotNow, Promised."""
    found = tickets.opened(ticket, act)
    if found is None:
        return
    if found.lines.filter(design=design).exists():
        raise tickets.NotNow(f"{design.code} is on this ticket already.")
    _ring_up_design(found, design, now=act.now)
    if found.customer is None and design.customer is not None:
        found.customer = customers.resolve(design.customer)
        found.save(update_fields=["customer"])
    tickets.changed(found, act, kind=Kind.LINES, said=design.code)


@transaction.atomic
def add_band(*, ticket: CounterTicket, design: Design, act: tickets.Act) -> None:
    """The wedding band that she looked at beside the ring. Raises CannotSell, NotNow."""
    found = tickets.opened(ticket, act)
    if found is None:
        return
    band = design.band
    price = quotes.band_price(band, design=design, now=act.now) if band else None
    if band is None or price is None:
        raise tickets.CannotSell(f"{design.code} has no band beside it that can be priced.")
    if found.currency != pricing.CURRENCY:
        raise tickets.CannotSell(f"The band is priced in {pricing.CURRENCY}, this ticket is in {found.currency}.")  # fmt: skip
    found.lines.create(
        kind=SaleLine.Kind.MERCHANDISE,
        description=f"{band.name}, beside {design.code}",
        price=price,
    )
    tickets.changed(found, act, kind=Kind.LINES, said=band.name)


@transaction.atomic
def add_line(
    *,
    ticket: CounterTicket,
    kind: SaleLine.Kind,
    description: str,
    quantity: int,
    price: Decimal,
    report_number: str = "",
    act: tickets.Act,
) -> None:
    """A line of its own: a piece, a repair, a gift card, shipping. Raises CannotSell, NotNow, CardNumberTyped, Promised."""
    tickets.refuse_card_numbers(description)
    found = tickets.opened(ticket, act)
    if found is None:
        return
    if not description.strip():
        raise tickets.CannotSell("Say what it is, as it is to stand on the receipt.")
    if quantity < 1 or price < 0 or money.rounded(price, currency=found.currency) != price:
        raise tickets.CannotSell(
            f"Type one price in {found.currency}, such as 120.00, and how many."
        )
    found.lines.create(
        kind=kind,
        description=description.strip()[:200],
        quantity=quantity,
        price=price,
        is_taxed=kind != SaleLine.Kind.GIFT_CARD,
        report_number=report_number.strip()[:32],
    )
    tickets.changed(found, act, kind=Kind.LINES, said=description.strip()[:200])


@transaction.atomic
def take_off(*, ticket: CounterTicket, line_id: int, reason: str, act: tickets.Act) -> None:
    """A line, or all lines of its design. Once money was taken it is an exchange: a manager's, with a reason.

    Raises NotNow, NeedsManager, CannotSell.
    """
    tickets.refuse_card_numbers(reason)
    found = tickets.opened(ticket, act)
    if found is None:
        return
    line = found.lines.filter(pk=line_id).first()
    if line is None:
        raise tickets.NotNow("That line is not on the ticket any more.")
    if found.sale is not None:
        if not act.is_manager:
            raise tickets.NeedsManager(
                "Money was taken for it: a manager can exchange it, with a reason."
            )
        if not reason.strip():
            raise tickets.CannotSell("Say why it is exchanged.")
    gone = found.lines.filter(design=line.design) if line.design else found.lines.filter(pk=line.pk)
    gone.delete()
    if found.discount > totals.discountable(tickets.rung(found)):
        found.discount, found.discount_reason = Decimal(0), ""
        found.save(update_fields=["discount", "discount_reason"])
    said = line.design.code if line.design else line.description
    tickets.changed(
        found, act, kind=Kind.REMOVED, said=": ".join(filter(None, [said, reason.strip()]))
    )


@transaction.atomic
def discount(*, ticket: CounterTicket, amount: Decimal, reason: str, act: tickets.Act) -> None:
    """So much off the whole, in place of what was taken off before. Raises CannotSell, NeedsManager, NotNow."""
    tickets.refuse_card_numbers(reason)
    found = tickets.opened(ticket, act)
    if found is None:
        return
    whole = totals.discountable(tickets.rung(found))
    most = money.rounded(whole * settings.COUNTER_DISCOUNT_PCT / 100, currency=found.currency)
    if not 0 <= amount <= whole or money.rounded(amount, currency=found.currency) != amount:
        raise tickets.CannotSell(
            f"At most {tickets.in_words(whole, found)} can be taken off this ticket."
        )
    if amount and not reason.strip():
        raise tickets.CannotSell("Say why something is taken off.")
    if amount > most and not act.is_manager:
        raise tickets.NeedsManager(
            f"You can take off {tickets.in_words(most, found)}; a manager can take off more."
        )
    found.discount, found.discount_reason = amount, reason.strip()[:200] if amount else ""
    found.save(update_fields=["discount", "discount_reason"])
    tickets.changed(
        found,
        act,
        kind=Kind.DISCOUNT,
        said=f"{tickets.in_words(amount, found)} {reason.strip()}"[:240],
    )


@transaction.atomic
def type_tax(*, ticket: CounterTicket, amount: Decimal, act: tickets.Act) -> None:
    """The tax as the associate worked it out, in a store that has no rate. Raises CannotSell, NotNow."""
    found = tickets.opened(ticket, act)
    if found is None:
        return
    if found.store.tax_pct:
        raise tickets.CannotSell(
            f"{found.store} has a rate of its own, {found.store.tax_pct.normalize()} %."
        )
    if amount < 0 or money.rounded(amount, currency=found.currency) != amount:
        raise tickets.CannotSell("Type the tax as an amount, such as 1364.09.")
    found.typed_tax = amount
    found.save(update_fields=["typed_tax"])
    tickets.changed(found, act, kind=Kind.TAX, said=tickets.in_words(amount, found))


@transaction.atomic
def tie(*, ticket: CounterTicket, email: str, phone: str, name: str, act: tickets.Act) -> None:
    """Say whose it is, by her address or number. Raises the errors of customers.identify, NotNow."""
    tickets.refuse_card_numbers(email, phone, name)
    found = tickets.opened(ticket, act)
    if found is None:
        return
    first, _, last = name.strip().partition(" ")
    owner = customers.identify(
        email=email, phone=phone, region=found.store.region, first_name=first[:80],
        last_name=last.strip()[:80], source="counter", now=act.now,
    )  # fmt: skip
    if found.customer is not None and found.customer != owner:
        reserving.set_free(found, now=act.now)  # it was the other's credit
    found.customer = owner
    found.save(update_fields=["customer"])
    if found.sale is not None:
        tickets.assign(found, now=act.now)
    tickets.written(found, act, kind=Kind.CUSTOMER)


# Inside.


def _ring_up_design(ticket: CounterTicket, design: Design, *, now: datetime) -> None:
    """What was saved last. Raises CannotSell."""
    version = design.versions.select_related("setting", "metal", "stone").order_by("-number").first()  # fmt: skip
    if version is None:
        raise tickets.CannotSell(f"{design.code} was never saved, so there is nothing to sell yet.")
    try:
        lines = quoting.lines(version=version, store=ticket.store, now=now)
    except quoting.CannotQuote as problem:
        raise tickets.CannotSell(str(problem)) from problem
    CounterLine.objects.bulk_create(
        CounterLine(
            ticket=ticket,
            kind=SaleLine.Kind.MERCHANDISE,
            description=line.description,
            price=line.amount,
            design=design,
            report_number=line.report_number,
        )
        for line in lines
    )
