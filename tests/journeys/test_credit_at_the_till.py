"""Clara pays a part of her ring by credit: held at the till, told by the till's signed events, captured once, given back."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from jeweler import outbox
from jeweler.models import Sale
from pos_bridge.connections import Opened
from referrals import credit
from referrals.models import CreditHold, CreditMismatch
from tests.factories import pos_bridge as tills
from tests.factories.jeweler import customer_with
from tests.factories.referrals import grant
from tests.factories.tills import Till

pytestmark = pytest.mark.django_db


def worked_off() -> None:
    """What came is applied, and what follows of it, also of what is told twice."""
    now = timezone.now()
    tills.work_off(at=now)
    outbox.deliver_due(now=now + timedelta(minutes=5))


@pytest.mark.parametrize("is_refunded_first", [False, True])
def test_scenario_37_credit_is_spent_by_the_tills_events_once_and_comes_back_with_the_refund(
    is_refunded_first: bool,
) -> None:
    clara = customer_with(email="clara@example.com")
    grant(clara, "200.00", now=timezone.now())
    till, door = Till(tills.open_store()), tills.open_till()
    held = till.hold(till.knows("clara@example.com"), 20000, sale="T-1").json()

    def tell(kind: str, **groups: Any) -> None:
        _told_twice(door, tills.event(kind, **groups))

    by_credit = {"id": "P-1", "amount_minor": 20000, "tender": "store_credit"}
    refund = {"id": "R-1", "amount_minor": 254400}
    if is_refunded_first:
        tell("refund.recorded", refund=refund)
    tell("payment.captured", payment={"id": "P-2", "amount_minor": 488800})
    tell("payment.captured", payment={**by_credit, "reference": held["payment_reference"]})
    tell("sale.recorded", customer={"email": "clara@example.com"})
    if not is_refunded_first:
        assert _available(clara) == 0
        assert CreditHold.objects.get().state == CreditHold.State.CAPTURED
        tell("refund.recorded", refund=refund)

    assert _available(clara) == 100, "half of the sale came back, and half of its credit with it"
    assert CreditHold.objects.get().payment == Sale.objects.get().payments.get(external_id="P-1")
    assert not CreditMismatch.objects.exists()
    assert till.post(f"credit/holds/{held['hold']}/release/").status_code == 409


def _told_twice(door: Opened, said: dict[str, Any]) -> None:
    for _ in range(2):
        assert tills.post(door, said).status_code == 200
        worked_off()


def _available(customer: Any) -> Decimal:
    return credit.balance(customer=customer, currency="USD", now=timezone.now()).available
