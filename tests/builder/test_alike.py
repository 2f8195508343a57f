"""A page says what became of a ring, and offers what is like it: each set by a button, never by a link."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from builder import alike, quotes, saving
from builder.models import Design, MetalPrice, Stone
from tests.factories.builder import DesignFactory, MetalFactory, StoneFactory

pytestmark = pytest.mark.django_db

SAVED = datetime(2026, 11, 2, 16, 0, tzinfo=UTC)
OVER = SAVED + timedelta(days=20)


def saved(**design: Any) -> saving.Saved:
    ring = DesignFactory(created_at=SAVED, updated_at=SAVED, **design)
    return saving.save(
        design=ring, email="ada@example.com", visitor=ring.visitor, is_discreet=False, now=SAVED
    )


def fresh(kept: saving.Saved) -> Design:
    found: Design = Design.objects.select_related("setting", "metal", "stone", "store").get(
        pk=kept.version.design_id
    )
    return found


def shown(design: Design, *, now: datetime) -> alike.Instead | None:
    return alike.instead(design, total=quotes.quote(design, now=now).total, now=now)


def withdraw(kept: saving.Saved) -> None:
    Stone.objects.filter(pk=kept.version.stone_id).update(status="withdrawn")


def raise_gold() -> None:
    MetalPrice.objects.create(
        metal=MetalFactory(), price_per_gram=218, since_at=SAVED + timedelta(minutes=1)
    )


def test_a_ring_that_is_as_it_was_says_nothing() -> None:
    assert shown(fresh(saved()), now=SAVED) is None


def test_a_twin_is_told_with_what_the_whole_ring_costs_with_it() -> None:
    kept = saved()
    twin = StoneFactory(width_mm="7.36", price="12480.00")
    withdraw(kept)
    found = shown(fresh(kept), now=SAVED)
    assert found is not None
    [offered] = found.alike
    assert (offered.stone, offered.words) == (twin, "0.02 mm wider")
    assert offered.total == kept.version.price
    assert offered.price == f"${kept.version.price:,.0f}"


def test_a_ring_that_became_dearer_says_so_once_the_promise_is_over() -> None:
    kept = saved()
    raise_gold()
    assert shown(fresh(kept), now=SAVED + timedelta(days=14)) is None
    found = shown(fresh(kept), now=OVER)
    assert found is not None
    assert (found.kind, found.before) == ("dearer", f"${kept.version.price:,.0f}")
    assert found.difference.startswith("$")


def test_a_ring_that_was_changed_since_is_compared_with_nothing() -> None:
    kept = saved()
    raise_gold()
    Design.objects.filter(pk=kept.version.design_id).update(engraving="Always")
    assert shown(fresh(kept), now=OVER) is None


def test_a_dearer_ring_is_offered_no_stone_that_makes_it_dearer_still() -> None:
    kept = saved()
    raise_gold()
    StoneFactory(price="13900.00")
    cheaper = StoneFactory(price="12000.00")
    found = shown(fresh(kept), now=OVER)
    assert found is not None
    assert [each.stone for each in found.alike] == [cheaper]


def test_a_stone_without_a_setting_is_told_by_its_own_price() -> None:
    design = DesignFactory(setting=None, metal=None, ring_size=None)
    StoneFactory(price="12300.00")
    Stone.objects.filter(pk=design.stone_id).update(status="withdrawn")
    design.stone.refresh_from_db()
    found = shown(design, now=SAVED)
    assert found is not None
    assert [(each.words, each.price, each.priced) for each in found.alike] == [
        ("$180 less", "$12,300", "the stone")
    ]


# The page that a mail opens.


def test_the_mails_page_offers_the_twins_and_the_one_she_followed_first(client: Client) -> None:
    kept = saved()
    StoneFactory(width_mm="7.36")
    wanted = StoneFactory(width_mm="7.38")
    withdraw(kept)
    page = client.get(f"/d/{kept.token}/", {"stone": wanted.pk}).content.decode()
    assert "This stone is offered no more." in page
    assert "Here are the two that come nearest" in page
    assert page.count("Set this one") == 2
    assert page.index('class="wanted"') < page.index(f'value="{wanted.pk}"')
    assert "0.04 mm wider" in page
    assert fresh(kept).stone_id == kept.version.stone_id


@pytest.mark.parametrize("wanted", ["x", "-1", "9" * 5000, "²", ""])
def test_a_page_of_a_garbled_link_is_the_page(client: Client, wanted: str) -> None:
    kept = saved()
    withdraw(kept)
    assert client.get(f"/d/{kept.token}/", {"stone": wanted}).status_code == 200


def test_a_twin_is_set_with_one_press_in_a_browser_that_knows_nothing(client: Client) -> None:
    kept = saved()
    twin = StoneFactory(width_mm="7.36")
    withdraw(kept)
    answer = client.post(f"/d/{kept.token}/", {"stone": twin.pk}, follow=True)
    assert fresh(kept).stone == twin
    assert "offered no more" not in answer.content.decode()


def test_a_twin_that_was_sold_meanwhile_is_refused_and_nothing_is_lost(client: Client) -> None:
    kept = saved()
    twin = StoneFactory(width_mm="7.36", status="sold", sold_at=SAVED)
    withdraw(kept)
    answer = client.post(f"/d/{kept.token}/", {"stone": twin.pk}, follow=True)
    assert answer.status_code == 200
    assert fresh(kept).stone_id == kept.version.stone_id


def test_the_limits_are_the_settings(settings: Any) -> None:
    settings.PRICE_NEWS_AMOUNT, settings.DESIGN_PAUSE_DAYS = 20, 9
    assert (alike.limits().news_amount, alike.limits().pause_days) == (20, 9)
