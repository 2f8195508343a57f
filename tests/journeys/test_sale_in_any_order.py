"""Whatever order a till's events come in, and however often, the books end the same."""

import itertools
import uuid
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.models import Stone
from jeweler import sales
from jeweler.models import Refund, Sale
from pos_bridge import inbound
from pos_bridge.connections import Opened
from pos_bridge.models import InboxEvent
from tests.factories import pos_bridge as tills

pytestmark = pytest.mark.django_db

NAMES = (
    "sale as it was begun",
    "sale with her name",
    "deposit authorized",
    "deposit captured",
    "balance captured",
    "part of it refunded",
    "handed over",
)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One delivery of one event; `is_retry` comes under the event's key, else under a new one."""

    name: str
    is_retry: bool
    works_first: bool


deliveries = st.builds(
    Delivery,
    name=st.sampled_from(NAMES),
    is_retry=st.booleans(),
    works_first=st.booleans(),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Delivery]:
    """Every event at least once, some more often, in any order, with the worker in between."""
    once = [
        Delivery(name=name, is_retry=True, works_first=draw(st.booleans()))
        for name in draw(st.permutations(NAMES))
    ]
    again = draw(st.lists(deliveries, max_size=8))
    return list(draw(st.permutations([*once, *again])))


@given(history=histories())
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_order_and_any_repetition_end_in_the_same_books(
    db: None, history: list[Delivery]
) -> None:
    tills.open_store()
    run = uuid.uuid4().hex[:8]
    till = tills.open_till(code=f"till-{run}")
    stone = tills.stone(report_number=run)
    said = _events(run)

    for delivery in history:
        if delivery.works_first:
            inbound.apply_due(now=timezone.now())
        key = delivery.name.replace(" ", "-") if delivery.is_retry else uuid.uuid4().hex
        assert tills.post(till, said[delivery.name], key=key).status_code == 200
    inbound.apply_due(now=timezone.now() + timedelta(seconds=1))

    assert _books(till, stone) == {
        "version": 2,
        "total": Decimal(5088),
        "lines": [Decimal(4700)],
        "paid": [("D", "captured", Decimal(1000)), ("B", "captured", Decimal(4088))],
        "fully_paid_at": tills.NOW + timedelta(days=7),
        "refunded": Decimal(500),
        "handed_over_at": tills.NOW + timedelta(days=8),
        "customer": f"{run}@example.com",
        "evidence": [("email", "A")],
        "stone": "sold",
        "left": 0,
    }


def test_every_pair_of_events_may_come_in_either_order(db: None) -> None:
    """Beside the sampled histories: each pair of events, in both orders, one after the other."""
    tills.open_store()
    for first, second in itertools.permutations(NAMES, 2):
        run = uuid.uuid4().hex[:8]
        till = tills.open_till(code=f"till-{run}")
        tills.stone(report_number=run)
        said = _events(run)
        rest = [name for name in NAMES if name not in {first, second}]
        for name in [first, second, *rest]:
            tills.post(till, said[name])
            if name in {first, second, rest[-1]}:
                inbound.apply_due(now=timezone.now())

        sale = Sale.objects.get(source=till.connection.source)
        found = (sale.version, sales.captured(sale), sales.refunded(sale))
        assert found == (2, Decimal(5088), Decimal(500)), (first, second)


def _events(run: str) -> dict[str, dict[str, Any]]:
    sale = {"id": run, "total_minor": 508800, "tax_minor": 38800}
    begun = {**sale, "version": 1, "total_minor": 500000, "tax_minor": 30000}
    named = {**sale, "version": 2, "placed_at": tills.NOW.isoformat()}
    lines = [{"price_minor": 470000, "report_number": run}]
    buyer = {"email": f"{run}@example.com", "first_name": "Clara"}
    about = {"id": run}
    deposit = {"id": f"{run}-D", "amount_minor": 100000}
    balance = {"id": f"{run}-B", "amount_minor": 408800}
    part = {"id": f"{run}-R", "amount_minor": 50000, "tax_minor": 3800}
    said = (
        tills.event("sale.recorded", sale=begun, lines=lines),
        tills.event("sale.recorded", sale=named, lines=lines, customer=buyer),
        tills.event("payment.authorized", sale=about, payment=deposit),
        tills.event("payment.captured", sale=about, payment=deposit),
        tills.event("payment.captured", sale=about, payment=balance, occurred_at=_days(7)),
        tills.event("refund.recorded", sale=about, refund=part, occurred_at=_days(9)),
        tills.event("sale.handed_over", sale=about, occurred_at=_days(8)),
    )
    return dict(zip(NAMES, said, strict=True))


def _days(number: int) -> str:
    return (tills.NOW + timedelta(days=number)).isoformat()


def _books(till: Opened, stone: Stone) -> dict[str, Any]:
    sale = Sale.objects.get(source=till.connection.source)
    stone.refresh_from_db()
    payments = sale.payments.order_by("amount")
    assert Refund.objects.filter(sale=sale).count() == 1
    assert sale.customer
    return {
        "version": sale.version,
        "total": sale.total,
        "lines": [line.net_total for line in sale.lines.all()],
        "paid": [(each.external_id[-1], each.status, each.amount) for each in payments],
        "fully_paid_at": sales.fully_paid_at(sale),
        "refunded": sales.refunded(sale),
        "handed_over_at": sale.handed_over_at,
        "customer": sale.customer.contact_points.get().canonical,
        "evidence": list(sale.evidence.values_list("kind", "grade")),
        "stone": stone.status,
        "left": InboxEvent.objects.filter(connection=till.connection).exclude(state="done").count(),
    }
