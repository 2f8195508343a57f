"""What the friends' room does when something happens below it: each fact of a sale settles its credit anew."""

from datetime import datetime

from jeweler.events import (
    PaymentCaptured,
    PaymentVoided,
    RefundRecorded,
    SaleRecorded,
    SaleVoided,
)
from jeweler.outbox import subscribe
from referrals import tender


@subscribe(SaleRecorded)
def settle_with_its_owner(event: SaleRecorded, *, now: datetime) -> None:
    """Whose sale it is may be found out after it was paid."""
    tender.settle(sale_id=event.sale_id, now=now)


@subscribe(PaymentCaptured)
def settle_what_is_paid(event: PaymentCaptured, *, now: datetime) -> None:
    tender.settle(sale_id=event.sale_id, now=now)


@subscribe(PaymentVoided)
def settle_what_is_not_paid(event: PaymentVoided, *, now: datetime) -> None:
    tender.settle(sale_id=event.sale_id, now=now)


@subscribe(RefundRecorded)
def settle_what_is_refunded(event: RefundRecorded, *, now: datetime) -> None:
    tender.settle(sale_id=event.sale_id, now=now)


@subscribe(SaleVoided)
def settle_what_never_came_about(event: SaleVoided, *, now: datetime) -> None:
    tender.settle(sale_id=event.sale_id, now=now)
