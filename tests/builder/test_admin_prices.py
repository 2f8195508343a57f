"""What metals and small stones cost, as the owner keeps it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from builder import saving
from builder.models import MeleePrice, MetalPrice
from jeweler.models import StaffMember
from tests.factories.builder import (
    DesignFactory,
    MeleePriceFactory,
    MetalFactory,
    MetalPriceFactory,
    SettingFactory,
)
from tests.factories.jeweler import NOW, StaffMemberFactory, StoreFactory

pytestmark = pytest.mark.django_db

METALS = reverse("admin:builder_metalprice_add")
MELEE = reverse("admin:builder_meleeprice_add")


@pytest.fixture
def owner() -> Client:
    client = Client()
    member = StaffMemberFactory(role=StaffMember.Role.OWNER, stores=[StoreFactory(code="nyc")])
    client.force_login(member.user)
    return client


def said(client: Client, url: str, **fields: Any) -> str:
    return client.post(url, fields, follow=True).content.decode()


def test_a_metals_new_price_holds_from_now_on(owner: Client) -> None:
    metal = MetalFactory()
    before = timezone.now()
    said(owner, METALS, metal=metal.pk, price_per_gram="131.50")
    added = metal.prices.latest("since_at")
    assert added.price_per_gram == Decimal("131.50")
    assert before <= added.since_at <= timezone.now()


def test_a_price_may_be_dated_ahead_and_never_back(owner: Client) -> None:
    metal = MetalFactory()
    ahead = timezone.now() + timedelta(days=3)
    words = said(
        owner, METALS, metal=metal.pk, price_per_gram="140", since_at_0="2021-05-01",
        since_at_1="10:00",
    )  # fmt: skip
    assert "What was quoted stays as it was" in words
    assert metal.prices.count() == 1
    page = said(
        owner, METALS, metal=metal.pk, price_per_gram="140", since_at_0=f"{ahead:%Y-%m-%d}",
        since_at_1="10:00",
    )  # fmt: skip
    assert metal.prices.count() == 2
    assert "ahead" in page


def test_a_metals_price_is_shown_and_not_changed(owner: Client) -> None:
    price = MetalPriceFactory()
    url = reverse("admin:builder_metalprice_change", args=[price.pk])
    assert owner.get(url).status_code == 200
    assert owner.post(url, {"price_per_gram": "1"}).status_code == 403
    assert MetalPrice.objects.get(pk=price.pk).price_per_gram == price.price_per_gram


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        ("2.00", "2.00", "It must be more than 2.00 mm."),
        ("1.00", "1.40", "0.50 to 1.50 mm has a price already; the two would overlap."),
    ],
)
def test_melee_prices_that_are_ambiguous_are_refused_as_they_are_saved(
    owner: Client, low: str, high: str, words: str
) -> None:
    MeleePriceFactory(below_mm="1.50")
    page = said(owner, MELEE, from_mm=low, below_mm=high, stone_price="9", setting_fee="6")
    assert words in page
    assert MeleePrice.objects.count() == 1


def test_prices_and_densities_of_nothing_or_less_are_refused_in_words(owner: Client) -> None:
    metal = MetalFactory()
    assert "It must be more than 0." in said(owner, METALS, metal=metal.pk, price_per_gram="0")
    page = said(owner, MELEE, from_mm="1", below_mm="2", stone_price="-5", setting_fee="6")
    assert "It must not be less than 0." in page
    url = reverse("admin:builder_metal_change", args=[metal.pk])
    for field, words in (("density", "more than 0."), ("waste_pct", "not be less than 0.")):
        fields = {"code": metal.code, "name": metal.name, "family": metal.family, "position": 0}
        numbers = {"density": "15.5", "waste_pct": "0"} | {field: "-1"}
        assert f"It must {'be ' if field == 'density' else ''}{words}" in said(
            owner, url, **fields, **numbers
        )
    assert not MeleePrice.objects.exists()


def test_a_melee_price_that_stones_stand_on_is_not_taken_from_under_them(owner: Client) -> None:
    SettingFactory(stones={"half_band": "1.40"})
    row = MeleePrice.objects.get()
    url = reverse("admin:builder_meleeprice_change", args=[row.pk])
    page = said(owner, url, from_mm="0.50", below_mm="1.30", stone_price="9", setting_fee="6")
    assert "Then The Alba, half band (1.40 mm) would have no price." in page
    said(owner, url, from_mm="0.50", below_mm="1.50", stone_price="12", setting_fee="6")
    row.refresh_from_db()
    assert (row.below_mm, row.stone_price) == (Decimal("1.50"), Decimal("12.00"))


def test_the_lists_begin_with_what_lacks_a_price(owner: Client) -> None:
    SettingFactory(stones={"half_band": "1.40"})
    MeleePrice.objects.all().delete()
    MetalFactory(code="tin", name="tin", price_per_gram="")
    for table in ("metalprice", "meleeprice"):
        page = owner.get(reverse(f"admin:builder_{table}_changelist")).content.decode()
        assert "No melee price covers 1.40 mm (The Alba, half band)" in page
        assert "tin has no price: add one under Metal prices." in page


def test_the_check_command_names_what_lacks_a_price(capsys: pytest.CaptureFixture[str]) -> None:
    MetalFactory(code="tin", name="tin", price_per_gram="")
    call_command("check", databases=["default"])
    assert "tin has no price: add one under Metal prices." in capsys.readouterr().err
    call_command("check")
    assert "tin" not in capsys.readouterr().err


def test_a_version_shows_what_its_price_was_made_from(owner: Client) -> None:
    design = DesignFactory()
    saving.save(
        design=design, email="ada@example.com", visitor=design.visitor, is_discreet=False, now=NOW
    )
    url = reverse("admin:builder_design_change", args=[design.pk])
    page = owner.get(url).content.decode()
    assert "price_per_gram" in page
    assert "118.00" in page
