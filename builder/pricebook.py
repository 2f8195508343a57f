"""The price book as every process keeps it: read once, and again when the catalog has another version.

The database numbers the catalog's versions (statement triggers of migrations 0003 and 0006), so whatever changes the tables is
noticed: the admin, a command, SQL by hand. A process asks for the number at most each `settings.PRICE_BOOK_PAUSE`
seconds, when it needs a price; no thread of its own. A number is never used twice, not even after a rollback.
"""

import functools
import threading
import time
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.db.models import Prefetch

from builder import models
from builder.book import Band, Book, GramPrice, Metal, Setting, Telling, small_stones
from builder.pricing import MeleeRow, Tax, melee_row
from jeweler.models import Store

_TRIES = 5  # a read that is overtaken by a change is repeated so often


@dataclass(frozen=True, kw_only=True)
class _Kept:
    book: Book
    asked_at: float  # on the monotonic clock


_lock = threading.Lock()
_kept: _Kept | None = None


def current() -> Book:
    """The book as it was at most PRICE_BOOK_PAUSE seconds ago. Asks the database when that is over."""
    kept = _kept
    if kept and time.monotonic() - kept.asked_at < settings.PRICE_BOOK_PAUSE:
        return kept.book
    return fresh()


def fresh() -> Book:
    """The book as it is now: for whoever knows of a row that the kept one does not have."""
    global _kept  # noqa: PLW0603  the one thing this module is for
    with _lock:
        asked_at = time.monotonic()
        number = _number()
        if _kept is None or _kept.book.number != number:
            _kept = _Kept(book=_read(number), asked_at=asked_at)
        else:
            _kept = _Kept(book=_kept.book, asked_at=asked_at)
        return _kept.book


def _number() -> int:
    """0 while nothing has ever been written into the catalog."""
    return models.CatalogVersion.objects.values_list("number", flat=True).first() or 0


def _read(number: int) -> Book:
    """Everything as of one version: read again when another one was committed meanwhile."""
    for _ in range(_TRIES):
        book = _rows(number)
        now = _number()
        if now == number:
            break
        number = now
    return book


def _rows(number: int) -> Book:
    prices = Prefetch("prices", models.MetalPrice.objects.order_by("since_at"))
    metals = models.Metal.objects.order_by("position", "id").prefetch_related(prices)
    kinds = Prefetch("metals", models.Metal.objects.order_by("position", "id"))
    settings_ = models.Setting.objects.order_by("position", "id").prefetch_related(
        kinds, "heads", "locations"
    )
    setting_values = {setting.pk: _setting(setting) for setting in settings_}
    metal_values = {metal.pk: _metal(metal) for metal in metals}
    return Book(
        number=number,
        settings=setting_values,
        metals=metal_values,
        bands={band.pk: _band(band) for band in models.Band.objects.order_by("position", "id")},
        melee=tuple(_melee(row) for row in models.MeleePrice.objects.order_by("from_mm")),
        stores={store.code: telling(store) for store in Store.objects.all()},
        settings_by_code={setting.code: setting for setting in setting_values.values()},
        metals_by_code={metal.code: metal for metal in metal_values.values()},
    )


def telling(store: Store | None) -> Telling:
    """How a store tells its prices; None: how the site does."""
    if store is None:
        return _site_telling(settings.PRICE_MODE, settings.TAX_DISPLAY, settings.TAX_PCT)
    return Telling(mode=store.price_mode, tax=Tax(display=store.tax_display, pct=store.tax_pct))


@functools.lru_cache(maxsize=8)
def _site_telling(mode: str, display: str, pct: Decimal) -> Telling:
    return Telling(mode=mode, tax=Tax(display=display, pct=pct))


def covers(mm: Decimal) -> bool:
    """Whether a small stone of this size has a price."""
    return models.MeleePrice.objects.filter(from_mm__lte=mm, below_mm__gt=mm).exists()


def lost(row: models.MeleePrice, *, from_mm: Decimal, below_mm: Decimal) -> list[str]:
    """What has a price by this row today and would have none if the row covered this instead."""
    if row.pk is None:
        return []
    book = fresh()
    was = [each for each in book.melee if each.from_mm == row.from_mm]
    others = [each for each in book.melee if each.from_mm != row.from_mm]
    changed = [each._replace(from_mm=from_mm, below_mm=below_mm) for each in was]
    return [
        f"{where} ({mm:.2f} mm)"
        for where, mm in small_stones(book)
        if melee_row(book.melee, mm=mm) and not melee_row([*others, *changed], mm=mm)
    ]


def _metal(row: models.Metal) -> Metal:
    return Metal(
        id=row.pk,
        code=row.code,
        name=row.name,
        family=row.family,
        density=row.density,
        waste_pct=row.waste_pct,
        prices=tuple(
            GramPrice(since_at=each.since_at, price=each.price_per_gram)
            for each in row.prices.all()
        ),
    )


def _setting(row: models.Setting) -> Setting:
    return Setting(
        id=row.pk,
        code=row.code,
        name=row.name,
        rules=row.rules,
        mounting=row.mounting,
        labor_price=row.labor_price,
        engraving=row.engraving_rules,
        lead_days=row.lead_days,
        metals=tuple(metal.pk for metal in row.metals.all()),
        is_offered=row.is_offered,
        variety=row.variety,
    )


def _band(row: models.Band) -> Band:
    return Band(
        id=row.pk,
        code=row.code,
        name=row.name,
        width_mm=row.width_mm,
        thickness_mm=row.thickness_mm,
        section=row.section,
        accent_kind=row.accent_kind,
        accent_mm=row.accent_mm,
        accent_count=row.accent_count,
        labor_price=row.labor_price,
        lead_days=row.lead_days,
    )


def _melee(row: models.MeleePrice) -> MeleeRow:
    return MeleeRow(
        from_mm=row.from_mm,
        below_mm=row.below_mm,
        stone_price=row.stone_price,
        setting_fee=row.setting_fee,
    )
