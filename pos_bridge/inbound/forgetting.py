"""What the inbox knows of people, taken away when they ask, and from everybody after a while.

The rows stay with their keys, so that a delivery that comes again is still known. Every till says who bought in words of its
own, so that whatever could tell a person is taken out by the names that tills give it, wherever it stands; amounts and ids stay.
"""

import re
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, TextField
from django.db.models.functions import Cast

from jeweler.models import Payment, Sale
from pos_bridge.models import InboxEvent, TillCustomer

TILL = "till:"
PERSONAL = frozenset(
    {
        "address", "addresses", "billing_address", "billing_details", "birthday", "browser_ip", "buyer", "buyer_email_address",
        "client_details", "company_name", "contact_email", "customer", "customer_details", "customer_message", "customer_name",
        "customer_note", "default_address", "display_name", "email", "email_address", "family_name", "first_name", "given_name",
        "last_name", "nickname", "note", "note_attributes", "phone", "phone_number", "receipt_email", "recipient",
        "shipping_address", "staff_notes",
    }
)  # fmt: skip


def forget(*, customer_id: int) -> None:
    """Take who she is, and what was noted about her, out of all that tills said of her and of her sales."""
    theirs = _of_her_sales(customer_id)
    if theirs:
        _take_out(theirs)
    for row in TillCustomer.objects.filter(customer=customer_id):
        whole_id = rf"[^0-9A-Za-z]{re.escape(row.external_id)}[^0-9A-Za-z]"
        about_her = Q(
            connection=row.connection_id, type__icontains="customer", said__regex=whole_id
        )
        _take_out(about_her)


def prune(*, now: datetime) -> int:
    """Empty the bodies of what was done long ago, and say of how many."""
    old = now - timedelta(days=settings.INBOX_KEEP_DAYS)
    done = InboxEvent.objects.filter(state=InboxEvent.State.DONE, finished_at__lt=old)
    return done.exclude(body={}).update(body={})


def _of_her_sales(customer_id: int) -> Q:
    """What is about her sales, or about payments of them, at whichever till."""
    sales = Sale.objects.filter(customer=customer_id)
    about = [(sale.source, sale.external_id) for sale in sales]
    payments = Payment.objects.filter(sale__in=sales)
    about += payments.values_list("source", "external_id")
    theirs = Q()
    for source, external_id in about:
        if source.startswith(TILL):
            code = source.removeprefix(TILL)
            theirs |= Q(connection__code=code, sale_external_id=external_id)
    return theirs


def _take_out(which: Q) -> None:
    events = InboxEvent.objects.annotate(said=Cast("body", TextField())).filter(which)
    for event in events.select_for_update(of=["self"]):
        event.body = _without_people(event.body)
        event.save(update_fields=["body"])


def _without_people(said: Any) -> Any:
    if isinstance(said, list):
        return [_without_people(each) for each in said]
    if isinstance(said, dict):
        return {name: _without_people(each) for name, each in said.items() if name not in PERSONAL}
    return said
