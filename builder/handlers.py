"""What the builder does when it hears of something. Each handler derives; hearing twice changes nothing."""

from datetime import datetime

from builder import forgetting, living
from builder.events import SavedStonesWithdrawn, StoneSold
from jeweler import customers
from jeweler.events import CustomerForgotten, CustomersMerged, SaleRecorded
from jeweler.models import Customer, Sale
from jeweler.outbox import subscribe


@subscribe(StoneSold)
def look_at_designs_of_sold_stone(event: StoneSold, *, now: datetime) -> None:
    living.ring(stone_ids=[event.stone_id])


@subscribe(SavedStonesWithdrawn)
def look_at_designs_of_withdrawn_stones(event: SavedStonesWithdrawn, *, now: datetime) -> None:
    living.ring(stone_ids=event.stone_ids)


@subscribe(SaleRecorded)
def rest_designs_of_buyer(event: SaleRecorded, *, now: datetime) -> None:
    sale = Sale.objects.filter(pk=event.sale_id).select_related("customer__merged_into").first()
    if sale and sale.customer and sale.voided_at is None:
        living.rest(customer=sale.customer, acted_at=sale.placed_at, now=now)


@subscribe(CustomersMerged)
def rest_designs_of_both(event: CustomersMerged, *, now: datetime) -> None:
    """What one of the two bought was bought by her who saved the other's designs."""
    for kept in Customer.objects.filter(pk=event.kept_id):
        sales = Sale.objects.filter(customer__in=customers.ids_of(kept), voided_at=None)
        if last := sales.order_by("-placed_at").first():
            living.rest(customer=kept, acted_at=last.placed_at, now=now)


@subscribe(CustomerForgotten)
def forget_what_she_wrote(event: CustomerForgotten, *, now: datetime) -> None:
    forgetting.forget(customer_id=event.customer_id, visitor_ids=event.visitor_ids, now=now)
