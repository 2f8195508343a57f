"""What the inbox knows of people, taken away when they ask, and from everybody after a while.

The rows stay with their keys, so that a delivery that comes again is still known.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from jeweler.models import Sale
from pos_bridge.models import InboxEvent


def forget(*, customer_id: int) -> None:
    """Take who bought, and what was noted about it, out of all that was said of her sales."""
    theirs = Q()
    for sale in Sale.objects.filter(customer=customer_id, source__startswith="till:"):
        code = sale.source.removeprefix("till:")
        theirs |= Q(connection__code=code, sale_external_id=sale.external_id)
    if not theirs:
        return
    for event in InboxEvent.objects.filter(theirs, type="sale.recorded").select_for_update(
        of=["self"]
    ):
        event.body.pop("customer", None)
        if isinstance(event.body.get("sale"), dict):
            event.body["sale"].pop("note", None)
        event.save(update_fields=["body"])


def prune(*, now: datetime) -> int:
    """Empty the bodies of what was done long ago, and say of how many."""
    old = now - timedelta(days=settings.INBOX_KEEP_DAYS)
    done = InboxEvent.objects.filter(state=InboxEvent.State.DONE, finished_at__lt=old)
    return done.exclude(body={}).update(body={})
