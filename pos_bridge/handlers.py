"""What the tills' room does when something happens below it."""

from datetime import datetime

from jeweler.events import CustomerForgotten
from jeweler.outbox import subscribe
from pos_bridge import inbound


@subscribe(CustomerForgotten)
def forget_in_the_inbox(event: CustomerForgotten, *, now: datetime) -> None:
    inbound.forget(customer_id=event.customer_id)
