"""The associate finds exactly the design she was told of, and the house knows that she looked."""

from datetime import timedelta

import pytest

from builder import lookup, saving
from builder.models import Design, DesignLink, DesignLookup
from jeweler import tokens
from jeweler.models import AuditEntry, ContactPoint, Customer, OutboxEvent, StaffMember
from tests.factories.builder import DesignFactory
from tests.factories.jeweler import (
    NOW,
    ContactPointFactory,
    CustomerFactory,
    StaffMemberFactory,
    StoreFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def associate() -> StaffMember:
    return StaffMemberFactory(stores=[StoreFactory(code="nyc")])


@pytest.fixture
def ada() -> Customer:
    customer = CustomerFactory()
    ContactPointFactory(customer=customer, canonical="ada@example.com")
    ContactPointFactory(customer=customer, kind=ContactPoint.Kind.PHONE, canonical="+12125550142")
    return customer


def saved_by(customer: Customer, **changes: object) -> Design:
    return DesignFactory(customer=customer, saved_at=NOW, **changes)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("ada@example.com", "email"),
        ("  ADA@Example.com ", "email"),
        ("(212) 555-0142", "phone"),
        ("+1 212 555 0142", "phone"),
    ],
)
def test_a_whole_email_or_phone_finds_her_saved_designs(
    associate: StaffMember, ada: Customer, text: str, key: str
) -> None:
    older = saved_by(ada)
    newer = saved_by(ada, updated_at=NOW + timedelta(hours=1))
    saved_by(CustomerFactory())
    DesignFactory(customer=ada)
    assert lookup.find(text=text, member=associate, now=NOW) == [newer, older]
    assert lookup.key_of(text) == key


@pytest.mark.parametrize("text", ["ad@example.com", "ada@example.co", "212 555 0143"])
def test_a_key_that_is_nearly_hers_finds_nothing(
    associate: StaffMember, ada: Customer, text: str
) -> None:
    saved_by(ada)
    assert lookup.find(text=text, member=associate, now=NOW) == []


@pytest.mark.parametrize("text", ["", "ada", "Okafor", "OS-7K4Q", "a%", "555"])
def test_half_a_key_is_no_key(associate: StaffMember, text: str) -> None:
    with pytest.raises(lookup.NothingToLookFor, match="whole e-mail address"):
        lookup.find(text=text, member=associate, now=NOW)


def test_a_code_is_found_however_it_was_said(associate: StaffMember) -> None:
    design = DesignFactory()
    body = design.code.removeprefix("OS-").replace("-", "")
    for said in (design.code, design.code.lower(), f"0s {body[:4]} {body[4:]}", body):
        assert lookup.find(text=said, member=associate, now=NOW) == [design]
        assert lookup.key_of(said) == "code"


def test_the_qr_is_the_mailed_link_and_dies_with_it(associate: StaffMember) -> None:
    design = DesignFactory()
    token, token_hash = tokens.issue()
    link = DesignLink.objects.create(
        design=design, purpose="resume", token_hash=token_hash, created_at=NOW,
        expires_at=NOW + timedelta(days=1),
    )  # fmt: skip
    text = f"https://osmere.example/d/{token}/?utm_source=qr"
    assert lookup.find(text=text, member=associate, now=NOW) == [design]
    assert lookup.key_of(text) == "qr"
    assert lookup.find(text=text, member=associate, now=link.expires_at) == []


def test_a_design_meant_for_another_store_needs_its_code(
    associate: StaffMember, ada: Customer
) -> None:
    elsewhere = saved_by(ada, store=StoreFactory(code="boston"))
    assert lookup.find(text="ada@example.com", member=associate, now=NOW) == []
    assert lookup.find(text=elsewhere.code, member=associate, now=NOW) == [elsewhere]


def test_a_merged_customers_designs_are_found_by_either_address(
    associate: StaffMember, ada: Customer
) -> None:
    absorbed = CustomerFactory(merged_into=ada)
    ContactPointFactory(customer=absorbed, canonical="ada@work.example")
    design = saved_by(absorbed)
    for text in ("ada@example.com", "ada@work.example"):
        assert lookup.find(text=text, member=associate, now=NOW) == [design]


def test_each_search_is_audited_without_what_was_searched(
    associate: StaffMember, ada: Customer
) -> None:
    saved_by(ada)
    lookup.find(text="ada@example.com", member=associate, now=NOW)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor) == ("design.searched", associate.user)
    assert entry.detail == {"by": "email", "found": 1}


def test_opening_is_noted_audited_and_announced(associate: StaffMember) -> None:
    design, store = DesignFactory(), StoreFactory(code="nyc")
    opened = lookup.open_design(design=design, member=associate, store=store, key="email", now=NOW)
    assert (opened.design, opened.staff, opened.store, opened.key) == (
        design, associate, store, "email",
    )  # fmt: skip
    assert AuditEntry.objects.get().subject == f"design:{design.pk}"
    assert OutboxEvent.objects.get(name="builder.DesignLookedUp").payload == {
        "design_id": design.pk,
        "lookup_id": opened.pk,
        "store_id": store.pk,
    }


def test_a_page_that_is_loaded_again_is_the_same_lookup_but_audited_again(
    associate: StaffMember,
) -> None:
    design, store = DesignFactory(), StoreFactory(code="nyc")
    for minutes in (0, 5, 29, 45):
        now = NOW + timedelta(minutes=minutes)
        lookup.open_design(design=design, member=associate, store=store, key="code", now=now)
    assert DesignLookup.objects.count() == 2
    assert OutboxEvent.objects.count() == 2
    assert AuditEntry.objects.count() == 4


def test_a_design_is_opened_only_in_the_members_own_store(associate: StaffMember) -> None:
    boston = StoreFactory(code="boston")
    with pytest.raises(lookup.NotYourStore, match="not on the staff of"):
        lookup.open_design(
            design=DesignFactory(), member=associate, store=boston, key="code", now=NOW
        )
    assert not DesignLookup.objects.exists()


def test_a_design_saved_online_is_found_by_the_address_it_was_saved_with(
    associate: StaffMember,
) -> None:
    design = DesignFactory()
    saving.save(
        design=design,
        email="ben@example.com",
        visitor=design.visitor,
        is_discreet=False,
        now=NOW,
    )
    assert lookup.find(text="Ben@Example.com", member=associate, now=NOW) == [design]
