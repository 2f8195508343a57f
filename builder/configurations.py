"""A ring that is named by its parts: read from a query, then answered with its fit, price and ready date.

The same figures as on the pages, from the same `costing`. While the price book and a search snapshot are loaded no table is
asked. Every parameter is looked at, so that one answer names all that is wrong.
"""

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from builder import (
    compatibility,
    costing,
    engraving,
    gemology,
    geometry,
    pricebook,
    pricing,
    quotes,
    sizes,
    variation,
    workdays,
)
from builder.book import Book, Metal, Setting, Telling
from builder.models import Stone
from builder.search import snapshot

LEAST_CARAT, MOST_CARAT = Decimal("0.05"), Decimal(30)
LONGEST_VALUE = 64
LARGEST_ID = 2**63 - 1

PARAMETERS = {
    "setting": "A setting's code; required",
    "metal": "A metal's code; the setting's first one when it is not said",
    "stone": "The id of a stone on offer",
    "shape": "Without a stone, with `carat`: the fit by weight, and the price without a stone",
    "carat": f"From {LEAST_CARAT} to {MOST_CARAT}, with `shape`",
    "size": "A ring size such as 6.5, L or 52; drawn and weighed as US 6 when it is not said",
    "width": "The band's width at the palm in millimeters; as the setting is shown when it is not said",
    "accents": f"Small diamonds along the band: {', '.join(variation.ACCENTS)}; as shown when it is not said",
    "engraving": "The text inside the ring",
    "store": "A store's code: prices are told as that store tells them",
}


class StoneOnOffer(costing.StoneLike, Protocol):
    """A stone that can be had: a row of the table or of a search snapshot. A fancy one has no `color` letter."""

    @property
    def color(self) -> str: ...
    @property
    def depth_mm(self) -> Decimal: ...
    @property
    def delivery_days(self) -> int: ...


@dataclass(kw_only=True)
class Asked:
    """A configuration, read piece by piece; `errors` says what is wrong with which parameter."""

    book: Book
    params: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    setting: Setting | None = None
    metal: Metal | None = None
    stone: StoneOnOffer | None = None
    color: str = ""
    estimate: tuple[str, Decimal] | None = None
    size: Decimal | None = None
    band: variation.Choice = variation.AS_SHOWN
    engraving: str = ""
    telling: Telling | None = None

    @property
    def measures(self) -> compatibility.MeasuresLike | None:
        if self.stone is not None:
            return self.stone
        if self.estimate is None:
            return None
        shape, carat = self.estimate
        return compatibility.StoneMeasures(
            shape=shape, carat=carat, length_mm=None, width_mm=None, depth_mm=None
        )

    @property
    def center(self) -> costing.Center | None:
        if self.stone is not None:
            return costing.center(self.stone, color=self.color)
        if self.estimate is None:
            return None
        shape, carat = self.estimate
        return costing.estimated_center(shape=shape, carat=carat)


def read(given: Iterable[tuple[str, str]], *, book: Book) -> Asked:
    """What is asked for by these names and values, with `errors` where something of it cannot be."""
    params: dict[str, str] = {}
    errors: dict[str, str] = {}
    for name, value in given:
        if name not in PARAMETERS:
            errors[name[:LONGEST_VALUE]] = f"is no parameter; use any of {', '.join(PARAMETERS)}"
        elif name in params:
            errors[name] = "is given twice; give it once"
        elif len(value) > LONGEST_VALUE:
            errors[name] = f"is longer than {LONGEST_VALUE} characters; shorten it"
        params[name] = value
    asked = Asked(book=book, params=params, errors=errors)
    for name, reader in _READERS.items():
        value = params.get(name, "")
        if (value or name in _ALWAYS_READ) and name not in errors:
            reader(asked, value)
    return asked


def _read_setting(asked: Asked, code: str) -> None:
    asked.setting = asked.book.settings_by_code.get(code)
    if asked.setting is None or not asked.setting.is_offered or not asked.setting.rules.heads:
        asked.errors["setting"] = (
            f"{code!r} is no setting that we make" if code else "is missing; give a setting's code"
        )


def _read_metal(asked: Asked, code: str) -> None:
    """Of the setting's own metals; the first where none is said."""
    if asked.setting is None:
        return
    book, setting = asked.book, asked.setting
    named = book.metals_by_code.get(code)
    if named and named.id in setting.metals:
        asked.metal = named
        return
    metals = [book.metals[key] for key in setting.metals if key in book.metals]
    if metals and not code:
        asked.metal = metals[0]
    else:
        known = ", ".join(each.code for each in metals) or "another setting"
        asked.errors["metal"] = f"{setting.name} is not made in {code!r}; use {known}"


def _read_stone(asked: Asked, text: str) -> None:
    number = int(text) if text.isascii() and text.isdigit() else 0
    asked.stone, asked.color = on_offer(number) if 0 < number <= LARGEST_ID else (None, "")
    if asked.stone is None:
        asked.errors["stone"] = f"{text!r} is no stone on offer; /api/v1/stones/ lists them"


def _read_shape(asked: Asked, shape: str) -> None:
    """With its carat, which is read here too."""
    text = asked.params.get("carat", "")
    if asked.params.get("stone"):
        asked.errors["shape"] = "the stone says it already; leave out shape and carat, or the stone"
    elif shape not in gemology.LAWS:
        asked.errors["shape"] = f"{shape!r} is no shape; use any of {', '.join(gemology.LAWS)}"
    elif not text:
        asked.errors["carat"] = "is missing; give it with the shape"
    elif (carat := _decimal(text)) is None or not LEAST_CARAT <= carat <= MOST_CARAT:
        asked.errors["carat"] = (
            f"{text!r} is no weight we set; use {LEAST_CARAT} to {MOST_CARAT} carats"
        )
    else:
        asked.estimate = (shape, carat)


def _read_carat(asked: Asked, text: str) -> None:
    if not asked.params.get("shape"):
        asked.errors["carat"] = "says nothing alone; give a shape with it"


def _read_size(asked: Asked, text: str) -> None:
    try:
        asked.size = _size(text)
    except sizes.Unreadable as error:
        asked.errors["size"] = str(error)


def _read_width(asked: Asked, text: str) -> None:
    width = variation.read_width(text)
    if width is None:
        asked.errors["width"] = f"{text!r} is no width of a band; give millimeters, such as 2.2"
    elif asked.setting is not None:
        _vary(asked, asked.setting, "width", variation.Choice(width, ""))


def _read_accents(asked: Asked, text: str) -> None:
    if text not in variation.ACCENTS:
        asked.errors["accents"] = f"{text!r} is none of {', '.join(variation.ACCENTS)}"
    elif asked.setting is not None:
        _vary(asked, asked.setting, "accents", variation.Choice(None, text))


def _vary(asked: Asked, setting: Setting, name: str, choice: variation.Choice) -> None:
    """One of the two, added to what is read of the other."""
    try:
        kept = setting.variety.checked(choice)
    except variation.NotOffered as error:
        asked.errors[name] = str(error)
    else:
        width, accents = asked.band
        asked.band = variation.Choice(kept.width_mm or width, kept.accents or accents)


def _read_engraving(asked: Asked, text: str) -> None:
    if asked.setting is None:
        return
    text = engraving.tidied(text)
    try:
        engraving.check(text, rules=asked.setting.engraving, size=asked.size)
    except engraving.BadEngraving as error:
        asked.errors["engraving"] = str(error)
    asked.engraving = text


def _read_store(asked: Asked, code: str) -> None:
    asked.telling = asked.book.stores.get(code)
    if asked.telling is None:
        asked.errors["store"] = f"{code!r} is no store of ours; leave it out"


_READERS: dict[str, Callable[[Asked, str], None]] = {
    "setting": _read_setting,
    "metal": _read_metal,
    "stone": _read_stone,
    "shape": _read_shape,
    "carat": _read_carat,
    "size": _read_size,
    "width": _read_width,
    "accents": _read_accents,
    "engraving": _read_engraving,
    "store": _read_store,
}
_ALWAYS_READ = frozenset({"setting", "metal"})


# People wear few sizes.
_size = functools.lru_cache(maxsize=512)(sizes.read)


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def on_offer(stone_id: int) -> tuple[StoneOnOffer | None, str]:
    """The stone while it can be had, and its color as it is said: from the snapshot, and from the table without one."""
    known = snapshot.current()
    if known is None:
        row = Stone.objects.filter(pk=stone_id, status=Stone.Status.AVAILABLE).first()
        return row, (row.color or row.fancy_color) if row else ""
    listed = known.listed(stone_id)
    if listed is None or listed.color:
        return listed, listed.color if listed else ""
    if known.is_as_built(stone_id):
        return listed, _fancy_color_in(known.id, stone_id)
    return listed, _fancy_color(stone_id)


def _fancy_color(stone_id: int) -> str:
    """The words of a fancy color, which the snapshot does not have."""
    return Stone.objects.filter(pk=stone_id).values_list("fancy_color", flat=True).first() or ""


@functools.lru_cache(maxsize=4096)
def _fancy_color_in(_snapshot_id: int, stone_id: int) -> str:
    """Kept while the snapshot and the stone's row in it are what they were."""
    return _fancy_color(stone_id)


# The answer.


def answer(asked: Asked, *, now: datetime) -> dict[str, Any]:
    """A whole answer to a configuration without errors."""
    setting, telling = asked.setting, asked.telling or pricebook.telling(None)
    if setting is None or asked.errors:
        raise ValueError(f"there is no answer to {asked.errors}")
    measures = asked.measures
    fit = (
        compatibility.check(setting=setting.rules, stone=measures, size=asked.size)
        if measures
        else None
    )
    head, stone = costing.head_for(setting, fit), asked.center
    ring = _priced(asked, head, stone, now=now)
    fit = costing.fit_in_full(
        fit,
        book=asked.book,
        setting=setting,
        metal=asked.metal,
        stone=stone,
        ring_size=asked.size,
        band=asked.band,
        engraving=asked.engraving,
        ring=ring,
        now=now,
    )
    days = costing.lead_days(
        setting=setting, head=head, delivery_days=asked.stone.delivery_days if asked.stone else 0
    )
    return {
        "setting": setting.code,
        "metal": asked.metal.code if asked.metal else None,
        "head": head.code if head else None,
        "size": None if asked.size is None else str(asked.size),
        **_band(asked.band, setting.mounting),
        "fit": _fit(fit, mode=telling.mode),
        **_price(ring, telling),
        "ready_date": workdays.after(quotes.day_of(None, now=now), days=days),
        "currency": pricing.CURRENCY,
        "priced_at": now,
    }


def _band(chosen: variation.Choice, own: geometry.Mounting) -> dict[str, str]:
    """The band as it is made: as chosen, else as the setting is shown."""
    width, accents = chosen
    return {"width_mm": str(width or own.shank_width_mm), "accents": accents or own.accents}


def _priced(
    asked: Asked, head: compatibility.Head | None, stone: costing.Center | None, *, now: datetime
) -> costing.Priced | None:
    """None for a part without a price."""
    try:
        return costing.priced(
            book=asked.book,
            setting=asked.setting,
            head=head,
            metal=asked.metal,
            stone=stone,
            ring_size=asked.size,
            engraving=asked.engraving,
            band=asked.band,
            now=now,
        )
    except pricing.NotPriced:
        return None


def _price(ring: costing.Priced | None, telling: Telling) -> dict[str, Any]:
    mode = telling.mode if ring else pricing.ON_REQUEST
    priced = ring or costing.UNPRICED
    is_shown = mode == pricing.SHOWN
    return {
        "mode": mode,
        "total": str(priced.total) if is_shown else None,
        "told": pricing.told(priced.total, mode=mode),
        "tax": pricing.tax_told(telling.tax, total=priced.total, mode=mode),
        "breakdown": [
            {
                "label": line.label,
                "note": line.note,
                "amount": str(line.amount) if is_shown and line.amount is not None else None,
            }
            for line in priced.lines
        ],
        "inputs": priced.inputs if is_shown else None,
    }


def _fit(fit: compatibility.Fit | None, *, mode: str) -> dict[str, Any] | None:
    fit = costing.fit_told(fit, mode=mode)
    if fit is None:
        return None
    return {
        "verdict": fit.verdict,
        "reason": fit.reason,
        "margin_mm": None if fit.margin_mm is None else str(fit.margin_mm),
        "head": fit.head,
        "fix": fit.fix.words if fit.fix else "",
        "fix_price": str(fit.fix.price) if fit.fix and mode == pricing.SHOWN else None,
        "fix_days": fit.fix.days if fit.fix else None,
        "is_estimated": fit.is_estimated,
    }
