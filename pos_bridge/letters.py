"""The mails about an invoice: that it was written, and that there is something to look at.

A discreet design's mail gives nothing away; the page says it.
"""

from datetime import datetime

from django.conf import settings

from builder import stills, versions
from builder.letters import address_of
from jeweler import mail, money
from jeweler.models import EmailMessage
from pos_bridge import invoices
from pos_bridge.models import Invoice, InvoiceStage


def address(invoice: Invoice) -> str:
    """Its page, by the link that only her mail has."""
    return f"{settings.SITE_URL}/invoices/{invoices.token(invoice)}/"


def written(invoice: Invoice, *, now: datetime) -> EmailMessage | None:
    """Her invoice with its link; None when there is no address to write to. Once per link."""
    return _owe(
        invoice,
        kind="written",
        key=f"invoice:{invoice.pk}:written:{invoice.link_version}",
        subject=f"Your order with {settings.SITE_NAME}, {invoice.number}",
        now=now,
    )


def shown(stage: InvoiceStage, *, now: datetime) -> EmailMessage | None:
    """There is something to look at. Once for each time it was put before her."""
    return _owe(
        stage.invoice,
        kind="shown",
        key=f"invoice:{stage.invoice_id}:shown:{stage.pk}:{stage.shown_at:%Y%m%d%H%M%S%f}",
        subject=f"{stage.title}: please have a look",
        stage=stage,
        now=now,
    )


def _owe(
    invoice: Invoice,
    *,
    kind: str,
    key: str,
    subject: str,
    now: datetime,
    stage: InvoiceStage | None = None,
) -> EmailMessage | None:
    to = address_of(invoice.version)
    if to is None:
        return None
    is_discreet = invoice.design.is_discreet
    standing = invoices.standing(invoice)
    picture = stills.picture_url(invoice.design, invoice.version.picture_hash)
    return mail.queue(
        key=key,
        template="pos_bridge/invoice_note" if is_discreet else "pos_bridge/invoice",
        to=to,
        subject="Something for you to look at" if is_discreet else subject,
        context={
            "kind": kind,
            "number": invoice.number,
            "said": versions.in_words(invoice.version),
            "picture": f"{settings.SITE_URL}{picture}" if picture else "",
            "stage": stage.title if stage else "",
            "words": stage.words if stage else "",
            "due": standing.due.title if standing.due else "",
            "missing": money.in_words(standing.missing, currency=invoice.currency),
            "total": money.in_words(invoice.total, currency=invoice.currency),
            "link": address(invoice),
        },
        customer=invoice.customer,
        sender=settings.DISCREET_FROM_EMAIL if is_discreet else "",
        now=now,
    )
