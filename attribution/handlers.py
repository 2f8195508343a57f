"""What attribution does when it hears of something. Each handler derives; hearing twice changes nothing."""

from datetime import datetime

from attribution import conversions
from builder.events import BuilderCompleted, DesignLookedUp, DesignSaved
from builder.models import Design, DesignLookup
from jeweler.events import (
    CustomersMerged,
    CustomersUnmerged,
    RefundRecorded,
    SaleRecorded,
    SaleVoided,
)
from jeweler.models import Customer
from jeweler.outbox import subscribe


@subscribe(DesignSaved)
def note_saved_design(event: DesignSaved, *, now: datetime) -> None:
    """A save may also make a browser known as hers, and its touches part of what she bought."""
    conversions.record_saved(designs=Design.objects.filter(pk=event.design_id), now=now)
    if event.visitor_id is not None:
        owner = Customer.objects.filter(pk=event.customer_id)
        conversions.rebuild_of(customers=owner, now=now)


@subscribe(BuilderCompleted)
def note_completed_design(event: BuilderCompleted, *, now: datetime) -> None:
    conversions.record_completed(designs=Design.objects.filter(pk=event.design_id), now=now)


@subscribe(DesignLookedUp)
def note_looked_up_design(event: DesignLookedUp, *, now: datetime) -> None:
    conversions.record_looked_up(lookups=DesignLookup.objects.filter(pk=event.lookup_id), now=now)


@subscribe(SaleRecorded)
def credit_sale(event: SaleRecorded, *, now: datetime) -> None:
    conversions.rebuild(sale_ids=[event.sale_id], now=now)


@subscribe(RefundRecorded)
def take_back_credit(event: RefundRecorded, *, now: datetime) -> None:
    conversions.rebuild(sale_ids=[event.sale_id], now=now)


@subscribe(SaleVoided)
def withdraw_credit(event: SaleVoided, *, now: datetime) -> None:
    conversions.rebuild(sale_ids=[event.sale_id], now=now)


@subscribe(CustomersMerged)
def credit_as_one(event: CustomersMerged, *, now: datetime) -> None:
    _credit_anew(event.kept_id, event.absorbed_id, now=now)


@subscribe(CustomersUnmerged)
def credit_as_two(event: CustomersUnmerged, *, now: datetime) -> None:
    _credit_anew(event.kept_id, event.absorbed_id, now=now)


def _credit_anew(*customer_ids: int, now: datetime) -> None:
    conversions.rebuild_of(customers=Customer.objects.filter(pk__in=customer_ids), now=now)
