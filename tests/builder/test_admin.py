"""The catalog and the designs in the back office, by role and store."""

import pytest
from django.test import Client
from django.urls import reverse

from builder.models import Supplier
from jeweler.models import AuditEntry, StaffMember
from tests.factories.builder import (
    DesignFactory,
    StoneOfferFactory,
    SupplierFactory,
)
from tests.factories.jeweler import StaffMemberFactory, StoreFactory

pytestmark = pytest.mark.django_db
TABLES = [
    "metal",
    "metalprice",
    "meleeprice",
    "setting",
    "band",
    "supplier",
    "stone",
    "feedimport",
    "design",
    "designlookup",
]
NO_RULES = {"markup_rules-TOTAL_FORMS": "0", "markup_rules-INITIAL_FORMS": "0"}


def staff(role: str) -> Client:
    member = StaffMemberFactory(role=role, stores=[StoreFactory(code="nyc")])
    client = Client()
    client.force_login(member.user)
    return client


@pytest.mark.parametrize("table", TABLES)
def test_a_manager_sees_every_table_and_the_owner_too(table: str) -> None:
    StoneOfferFactory()
    DesignFactory()
    for role in (StaffMember.Role.MANAGER, StaffMember.Role.OWNER):
        response = staff(role).get(reverse(f"admin:builder_{table}_changelist"))
        assert response.status_code == 200


@pytest.mark.parametrize(
    ("table", "status"), [("stone", 200), ("setting", 200), ("design", 403), ("supplier", 403)]
)
def test_an_associate_sees_the_catalog_but_designs_only_at_the_counter(
    table: str, status: int
) -> None:
    response = staff(StaffMember.Role.ASSOCIATE).get(reverse(f"admin:builder_{table}_changelist"))
    assert response.status_code == status


def test_what_a_stone_cost_us_is_not_for_associates() -> None:
    offer = StoneOfferFactory(cost="7654.00")
    url = reverse("admin:builder_stone_change", args=[offer.stone.pk])
    assert b"7,654" not in staff(StaffMember.Role.ASSOCIATE).get(url).content
    assert b"7,654" in staff(StaffMember.Role.MANAGER).get(url).content


def test_a_design_that_is_viewed_is_audited_and_cannot_be_changed() -> None:
    design = DesignFactory(code="OS-AAAA-AAA")
    url = reverse("admin:builder_design_change", args=[design.pk])
    manager = staff(StaffMember.Role.MANAGER)
    assert manager.get(url).status_code == 200
    assert AuditEntry.objects.get(action="design.viewed").subject == f"design:{design.pk}"
    assert manager.post(url, {"code": "OS-BBBB-BBB"}).status_code == 403


def test_another_stores_design_does_not_exist_for_a_manager() -> None:
    design = DesignFactory(store=StoreFactory(code="boston"))
    url = reverse("admin:builder_design_change", args=[design.pk])
    assert staff(StaffMember.Role.MANAGER).get(url).status_code == 302
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("columns", '{"sparkle": "Sparkle"}', "sparkle"),
        ("columns", "[1]", "an object such as"),
        ("aliases", '{"shape": {"R": "ruond"}}', "ruond"),
        ("aliases", '{"sparkle": {}}', "no spellings"),
        ("aliases", '{"shape": "R"}', "an object such as"),
        ("markup", "0", "The markup is more than 0"),
    ],
)
def test_a_suppliers_wrong_mapping_is_refused_when_it_is_typed(
    field: str, text: str, words: str
) -> None:
    supplier = SupplierFactory(code="north")
    form = {
        "code": "north", "name": "North", "feed_format": "generic", "markup": "1.4", "delivery_days": "3", "aliases": "{}",
        "columns": "{}", field: text, **NO_RULES,
    }  # fmt: skip
    url = reverse("admin:builder_supplier_change", args=[supplier.pk])
    response = staff(StaffMember.Role.OWNER).post(url, form)
    assert response.status_code == 200
    assert words in response.content.decode()


def test_a_suppliers_right_mapping_is_kept() -> None:
    supplier = SupplierFactory(code="north")
    form = {
        "code": "north", "name": "North", "feed_format": "generic", "markup": "1.4", "delivery_days": "3",
        "aliases": '{"shape": {"R": "round"}}', "columns": '{"price_per_carat": "Price"}',
        **NO_RULES,
    }  # fmt: skip
    url = reverse("admin:builder_supplier_change", args=[supplier.pk])
    assert staff(StaffMember.Role.OWNER).post(url, form).status_code == 302
    assert Supplier.objects.get().aliases == {"shape": {"R": "round"}}
