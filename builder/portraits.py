"""Settings as the list shows them: drawn with her stone, or with a usual one where she has none that fits."""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef

from builder import (
    compatibility,
    costing,
    gallery,
    gemology,
    pictures,
    pricebook,
    pricing,
    quotes,
)
from builder.models import Design, Head, Metal, Setting, Shape, Stone
from jeweler.models import Store


@dataclass(frozen=True, kw_only=True)
class Portrait:
    """`price` is of the setting alone, in the metal that costs least where none was asked for (`is_from`).

    `told` is how a shopper may see it, and so are the words of `fit`.
    """

    setting: Setting
    metal: Metal
    picture_hash: str
    alt: str
    width: str
    price: Decimal
    told: str
    is_from: bool
    fit: compatibility.Fit | None


def offered() -> list[Setting]:
    """The settings that can be chosen, in the house's order, with their metals and heads; read once per catalog version."""
    return list(_offered(pricebook.current().number))


@functools.lru_cache(maxsize=1)
def _offered(number: int) -> tuple[Setting, ...]:
    settings = Setting.objects.filter(
        Exists(Head.objects.filter(setting=OuterRef("pk"))), is_offered=True
    )
    return tuple(
        settings.order_by("position", "id").prefetch_related("metals", "heads", "locations")
    )


def of_settings(
    settings: Sequence[Setting],
    *,
    metal: Metal | None,
    stone: Stone | None,
    size: Decimal | None = None,
    store: Store | None = None,
    now: datetime,
) -> list[Portrait]:
    """One portrait each, its picture known from now on; settings without a metal are left out.

    `fit` is by her stone and her size, as far as they are chosen.
    """
    portraits = []
    descriptions = {}
    mode = pricebook.telling(store).mode
    for setting in settings:
        worn = metal or next(
            iter(sorted(setting.metals.all(), key=lambda each: (each.position, each.pk))), None
        )
        if worn is None:
            continue
        fit = (
            compatibility.check(setting=setting.rules, stone=stone.measures, size=size)
            if stone
            else compatibility.wrong_size(setting=setting.rules, size=size)
        )
        is_held = fit is not None and (fit.fits or fit.is_size)
        shown = stone if stone and is_held else usual_stone(setting)
        ring = Design(setting=setting, metal=worn, stone=shown)
        drawn = quotes.quote(ring, now=now)
        if shown is stone:
            fit = quotes.in_full(fit, design=ring, now=now)
        price = _price(setting, [metal] if metal else setting.metals.all(), now=now)
        content_hash = pictures.content_hash(drawn.description)
        descriptions[content_hash] = drawn.description
        portraits.append(
            Portrait(
                setting=setting,
                metal=worn,
                picture_hash=content_hash,
                alt=f"{setting.name} in {worn.name} with {shape_named(shown.shape)} diamond",
                width=f"{shown.width_mm:.2f}",
                price=price or Decimal(0),
                told=pricing.told(price or Decimal(0), mode=mode if price else pricing.ON_REQUEST),
                is_from=metal is None and price is not None and mode == pricing.SHOWN,
                fit=costing.fit_told(fit, mode=mode),
            )
        )
    gallery.remember(descriptions, for_good=stone is None, now=now)
    return portraits


def _price(setting: Setting, metals: Iterable[Metal], *, now: datetime) -> Decimal | None:
    """The least that the setting costs in one of these; None: it has no price."""
    book = pricebook.current()
    if setting.pk not in book.settings:
        book = pricebook.fresh()
    kept = tuple(sorted(metal.pk for metal in metals))
    return _least(book.number, setting.pk, kept, now.replace(microsecond=0))


@functools.lru_cache(maxsize=1024)
def _least(
    number: int, setting_id: int, metal_ids: tuple[int, ...], now: datetime
) -> Decimal | None:
    """By the catalog's version and the second: a list asks for a hundred prices that hardly ever change."""
    book = pricebook.current()
    setting = book.settings[setting_id]
    prices = []
    for metal_id in metal_ids:
        try:
            priced = costing.priced(
                book=book, setting=setting, head=setting.rules.heads[0], metal=book.metals[metal_id],
                stone=None, ring_size=None, engraving="", now=now,
            )  # fmt: skip
        except pricing.NotPriced:
            continue
        prices.append(priced.total)
    return min(prices, default=None)


def usual_stone(setting: Setting) -> Stone:
    """A stone of the first head's first shape in the middle of what it takes, by the millimeter laws."""
    head = setting.rules.heads[0]
    shape = head.shapes[0]
    middle = float(head.min_width_mm + head.max_width_mm) / 2
    carat = gemology.carat_of_width(shape=shape, width_mm=middle)
    usual = gemology.expected_mm(shape=shape, carat=carat)
    depth = usual.width * gemology.LAWS[shape].depth_pct / 100
    return Stone(
        shape=shape,
        carat=_hundredths(carat),
        color="F",
        clarity="VS1",
        length_mm=_hundredths(max(usual.length, usual.width)),
        width_mm=_hundredths(usual.width),
        depth_mm=_hundredths(depth),
        price=Decimal(0),
    )


def shape_named(shape: str) -> str:
    label = Shape(shape).label.lower()
    return f"{'an' if label[0] in 'aeiou' else 'a'} {label}"


def _hundredths(number: float) -> Decimal:
    return Decimal(str(round(number, 2)))
