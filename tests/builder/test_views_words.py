"""What the shopper's pages say of a ring beside its price, its fit and what it is pictured with."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from builder.models import Band, DesignLink, Setting
from jeweler.models import EmailMessage
from tests.builder.test_views import choose
from tests.builder.test_views_saving import link_in, page_of, save, whole_ring
from tests.factories.builder import MetalFactory, SettingFactory, StoneFactory

pytestmark = pytest.mark.django_db

PICTURED = "Pictured with the plain, 2.0 mm band beside it"


def with_a_band(client: Client) -> None:
    whole_ring(client)
    band = Band.objects.create(
        code="plain", name="Plain, 2.0 mm", width_mm="2.00", thickness_mm="1.60",
        profile="straight", accent_kind="none", labor_price="780",
    )  # fmt: skip
    choose(client, band=band.code)


def test_the_landing_says_from_where_a_dearer_metal_is_offered(client: Client) -> None:
    metals = [MetalFactory(), MetalFactory(code="18k-rose", name="18 k rose gold", family="rose")]
    SettingFactory(metals=metals)

    assert "<small>from </small>" in page_of(client.get("/"))


def test_the_landing_shows_other_settings_than_the_one_it_opens_with(client: Client) -> None:
    for name in ("Alba", "Lune", "Vesper"):
        SettingFactory(name=f"The {name}", code=name.lower())
    first = Setting.objects.get(code="alba")

    shown = page_of(client.get("/"))

    assert f'<figcaption class="num">{first.name}' in shown
    assert re.findall(r"<h3><a [^>]+>([^<]+)", shown) == ["The Lune", "The Vesper"]


def test_a_card_says_the_margin_and_not_the_whole_sentence(client: Client) -> None:
    SettingFactory()
    choose(client, stone=str(StoneFactory().pk))

    shown = page_of(client.get("/rings/"))

    assert "Holds it: 0.3 mm to spare." in shown
    assert "holds your 1.52 ct round" not in shown


def test_a_size_is_not_asked_for_before_there_is_a_setting(client: Client) -> None:
    choose(client, stone=str(StoneFactory().pk))

    shown = page_of(client.get(reverse("builder:summary"), follow=True))

    assert "Choose a setting" in shown
    assert "Choose metal and size" not in shown


def test_a_band_in_the_picture_is_named_beside_a_price_that_is_without_it(client: Client) -> None:
    with_a_band(client)
    shown = page_of(save(client))
    assert re.search(PICTURED + r', <span class="nw">\$[\d,]+</span> more', shown)
    opened = page_of(Client().get(link_in(EmailMessage.objects.get())))
    assert PICTURED in opened


def test_a_shared_ring_without_its_price_has_none_for_its_band(client: Client) -> None:
    with_a_band(client)
    made = page_of(client.post(reverse("builder:share"), follow=True))
    token = re.search(r"/d/([\w-]+)/", made)
    assert token
    assert DesignLink.objects.filter(purpose="share").exists()

    shown = page_of(Client().get(f"/d/{token[1]}/"))

    assert PICTURED in shown
    assert "$" not in shown.split("<main", 1)[1].split("<footer")[0]


def test_a_band_on_request_is_not_said_to_cost_price_on_request_more(
    client: Client, settings: Any
) -> None:
    settings.PRICE_MODE = "on_request"
    with_a_band(client)

    shown = page_of(client.get(reverse("builder:ring"), follow=True))

    assert "The plain, 2.0 mm band lies beside it.</p>" in shown
