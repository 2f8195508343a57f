import dataclasses
import json
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from jeweler.models import Sale
from pos_bridge import connections
from pos_bridge.connections import Opened
from pos_bridge.models import Connection, InboxEvent
from pos_bridge.providers import signatures
from pos_bridge.webhooks import LARGEST_BODY, WRONG_A_MINUTE
from tests.factories import pos_bridge as tills

pytestmark = pytest.mark.django_db


@pytest.fixture
def till() -> Opened:
    tills.open_store()
    return tills.open_till()


def test_a_signed_event_is_kept_and_answered(till: Opened) -> None:
    answer = tills.post(till, tills.event("sale.recorded"), key="msg_1")

    assert (answer.status_code, answer.json()) == (200, {"status": "kept"})
    kept = InboxEvent.objects.get()
    assert (kept.delivery_key, kept.type, kept.state) == ("msg_1", "sale.recorded", "new")
    assert kept.sale_external_id == "T-1"


def test_a_delivery_that_comes_again_is_answered_and_changes_nothing(till: Opened) -> None:
    tills.post(till, tills.event("sale.recorded"), key="msg_1")
    tills.work_off()

    answer = tills.post(till, tills.event("sale.recorded"), key="msg_1")

    assert (answer.status_code, answer.json()) == (200, {"status": "known"})
    assert tills.states() == [("sale.recorded", "done", "")]


def test_nothing_is_applied_while_the_till_waits(till: Opened) -> None:
    tills.post(till, tills.event("sale.recorded"))

    assert not Sale.objects.exists()


@pytest.mark.parametrize(
    ("seconds", "status"), [(-301, 401), (-299, 200), (0, 200), (299, 200), (301, 401)]
)
def test_scenario_07_a_clock_may_be_five_minutes_off_and_no_more(
    till: Opened, seconds: int, status: int
) -> None:
    sent_at = tills.NOW + timedelta(seconds=seconds)

    with time_machine.travel(tills.NOW, tick=False):
        assert tills.post(till, tills.event("sale.recorded"), at=sent_at).status_code == status


def test_scenario_09_one_changed_byte_leaves_nothing_but_a_number(
    till: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    body = json.dumps(tills.event("sale.recorded", customer={"email": "clara@example.com"}))
    headers = signatures.sign(
        secret=till.secret, message_id="msg_1", body=body.encode(), at=timezone.now()
    )

    changed = body.replace("508800", "508801").encode()
    answer = tills.send(till, changed, headers=headers, address="10.0.0.9")

    assert (answer.status_code, answer.json()) == (401, {"error": "Not accepted."})
    assert not InboxEvent.objects.exists()
    assert Connection.objects.get().refusals == 1
    assert "clara" not in caplog.text


def test_an_unknown_address_is_answered_like_a_wrong_signature(till: Opened) -> None:
    body = b"{}"
    headers = signatures.sign(secret=till.secret, message_id="msg_1", body=body, at=timezone.now())
    elsewhere = Opened(connection=till.connection, token="nobody", secret=till.secret)
    wrong = headers | {"webhook-signature": "v1,AAAA"}

    unknown = tills.send(elsewhere, body, headers=headers, address="10.0.0.8")
    unsigned = tills.send(till, body, headers=wrong, address="10.0.0.8")

    assert unknown.status_code == unsigned.status_code == 401
    assert unknown.content == unsigned.content


def test_a_connection_that_was_switched_off_accepts_nothing(till: Opened) -> None:
    Connection.objects.update(is_active=False)

    assert tills.post(till, tills.event("sale.recorded")).status_code == 401


def test_a_connection_without_secrets_accepts_nothing(till: Opened) -> None:
    Connection.objects.update(secrets=[])

    assert tills.post(till, tills.event("sale.recorded")).status_code == 401


def test_a_secret_that_our_key_no_longer_opens_accepts_nothing(
    till: Opened, settings: pytest.FixtureRequest
) -> None:
    settings.SECRET_KEY = "another key"  # type: ignore[attr-defined]

    assert tills.post(till, tills.event("sale.recorded")).status_code == 401


def test_scenario_13_two_secrets_are_good_while_they_change_and_the_old_one_is_not_afterwards(
    till: Opened,
) -> None:
    new = Opened(
        connection=till.connection,
        token=till.token,
        secret=connections.rotate(connection=till.connection),
    )
    assert tills.post(till, tills.event("sale.recorded")).status_code == 200
    assert tills.post(new, tills.event("sale.recorded")).status_code == 200

    connections.retire_old(connection=till.connection)

    assert tills.post(till, tills.event("sale.recorded")).status_code == 401
    assert tills.post(new, tills.event("sale.recorded")).status_code == 200


def test_scenario_11_text_beyond_ascii_is_signed_as_the_bytes_it_is(till: Opened) -> None:
    said = json.dumps(tills.event("sale.recorded", sale={"note": "Lé’on \U0001f48d"}))
    plain = json.dumps(json.loads(said), ensure_ascii=False).encode()

    assert tills.post(till, said.encode()).status_code == 200
    assert tills.post(till, plain).status_code == 200
    notes = {event.body["sale"]["note"] for event in InboxEvent.objects.all()}
    assert notes == {"Lé’on \U0001f48d"}


def test_an_event_that_says_too_little_is_kept_dead_and_answered_field_by_field(
    till: Opened,
) -> None:
    said = tills.event("sale.recorded", sale={"total_minor": 1.5, "currency": "usd"}, lines=[{}])

    answer = tills.post(till, said, key="msg_1")

    assert answer.status_code == 422
    problems = {each["field"]: each["message"] for each in answer.json()["problems"]}
    assert set(problems) == {"sale.currency", "sale.total_minor", "lines[0].price"}
    assert "price_minor" in problems["lines[0].price"]
    kept = InboxEvent.objects.get()
    assert (kept.state, kept.reason) == ("dead", "malformed")


def test_a_mended_event_may_come_under_the_same_key(till: Opened) -> None:
    tills.post(till, tills.event("sale.recorded", lines=[]), key="msg_1")

    answer = tills.post(till, tills.event("sale.recorded"), key="msg_1")

    assert answer.json() == {"status": "kept"}
    tills.work_off()
    assert tills.states() == [("sale.recorded", "done", "")]


def test_a_broken_event_never_replaces_a_sound_one(till: Opened) -> None:
    tills.post(till, tills.event("sale.recorded"), key="msg_1")

    assert tills.post(till, b"{", key="msg_1").status_code == 400
    assert tills.states() == [("sale.recorded", "new", "")]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "UTF-8"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "-Infinity"),
        (b'{"a": 9223372036854775808}', "64 bits"),
        (b'{"a": ' + b"9" * 5000 + b"}", "64 bits"),
        (b'{"a": "\\u0000"}', "NUL"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", "deeper"),
        (b"[" * 500_000, "deeper"),
        (b'{"a":' * 100_000, "deeper"),
    ],
)
def test_what_no_database_could_keep_is_refused_with_a_word(
    till: Opened, body: bytes, word: str
) -> None:
    answer = tills.post(till, body)

    assert answer.status_code == 400
    assert word in answer.json()["error"]
    kept = InboxEvent.objects.get()
    assert (kept.state, kept.reason) == ("dead", "not_readable")
    assert set(kept.body) == {"sha256", "bytes"}


@pytest.mark.parametrize("body", [b"[]", b"7", b'"sale"', b"null", b"true"])
def test_json_that_is_no_object_is_refused_with_a_word(till: Opened, body: bytes) -> None:
    answer = tills.post(till, body)

    assert answer.status_code == 422
    assert answer.json()["problems"] == [{"field": "(body)", "message": "is a JSON object"}]


def test_more_than_a_mebibyte_is_refused_before_it_is_read_through(till: Opened) -> None:
    answer = tills.post(till, b" " * (LARGEST_BODY + 1))

    assert answer.status_code == 413
    assert not InboxEvent.objects.exists()


def test_card_data_never_reaches_the_table(till: Opened) -> None:
    said = tills.event(
        "payment.captured",
        payment={
            "payment_details": {
                "credit_card_number": "4111111111111111",
                "credit_card_company": "Visa",
                "cardholder_name": "Clara Whitcombe",
                "last4": "1111",
            },
            "receipt": {"emv": "9F2608A1B2"},
        },
        note="paid with 5555 5555 5555 4444, call 4111-1111-1111-1112",
    )

    assert tills.post(till, said).status_code == 200

    body = InboxEvent.objects.get().body
    assert body["payment"]["payment_details"] == {"brand": "Visa", "last4": "1111"}
    assert body["payment"]["receipt"] == {}
    assert body["note"] == "paid with [card number], call 4111-1111-1111-1112"


def test_wrong_signatures_are_slowed_down_and_right_ones_are_not(till: Opened) -> None:
    wrong = {"webhook-id": "msg_1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
    answers = [
        tills.send(till, b"{}", headers=wrong, address="10.9.9.9").status_code
        for _ in range(WRONG_A_MINUTE + 5)
    ]

    assert answers == [401] * WRONG_A_MINUTE + [429] * 5
    assert Connection.objects.get().refusals == WRONG_A_MINUTE
    body = json.dumps(tills.event("sale.recorded")).encode()
    right = signatures.sign(secret=till.secret, message_id="msg_1", body=body, at=timezone.now())
    assert tills.send(till, body, headers=right, address="10.9.9.9").status_code == 200


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch", "head"])
def test_only_posting_is_understood(till: Opened, method: str) -> None:
    assert getattr(Client(), method)(till.path).status_code == 405


def test_the_schema_is_published() -> None:
    answer = Client().get("/hooks/v1/schema.json")

    published = json.loads(b"".join(answer.streaming_content))  # type: ignore[arg-type]
    assert published["title"] == "Events of a till, version 1"


def test_a_retired_secret_a_new_one_and_a_closed_connection_are_known_at_once(
    till: Opened,
) -> None:
    """Although each process remembers how it read the connection last."""
    assert tills.post(till, tills.event("sale.recorded"), key="msg_1").status_code == 200
    newest = connections.rotate(connection=till.connection)
    anew = dataclasses.replace(till, secret=newest)
    assert tills.post(anew, tills.event("sale.recorded"), key="msg_2").status_code == 200
    connections.retire_old(connection=till.connection)
    assert tills.post(till, tills.event("sale.recorded"), key="msg_3").status_code == 401
    assert tills.post(anew, tills.event("sale.recorded"), key="msg_3").status_code == 200
    Connection.objects.update(is_active=False)
    assert tills.post(anew, tills.event("sale.recorded"), key="msg_4").status_code == 401

    assert list(InboxEvent.objects.order_by("id").values_list("delivery_key", flat=True)) == [
        "msg_1", "msg_2", "msg_3",
    ]  # fmt: skip
