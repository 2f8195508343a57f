"""The workshop's sheet, read back from its PDF."""

import io
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from builder import gemology, saving, sheets
from builder.models import Design, DesignVersion, StoneLocation
from jeweler.models import AuditEntry
from tests.factories.builder import (
    DesignFactory,
    HeadFactory,
    LocationFactory,
    MeleePriceFactory,
    SettingFactory,
    StoneFactory,
)
from tests.factories.jeweler import NOW, StaffMemberFactory, StoreFactory

pytestmark = pytest.mark.django_db
BUYER = "amara@example.com"


@pytest.fixture
def design() -> Design:
    return DesignFactory(engraving="Ever & always", name="Amara's secret")


def saved(design: Design) -> DesignVersion:
    return saving.save(
        design=design, email=BUYER, visitor=design.visitor, is_discreet=False, now=NOW
    ).version


def text_of(version: DesignVersion) -> str:
    return PdfReader(io.BytesIO(sheets.sheet(version))).pages[0].extract_text()


def test_the_sheet_is_one_page_of_a4(design: Design) -> None:
    pages = PdfReader(io.BytesIO(sheets.sheet(saved(design)))).pages
    assert len(pages) == 1
    assert [round(float(side)) for side in pages[0].mediabox[2:]] == [595, 842]


def test_the_same_version_gives_the_same_bytes(design: Design) -> None:
    version = saved(design)
    again = DesignVersion.objects.get(pk=version.pk)
    assert sheets.sheet(version) == sheets.sheet(again)


def test_it_says_what_the_bench_needs(design: Design) -> None:
    version = saved(design)
    words = text_of(version)
    band, finger = version.description["shank"], version.description["finger"]
    part = version.price_inputs["metals"][0]
    cast = Decimal(part["grams"]) * (1 + Decimal(part["waste_pct"]) / 100)
    assert version.setting is not None
    assert version.stone is not None
    for said in (
        version.setting.name,
        f"{design.code}, version 1",
        f"{finger['inner_diameter_mm']:.2f} mm",
        f"{band['width_mm']:.2f} × {band['thickness_mm']:.2f} mm",
        f"{Decimal(part['grams']):.2f} g",
        f"{cast:.2f} g",
        f"{version.stone.lab} {version.stone.report_number}",
        f"{version.stone.carat:.2f} ct",
        "Ever & always",
        f"{version.setting.lead_days} working days",
    ):
        assert said in words


def test_it_says_the_size_in_every_system(design: Design) -> None:
    design.ring_size = Decimal("6.5")
    design.save(update_fields=["ring_size"])
    said = gemology.size_systems(Decimal("6.5"))
    assert f"US 6½, UK {said['uk']}, EU {said['eu']}, JP " in text_of(saved(design))


def test_small_stones_are_counted_place_by_place(design: Design) -> None:
    MeleePriceFactory()
    LocationFactory(setting=design.setting, place=StoneLocation.Place.HALO)
    version = saved(design)
    (place,) = version.price_inputs["melee"]
    words = text_of(version)
    assert "Halo" in words
    assert f"{place['mm']} mm" in words
    assert "ct together" in words


def test_neither_the_buyer_nor_the_price_is_on_it(design: Design) -> None:
    version = saved(design)
    file = sheets.sheet(version)
    words = text_of(version)
    assert version.price is not None
    for secret in (BUYER, "Amara", "$", f"{version.price:,.0f}", f"{version.price:.2f}"):
        assert secret not in words
    assert BUYER.encode() not in file


def test_what_is_not_chosen_yet_is_said(design: Design) -> None:
    design.stone = None
    design.ring_size = None
    design.save(update_fields=["stone", "ring_size"])
    assert text_of(saved(design)).count(sheets.OPEN) >= 2


def test_a_stone_alone_is_nothing_to_make() -> None:
    alone = DesignFactory(setting=None, metal=None)
    with pytest.raises(sheets.NothingToMake, match="no setting"):
        sheets.sheet(saved(alone))


def test_an_engraving_in_other_letters_still_makes_a_sheet(design: Design) -> None:
    version = saved(design)
    version.engraving = "Ēver Ω ж 愛"
    assert sheets.sheet(version).startswith(b"%PDF")


# Who takes it.


def manager_in(code: str) -> Client:
    client = Client()
    client.force_login(StaffMemberFactory(role="manager", stores=[StoreFactory(code=code)]).user)
    return client


def test_a_manager_takes_the_sheet_from_the_design_and_it_is_kept_who_did(design: Design) -> None:
    version = saved(design)
    manager = manager_in("nyc")
    address = reverse("admin:builder_design_sheet", args=[version.design_id, 1])
    page = manager.get(reverse("admin:builder_design_change", args=[version.design_id]))
    assert address in page.content.decode()

    answer = manager.get(address)

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer.content == sheets.sheet(version)
    assert AuditEntry.objects.get(action="design.sheet").subject == f"design:{version.design_id}"


def test_a_design_of_another_store_has_no_sheet_here(design: Design) -> None:
    version = saved(design)
    Design.objects.filter(pk=version.design_id).update(store=StoreFactory(code="bos"))
    address = reverse("admin:builder_design_sheet", args=[version.design_id, 1])
    assert manager_in("nyc").get(address).status_code == 404
    assert manager_in("bos").get(address).status_code == 200


def test_nobody_else_takes_a_sheet(design: Design) -> None:
    address = reverse("admin:builder_design_sheet", args=[saved(design).design_id, 1])
    assert Client().get(address).status_code == 302
    associate = Client()
    associate.force_login(StaffMemberFactory(role="associate", stores=[StoreFactory()]).user)
    assert associate.get(address).status_code in (403, 404)
    assert not AuditEntry.objects.filter(action="design.sheet").exists()


def test_a_version_that_is_not_there_has_no_sheet(design: Design) -> None:
    address = reverse("admin:builder_design_sheet", args=[saved(design).design_id, 9])
    assert manager_in("nyc").get(address).status_code == 404


def test_its_lead_time_is_that_of_the_ring_with_another_head_than_the_settings_own() -> None:
    setting = SettingFactory(lead_days=20)
    HeadFactory(
        setting=setting, code="four", prongs=4, position=1, min_width_mm="7.50",
        max_width_mm="9.20", extra_days=3,
    )  # fmt: skip
    small = saved(DesignFactory(setting=setting))
    large = saved(
        DesignFactory(setting=setting, stone=StoneFactory(width_mm="8.20", length_mm="8.22"))
    )
    assert "20 working days" in text_of(small)
    assert "23 working days" in text_of(large)
