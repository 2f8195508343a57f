"""What comes twice, late or broken. The others by number: 1 in test_races; 7, 9, 11, 13 in test_webhooks; 15 and 17 in test_inbound."""

from datetime import timedelta

import pytest
from django.utils import timezone

from jeweler.models import OutboxEvent, Payment, Sale
from pos_bridge import inbound
from pos_bridge.connections import Opened
from pos_bridge.models import InboxEvent
from tests.factories import pos_bridge as tills
from tests.factories import vendors

pytestmark = pytest.mark.django_db


@pytest.fixture
def till() -> Opened:
    return vendors.open_till()


def test_scenario_03_two_topics_of_one_event_id_are_both_applied(till: Opened) -> None:
    shared = {"x-shopify-event-id": "98880550-7158-44d4-b7cd-2c97c8a091b5"}
    created = vendors.order(
        updated_at="2026-10-01T11:04:04-04:00", total_price="5088.00", note="first"
    )
    paid = vendors.order(note="paid")

    for topic, body in (("orders/create", created), ("orders/paid", paid)):
        assert vendors.tell(till, topic, body, **shared).status_code == 200
    tills.work_off()

    assert [state for _, state, _ in tills.states()] == ["done", "done"]
    assert Sale.objects.get().note == "paid"


def test_scenario_05_a_captured_request_that_is_replayed_after_a_month_has_no_effect(
    till: Opened,
) -> None:
    """The body is gone from the inbox by then; its key stays."""
    captured = vendors.transaction(1, "sale", "5088.00")
    vendors.tell(till, "orders/paid", vendors.order(), id_="one")
    vendors.tell(till, "order_transactions/create", captured, id_="two")
    tills.work_off()
    a_year_on = timezone.now() + timedelta(days=365)
    inbound.prune(now=a_year_on)
    told = OutboxEvent.objects.count()

    again = vendors.tell(till, "order_transactions/create", captured, id_="two")
    anew = vendors.tell(till, "order_transactions/create", captured, id_="under another id")
    tills.work_off(at=a_year_on)

    assert (again.status_code, again.json()["status"]) == (200, "known")
    assert (anew.status_code, anew.json()["status"]) == (200, "kept")
    assert InboxEvent.objects.get(delivery_key__endswith=" two").body == {}
    assert (Payment.objects.count(), OutboxEvent.objects.count()) == (1, told)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, 400),
        (b'{"a": "' + b"x" * 40 * 1024 * 1024 + b'"}', 413),
    ],
)
def test_scenario_53_what_would_break_a_worker_never_reaches_one(body: bytes, status: int) -> None:
    """One whose effect fails is dead after its attempts: test_inbound; one that kills its worker: tests/faults."""
    tills.open_store()
    till = tills.open_till()
    tills.post(till, tills.event("sale.recorded"))

    assert tills.post(till, body).status_code == status
    tills.work_off()

    assert Sale.objects.count() == 1
    assert set(InboxEvent.objects.values_list("state", flat=True)) <= {"done", "dead"}
