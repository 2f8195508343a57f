"""What the tills' room does when something happens below it."""

from datetime import datetime

from jeweler.events import CustomerForgotten
from jeweler.models import OutboxEvent
from jeweler.outbox import Event, subscribe
from pos_bridge import inbound, outgoing


@subscribe(CustomerForgotten)
def forget_in_the_inbox(event: CustomerForgotten, *, now: datetime) -> None:
    inbound.forget(customer_id=event.customer_id)


def tell_outside(event: Event, *, record: OutboxEvent, now: datetime) -> None:
    outgoing.tell(event=event, record=record, now=now)


for _event_type in outgoing.TOLD:
    subscribe(_event_type, with_record=True)(tell_outside)
