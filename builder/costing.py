"""A ring put together from the price book: its parts, what they weigh, and what each costs (docs/algorithms/pricing.md).

Pure. `priced` raises `pricing.NotPriced` for a part without a price. `inputs` are for staff; what suppliers ask is not
among them. `making` has the parts.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from builder import compatibility, gemology, geometry, making, pricing, variation, volumes
from builder.book import Band, Book, Metal, Setting
from jeweler import money

_NOTHING = Decimal(0)
_MADE = "Made at our bench"
_WITHOUT_COST = "first resize, insured delivery"
_BAND_ACCENTS = {"half_pave": "Half pavé", "full_pave": "Full pavé", "channel": "Channel"}


class StoneLike(Protocol):
    """A stone on offer: a row of the table or of a search snapshot."""

    @property
    def id(self) -> int | None: ...
    @property
    def shape(self) -> str: ...
    @property
    def carat(self) -> Decimal: ...
    @property
    def growth(self) -> str: ...
    @property
    def clarity(self) -> str: ...
    @property
    def cut(self) -> str: ...
    @property
    def length_mm(self) -> Decimal: ...
    @property
    def width_mm(self) -> Decimal: ...
    @property
    def price(self) -> Decimal | None: ...


class Center(NamedTuple):
    """The center stone. Without a `price` it only takes up room: an estimate from shape and weight."""

    id: int | None
    label: str
    note: str
    price: Decimal | None
    length_mm: Decimal
    width_mm: Decimal


class Priced(NamedTuple):
    """`inputs` can be written as JSON; amounts are strings there."""

    lines: list[pricing.PriceLine]
    total: Decimal
    inputs: dict[str, Any]


UNPRICED = Priced(lines=[], total=_NOTHING, inputs={})


_CUTS = {"": ""} | {
    grade: f", {label.lower()} cut" for grade, label in gemology.GRADE_LABELS.items()
}


def center(stone: StoneLike, *, color: str) -> Center:
    """`color` as it is said: a letter, or a fancy color's words.

    A stone that left the market keeps its last price until she chooses another.
    """
    grown = "lab-grown " if stone.growth == "lab" else ""
    return Center(
        id=stone.id,
        label=f"{stone.shape.capitalize()} {grown}diamond",
        note=f"{stone.carat:.2f} ct, {color}, {stone.clarity}{_CUTS[stone.cut]}",
        price=stone.price or _NOTHING,
        length_mm=stone.length_mm,
        width_mm=stone.width_mm,
    )


def estimated_center(*, shape: str, carat: Decimal) -> Center:
    """A stone that is not chosen yet, by the millimeter law: priced without it."""
    usual = gemology.expected_mm(shape=shape, carat=float(carat))
    return Center(
        id=None,
        label=shape,
        note="",
        price=None,
        length_mm=_hundredths(max(usual.length, usual.width)),
        width_mm=_hundredths(usual.width),
    )


def head_for(setting: Setting, fit: compatibility.Fit | None) -> compatibility.Head | None:
    """The head that holds the stone, else the one that the setting is shown with."""
    heads = setting.rules.heads
    return (setting.rules.head(fit.head) if fit else None) or (heads[0] if heads else None)


def lead_days(
    *, setting: making.MadeLike | None, head: compatibility.Head | None, delivery_days: int
) -> int:
    """Working days: the stone must lie on the bench before the ring is begun, and another head takes longer."""
    if setting is None:
        return delivery_days
    longer = head.extra_days if head and making.is_other(setting, head) else 0
    return delivery_days + setting.lead_days + longer


def fit_told(fit: compatibility.Fit | None, *, mode: str) -> compatibility.Fit | None:
    """The fit without the amount of its fix, where prices are not shown."""
    if fit is None or mode == pricing.SHOWN:
        return fit
    return fit._replace(fix=fix_told(fit.fix, mode=mode))


def fit_in_full(
    fit: compatibility.Fit | None,
    *,
    book: Book,
    setting: Setting | None,
    metal: Metal | None,
    stone: Center | None,
    ring_size: Decimal | None,
    band: variation.Choice,
    now: datetime,
    engraving: str = "",
    ring: Priced | None = None,
) -> compatibility.Fit | None:
    """The fit, another head's price being by how much the whole ring differs: head, setting the stone in it, and their metal.

    By itself a fit knows what heads cost and not what they weigh. Without a metal, or a price for it, that is all that is said.
    `ring` is the whole one with the head that holds the stone, where it was priced already.
    """
    if fit is None or fit.fix is None or not fit.fix.head or setting is None or metal is None:
        return fit
    parts: dict[str, Any] = {
        "book": book, "setting": setting, "metal": metal, "stone": stone, "ring_size": ring_size,
        "engraving": engraving, "band": band, "now": now,
    }  # fmt: skip
    try:
        ring = ring or priced(head=head_for(setting, fit), **parts)
        as_shown = priced(head=setting.rules.heads[0], **parts)
    except pricing.NotPriced:
        return fit
    more = ring.total - as_shown.total
    fix = compatibility.repriced(fit.fix, price=more, currency=pricing.CURRENCY)
    return fit._replace(fix=fix)


def fix_told(fix: compatibility.Fix | None, *, mode: str) -> compatibility.Fix | None:
    if fix is None or not fix.price or mode == pricing.SHOWN:
        return fix
    sign, words = ("+", "for an extra charge") if fix.price > 0 else ("−", "for less")
    amount = f"{sign}{money.in_words(abs(fix.price), currency=pricing.CURRENCY)}"
    return fix._replace(words=fix.words.replace(f": {amount}", f" {words}"), price=_NOTHING)


def priced(
    *,
    book: Book,
    setting: Setting | None,
    head: compatibility.Head | None,
    metal: Metal | None,
    stone: Center | None,
    ring_size: Decimal | None,
    engraving: str,
    now: datetime,
    band: variation.Choice = variation.AS_SHOWN,
) -> Priced:
    """What is chosen so far, at the gram prices of `now`. Raises pricing.NotPriced."""
    parts: list[making.Part] = []
    melee: list[making.Melee] = []
    made = None
    if setting and head:
        made = making.prepared(
            book=book, setting=setting, head=head, metal=metal, ring_size=ring_size, band=band
        )
        length, width = geometry.outline(head=head, stone=stone)
        parts = making.metal_parts(made, metal=metal, length=length, width=width, now=now)
        melee = [making.melee(each, book=book, length=length, width=width) for each in made.places]
    breakdown = pricing.price_ring(
        stone=pricing.Cost(stone.label, stone.note, stone.price)
        if stone and stone.price is not None
        else None,
        labor=pricing.Cost(setting.name, _MADE, setting.labor_price) if setting else None,
        metal=[part for part, _ in parts],
        center=made.center if made and stone else (),
        melee=[part for part, _ in melee],
        engraving=_engraving(setting, engraving),
        size_in_words=made.size_in_words if made else "",
        included=_included(setting, engraving),
    )
    inputs = {
        "catalog": book.number,
        "currency": pricing.CURRENCY,
        "size": None if ring_size is None else str(ring_size),
        "metals": [written for _, written in parts],
        "melee": [written for _, written in melee],
        **_written(setting, made, stone, engraving),
        **_band_written(band),
    }
    return Priced(lines=breakdown.lines, total=breakdown.total, inputs=inputs)


def priced_band(
    *, book: Book, band: Band, metal: Metal, ring_size: Decimal | None, now: datetime
) -> Priced:
    """A wedding band in a metal and size, at the gram prices of `now`. Raises pricing.NotPriced."""
    volume = volumes.band_volume(band=band, ring_size=ring_size)
    part, written = making.metal_part(metal, cubic_mm=volume, part="band", now=now)
    melee = []
    if band.accent_count:
        melee = [
            making.melee_part(
                label=_BAND_ACCENTS.get(band.accent_kind, "Small diamonds"),
                pieces=band.accent_count,
                mm=band.accent_mm,
                of=band.name,
                place="band",
                book=book,
            )
        ]
    breakdown = pricing.price_band(
        labor=pricing.Cost(label=band.name, note=_MADE, price=band.labor_price),
        metal=[part],
        melee=[each for each, _ in melee],
        size_in_words=making.at_size(ring_size),
    )
    inputs = {
        "catalog": book.number,
        "currency": pricing.CURRENCY,
        "size": None if ring_size is None else str(ring_size),
        "metals": [written],
        "melee": [each for _, each in melee],
        "labor": str(band.labor_price),
    }
    return Priced(lines=breakdown.lines, total=breakdown.total, inputs=inputs)


# Engraving and words.


def _engraving(setting: Setting | None, text: str) -> pricing.Cost | None:
    if not text or setting is None:
        return None
    return pricing.Cost(
        label="Engraving", note=f"{len(text)} characters", price=setting.engraving.price
    )


def _included(setting: Setting | None, engraving: str) -> str:
    if setting is None:
        return ""
    if engraving and not setting.engraving.price:
        return f"Engraving, {_WITHOUT_COST}"
    return _WITHOUT_COST[:1].upper() + _WITHOUT_COST[1:]


def _written(
    setting: Setting | None,
    made: making.Making | None,
    stone: Center | None,
    engraving: str,
) -> dict[str, Any]:
    """The rest of the inputs: only what the ring has."""
    written: dict[str, Any] = {}
    if setting:
        written["labor"] = str(setting.labor_price)
        if engraving:
            written["engraving"] = {
                "characters": len(engraving),
                "price": str(setting.engraving.price),
            }
    if made and stone:
        written["head"] = made.head_written
    if stone and stone.price is not None:
        written["stone"] = {"id": stone.id, "price": str(stone.price)}
    return written


def _band_written(band: variation.Choice) -> dict[str, Any]:
    """What of the band was chosen."""
    if band == variation.AS_SHOWN:
        return {}
    width = {} if band.width_mm is None else {"width_mm": str(band.width_mm)}
    return {"band": width | ({"accents": band.accents} if band.accents else {})}


def _hundredths(length: float) -> Decimal:
    return Decimal(str(round(length, 2)))
