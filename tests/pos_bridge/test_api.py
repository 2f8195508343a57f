"""What an endpoint reads with its token: its messages by number without a gap, and what each is about."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from jeweler import customers, outbox, privacy
from jeweler.events import CustomerForgotten, SaleRecorded
from jeweler.models import AuditEntry, Customer, Sale
from pos_bridge import outgoing
from pos_bridge.models import WebhookEndpoint
from pos_bridge.outgoing import Opened
from referrals import credit
from referrals.events import CreditGranted, CreditHeld
from referrals.models import CreditHold
from tests.factories import pos_bridge as tills
from tests.factories.jeweler import CustomerFactory
from tests.factories.pos_bridge import NOW, numbered, open_endpoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def opened() -> Opened:
    return open_endpoint()


def read(opened: Opened, path: str = "", *, token: str = "") -> Any:
    headers = {"authorization": f"Bearer {token or opened.token}"}
    return Client().get(f"/api/v1/events{path}", headers=headers)


def a_sale() -> Sale:
    till = tills.open_till(store=tills.open_store())
    customer = {"email": "clara@example.com", "first_name": "Clara"}
    tills.post(till, tills.event("sale.recorded", customer=customer))
    tills.work_off()
    return Sale.objects.get()


def test_a_consumer_that_missed_any_of_them_can_prove_it_and_gets_them(opened: Opened) -> None:
    numbered(25)
    other = open_endpoint(types=["sale.recorded"])
    numbered(2)

    seen: list[int] = []
    after = 0
    while True:
        page = read(opened, f"?after_seq={after}&limit=10").json()
        seen += [each["seq"] for each in page["events"]]
        after = page["next"]
        if page["next"] == page["last_seq"]:
            break

    assert seen == list(range(1, 28))
    assert read(opened, f"/?after_seq={after}").json() == {
        "events": [],
        "next": 27,
        "last_seq": 27,
    }
    assert [each["seq"] for each in read(other, "/").json()["events"]] == [1, 2]


def test_what_is_read_is_what_was_sent(opened: Opened) -> None:
    numbered()
    [message] = opened.endpoint.messages.all()
    [told] = read(opened).json()["events"]
    assert told.pop("id") == message.key
    assert told == outgoing.said(message)


def test_a_wrong_old_or_switched_off_token_reads_nothing(opened: Opened) -> None:
    numbered()
    assert read(opened, token="wrong").status_code == 401
    token = outgoing.new_token(endpoint=opened.endpoint)
    assert read(opened).status_code == 401
    assert read(opened, token=token).status_code == 200
    WebhookEndpoint.objects.update(disabled_at=NOW, disabled_why="It answered 410")
    assert read(opened, token=token).status_code == 200  # so that it can catch up
    WebhookEndpoint.objects.update(is_active=False)
    answer = read(opened, token=token)
    assert answer.status_code == 401
    assert "Webhook endpoints" in answer.json()["detail"]


@pytest.mark.parametrize("asked", ["after_seq=-1", "after_seq=x", "limit=0", "limit=501", "after_seq=1e3", f"after_seq={2**63}"])  # fmt: skip
def test_a_question_that_is_none_is_answered_in_words(opened: Opened, asked: str) -> None:
    answer = read(opened, f"?{asked}")
    assert answer.status_code == 400
    assert asked.partition("=")[0] in answer.json()


def test_what_is_no_longer_kept_is_not_passed_over_in_silence(opened: Opened) -> None:
    numbered(3)
    WebhookEndpoint.objects.update(kept_after_seq=2)
    opened.endpoint.messages.filter(seq__lte=2).delete()
    for path in ("?after_seq=1", "/2/"):
        answer = read(opened, path)
        assert answer.status_code == 410
        assert answer.json()["kept_after_seq"] == 2
    assert [each["seq"] for each in read(opened, "?after_seq=2").json()["events"]] == [3]


def test_a_sale_is_told_as_it_stands_and_that_it_was_told_is_written_down(opened: Opened) -> None:
    sale = a_sale()
    numbered(event=SaleRecorded(sale_id=sale.pk))

    answer = read(opened, "/1/")

    about = answer.json()["about"]
    assert about["total"] == "5088.00"
    assert about["customer"]["email"] == "clara@example.com"
    assert [line["description"] for line in about["lines"]] == ["Ring"]
    assert "no-store" in answer["Cache-Control"]
    entry = AuditEntry.objects.get(action="webhook.read")
    assert entry.subject == f"webhookendpoint:{opened.endpoint.pk}"


def test_only_what_this_endpoint_was_told_of_is_told(opened: Opened) -> None:
    other = open_endpoint(types=["design.saved"])
    numbered(event=SaleRecorded(sale_id=a_sale().pk))
    assert read(opened, "/1/").status_code == 200
    assert read(other, "/1/").status_code == 404
    assert read(opened, "/2/").status_code == 404
    assert read(opened, f"/{10**30}/").status_code == 404
    assert AuditEntry.objects.filter(action="webhook.read").count() == 1


def test_of_whom_we_forgot_nothing_is_told(opened: Opened) -> None:
    numbered(event=SaleRecorded(sale_id=a_sale().pk))
    [clara] = customers.find(email="clara@example.com")
    privacy.forget(customer=clara, now=NOW)
    outbox.deliver_due(now=NOW)
    told = read(opened, "/1/").content.decode()
    assert "clara" not in told.lower()
    numbered(event=CustomerForgotten(customer_id=clara.pk))
    last = read(opened).json()["last_seq"]
    assert read(opened, f"/{last}/").json()["about"]["customer"]["id"] == clara.pk
    assert Customer.objects.get(pk=clara.pk).forgotten_at is not None


def test_a_visit_and_a_design_are_told(opened: Opened) -> None:
    visit, design = tills.told_visit_and_design()
    about = read(opened, "/1/").json()["about"]
    assert (about["id"], about["status"]) == (str(visit.uid), "booked")
    about = read(opened, "/2/").json()["about"]
    assert (about["code"], about["setting"], about["price"]) == (design.code, "alba", "15490.00")


def test_credit_that_is_held_and_credit_that_is_granted_are_told(opened: Opened) -> None:
    clara = CustomerFactory()
    lot = credit.grant(
        customer=clara, amount=Decimal(100), currency="USD", last_date=None, reason="A welcome",
        key="welcome", now=NOW,
    )  # fmt: skip
    hold = CreditHold.objects.create(
        customer=clara, currency="USD", amount=Decimal("40.50"), sale_reference="T-1", held_at=NOW,
        lapses_at=NOW,
    )  # fmt: skip
    hers: dict[str, Any] = {"customer_id": clara.pk, "amount": "40.50", "currency": "USD"}
    numbered(event=CreditGranted(lot_id=lot.pk, **hers))
    numbered(event=CreditHeld(hold_id=hold.pk, **hers))
    granted, held = (read(opened, f"/{seq}/").json() for seq in (1, 2))
    assert (granted["data"]["lot"], granted["about"]["face"]) == (lot.pk, "100.00")
    assert (held["data"]["hold"], held["about"]["amount"]) == (str(hold.uid), "40.50")
    assert held["about"]["customer"]["id"] == clara.pk
