"""In the back office a design is looked up by a whole key, as at the counter, and shown as it was saved."""

from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from builder import lookup, saving
from builder.models import Design, DesignLookup
from jeweler.models import AuditEntry, OutboxEvent, StaffMember, Store
from tests.factories.builder import DesignFactory
from tests.factories.jeweler import StaffMemberFactory, StoreFactory

LIST = reverse("admin:builder_design_changelist")
Role = StaffMember.Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def nyc() -> Store:
    return StoreFactory(code="nyc", name="New York")


def log_in(*stores: Store, role: StaffMember.Role = Role.MANAGER) -> Client:
    member = StaffMemberFactory(role=role, stores=stores, sees_all_stores=not stores)
    client = Client()
    client.force_login(member.user)
    return client


def saved(email: str = "ada@example.com", **more: object) -> Design:
    design: Design = DesignFactory(**more)
    saving.save(design=design, email=email, visitor=None, is_discreet=False, now=timezone.now())
    return design


def page_of(design: Design, *, key: str = "") -> str:
    address = reverse("admin:builder_design_change", args=[design.pk])
    listed = {"_changelist_filters": urlencode({"q": key})} if key else {}
    return f"{address}?{urlencode(listed)}"


def found(client: Client, key: str) -> list[str]:
    shown = client.get(LIST, {"q": key})
    assert shown.status_code == 200
    return [design.code for design in shown.context["cl"].queryset]


def test_whole_keys_find_and_parts_of_them_do_not(nyc: Store) -> None:
    design = saved()
    saved("ben@example.com")
    manager = log_in(nyc)
    body = design.code.removeprefix("OS-").replace("-", "").lower()
    for key in ("ada@example.com", " ADA@Example.com", design.code, body):
        assert found(manager, key) == [design.code], key
    for key in ("ada", "ada@", "example.com", design.code[:6], "%", "Ev", "x" * 10_000):
        assert found(manager, key) == [], key
    assert AuditEntry.objects.filter(action="design.searched").count() >= 4
    assert not any("ada" in str(entry.detail) for entry in AuditEntry.objects.all())


def test_half_a_key_is_answered_with_the_way_out(nyc: Store) -> None:
    page = log_in(nyc).get(LIST, {"q": "ada"}).content.decode()
    assert "Type the whole e-mail address" in page


def test_a_design_opened_out_of_a_search_is_a_look_up_where_she_is(nyc: Store) -> None:
    design = saved()
    manager = log_in(nyc)
    assert manager.get(page_of(design, key="ada@example.com")).status_code == 200
    opened = DesignLookup.objects.get()
    assert (opened.design, opened.store, opened.key) == (design, nyc, "email")
    assert OutboxEvent.objects.filter(name="builder.DesignLookedUp").count() == 1
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"design.viewed", "design.opened"} <= actions


@pytest.mark.parametrize("key", ["", "ada", "x" * 10_000, "http://[::1"])
def test_a_design_leafed_to_is_viewed_and_not_looked_up(nyc: Store, key: str) -> None:
    design = saved()
    assert log_in(nyc).get(page_of(design, key=key)).status_code == 200
    assert not DesignLookup.objects.exists()
    assert AuditEntry.objects.filter(action="design.viewed").count() == 1


def test_whoever_is_in_no_store_is_told_how_it_would_count(nyc: Store) -> None:
    StoreFactory(code="boston")
    design = saved()
    owner = log_in(role=Role.OWNER)
    page = owner.get(page_of(design, key=design.code)).content.decode()
    assert "say at the counter where you are" in page
    assert not DesignLookup.objects.exists()
    owner.post("/admin/counter/store/", {"store": "nyc"})
    owner.get(page_of(design, key=design.code))
    assert DesignLookup.objects.get().store == nyc


def test_another_stores_design_is_neither_found_nor_looked_up(nyc: Store) -> None:
    design = saved(store=StoreFactory(code="boston"))
    manager = log_in(nyc)
    for key in ("ada@example.com", design.code):
        assert found(manager, key) == []
    assert manager.get(page_of(design, key=design.code)).status_code == 302
    assert not DesignLookup.objects.exists()


@pytest.mark.parametrize("role", [Role.ASSOCIATE, Role.MARKETER])
def test_the_list_of_designs_is_not_for_everybody(nyc: Store, role: StaffMember.Role) -> None:
    design = saved()
    client = log_in(nyc, role=role)
    assert client.get(LIST, {"q": "ada@example.com"}).status_code == 403
    assert client.get(page_of(design, key=design.code)).status_code == 403
    assert not DesignLookup.objects.exists()
    assert not AuditEntry.objects.filter(action="design.searched").exists()


def test_the_page_says_what_the_counter_says(nyc: Store) -> None:
    design = saved(ring_size=None)
    Design.objects.filter(pk=design.pk).update(is_discreet=True, removed_at=timezone.now())
    page = log_in(nyc).get(page_of(design)).content.decode()
    for words in (
        "Proposal: say nothing on the telephone.",
        "She took this design off her list",
        "no size yet",
        "The stone is at its supplier’s.",
        "It has no price yet",
        "1.90 mm wide, no diamonds along it",
    ):
        assert words in page, words
    assert found(log_in(nyc), "ada@example.com") == []


def test_the_limit_of_an_hour_holds_here_and_at_the_counter_together(nyc: Store) -> None:
    design = saved()
    member = StaffMemberFactory(role=Role.MANAGER, stores=[nyc])
    client = Client()
    client.force_login(member.user)
    AuditEntry.objects.bulk_create(
        AuditEntry(at=timezone.now(), actor=member.user, action="design.searched", subject="x")
        for _ in range(lookup.LOOKUPS_AN_HOUR)
    )
    assert found(client, design.code) == []
    assert client.get("/admin/counter/", {"q": design.code}).status_code == 429
    other = saved("ben@example.com")
    DesignLookup.objects.bulk_create(
        DesignLookup(design=other, store=nyc, staff=member, key="code", opened_at=timezone.now())
        for _ in range(lookup.OPENINGS_AN_HOUR)
    )
    refused = client.get(page_of(design, key=design.code), follow=True)
    assert "opened designs in one hour" in refused.content.decode()


def test_a_superuser_without_a_role_finds_by_the_code_alone(admin_client: Client) -> None:
    design = saved()
    assert found(admin_client, design.code.lower()) == [design.code]
    assert found(admin_client, "ada@example.com") == []
