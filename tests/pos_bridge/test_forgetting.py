from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from jeweler import outbox, privacy
from jeweler.models import Sale
from pos_bridge import inbound
from pos_bridge.connections import Opened
from pos_bridge.models import InboxEvent
from tests.factories import pos_bridge as tills
from tests.factories import vendors

pytestmark = pytest.mark.django_db


@pytest.fixture
def till() -> Opened:
    tills.open_store()
    return tills.open_till()


def test_who_asks_to_be_forgotten_is_forgotten_in_the_inbox(till: Opened) -> None:
    buyer = {"email": "clara@example.com", "first_name": "Clara"}
    tills.post(till, tills.event("sale.recorded", customer=buyer, sale={"note": "for Clara"}))
    other = {"email": "mina@example.com"}
    tills.post(till, tills.event("sale.recorded", customer=other, sale={"id": "T-2"}))
    tills.work_off()
    clara = Sale.objects.get(external_id="T-1").customer
    assert clara

    privacy.forget(customer=clara, now=timezone.now())
    outbox.deliver_due(now=timezone.now())

    hers, others = InboxEvent.objects.order_by("id")
    assert "clara" not in str(hers.body).lower()
    assert hers.body["sale"]["total_minor"] == 508800
    assert others.body["customer"] == other


def test_a_vendors_messages_of_her_and_of_her_sale_tell_nothing_of_her_any_more() -> None:
    buyer = {"id": 207119551, "email": "clara@example.com", "first_name": "Clara"}
    till = vendors.open_till()
    vendors.tell(till, "customers/create", {**buyer, "updated_at": vendors.AT})
    other = {"id": 2071195512, "email": "mina@example.com", "updated_at": vendors.AT}
    vendors.tell(till, "customers/create", other)
    vendors.tell(till, "orders/paid", vendors.order(customer=buyer, note="for Clara"))
    tills.work_off()
    clara = Sale.objects.get().customer
    assert clara

    privacy.forget(customer=clara, now=timezone.now())
    outbox.deliver_due(now=timezone.now())

    hers, others, order = InboxEvent.objects.order_by("id")
    assert "clara" not in f"{hers.body}{order.body}".lower()
    assert order.body["total_price"] == "5088.00"
    assert others.body["email"] == "mina@example.com"


def test_bodies_are_emptied_after_a_while_and_their_keys_still_known(till: Opened) -> None:
    tills.post(till, tills.event("sale.recorded"), key="msg_1")
    tills.post(till, tills.event("refund.recorded", sale={"id": "T-9"}), key="msg_2")
    tills.work_off()
    now = timezone.now()

    assert inbound.prune(now=now) == 0
    later = now + timedelta(days=settings.INBOX_KEEP_DAYS + 1)
    assert inbound.prune(now=later) == 1
    assert inbound.prune(now=later) == 0

    done, parked = InboxEvent.objects.order_by("id")
    assert (done.body, parked.state) == ({}, "parked")
    assert parked.body["refund"]
    again = tills.post(till, tills.event("sale.recorded"), key="msg_1")
    assert again.json() == {"status": "known"}


def test_a_replay_of_something_long_emptied_has_no_effect(till: Opened) -> None:
    tills.post(till, tills.event("sale.recorded"), key="msg_1")
    tills.work_off()
    InboxEvent.objects.all().delete()

    tills.post(till, tills.event("sale.recorded"), key="msg_1")
    tills.work_off()

    assert Sale.objects.count() == 1
