"""Where prices are on request no page, mail or answer has an amount in it; in a range none is exact."""

import base64
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail as outbox
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from builder import api, ring_api, turns
from builder.models import Band, Design, Setting, Stone
from jeweler import mail
from jeweler.models import StaffMember
from tests.factories.builder import HeadFactory, MetalFactory, SettingFactory, StoneFactory
from tests.factories.jeweler import StaffMemberFactory, StoreFactory

pytestmark = pytest.mark.django_db

AMOUNT = re.compile(r"\$\s*\d|\d,\d{3}\b|\b\d{4,}\.\d\d\b")
STORED = ("12480", "12,480", "13337", "13,337", "1480", "1,480", "4321", "4,321")


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (api, ring_api):
        monkeypatch.setattr(module, "TURNS", turns.Turns(scope="modes", per_minute=10_000))


@pytest.fixture
def shop() -> dict[str, Any]:
    setting: Setting = SettingFactory(
        code="alba", head_setting_fee="90", stones={"half_band": "1.40"}, engraving_price="60",
        metals=[MetalFactory(waste_pct=6)],
    )  # fmt: skip
    HeadFactory(
        setting=setting, position=1, prongs=4, min_width_mm="7.00", max_width_mm="9.00",
        max_length_mm="9.50", extra_price="4321", extra_days=3, setting_fee="95",
    )  # fmt: skip
    stone: Stone = StoneFactory(price=Decimal("12480.00"))
    StoneFactory(price=Decimal("13337.00"), carat=Decimal("1.53"))
    large: Stone = StoneFactory(
        price=Decimal("12480.00"), width_mm="8.60", length_mm="8.70", depth_mm="5.10",
        carat=Decimal("2.40"),
    )  # fmt: skip
    Band.objects.create(
        code="plain", name="Plain", width_mm="2.00", thickness_mm="1.60", profile="straight",
        labor_price="4321",
    )  # fmt: skip
    return {"setting": setting, "stone": stone, "large": large}


def walk(client: Client, shop: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every page and answer of the storefront that a shopper meets on her way to a saved ring, and its mail."""
    choose = reverse("builder:choose")

    def seen(url: str, **params: Any) -> tuple[str, str]:
        response = client.get(url, params, follow=True)  # /ring/ leads to the ring's own address
        assert response.status_code == 200, url
        return url, response.content.decode()

    yield seen("/")
    yield seen("/rings/")
    yield seen("/diamonds/")
    yield seen("/diamonds/", fits="alba", sort="-price")
    yield seen("/diamonds/", open=shop["stone"].pk)
    client.post(choose, {"setting": "alba"})
    yield seen("/ring/")
    client.post(choose, {"stone": shop["large"].pk})
    yield seen("/ring/")  # with a fix that costs
    client.post(choose, {"stone": shop["stone"].pk, "ring_size": "6", "engraving": "Ever"})
    yield seen("/ring/")
    yield seen("/rings/")
    yield seen("/diamonds/")
    yield seen("/ring/summary/")
    yield seen("/ring/save/")
    client.post("/ring/save/", {"email": "ada@example.com"})
    yield seen("/ring/saved/")
    mail.send_due(now=timezone.now())
    message = outbox.outbox[-1]
    yield "the mail's text", str(message.body)
    html = str(message.alternatives[0][0])  # type: ignore[attr-defined]
    yield "the mail's page", re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)
    link = re.search(r"/d/[\w-]+/", str(message.body))
    assert link
    yield seen(link[0])
    Stone.objects.filter(pk=shop["stone"].pk).update(status="withdrawn")
    yield seen("/ring/")  # with stones that could stand in
    Stone.objects.filter(pk=shop["stone"].pk).update(status="available")
    yield seen("/api/v1/stones/", fits="alba")
    yield seen(f"/api/v1/stones/{shop['stone'].pk}/", fits="alba")
    yield seen("/api/v1/ring/", setting="alba", stone=shop["large"].pk, engraving="Ever")


def told_in(text: str) -> str:
    """What the house tells: the budget that she may name is her own."""
    for part in ("script.*?</script", 'form class="[^"]*intent.*?</form'):
        text = re.sub(f"<{part}>", "", text, flags=re.DOTALL)
    return text


def amounts_in(text: str) -> list[str]:
    plain = told_in(text)
    return AMOUNT.findall(plain) + [
        each for each in STORED if re.search(rf"(?<![\d#]){each}(?!\d)", plain)
    ]


def test_on_request_no_amount_is_told_anywhere(
    client: Client, shop: dict[str, Any], settings: Any
) -> None:
    settings.PRICE_MODE = "on_request"
    settings.TAX_PCT = Decimal("8.875")
    told = 0
    for place, text in walk(client, shop):
        assert amounts_in(text) == [], place
        assert "$" not in told_in(text), place
        told += "Price on request" in text
    assert told >= 10
    saved = Design.objects.get(saved_at__isnull=False).versions.get()
    assert saved.price > 14_000


def test_in_a_range_no_exact_amount_is_told(
    client: Client, shop: dict[str, Any], settings: Any
) -> None:
    settings.PRICE_MODE = "range"
    told = 0
    for place, text in walk(client, shop):
        exact = [each for each in STORED if re.search(rf"(?<![\d#]){each}(?!\d)", text)]
        assert exact == [], place
        told += bool(re.search(r"\$[\d,]+ to \$[\d,]+", text))
    assert told >= 8


def keys_in(text: str) -> list[str]:
    """What the addresses of the next pages and the cursors say, read as anybody could."""
    written = re.findall(r'(?:after=|before=|"next":\s*"|"previous":\s*")([\w-]+)', text)
    return [base64.urlsafe_b64decode(each + "===").decode() for each in written]


@pytest.mark.parametrize("sort", ["price", "-price", "-carat"])
def test_the_address_of_the_next_page_tells_no_price(
    client: Client, settings: Any, sort: str
) -> None:
    StoneFactory.create_batch(30, price=Decimal("13337.00"))
    for mode in ("on_request", "range"):
        settings.PRICE_MODE = mode
        for url in ("/diamonds/", "/api/v1/stones/"):
            keys = keys_in(client.get(url, {"sort": sort}).content.decode())
            assert keys, url
            assert not [key for key in keys if "13337" in key]


def test_where_prices_are_shown_the_same_walk_finds_them(
    client: Client, shop: dict[str, Any]
) -> None:
    """The proof that the other two would notice an amount."""
    with_amounts = [place for place, text in walk(client, shop) if amounts_in(text)]
    assert len(with_amounts) >= 16
    assert {"the mail's text", "the mail's page", "/api/v1/ring/"} <= set(with_amounts)


def test_staff_see_the_exact_price_and_what_made_it(
    client: Client, shop: dict[str, Any], settings: Any
) -> None:
    settings.PRICE_MODE = "on_request"
    for _ in walk(client, shop):
        pass
    design = Design.objects.get(saved_at__isnull=False)
    store = StoreFactory(code="nyc")
    member = StaffMemberFactory(role=StaffMember.Role.ASSOCIATE, stores=[store])
    associate = Client()
    associate.force_login(member.user)
    page = associate.get(reverse("counter-design", args=[design.code])).content.decode()
    total = f"${design.versions.get().price:,.0f}"
    assert total in page
    assert "118.00" in page
    assert "18k-yellow" in page


def test_a_stone_s_place_in_its_market_is_told_as_its_price_is(
    client: Client, settings: Any
) -> None:
    StoneFactory.create_batch(13)
    Stone.objects.filter(pk=StoneFactory().pk).update(color="", fancy_color="fancy pink")

    def page() -> str:
        return client.get("/diamonds/").content.decode()

    shown = page()
    assert shown.count('<td class="c8" role="cell"><svg') == 13
    assert shown.count("Too few like it to say") == 1
    assert '<td class="c2 fancy" role="cell">Fancy pink</td>' in shown
    assert "Half of the 12 like it ask between $12,480 and $12,480" in shown
    settings.PRICE_MODE = "range"
    assert "Between the two ticks lie half of the 12 like it." in page()
    assert "$12,480" not in page()
    settings.PRICE_MODE = "on_request"
    assert "market" not in page()
