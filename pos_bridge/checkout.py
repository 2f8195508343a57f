"""Payment pages at Stripe for the parts of an invoice. We see no card, and believe only what its signed events say.

A page is asked for in the request that she waits in, since its address is the answer; nothing is locked meanwhile, and when
Stripe does not answer in time she is told so and has lost nothing. Two clicks at once get one page: both name the same
row as the idempotency key. Without a key of the house there is no payment page, and the counter takes the money.
"""

from datetime import UTC, datetime, timedelta

import stripe
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from pos_bridge import invoices
from pos_bridge.models import Checkout, Invoice, InvoicePart
from pos_bridge.providers.stripe import INVOICE, minor_units

LASTS = timedelta(minutes=45)  # Stripe keeps a page for half an hour at least
PATIENCE_S = 8


class NothingDue(ValueError):
    """There is nothing to be paid now; the text says why."""


class NoPaymentPage(Exception):
    """The payment provider did not answer; the text gives the way out."""

    def __init__(self) -> None:
        super().__init__(
            "The payment page did not open. Nothing was taken. Try again in a minute, or pay in the store."
        )


def is_possible() -> bool:
    return bool(settings.STRIPE_SECRET_KEY)


def address(*, invoice: Invoice, back: str, now: datetime) -> str:
    """Where she pays the part that is due; `back` is where she returns. Raises NothingDue, NoPaymentPage."""
    checkout = _wanted(invoice, now=now)
    if checkout.address:
        return checkout.address
    try:
        session = _client().v1.checkout.sessions.create(
            {
                "mode": "payment",
                "line_items": [
                    {
                        "quantity": 1,
                        "price_data": {
                            "currency": invoice.currency.lower(),
                            "unit_amount": minor_units(checkout.amount, currency=invoice.currency),
                            "product_data": {"name": f"{checkout.part.title}, {invoice.number}"},
                        },
                    }
                ],
                "client_reference_id": invoice.uid.hex,
                "metadata": {INVOICE: invoice.uid.hex},
                "payment_intent_data": {"metadata": {INVOICE: invoice.uid.hex}},
                "success_url": f"{back}?paid=1",
                "cancel_url": back,
                "expires_at": int((now + LASTS).timestamp()),
            },
            {"idempotency_key": checkout.uid.hex},
        )
    except stripe.StripeError as error:
        raise NoPaymentPage from error
    checkout.session_id, checkout.address = session.id, session.url or ""
    checkout.ends_at = datetime.fromtimestamp(session.expires_at, tz=UTC)
    checkout.save(update_fields=["session_id", "address", "ends_at"])
    return checkout.address


@transaction.atomic
def _wanted(invoice: Invoice, *, now: datetime) -> Checkout:
    """The row of the page that is open for what is due, or a new one; two at once get the same."""
    locked = Invoice.objects.select_for_update(of=["self"]).get(pk=invoice.pk)
    if not invoices.is_open(locked, now=now):
        raise NothingDue("This invoice is no longer open. Ask us for a new one.")
    standing = invoices.standing(locked)
    if standing.due is None:
        raise NothingDue("There is nothing to pay now.")
    still_open = standing.due.checkouts.filter(
        Q(ends_at__gt=now + timedelta(minutes=1)) | Q(ends_at=None, began_at__gt=now - LASTS),
        amount=standing.missing,
    )
    return still_open.order_by("pk").first() or _new(standing.due, standing.missing, now=now)


def _new(part: InvoicePart, amount: object, *, now: datetime) -> Checkout:
    return Checkout.objects.create(part=part, amount=amount, began_at=now)


def _client() -> stripe.StripeClient:
    return stripe.StripeClient(
        settings.STRIPE_SECRET_KEY,
        http_client=stripe.RequestsClient(timeout=PATIENCE_S),
        base_addresses={"api": settings.STRIPE_API_URL},
        max_network_retries=0,
    )
