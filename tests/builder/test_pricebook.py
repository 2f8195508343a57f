"""Every process prices by the present catalog, whoever changed it and however."""

import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.utils import IntegrityError
from django.test.utils import CaptureQueriesContext

from builder import pricebook
from builder.models import CatalogVersion, MetalPrice, Setting
from tests.factories.builder import (
    HeadFactory,
    LocationFactory,
    MeleePriceFactory,
    MetalFactory,
    MetalPriceFactory,
    SettingFactory,
)
from tests.factories.jeweler import NOW, StoreFactory

pytestmark = pytest.mark.django_db


def elsewhere(act: Callable[[], Any]) -> None:
    """Do it on a connection of its own, as another process would."""

    def run() -> None:
        try:
            act()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


CHANGES: dict[str, Callable[[Setting], Any]] = {
    "a setting": lambda setting: Setting.objects.filter(pk=setting.pk).update(labor_price=1),
    "a head": lambda setting: HeadFactory(setting=setting, position=5),
    "a location": lambda setting: LocationFactory(setting=setting),
    "a metal": lambda setting: setting.metals.update(waste_pct=9),
    "the metals of a setting": lambda setting: setting.metals.clear(),
    "a metal's price": lambda setting: MetalPriceFactory(metal=setting.metals.get()),
    "a melee price": lambda setting: MeleePriceFactory(),
    "a store": lambda setting: StoreFactory(price_mode="on_request"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_prices_or_fits_a_ring_makes_another_book(change: str) -> None:
    setting = SettingFactory()
    before = pricebook.current()
    CHANGES[change](setting)
    after = pricebook.current()
    assert after.number != before.number
    assert after != before


def test_an_unchanged_catalog_is_read_once() -> None:
    SettingFactory()
    first = pricebook.current()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert pricebook.current() is first
    assert [
        query["sql"] for query in asked.captured_queries if "catalogversion" not in query["sql"]
    ] == []


def test_within_the_pause_nothing_is_asked_at_all(settings: Any) -> None:
    SettingFactory()
    settings.PRICE_BOOK_PAUSE = 3600.0
    kept = pricebook.fresh()
    SettingFactory()
    with CaptureQueriesContext(connection) as asked:
        assert pricebook.current() is kept
    assert len(asked) == 0
    assert len(pricebook.fresh().settings) == len(kept.settings) + 1


@pytest.mark.django_db(transaction=True)
def test_a_change_by_another_process_is_seen() -> None:
    setting = SettingFactory()
    before = pricebook.current()
    elsewhere(lambda: Setting.objects.filter(pk=setting.pk).update(labor_price=Decimal(2000)))
    assert before.settings[setting.pk].labor_price == Decimal(1480)
    assert pricebook.current().settings[setting.pk].labor_price == Decimal(2000)


@pytest.mark.django_db(transaction=True)
def test_what_was_rolled_back_is_forgotten() -> None:
    setting = SettingFactory()
    with transaction.atomic():
        Setting.objects.update(labor_price=Decimal(1))
        inside = pricebook.current()
        transaction.set_rollback(True)
    assert inside.settings[setting.pk].labor_price == Decimal(1)
    assert pricebook.current().settings[setting.pk].labor_price == Decimal(1480)
    elsewhere(lambda: Setting.objects.update(labor_price=Decimal(3)))
    assert pricebook.current().number > inside.number
    assert pricebook.current().settings[setting.pk].labor_price == Decimal(3)


def test_a_price_dated_ahead_takes_effect_without_another_version() -> None:
    metal = MetalFactory()
    MetalPriceFactory(metal=metal, since_at=NOW, price_per_gram="131.50")
    book = pricebook.current()
    value = book.metals[metal.pk]
    before, at = value.price_at(NOW - timedelta(microseconds=1)), value.price_at(NOW)
    assert before is not None
    assert at is not None
    assert (before.price, at.price) == (Decimal(118), Decimal("131.50"))
    assert pricebook.current() is book


def test_a_metals_price_is_never_changed() -> None:
    price = MetalPriceFactory()
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        MetalPrice.objects.filter(pk=price.pk).update(price_per_gram=1)
    assert MetalPrice.objects.filter(pk=price.pk).update(price_per_gram=price.price_per_gram) == 1


def test_an_empty_house_has_an_empty_book() -> None:
    CatalogVersion.objects.all().delete()
    book = pricebook.current()
    assert (book.number, book.settings, book.metals) == (0, {}, {})


@pytest.mark.django_db(transaction=True)
def test_many_threads_share_one_book() -> None:
    setting = SettingFactory()
    found: list[Decimal] = []

    def look() -> None:
        found.append(pricebook.current().settings[setting.pk].labor_price)

    threads = [threading.Thread(target=elsewhere, args=[look]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [Decimal(1480)] * 8


def test_the_site_and_each_store_tell_prices_in_their_own_way(settings: Any) -> None:
    settings.PRICE_MODE, settings.TAX_DISPLAY, settings.TAX_PCT = "range", "included", Decimal(20)
    store = StoreFactory(code="boston", price_mode="on_request", tax_pct="6.25")
    assert pricebook.telling(None).mode == "range"
    assert pricebook.telling(None).tax.pct == 20
    kept = pricebook.current().stores["boston"]
    assert kept == pricebook.telling(type(store).objects.get())
    assert (kept.mode, kept.tax.display, kept.tax.pct) == ("on_request", "added", Decimal("6.25"))
