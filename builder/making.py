"""A ring in the making: what neither the stone nor the moment changes, and what its metal and its small stones then cost.

Pure. People choose among few settings, metals and sizes: what was worked out is kept in the book, so that a price takes half
the time (docs/algorithms/pricing.md). Each part comes with what is written of it, which is for staff and can be JSON.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from builder import compatibility, gemology, geometry, pricing, variation, volumes
from builder.book import Book, Metal, Setting, melee_mm, no_melee

_BAND_MOUNTS = {"pave": "pavé", "channel": "channel", "prong": "prong-set", "bezel": "bezel-set"}
_PLACES = {"sides": "Side stones", "halo": "Halo", "hidden_halo": "Hidden halo"}
_KEPT = 4096  # rings without their stones, about 1 kB each

Part = tuple[pricing.MetalPart, dict[str, Any]]
Melee = tuple[pricing.MeleePart, dict[str, Any]]


class MadeLike(Protocol):
    """A setting of the book or of the table."""

    @property
    def lead_days(self) -> int: ...
    @property
    def rules(self) -> compatibility.SettingRules: ...


class Place(NamedTuple):
    """Where small stones are set, and what so many of them there were found to be."""

    label: str
    mm: Decimal
    of: str
    location: geometry.Location
    by_pieces: dict[int, Melee]


class Making(NamedTuple):
    """A setting with one of its heads, at a size and in a metal."""

    solids: volumes.Solids
    head_metal: Metal | None
    places: tuple[Place, ...]
    center: list[pricing.Cost]
    head_written: dict[str, str]
    size_in_words: str


def prepared(
    *,
    book: Book,
    setting: Setting,
    head: compatibility.Head,
    metal: Metal | None,
    ring_size: Decimal | None,
    band: variation.Choice,
) -> Making:
    """Of these, worked out once for as long as the book has this version."""
    key = (setting, head.code, metal, ring_size, band)
    kept: Making | None = book.kept.get(key)
    if kept is None:
        if len(book.kept) >= _KEPT:
            book.kept.clear()
        mounting = setting.variety.made(band)
        kept = book.kept[key] = Making(
            solids=volumes.solids(setting=mounting, head=head, ring_size=ring_size),
            head_metal=_head_metal(book, head, metal) if metal else None,
            places=tuple(
                Place(_place_named(each), melee_mm(each), setting.name, each, {})
                for each in mounting.locations
            ),
            center=_center_costs(setting, head),
            head_written=_head_written(setting, head),
            size_in_words=at_size(ring_size),
        )
    return kept


def metal_parts(
    made: Making, *, metal: Metal | None, length: float, width: float, now: datetime
) -> list[Part]:
    """The shank and, where the head is of another metal, the head."""
    if metal is None or made.head_metal is None:
        return []
    volume = made.solids.around(length=length, width=width)
    if made.head_metal is metal:
        whole = volume.shank + volume.head
        return [metal_part(metal, cubic_mm=whole, part="ring", now=now)]
    return [
        metal_part(metal, cubic_mm=volume.shank, part="shank", now=now),
        metal_part(made.head_metal, cubic_mm=volume.head, part="head", now=now),
    ]


def metal_part(metal: Metal, *, cubic_mm: float, part: str, now: datetime) -> Part:
    """Finished metal at the gram price of `now`. Raises pricing.NotPriced."""
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


def melee(place: Place, *, book: Book, length: float, width: float) -> Melee:
    """Of the stones there, as many as go around a center of this length and width."""
    pieces = geometry.count_around(place.location, length=length, width=width)
    found = place.by_pieces.get(pieces)
    if found is None:
        found = place.by_pieces[pieces] = melee_part(
            label=place.label,
            pieces=pieces,
            mm=place.mm,
            of=place.of,
            place=place.location.place,
            book=book,
        )
    return found


def melee_part(*, label: str, pieces: int, mm: Decimal, of: str, place: str, book: Book) -> Melee:
    """So many small stones; `of` and `place` name them where a size has no price. Raises pricing.NotPriced."""
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


def is_other(setting: MadeLike, head: compatibility.Head) -> bool:
    """Whether it is not the head that the setting is shown with."""
    return head.code != setting.rules.heads[0].code


def at_size(ring_size: Decimal | None) -> str:
    return f" at size {gemology.in_halves(ring_size)}" if ring_size else ""


def _head_metal(book: Book, head: compatibility.Head, metal: Metal) -> Metal:
    """The first metal of the head's family; the ring's own where the house has none."""
    if head.metal_family in ("", metal.family):
        return metal
    return next((each for each in book.metals.values() if each.family == head.metal_family), metal)


def _place_named(location: geometry.Location) -> str:
    """ "Halo", "Half pavé", "Full channel"."""
    if location.place in _PLACES:
        return _PLACES[location.place]
    part = "Half" if location.place == "half_band" else "Full"
    return f"{part} {_BAND_MOUNTS[location.mount]}"


def _center_costs(setting: Setting, head: compatibility.Head) -> list[pricing.Cost]:
    costs = [pricing.Cost(label="Setting your stone", note="", price=head.setting_fee)]
    if is_other(setting, head):
        name = head.name[:1].upper() + head.name[1:]
        costs.append(pricing.Cost(label=name, note="for your stone", price=head.extra_price))
    return costs


def _head_written(setting: Setting, head: compatibility.Head) -> dict[str, str]:
    extra = head.extra_price if is_other(setting, head) else Decimal(0)
    return {
        "code": head.code,
        "setting_fee": str(head.setting_fee),
        "extra_price": str(extra),
    }
