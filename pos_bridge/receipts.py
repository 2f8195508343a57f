"""The receipt of a ticket: what it says, printed or mailed.

Limit: a secret is never mailed; its receipt is printed and handed over.
"""

from decimal import Decimal

from django.conf import settings
from django.db import transaction

from builder import pricing
from jeweler import customers, mail, money, sales
from jeweler.models import ContactPoint, Payment
from pos_bridge import tickets
from pos_bridge.models import CounterAct, CounterTicket, Tender
from pos_bridge.tickets import Act


class NothingToMail(ValueError):
    """There is nobody, or nothing, to mail it to; the text says what to do."""


def written(ticket: CounterTicket) -> dict[str, object]:
    """What stands on it: positions as they were rung up, the discount, tax, total, and each payment."""
    sale = ticket.sale
    assert sale is not None  # the caller asked
    lines = list(ticket.lines.select_related("design").order_by("pk"))
    worked = tickets.add_up(ticket)
    taken = sale.payments.filter(status=Payment.Status.CAPTURED).order_by("paid_at", "pk")
    return {
        "sale": sale,
        "store": ticket.store,
        "lines": [(line, line.price * line.quantity) for line in lines],
        "codes": list(dict.fromkeys(line.design.code for line in lines if line.design)),
        "reports": list(dict.fromkeys(line.report_number for line in lines if line.report_number)),
        "tax": worked.tax,
        "is_included": ticket.store.tax_display == pricing.INCLUDED,
        "total": sale.total,
        "payments": [(each, _tender(each.tender)) for each in taken],
        "refunds": list(sale.refunds.order_by("refunded_at", "pk")),
        "due": max(sales.due(sale), Decimal(0)),
        "return_days": settings.RETURN_DAYS,
    }


@transaction.atomic
def mail_it(*, ticket: CounterTicket, act: Act) -> None:
    """To her newest address, once per form. Raises NothingToMail."""
    found = tickets.opened(ticket, act)
    if found is None:
        return
    if found.sale is None:
        raise NothingToMail("Nothing was paid yet, so there is no receipt.")
    if found.lines.filter(design__is_discreet=True).exists():
        raise NothingToMail(
            "This is a secret: print the receipt and hand it over; nothing is mailed."
        )
    to = _address(found)
    if to is None or found.customer is None:
        raise NothingToMail(
            "We have no address of hers. Type it under “Whose it is”, then mail it."
        )
    mail.queue(
        key=f"receipt:{found.uid.hex}:{act.key}",
        template="pos_bridge/receipt",
        to=to,
        subject=f"Your receipt from {settings.SITE_NAME}, {found.number}",
        context=_in_words(found),
        customer=customers.resolve(found.customer),
        now=act.now,
    )
    tickets.written(found, act, kind=CounterAct.Kind.MAILED)


def _address(ticket: CounterTicket) -> str | None:
    if ticket.customer is None:
        return None
    points = ContactPoint.objects.filter(
        customer__in=customers.ids_of(ticket.customer), kind=ContactPoint.Kind.EMAIL
    )
    return points.order_by("-created_at").values_list("canonical", flat=True).first()


def _in_words(ticket: CounterTicket) -> dict[str, object]:
    """Amounts as text: the mail is rendered when it is queued, and its context is kept."""
    found = written(ticket)
    sale, store = ticket.sale, ticket.store
    assert sale is not None

    def words(amount: Decimal) -> str:
        return money.in_words(amount, currency=ticket.currency)

    lines = ticket.lines.order_by("pk")
    taken = sale.payments.filter(status=Payment.Status.CAPTURED).order_by("paid_at", "pk")
    return {
        "number": ticket.number,
        "date": f"{sale.placed_at.astimezone(store.zone):%-d %B %Y}",
        "store": f"{store.name}, {store.street}, {store.city}",
        "lines": [{"said": each.description, "amount": words(each.price * each.quantity)} for each in lines],
        "discount": words(ticket.discount) if ticket.discount else "",
        "tax": words(sale.tax),
        "is_included": found["is_included"],
        "total": words(sale.total),
        "payments": [
            {
                "said": f"{_tender(each.tender)}, {each.paid_at.astimezone(store.zone):%-d %B %Y}",
                "amount": words(each.amount),
            }
            for each in taken
        ],
        "given_back": words(sales.refunded(sale)) if sales.refunded(sale) else "",
        "due": words(max(sales.due(sale), Decimal(0))),
        "codes": ", ".join(found["codes"]) if isinstance(found["codes"], list) else "",
        "reports": ", ".join(found["reports"]) if isinstance(found["reports"], list) else "",
        "return_days": settings.RETURN_DAYS,
    }  # fmt: skip


def _tender(tender: str) -> str:
    known = dict(Tender.choices)
    return str(known.get(tender, tender)).partition(",")[0]
