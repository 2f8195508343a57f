"""What a till is told, what it may spend, and what does not exist for it."""

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from builder.models import Design, DesignLookup
from jeweler.models import AuditEntry, Customer, OutboxEvent, Store
from pos_bridge.models import IdempotencyKey
from pos_bridge.till import looking
from referrals.models import CreditHold, CreditLot, Referral
from tests.factories import pos_bridge as tills
from tests.factories.jeweler import (
    ContactPointFactory,
    CustomerFactory,
    PaymentFactory,
    SaleFactory,
    customer_with,
)
from tests.factories.referrals import AdvocateFactory, a_program, grant
from tests.factories.tills import Till

pytestmark = pytest.mark.django_db


@pytest.fixture
def store() -> Store:
    return tills.open_store()


@pytest.fixture
def till(store: Store) -> Till:
    return Till(store)


@pytest.fixture
def boston() -> Till:
    return Till(tills.open_store(code="boston"))


@pytest.fixture
def clara() -> Customer:
    clara = customer_with(email="clara@example.com", phone="+12125550142")
    grant(clara, "50.00", now=timezone.now())
    return clara


@pytest.fixture
def design(clara: Customer, store: Store) -> Design:
    return tills.saved_design(customer=clara, store=store)


def audited(action: str) -> int:
    return AuditEntry.objects.filter(action=action).count()


def test_a_design_is_told_as_it_was_saved_with_its_price_and_its_stones_report_and_place(
    till: Till, design: Design
) -> None:
    told = till.get(f"designs/{tills.CODE.lower().replace('-', ' ')}/").json()
    assert (told["code"], told["price"], told["currency"]) == (tills.CODE, "15490.00", "USD")
    assert [line["amount"] for line in told["lines"]] == ["12480.00", "3010.00", None]
    assert told["stone"]["report_number"] == "2216048137"
    assert told["stone"]["place"].startswith("The stone is")
    assert {"what": "Engraving", "said": "C & J", "note": "", "is_open": False} in told["parts"]
    assert "clara" not in str(told)


def test_a_design_that_a_till_looks_up_counts_as_looked_up_in_its_store_once_a_visit(
    till: Till, design: Design
) -> None:
    for _ in range(2):
        till.get(f"designs/{tills.CODE}/")
    [looked_up] = DesignLookup.objects.filter(design=design)
    told = OutboxEvent.objects.get(name="builder.DesignLookedUp").payload
    assert (looked_up.store, looked_up.staff) == (till.device.store, None)
    assert told["lookup_id"] == looked_up.pk


def test_scenario_61_another_stores_design_does_not_exist_for_a_till_and_asking_is_noted(
    boston: Till, design: Design
) -> None:
    for path in (f"designs/{tills.CODE}/", "designs/OS-2222-222/"):
        answer = boston.get(path)
        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "application/problem+json"
    assert boston.post("customers/", {"code": tills.CODE}).json() == {"customers": []}
    assert audited("design.refused") == 2


@pytest.mark.parametrize("key", [{"email": "Clara@Example.com"}, {"phone": "(212) 555-0142"}, {"code": tills.CODE}])  # fmt: skip
def test_a_customer_is_found_by_a_whole_key_and_told_covered(
    key: dict[str, str], till: Till, design: Design
) -> None:
    [told] = till.post("customers/", key).json()["customers"]
    assert told["initials"] == "A. O."
    assert told["contacts"] == ["cl…@…ple.com", "…0142"]
    assert told["designs"] == [tills.CODE]
    assert audited("customer.found") == 1


def test_two_who_share_an_address_are_both_told_and_nobody_is_nobody(till: Till) -> None:
    for _ in range(2):
        ContactPointFactory(customer=CustomerFactory(), canonical="home@example.com")
    found = till.post("customers/", {"email": "home@example.com"}).json()["customers"]
    assert len({each["customer"] for each in found}) == 2
    assert till.post("customers/", {"email": "nobody@example.com"}).json() == {"customers": []}


@pytest.mark.parametrize("said", [{}, {"email": "a@example.com", "code": "x"}, {"email": 5}, [], b"{", {"email": "nobody"}])  # fmt: skip
def test_what_is_no_key_is_refused_with_the_way_out(said: Any, till: Till) -> None:
    answer = till.post("customers/", said)
    assert answer.status_code in {400, 422}
    assert answer.json()["detail"]


def test_scenario_39_a_code_is_read_as_typed_and_unknown_ended_and_wrong_are_told_alike(
    till: Till,
) -> None:
    now = timezone.now()
    AdvocateFactory(code="7KQ2M0XD8")
    AdvocateFactory(code="9HJ3TW5P9", ends_at=now - timedelta(days=1))
    for typed in ("7KQ-2M0-XD8", "7kq 2mo xd8", "7kq.2m0.xd8"):
        told = till.get(f"referral-codes/{typed}/")
        assert told.json() == {"code": "7KQ-2M0-XD8", "initials": "A. O."}
    answers, work = [], set()
    for typed in ("9HJ-3TW-5P9", "ZZZ-ZZZ-ZZ3", "no code at all", "%00"):
        with CaptureQueriesContext(connection) as asked:
            answers.append(till.get(f"referral-codes/{typed}/"))
        work.add(tuple(each["sql"].split(maxsplit=1)[0] for each in asked))
    assert len(work) == 1
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


def test_scenario_56_twenty_misses_shut_this_till_for_a_while_and_no_other(
    till: Till, boston: Till
) -> None:
    for _ in range(looking.MISSES):
        assert till.get("referral-codes/ZZZ-ZZZ-ZZ3/").status_code == 404
    AdvocateFactory(code="7KQ2M9XDM")
    shut = till.get("referral-codes/7KQ-2M9-XDM/")
    assert shut.status_code == 429
    assert 0 < int(shut.headers["Retry-After"]) <= 15 * 60
    assert boston.get("referral-codes/7KQ-2M9-XDM/").status_code == 200
    later = timezone.now() + looking.SHUT_FOR + timedelta(seconds=1)
    assert looking.advocate(device=till.device, text="7KQ-2M9-XDM", now=later)


def test_credit_is_held_captured_and_told(till: Till, clara: Customer) -> None:
    her = till.knows("clara@example.com")
    assert till.get("credit/", customer=her).json()["available_minor"] == 5000

    held = till.hold(her, 4000)
    assert held.status_code == 201
    told = held.json()
    assert told["payment_reference"] == f"credit_hold:{told['hold']}"
    assert (told["state"], told["amount"], told["currency"]) == ("held", "40.00", "USD")
    assert till.get("credit/", customer=her).json()["available"] == "10.00"

    captured = till.post(f"credit/holds/{told['hold']}/capture/", {"amount_minor": 3500})
    assert (captured.status_code, captured.json()["captured_minor"]) == (200, 3500)
    assert till.get("credit/", customer=her).json()["available"] == "15.00"
    released = till.post(f"credit/holds/{told['hold']}/release/")
    assert (released.status_code, released.json()["type"]) == (409, "urn:jeweler:till:hold_closed")

    other = till.hold(her, 1000).json()
    assert till.post(f"credit/holds/{other['hold']}/release/").json()["state"] == "released"
    assert [audited(f"credit.{what}") for what in ("held", "captured", "released")] == [2, 1, 1]


def test_scenario_35_a_hold_that_is_sent_again_is_the_same_hold(
    till: Till, clara: Customer
) -> None:
    her = till.knows("clara@example.com")
    first = till.hold(her, 2000, key="sale-1042-credit")
    again = till.hold(her, 2000, key="sale-1042-credit")
    other = till.hold(her, 2500, key="sale-1042-credit")
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert other.json()["type"] == "urn:jeweler:till:key_reused"
    assert CreditHold.objects.count() == 1
    assert CreditLot.objects.get().held == Decimal(20)


def test_a_refusal_says_what_is_left_and_is_stored_too(till: Till, clara: Customer) -> None:
    her = till.knows("clara@example.com")
    for _ in range(2):
        refused = till.hold(her, 5001, key="k")
        assert refused.status_code == 409
        assert refused.json()["available_minor"] == 5000
        assert "take the rest by another tender" in refused.json()["detail"]
    assert IdempotencyKey.objects.get().status == 409
    assert till.hold(her, 5000).status_code == 201


def test_a_reduced_line_takes_no_credit_and_says_which(till: Till, clara: Customer) -> None:
    lines = [{"price_minor": 40000, "net_minor": 30000}, {"kind": "service", "price": "85.00"}]
    refused = till.hold(till.knows("clara@example.com"), 100, lines=lines)
    assert refused.status_code == 422
    assert [bool(reason) for reason in refused.json()["reasons"]] == [True, True]


def test_a_hold_needs_a_key_an_amount_and_a_handle_of_this_very_till(
    till: Till, boston: Till, clara: Customer
) -> None:
    her = till.knows("clara@example.com")
    said = {"customer": her, "sale": "T-1", "amount_minor": 100, "lines": [{"price_minor": 100}]}
    assert till.post("credit/holds/", said, key="").json()["type"].endswith("key_missing")
    problems = till.post("credit/holds/", {"customer": her}).json()["problems"]
    assert {each["field"] for each in problems} >= {"sale", "amount", "lines"}
    assert boston.hold(her).status_code == 404
    assert till.hold("made-up").status_code == 404
    assert boston.get("credit/", customer=her).status_code == 404
    assert till.get("credit/", customer=her, currency="dollars").status_code == 422


def test_another_stores_hold_does_not_exist_for_a_till_and_asking_is_noted(
    till: Till, boston: Till, clara: Customer
) -> None:
    held = till.hold(till.knows("clara@example.com")).json()["hold"]
    for what in ("capture", "release"):
        assert boston.post(f"credit/holds/{held}/{what}/").status_code == 404
        assert till.post(f"credit/holds/{uuid.uuid4()}/{what}/").status_code == 404
    assert audited("credit.refused") == 2
    assert CreditHold.objects.get().state == CreditHold.State.HELD


def test_a_till_next_to_it_may_capture_what_this_one_held(
    till: Till, store: Store, clara: Customer
) -> None:
    held = till.hold(till.knows("clara@example.com")).json()["hold"]
    assert Till(store, "Back room").post(f"credit/holds/{held}/capture/", b"").status_code == 200


def test_wrong_methods_and_bodies_are_problem_documents_too(till: Till) -> None:
    for answer in (till.get("customers/"), till.post("credit/holds/", b"\xff")):
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["detail"]
        assert answer.headers["Cache-Control"] == "no-store"


def test_the_schema_describes_the_till(client: Client) -> None:
    schema = client.get("/api/v1/schema/", headers={"accept": "application/json"}).json()
    hold = schema["paths"]["/api/v1/till/credit/holds/"]["post"]
    assert {"201", "404", "409", "422"} <= hold["responses"].keys()
    assert hold["security"] == [{"till": []}]
    assert schema["components"]["securitySchemes"]["till"]["scheme"] == "bearer"


def test_a_friends_code_is_entered_once_for_its_key_and_tells_nobody_whose_it_is(
    till: Till, boston: Till, store: Store, clara: Customer
) -> None:
    now = timezone.now()
    a_program(currency="USD")
    AdvocateFactory(code="7KQ2M9XDM", joined_at=now - timedelta(days=9))
    AdvocateFactory(code="9HJ3TW5P9", joined_at=now - timedelta(days=9))
    sale = SaleFactory(number="T-7", store=store, placed_at=now)
    said = {"customer": till.knows("clara@example.com"), "code": "7kq 2m9 xdm", "sale": "T-7"}

    first = till.post("introductions/", said, key="friend-1")
    again = till.post("introductions/", said, key="friend-1")
    other = till.post("introductions/", {**said, "code": "9HJ-3TW-5P9"})
    assert (first.status_code, first.json()["outcome"]) == (200, "introduced")
    assert again.json() == first.json()
    assert other.json()["outcome"] == "already_introduced"
    assert "A." not in other.json()["said"]
    referral = Referral.objects.get()
    assert referral.advocate.code == "7KQ2M9XDM"
    assert referral.events.filter(kind="applied", data__sale=sale.pk).exists()

    her = boston.knows("clara@example.com")
    elsewhere = boston.post("introductions/", {**said, "customer": her})
    assert elsewhere.json()["type"] == "urn:jeweler:till:unknown_sale"
    PaymentFactory(sale=sale, paid_at=now - timedelta(hours=25))
    late = till.post("introductions/", said)
    assert (late.status_code, late.json()["type"]) == (409, "urn:jeweler:till:too_late")


def test_a_suspended_advocates_code_is_told_as_an_unknown_one(till: Till) -> None:
    AdvocateFactory(code="7KQ2M9XDM", suspended_at=timezone.now())
    known, unknown = (
        till.get("referral-codes/7KQ-2M9-XDM/"),
        till.get("referral-codes/9HJ-3TW-5P9/"),
    )
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
