"""A ring put together from the price book: its parts, what they weigh, and what each costs (docs/algorithms/pricing.md).

Pure. `priced` raises `pricing.NotPriced` for a part without a price. `inputs` are for staff; what suppliers ask is not
among them. What neither the stone nor the moment changes is kept in the book: people choose among few settings, metals
and sizes, so that a price takes half the time.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from builder import compatibility, gemology, geometry, pricing, variation, volumes
from builder.book import Band, Book, Metal, Setting, melee_mm, no_melee
from jeweler import money

_NOTHING = Decimal(0)
_MADE = "Made at our bench"
_WITHOUT_COST = "first resize, insured delivery"
_BAND_MOUNTS = {"pave": "pavé", "channel": "channel", "prong": "prong-set", "bezel": "bezel-set"}
_BAND_ACCENTS = {"half_pave": "Half pavé", "full_pave": "Full pavé", "channel": "Channel"}
_PLACES = {"sides": "Side stones", "halo": "Halo", "hidden_halo": "Hidden halo"}
_KEPT = 4096  # rings without their stones, about 1 kB each


class MadeLike(Protocol):
    """A setting of the book or of the table."""

    @property
    def lead_days(self) -> int: ...
    @property
    def rules(self) -> compatibility.SettingRules: ...


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
    *, setting: MadeLike | None, head: compatibility.Head | None, delivery_days: int
) -> int:
    """Working days: the stone must lie on the bench before the ring is begun, and another head takes longer."""
    if setting is None:
        return delivery_days
    longer = head.extra_days if head and _is_other(setting, head) else 0
    return delivery_days + setting.lead_days + longer


def fit_told(fit: compatibility.Fit | None, *, mode: str) -> compatibility.Fit | None:
    """The fit without the amount of its fix, where prices are not shown."""
    if fit is None or mode == pricing.SHOWN:
        return fit
    return fit._replace(fix=fix_told(fit.fix, mode=mode))


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
    parts: list[Part] = []
    melee: list[Melee] = []
    making = None
    if setting and head:
        making = _making(book, setting, head, metal, ring_size, band)
        length, width = geometry.outline(head=head, stone=stone)
        parts = _metal_parts(making, metal, length, width, now=now)
        melee = [_melee(book, each, length, width) for each in making.places]
    breakdown = pricing.price_ring(
        stone=pricing.Cost(stone.label, stone.note, stone.price)
        if stone and stone.price is not None
        else None,
        labor=pricing.Cost(setting.name, _MADE, setting.labor_price) if setting else None,
        metal=[part for part, _ in parts],
        center=making.center if making and stone else (),
        melee=[part for part, _ in melee],
        engraving=_engraving(setting, engraving),
        size_in_words=making.size_in_words if making else "",
        included=_included(setting, engraving),
    )
    inputs = {
        "catalog": book.number,
        "currency": pricing.CURRENCY,
        "size": None if ring_size is None else str(ring_size),
        "metals": [written for _, written in parts],
        "melee": [written for _, written in melee],
        **_written(setting, making, stone, engraving),
        **_band_written(band),
    }
    return Priced(lines=breakdown.lines, total=breakdown.total, inputs=inputs)


def priced_band(
    *, book: Book, band: Band, metal: Metal, ring_size: Decimal | None, now: datetime
) -> Priced:
    """A wedding band in a metal and size, at the gram prices of `now`. Raises pricing.NotPriced."""
    volume = volumes.band_volume(band=band, ring_size=ring_size)
    part, written = _metal_part(metal, cubic_mm=volume, part="band", now=now)
    melee = []
    if band.accent_count:
        melee = [
            _melee_part(
                book,
                _BAND_ACCENTS.get(band.accent_kind, "Small diamonds"),
                band.accent_count,
                band.accent_mm,
                of=band.name,
                place="band",
            )
        ]
    breakdown = pricing.price_band(
        labor=pricing.Cost(label=band.name, note=_MADE, price=band.labor_price),
        metal=[part],
        melee=[each for each, _ in melee],
        size_in_words=_at_size(ring_size),
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


# What the stone and the moment leave as it is.

Part = tuple[pricing.MetalPart, dict[str, Any]]
Melee = tuple[pricing.MeleePart, dict[str, Any]]


class _Place(NamedTuple):
    """Where small stones are set, and what so many of them there were found to be."""

    label: str
    mm: Decimal
    of: str
    location: geometry.Location
    by_pieces: dict[int, Melee]


class _Making(NamedTuple):
    """A setting with one of its heads, at a size and in a metal."""

    solids: volumes.Solids
    head_metal: Metal | None
    places: tuple[_Place, ...]
    center: list[pricing.Cost]
    head_written: dict[str, str]
    size_in_words: str


def _making(
    book: Book,
    setting: Setting,
    head: compatibility.Head,
    metal: Metal | None,
    ring_size: Decimal | None,
    band: variation.Choice,
) -> _Making:
    key = (setting, head.code, metal, ring_size, band)
    kept: _Making | None = book.kept.get(key)
    if kept is None:
        if len(book.kept) >= _KEPT:
            book.kept.clear()
        mounting = setting.variety.made(band)
        kept = book.kept[key] = _Making(
            solids=volumes.solids(setting=mounting, head=head, ring_size=ring_size),
            head_metal=_head_metal(book, head, metal) if metal else None,
            places=tuple(
                _Place(_place_named(each), melee_mm(each), setting.name, each, {})
                for each in mounting.locations
            ),
            center=_center_costs(setting, head),
            head_written=_head_written(setting, head),
            size_in_words=_at_size(ring_size),
        )
    return kept


# Metal.


def _metal_parts(
    making: _Making, metal: Metal | None, length: float, width: float, *, now: datetime
) -> list[Part]:
    """The shank and, where the head is of another metal, the head."""
    if metal is None or making.head_metal is None:
        return []
    volume = making.solids.around(length=length, width=width)
    if making.head_metal is metal:
        whole = volume.shank + volume.head
        return [_metal_part(metal, cubic_mm=whole, part="ring", now=now)]
    return [
        _metal_part(metal, cubic_mm=volume.shank, part="shank", now=now),
        _metal_part(making.head_metal, cubic_mm=volume.head, part="head", now=now),
    ]


def _head_metal(book: Book, head: compatibility.Head, metal: Metal) -> Metal:
    """The first metal of the head's family; the ring's own where the house has none."""
    if head.metal_family in ("", metal.family):
        return metal
    return next((each for each in book.metals.values() if each.family == head.metal_family), metal)


def _metal_part(metal: Metal, *, cubic_mm: float, part: str, now: datetime) -> Part:
    gram = metal.price_at(now)
    if gram is None:
        raise pricing.NotPriced(
            f"{metal.name} has no price on {now:%Y-%m-%d}: add one under Metal prices."
        )
    grams = volumes.grams(cubic_mm=cubic_mm, density=metal.density)
    return pricing.MetalPart(metal.name, grams, gram.price, metal.waste_pct), {
        "part": part,
        "metal": metal.code,
        "grams": str(grams),
        "price_per_gram": str(gram.price),
        "since_at": gram.since_in_words,
        "waste_pct": str(metal.waste_pct),
    }


# Stones and their setting.


def _melee(book: Book, place: _Place, length: float, width: float) -> Melee:
    pieces = geometry.count_around(place.location, length=length, width=width)
    found = place.by_pieces.get(pieces)
    if found is None:
        found = place.by_pieces[pieces] = _melee_part(
            book, place.label, pieces, place.mm, of=place.of, place=place.location.place
        )
    return found


def _melee_part(book: Book, label: str, pieces: int, mm: Decimal, *, of: str, place: str) -> Melee:
    row = pricing.melee_row(book.melee, mm=mm)
    if row is None:
        raise pricing.NotPriced(no_melee(mm, f"{of}, {place.replace('_', ' ')}"))
    carats = geometry.melee_carats(stone_mm=float(mm), count=pieces)
    part = pricing.MeleePart(
        label=label,
        note=f"{pieces} diamonds, {carats:.2f} ct together",
        pieces=pieces,
        stone_price=row.stone_price,
        setting_fee=row.setting_fee,
    )
    return part, {
        "place": place,
        "pieces": pieces,
        "mm": f"{mm:.2f}",
        "stone_price": str(row.stone_price),
        "setting_fee": str(row.setting_fee),
    }


def _place_named(location: geometry.Location) -> str:
    """ "Halo", "Half pavé", "Full channel"."""
    if location.place in _PLACES:
        return _PLACES[location.place]
    part = "Half" if location.place == "half_band" else "Full"
    return f"{part} {_BAND_MOUNTS[location.mount]}"


def _center_costs(setting: Setting, head: compatibility.Head) -> list[pricing.Cost]:
    costs = [pricing.Cost(label="Setting your stone", note="", price=head.setting_fee)]
    if _is_other(setting, head):
        name = head.name[:1].upper() + head.name[1:]
        costs.append(pricing.Cost(label=name, note="for your stone", price=head.extra_price))
    return costs


def _is_other(setting: MadeLike, head: compatibility.Head) -> bool:
    """Whether it is not the head that the setting is shown with."""
    return head.code != setting.rules.heads[0].code


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


def _at_size(ring_size: Decimal | None) -> str:
    return f" at size {gemology.in_halves(ring_size)}" if ring_size else ""


def _written(
    setting: Setting | None,
    making: _Making | None,
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
    if making and stone:
        written["head"] = making.head_written
    if stone and stone.price is not None:
        written["stone"] = {"id": stone.id, "price": str(stone.price)}
    return written


def _band_written(band: variation.Choice) -> dict[str, Any]:
    """What of the band was chosen."""
    if band == variation.AS_SHOWN:
        return {}
    width = {} if band.width_mm is None else {"width_mm": str(band.width_mm)}
    return {"band": width | ({"accents": band.accents} if band.accents else {})}


def _head_written(setting: Setting, head: compatibility.Head) -> dict[str, str]:
    extra = head.extra_price if _is_other(setting, head) else _NOTHING
    return {
        "code": head.code,
        "setting_fee": str(head.setting_fee),
        "extra_price": str(extra),
    }


def _hundredths(length: float) -> Decimal:
    return Decimal(str(round(length, 2)))
