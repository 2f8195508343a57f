"""What a design costs, whether it fits, and when it is ready: read from the design, nothing is written.

A saved, unchanged design keeps its promised price until the promise's last day. How the price is told is the business of
the design's store; `total`, `lines` and `inputs` are exact and for staff and for what is saved, `told` and `bill` for shoppers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from builder import (
    beside,
    compatibility,
    costing,
    descriptions,
    engraving,
    geometry,
    pictures,
    pricebook,
    pricing,
    variation,
    workdays,
)
from builder.book import Book, Metal, Setting, Telling
from builder.models import Band, Design, DesignVersion, Stone
from jeweler.models import Store

STATE = ("setting_id", "metal_id", "stone_id", "ring_size", "engraving", "width_mm", "accents")


@dataclass(frozen=True, kw_only=True)
class Quote:
    """A design as a page shows it. `missing` names steps: setting, stone, ring.

    `unpriced` says to staff what of it has no price, and then the price is on request. `outdated` says to her what of it the
    house no longer makes; a promised ring is made as promised.
    """

    lines: list[pricing.PriceLine]
    total: Decimal
    missing: list[str]
    fit: compatibility.Fit | None
    head: compatibility.Head | None
    ready_date: date
    price_until: date
    description: dict[str, Any]
    picture_hash: str
    is_promised: bool
    priced_at: datetime
    inputs: dict[str, Any]
    telling: Telling
    unpriced: str = ""
    outdated: str = ""

    @property
    def is_complete(self) -> bool:
        return not self.missing

    @property
    def mode(self) -> str:
        return pricing.ON_REQUEST if self.unpriced else self.telling.mode

    @property
    def told(self) -> str:
        """The total as she may see it."""
        return pricing.told(self.total, mode=self.mode)

    @property
    def tax_told(self) -> str:
        return pricing.tax_told(self.telling.tax, total=self.total, mode=self.mode)

    @property
    def bill(self) -> list[pricing.BillLine]:
        return pricing.bill(self.lines, mode=self.mode)

    @property
    def promise_told(self) -> bool:
        """Whether there is a figure that could be promised."""
        return self.mode != pricing.ON_REQUEST


def quote(design: Design, *, now: datetime | None = None) -> Quote:
    """Price, fit, dates and description of the design as it is. `now`: the clock, when not given.

    A saved, unchanged design keeps its promised price until the promise's last day, and gets a lower
    one at once when today's is lower.
    """
    moment = now or timezone.now()
    today = day_of(design.store, now=moment)
    book = _book(design)
    setting = _setting(design, book)
    fit = _fit(design, setting)
    head = costing.head_for(setting, fit) if setting else None
    telling = pricebook.telling(design.store)
    priced, unpriced = _priced(design, book, setting, head, telling, now=moment)
    promise = _promise(design, now=moment)
    promised = promise.price if promise else None
    is_kept = promised is not None and (bool(unpriced) or promised <= priced.total)
    kept = promise if is_kept else None
    description = _description(design, setting, head)
    days = costing.lead_days(
        setting=setting, head=head, delivery_days=design.stone.delivery_days if design.stone else 0
    )
    return Quote(
        lines=lines_of(kept) if kept else priced.lines,
        total=promised if promised is not None and kept else priced.total,
        missing=missing(design),
        fit=costing.fit_told(in_full(fit, design=design, now=moment), mode=telling.mode),
        head=head,
        ready_date=workdays.after(today, days=days),
        price_until=(kept.price_until_date if kept else None)
        or today + timedelta(days=settings.PRICE_PROMISE_DAYS),
        description=description,
        picture_hash=pictures.content_hash(description) if description else "",
        is_promised=kept is not None,
        priced_at=(kept.priced_at or kept.saved_at) if kept else moment,
        inputs=kept.price_inputs if kept else priced.inputs,
        telling=telling,
        unpriced="" if kept else unpriced,
        outdated="" if kept else _outdated(design, setting, book),
    )


def missing(design: Design) -> list[str]:
    steps = {
        "setting": design.setting_id is not None,
        "stone": design.stone_id is not None,
        "ring": design.metal_id is not None and design.ring_size is not None,
    }
    return [step for step, is_done in steps.items() if not is_done]


def _outdated(design: Design, setting: Setting | None, book: Book) -> str:
    """What the house changed under a ring that was designed before, with the way out; empty: nothing."""
    if setting is None:
        return ""
    if not setting.is_offered:
        return f"We no longer make {setting.name}. Choose another setting; everything else is kept."
    metal = _metal(design, book)
    if metal and metal.id not in setting.metals:
        offered = ", ".join(book.metals[key].name for key in setting.metals if key in book.metals)
        return f"{setting.name} is no longer made in {metal.name}; choose {offered or 'another setting'}."
    try:
        setting.variety.checked(band_chosen(design))
        engraving.check(design.engraving, rules=setting.engraving, size=design.ring_size)
    except (engraving.BadEngraving, variation.NotOffered) as error:
        return str(error)
    return ""


def band_chosen(design: Design | DesignVersion) -> variation.Choice:
    return variation.Choice(design.width_mm, design.accents)


def mounting_of(design: Design | DesignVersion) -> geometry.Mounting | None:
    """Its setting's shape, with the width and the accents that she chose."""
    if design.setting is None:
        return None
    variety = design.setting.variety
    return variety.made(variety.kept(band_chosen(design)))


def fit_of(design: Design | DesignVersion) -> compatibility.Fit | None:
    """By the rules of today, for a saved version too."""
    return _fit(design, _setting(design, _book(design)))


def in_full(
    fit: compatibility.Fit | None, *, design: Design, now: datetime
) -> compatibility.Fit | None:
    """The design's fit, another head's price being by how much the whole ring differs."""
    if fit is None or fit.fix is None or design.stone is None:
        return fit
    book = _book(design)
    setting = _setting(design, book)
    return costing.fit_in_full(
        fit,
        book=book,
        setting=setting,
        metal=_metal(design, book),
        stone=_center(design.stone),
        ring_size=design.ring_size,
        band=setting.variety.kept(band_chosen(design)) if setting else variation.AS_SHOWN,
        now=now,
    )


def head_of(design: Design) -> compatibility.Head | None:
    """The head it is made with: the one that holds its stone, else the one its setting is shown with."""
    setting = _setting(design, _book(design))
    return costing.head_for(setting, _fit(design, setting)) if setting else None


def settings_that_hold(design: Design) -> list[Setting]:
    """The other settings on offer that hold the design's stone and are made in its size."""
    return [
        setting
        for setting in _book(design).settings.values()
        if setting.is_offered
        and setting.rules.heads
        and setting.id != design.setting_id
        and _holds(setting, design)
    ]


def _holds(setting: Setting, design: Design) -> bool:
    if design.stone is None:
        return compatibility.wrong_size(setting=setting.rules, size=design.ring_size) is None
    return compatibility.check(
        setting=setting.rules, stone=design.stone.measures, size=design.ring_size
    ).fits


def lies(design: Design, band: Band) -> beside.Beside:
    """How a wedding band lies beside her ring; it must have its stone."""
    head, mounting = head_of(design), mounting_of(design)
    if mounting is None or design.stone is None or head is None:
        raise ValueError("a band is laid beside a ring with its stone")
    ring = beside.Ring(
        stone_length=design.stone.length_mm + 2 * mounting.width_at("halo"),
        rise=head.rise_mm,
        top_width=mounting.top_width_mm,
        thickness=mounting.thickness_mm,
        is_bezel=head.kind == "bezel",
        hidden_halo=mounting.width_at("hidden_halo"),
        side_stone=mounting.width_at("sides"),
    )
    is_curved = band.profile == "curved"
    return beside.lie(ring=ring, thickness=band.thickness_mm, is_curved=is_curved)


def band_told(band: Band, *, design: Design, now: datetime) -> str:
    """What a wedding band costs in the design's metal and size, as she may see it."""
    price = band_price(band, design=design, now=now)
    mode = pricebook.telling(design.store).mode
    return pricing.IN_WORDS_ON_REQUEST if price is None else pricing.told(price, mode=mode)


def band_price(band: Band, *, design: Design, now: datetime) -> Decimal | None:
    """The same exactly, for staff; None while it cannot be told."""
    book = _book(design)
    metal = _metal(design, book)
    if metal is None or band.pk not in book.bands:
        return None
    try:
        priced = costing.priced_band(
            book=book, band=book.bands[band.pk], metal=metal, ring_size=design.ring_size, now=now
        )
    except pricing.NotPriced:
        return None
    return priced.total


# The price book.


def _book(design: Design | DesignVersion) -> Book:
    """The kept book, read again for a design of a row that it does not have yet."""
    book = pricebook.current()
    has_setting = design.setting_id is None or design.setting_id in book.settings
    has_metal = design.metal_id is None or design.metal_id in book.metals
    return book if has_setting and has_metal else pricebook.fresh()


def _setting(design: Design | DesignVersion, book: Book) -> Setting | None:
    return None if design.setting_id is None else book.settings.get(design.setting_id)


def _metal(design: Design | DesignVersion, book: Book) -> Metal | None:
    return None if design.metal_id is None else book.metals.get(design.metal_id)


def _fit(design: Design | DesignVersion, setting: Setting | None) -> compatibility.Fit | None:
    if setting is None or design.stone is None:
        return None
    return compatibility.check(
        setting=setting.rules, stone=design.stone.measures, size=design.ring_size
    )


def _priced(
    design: Design,
    book: Book,
    setting: Setting | None,
    head: compatibility.Head | None,
    telling: Telling,
    *,
    now: datetime,
) -> tuple[costing.Priced, str]:
    """The price and "", or nothing and what lacks a price."""
    try:
        priced = costing.priced(
            book=book,
            setting=setting,
            head=head,
            metal=_metal(design, book),
            stone=_center(design.stone) if design.stone else None,
            ring_size=design.ring_size,
            engraving=design.engraving,
            band=setting.variety.kept(band_chosen(design)) if setting else variation.AS_SHOWN,
            now=now,
        )
    except pricing.NotPriced as error:
        return costing.UNPRICED, str(error)
    tax = {"display": telling.tax.display, "pct": str(telling.tax.pct)}
    return priced._replace(inputs={**priced.inputs, "tax": tax}), ""


def _center(stone: Stone) -> costing.Center:
    return costing.center(stone, color=stone.color or stone.fancy_color)


def _description(
    design: Design, setting: Setting | None, head: compatibility.Head | None
) -> dict[str, Any]:
    """Empty until there is a setting in a metal to draw."""
    if setting is None or design.metal is None or head is None:
        return {}
    mounting = setting.variety.made(setting.variety.kept(band_chosen(design)))
    described = descriptions.describe(
        setting=mounting,
        head=head,
        metal=design.metal,
        stone=design.stone,
        ring_size=design.ring_size,
        engraving=design.engraving,
    )
    if design.band is None or design.stone is None:
        return described
    return described | {
        "beside": descriptions.describe_band(
            band=design.band,
            gap_mm=lies(design, design.band).gap_mm,
            setting=mounting,
            head=head,
            stone=design.stone,
            metal=design.metal,
        )
    }


# What was saved.


def _promise(design: Design, *, now: datetime) -> DesignVersion | None:
    """The version whose price still holds: the last one, unchanged since, not expired.

    The promise's last day ends where the design's store is, as at its counter, or else where the house is.
    """
    if design.saved_at is None:
        return None
    today = day_of(design.store, now=now)
    last = design.versions.order_by("-number").first()
    if last is None or last.price_until_date is None:  # without a price nothing was promised
        return None
    return last if last.price_until_date >= today and is_same(design, last) else None


def zone_of(store: Store | None) -> ZoneInfo:
    """Whose clock holds for her: the store's that she chose, else the house's."""
    return store.zone if store else ZoneInfo(settings.HOUSE_TIME_ZONE)


def day_of(store: Store | None, *, now: datetime) -> date:
    return now.astimezone(zone_of(store)).date()


def is_same(design: Design, other: Design | DesignVersion) -> bool:
    return all(getattr(design, name) == getattr(other, name) for name in STATE)


def lines_of(version: DesignVersion) -> list[pricing.PriceLine]:
    return [
        pricing.PriceLine(
            label=line["label"],
            note=line["note"],
            amount=None if line["amount"] is None else Decimal(line["amount"]),
        )
        for line in version.price_lines
    ]


def written(lines: Sequence[pricing.PriceLine]) -> list[dict[str, str | None]]:
    return [
        {
            "label": line.label,
            "note": line.note,
            "amount": None if line.amount is None else str(line.amount),
        }
        for line in lines
    ]
