"""Who brings friends: a customer becomes an advocate once, by her own wish, and keeps her code."""

from datetime import datetime

from django.db import transaction

from jeweler import customers, locking
from jeweler.models import Customer
from referrals import codes, wording
from referrals.models import Advocate


class CannotJoin(ValueError):
    """Somebody who was forgotten meanwhile, or whose code was ended."""

    def __init__(self) -> None:
        super().__init__("This invitation no longer stands. Ask us in any showroom.")


def of(customer: Customer) -> Advocate | None:
    """As an advocate, under whichever of her names she became one. None: she is none, or it was ended."""
    found = Advocate.objects.filter(customer__in=customers.ids_of(customer), ends_at=None)
    return found.select_related("customer__merged_into").order_by("joined_at", "pk").first()


@transaction.atomic
def join(*, customer: Customer, now: datetime) -> Advocate:
    """Have a code of hers; the one that she has, if she has. Raises CannotJoin."""
    customer = customers.resolve_anew(customer)
    locking.hold(f"advocate {customer.pk}")
    has = of(customer)
    if has is not None:
        return has
    before = Advocate.objects.filter(customer__in=customers.ids_of(customer))
    if customer.forgotten_at is not None or before.exists():
        raise CannotJoin
    return Advocate.objects.create(customer=customer, code=_new_code(), joined_at=now)


def _new_code() -> str:
    """One that nobody has and nobody minds to say aloud."""
    while True:
        code = codes.new()
        if not wording.is_rude(code) and not Advocate.objects.filter(code=code).exists():
            return code
