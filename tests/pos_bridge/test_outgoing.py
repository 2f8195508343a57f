"""What the house tells others: which events, under which numbers, how often, and until when."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction

from jeweler import outbox
from jeweler.events import CustomerForgotten, SaleRecorded
from jeweler.models import EmailMessage, OutboxEvent, Sale, StaffMember
from pos_bridge import outgoing
from pos_bridge.models import WebhookAttempt, WebhookEndpoint, WebhookMessage
from pos_bridge.outgoing import minding, sending, telling
from tests.factories import pos_bridge as tills
from tests.factories.jeweler import StaffMemberFactory
from tests.factories.pos_bridge import NOW, numbered, open_endpoint
from tests.listeners import Listener, listening, self_signed

pytestmark = pytest.mark.django_db

State = WebhookMessage.State


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def listener(certificate: Path) -> Iterator[Listener]:
    with listening(certificate) as found:
        yield found


@pytest.fixture
def endpoint(listener: Listener) -> WebhookEndpoint:
    return open_endpoint(address=listener.url).endpoint


@pytest.fixture
def owner() -> StaffMember:
    member: StaffMember = StaffMemberFactory(role=StaffMember.Role.OWNER, sees_all_stores=True)
    member.user.email = "owner@osmere.example"
    member.user.save(update_fields=["email"])
    return member


def deliver(listener: Listener, *, at: datetime = NOW) -> int:
    return outgoing.deliver_due(clock=lambda: at, reach=listener.reach())


def message(seq: int = 1) -> WebhookMessage:
    return WebhookMessage.objects.get(seq=seq)


def answering(status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> Any:
    return [(status, headers or {}, body)]


# Which events, and what is said of them.


def every_event() -> set[type[outbox.Event]]:
    rooms = {config.label for config in apps.get_app_configs()} - {"demo"}
    return {
        kind
        for kind in outbox.Event.__subclasses__()
        if kind.__module__.partition(".")[0] in rooms and kind.__module__.endswith(".events")
    }


def test_every_event_of_the_house_is_told_or_kept_on_purpose() -> None:
    told, kept = set(telling.TOLD), set(telling.KEPT_TO_OURSELVES)
    assert told | kept == every_event(), "Decide in pos_bridge/outgoing/telling.py"
    assert not told & kept
    assert len(set(telling.TOLD.values())) == len(telling.TOLD)


def test_a_sale_at_a_till_is_told_to_whoever_asked_for_sales() -> None:
    store = tills.open_store()
    till = tills.open_till(store=store)
    sales_only = open_endpoint(types=["sale.recorded", "sale.paid"]).endpoint
    designs_only = open_endpoint(types=["design.saved"]).endpoint
    customer = {"email": "clara@example.com", "first_name": "Clara"}
    tills.post(till, tills.event("sale.recorded", customer=customer))
    tills.post(till, tills.event("payment.captured"))
    tills.work_off()

    outbox.deliver_due(now=NOW + timedelta(days=900))

    sale = Sale.objects.get()
    told = [outgoing.said(each) for each in sales_only.messages.order_by("seq")]
    assert {each["type"] for each in told} == {"sale.recorded", "sale.paid"}
    assert [each["seq"] for each in told] == list(range(1, len(told) + 1))
    assert {each["data"]["sale"] for each in told} == {sale.pk}
    assert {each["data"]["store"] for each in told} == {store.code}
    assert told[0]["data"]["url"] == "http://localhost:8000/api/v1/events/1/"
    assert not designs_only.messages.exists()
    text = json.dumps(told).lower()
    assert not [word for word in ("clara", "5088", "example.com") if word in text]


def test_a_visit_a_design_and_a_farewell_are_named_by_their_codes() -> None:
    open_endpoint()
    visit, design = tills.told_visit_and_design()
    numbered(event=CustomerForgotten(customer_id=visit.customer_id))

    told = [each.data for each in WebhookMessage.objects.order_by("seq")]
    assert told == [
        {"visit": str(visit.uid), "store": visit.store.code},
        {"design": design.code, "version": 1},
        {"customer": visit.customer_id},
    ]


def test_an_event_that_is_heard_twice_is_told_once() -> None:
    endpoint = open_endpoint().endpoint
    record = OutboxEvent.objects.create(name="test", payload={}, occurred_at=NOW)
    assert outgoing.tell(event=SaleRecorded(sale_id=1), record=record, now=NOW) == 1
    assert outgoing.tell(event=SaleRecorded(sale_id=1), record=record, now=NOW) == 0
    endpoint.refresh_from_db()
    assert (endpoint.last_seq, endpoint.messages.count()) == (1, 1)


def test_an_endpoint_that_is_off_is_told_nothing_and_has_no_gap() -> None:
    endpoint = open_endpoint().endpoint
    numbered(2)
    WebhookEndpoint.objects.update(is_active=False)
    numbered(3)
    WebhookEndpoint.objects.update(is_active=True)
    numbered(1)
    assert list(endpoint.messages.order_by("seq").values_list("seq", flat=True)) == [1, 2, 3]


def test_the_database_holds_that_a_number_is_given_once() -> None:
    endpoint = open_endpoint().endpoint
    numbered()
    again = WebhookMessage.objects.get()
    again.pk, again.uid, again.event_id = None, "8" * 32, None
    with pytest.raises(IntegrityError, match="message_number_once"), transaction.atomic():
        again.save(force_insert=True)
    assert endpoint.messages.count() == 1


# Delivering.


def test_what_is_taken_is_delivered_once_and_written_down(
    listener: Listener, endpoint: WebhookEndpoint
) -> None:
    numbered(2)
    listener.answers = answering(202, body=b"thank you\0")

    assert deliver(listener) == 2
    assert deliver(listener, at=NOW + timedelta(days=30)) == 0

    assert [each.body for each in listener.requests] == [
        outgoing.body_of(message(1)),
        outgoing.body_of(message(2)),
    ]
    attempt = WebhookAttempt.objects.get(message=message(1))
    assert (attempt.status, attempt.excerpt, attempt.error) == (202, "thank you", "")
    assert (message().state, message().delivered_at) == (State.DELIVERED, NOW)


def test_a_failure_is_tried_again_by_the_schedule_under_the_same_id_and_then_given_up(
    listener: Listener, endpoint: WebhookEndpoint
) -> None:
    numbered()
    listener.answers = answering(500, body=b"x" * 5000)
    at, ids = NOW, set()
    for number, wait in enumerate([*sending.WAITS[1:], None], start=1):
        deliver(listener, at=at)
        assert len(listener.requests) == number
        request = listener.requests[-1]
        ids.add(request.headers["webhook-id"])
        assert int(request.headers["webhook-timestamp"]) == int(at.timestamp())
        if wait is not None:
            assert message().state == State.WAITING
            assert at + wait <= message().next_attempt_at <= at + wait * 1.1
            deliver(listener, at=message().next_attempt_at - timedelta(milliseconds=1))
            assert len(listener.requests) == number
            at = message().next_attempt_at
            WebhookEndpoint.objects.update(disabled_at=None, disabled_why="", failing_since=None)
    assert ids == {message().key}
    assert message().state == State.GIVEN_UP
    assert WebhookAttempt.objects.latest("pk").excerpt == "x" * 1024


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 500])
def test_whatever_is_no_success_is_a_failure(
    listener: Listener, endpoint: WebhookEndpoint, status: int
) -> None:
    numbered()
    listener.answers = answering(status, {"Location": listener.url + "/elsewhere"})
    assert deliver(listener) == 0
    assert [each.path for each in listener.requests] == ["/in"]
    assert message().state == State.WAITING


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize(
    "said", [lambda: "7200", lambda: format_datetime(NOW + timedelta(hours=2), usegmt=True)]
)
def test_whoever_asks_for_a_pause_gets_it_for_all_messages(
    listener: Listener, endpoint: WebhookEndpoint, status: int, said: Callable[[], str]
) -> None:
    numbered(2)
    listener.answers = [(status, {"Retry-After": said()}, b""), (200, {}, b"")]
    deliver(listener)
    deliver(listener, at=NOW + timedelta(minutes=119))
    assert len(listener.requests) == 1
    assert deliver(listener, at=NOW + timedelta(minutes=121)) == 2


@pytest.mark.parametrize("said", ["soon", "-5", "", "9" * 30, "Mon, 99 Foo 2026 99:99:99 GMT", "²"])
def test_a_pause_that_nobody_can_read_changes_nothing_and_none_is_longer_than_a_day(
    listener: Listener, endpoint: WebhookEndpoint, said: str
) -> None:
    numbered()
    listener.answers = answering(503, {"Retry-After": said.encode().decode("latin-1")})
    deliver(listener)
    assert message().next_attempt_at <= NOW + timedelta(hours=24)
    assert (message().next_attempt_at > NOW + timedelta(seconds=6)) == (said == "9" * 30)


def test_an_endpoint_that_is_down_is_called_once_a_minute_and_holds_up_no_other(
    listener: Listener, endpoint: WebhookEndpoint
) -> None:
    down = open_endpoint(address=listener.url.replace("hooks.", "other.")).endpoint
    numbered(20)
    taken = sum(deliver(listener, at=NOW + timedelta(seconds=10 * number)) for number in range(12))
    assert taken == 20
    assert endpoint.messages.filter(state=State.DELIVERED).count() == 20
    calls = WebhookAttempt.objects.filter(message__endpoint=down)
    assert 1 <= calls.count() <= 6
    assert "certificate" in calls.first().error


def test_a_slow_endpoint_rests_and_a_run_ends_before_it_has_taken_long(
    listener: Listener, endpoint: WebhookEndpoint
) -> None:
    minding.took(endpoint_id=endpoint.pk, lasted=timedelta(seconds=4), now=NOW)
    numbered(9)
    assert deliver(listener, at=NOW + timedelta(seconds=11)) == 0
    ticks = iter(range(12, 10_000))
    clock = lambda: NOW + timedelta(seconds=next(ticks))  # noqa: E731
    assert 1 <= outgoing.deliver_due(clock=clock, reach=listener.reach()) <= 4
    assert deliver(listener, at=NOW + timedelta(minutes=1)) > 4


def test_a_worker_that_dies_of_its_last_attempt_leaves_a_message_that_is_given_up(
    listener: Listener, endpoint: WebhookEndpoint
) -> None:
    numbered()
    WebhookMessage.objects.update(attempts=len(sending.WAITS))
    assert deliver(listener) == 0
    assert message().state == State.GIVEN_UP
    assert listener.requests == []


def test_without_a_secret_that_we_can_open_nothing_is_sent_unsigned(
    listener: Listener, endpoint: WebhookEndpoint
) -> None:
    numbered()
    WebhookEndpoint.objects.update(secrets=["of another key"])
    assert deliver(listener) == 0
    assert listener.requests == []
    assert "Rotate it" in WebhookAttempt.objects.get().error


def test_scenario_59_an_address_that_turned_private_is_not_called(listener: Listener, endpoint: WebhookEndpoint) -> None:  # fmt: skip
    numbered()
    reach = listener.reach(allows=lambda address: False)
    assert outgoing.deliver_due(clock=lambda: NOW, reach=reach) == 0
    assert listener.requests == []
    assert "private network" in WebhookAttempt.objects.get().error


# When it goes on failing.


def test_gone_ends_it_at_once_and_the_owner_is_told(
    listener: Listener, endpoint: WebhookEndpoint, owner: StaffMember
) -> None:
    numbered(2)
    listener.answers = answering(410)
    deliver(listener)
    deliver(listener, at=NOW + timedelta(days=1))
    endpoint.refresh_from_db()
    assert endpoint.disabled_at == NOW
    assert "410" in endpoint.disabled_why
    assert len(listener.requests) == 1
    assert EmailMessage.objects.get().to == owner.user.email


def test_days_of_failure_are_warned_of_once_and_then_end_it(
    listener: Listener, endpoint: WebhookEndpoint, owner: StaffMember
) -> None:
    listener.answers = answering(500)
    for hour in range(0, 80, 4):
        at = NOW + timedelta(hours=hour)
        numbered(at=at)
        deliver(listener, at=at)
    endpoint.refresh_from_db()
    assert endpoint.warned_at == NOW + minding.WARN_AFTER
    assert endpoint.disabled_at == NOW + minding.DISABLE_AFTER
    assert endpoint.disabled_why == "It answered 500"
    subjects = EmailMessage.objects.order_by("pk").values_list("subject", flat=True)
    assert list(subjects) == ["Webhooks to Accounting fail", "Webhooks to Accounting have stopped"]
    assert endpoint.messages.count() == 20  # numbered and kept all the same


def test_one_success_makes_it_sound_again(
    listener: Listener, endpoint: WebhookEndpoint, owner: StaffMember
) -> None:
    numbered()
    listener.answers = [(500, {}, b""), (200, {}, b""), (500, {}, b"")]
    deliver(listener)
    deliver(listener, at=NOW + timedelta(minutes=1))
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.failing_since) == (0, None)
    numbered(at=NOW + timedelta(days=4))
    deliver(listener, at=NOW + timedelta(days=4))
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is None
    assert not EmailMessage.objects.exists()


def test_switched_on_again_it_gets_what_waited(
    listener: Listener, endpoint: WebhookEndpoint
) -> None:
    listener.answers = [(410, {}, b""), (200, {}, b"")]
    numbered(3)
    deliver(listener)
    numbered(2)
    endpoint.refresh_from_db()
    outgoing.switch_on(endpoint=endpoint)
    assert deliver(listener, at=NOW + timedelta(hours=1)) == 5
    with pytest.raises(outgoing.NotDisabled):
        outgoing.switch_on(endpoint=endpoint)


# Once more, and no longer.


def test_what_is_sent_again_keeps_its_id_and_says_who_and_why(
    listener: Listener, endpoint: WebhookEndpoint, owner: StaffMember
) -> None:
    numbered()
    deliver(listener)
    asked = {"ids": [message().pk], "by": owner.user, "now": NOW}
    with pytest.raises(outgoing.NoReason):
        outgoing.replay(**asked, why=" ")
    assert outgoing.replay(**asked, why="They lost a day") == 1
    assert deliver(listener) == 1
    first, second = listener.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    with pytest.raises(outgoing.TooMany):
        outgoing.replay(ids=range(outgoing.MOST_AT_ONCE + 1), by=owner.user, why="all", now=NOW)


def test_only_what_is_old_is_thrown_away_and_never_out_of_the_middle() -> None:
    endpoint = open_endpoint().endpoint
    numbered(at=NOW)
    numbered(at=NOW + timedelta(minutes=5))
    numbered(at=NOW)  # numbered by a worker whose clock is behind
    numbered(at=NOW + timedelta(days=20))
    assert outgoing.prune(now=NOW + timedelta(days=30, minutes=1)) == 3
    endpoint.refresh_from_db()
    assert endpoint.kept_after_seq == 3
    with pytest.raises(outgoing.NoLongerKept, match="after_seq=3"):
        outgoing.after(endpoint=endpoint, seq=2, limit=10)
    page = outgoing.after(endpoint=endpoint, seq=3, limit=10)
    assert ([each.seq for each in page.messages], page.next, page.last_seq) == ([4], 4, 4)


def test_the_time_that_is_told_is_when_it_happened() -> None:
    open_endpoint()
    numbered(at=datetime(2026, 11, 21, 15, 0, tzinfo=UTC))
    assert outgoing.said(message())["timestamp"] == "2026-11-21T15:00:00Z"
