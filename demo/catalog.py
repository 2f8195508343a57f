"""The sample house's catalog: metals, settings, bands, one supplier and its stones."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from builder.models import (
    Band,
    Head,
    MeleePrice,
    Metal,
    MetalPrice,
    Setting,
    Stone,
    StoneLocation,
    StoneOffer,
    Supplier,
)
from demo import stones
from jeweler.models import Store

STONES = 20_000
IN_A_STORE_EVERY = 12  # one stone of twelve lies in a showroom, the others with the cutter
MARKUP = Decimal("1.4")

# Density, waste in percent, and what a gram has cost since the house opened.
METALS = (
    ("18k-yellow", "18 k yellow gold", "yellow", "15.50", "6", "118"),
    ("18k-rose", "18 k rose gold", "rose", "15.10", "6", "117"),
    ("18k-white", "18 k white gold", "white", "15.20", "6", "121"),
    ("platinum", "platinum", "platinum", "20.70", "8", "76"),
    ("14k-yellow", "14 k yellow gold", "yellow", "13.10", "6", "92"),
)
PRICED_SINCE = datetime(2020, 1, 1, tzinfo=UTC)

# From and below so many millimeters: a stone, and setting it.
MELEE = (
    ("0.70", "1.10", "9", "13"),
    ("1.10", "1.35", "13", "14"),
    ("1.35", "1.70", "19", "16"),
    ("1.70", "2.20", "42", "22"),
    ("2.20", "3.00", "150", "35"),
    ("3.00", "4.50", "590", "60"),
)

ALL_BUT_POINTED = ["round", "oval", "cushion", "emerald", "asscher", "radiant"]
EVERY_SHAPE = [*ALL_BUT_POINTED, "princess", "pear", "marquise", "heart"]

# A head's limits in millimeters: least and most width, most length, rise.
SETTINGS: tuple[dict[str, Any], ...] = (
    {
        "code": "alba", "name": "The Alba", "style": "solitaire",
        "line": "Six fine prongs and nothing else: the stone, held up to the light.",
        "heads": [{
            "prongs": 6, "metal_family": "platinum", "shapes": ["round", "oval", "cushion"],
            "mm": ("5.60", "8.20", "10.60", "3.20"),
        }],
        "shank_width_mm": "1.90", "top_width_mm": "1.70", "thickness_mm": "1.70", "profile": "round",
        "labor_price": "1480", "lead_days": 20, "engraving_limit": 20,
    },
    {
        "code": "lune", "name": "The Lune", "style": "pave",
        "line": "Four prongs on a band of light that stops where your fingers meet.",
        "heads": [{"prongs": 4, "shapes": EVERY_SHAPE, "mm": ("4.60", "7.90", "12.00", "3.00")}],
        "locations": [("half_band", 18, "1.40", "pave")],
        "shank_width_mm": "1.90", "top_width_mm": "1.70", "thickness_mm": "1.70",
        "profile": "round", "labor_price": "1720", "lead_days": 22,
    },
    {
        "code": "vesper", "name": "The Vesper", "style": "bezel",
        "line": "A low, smooth rim of gold around the stone, for hands that work.",
        "heads": [{
            "prongs": 0, "shapes": [*ALL_BUT_POINTED, "pear", "marquise"],
            "mm": ("4.40", "7.20", "11.00", "2.10"),
        }],
        "shank_width_mm": "2.40", "top_width_mm": "2.20",
        "thickness_mm": "1.80", "profile": "flat", "labor_price": "1860", "lead_days": 18,
        "engraving_limit": 20,
    },
    {
        "code": "corolla", "name": "The Corolla", "style": "halo",
        "line": "A ring of small diamonds around one, so that the eye reads a single larger stone.",
        "heads": [{
            "prongs": 4, "mm": ("4.20", "6.90", "9.80", "2.90"),
            "shapes": ["round", "oval", "cushion", "princess", "emerald", "radiant", "pear"],
        }],
        "locations": [("halo", 0, "1.20", "pave"), ("half_band", 20, "1.20", "pave")],
        "shank_width_mm": "1.90", "top_width_mm": "1.60", "thickness_mm": "1.70",
        "profile": "round", "labor_price": "2080", "lead_days": 24,
    },
    {
        "code": "trine", "name": "The Trine", "style": "three_stone",
        "line": "One stone between two: what was, what is, what comes.",
        "heads": [{"prongs": 4, "shapes": ALL_BUT_POINTED, "mm": ("5.00", "8.00", "11.00", "3.30")}],
        "locations": [("sides", 2, "3.60", "prong")],
        "shank_width_mm": "2.10", "top_width_mm": "2.00", "thickness_mm": "1.80",
        "profile": "round", "labor_price": "2240", "lead_days": 25,
    },
    {
        "code": "cassia", "name": "The Cassia", "style": "pave",
        "line": "A knife-edged band, lit all the way around.",
        "heads": [{"prongs": 6, "shapes": EVERY_SHAPE, "mm": ("4.80", "8.60", "13.50", "3.40")}],
        "locations": [("full_band", 36, "1.30", "pave")],
        "shank_width_mm": "1.80", "top_width_mm": "1.80", "thickness_mm": "1.80",
        "profile": "knife", "labor_price": "2160", "lead_days": 25,
        "engraving_limit": 12, "min_size": "4", "max_size": "9",
    },
)  # fmt: skip

BANDS = (
    ("plain-2", "Plain, 2.0 mm", "2.00", "1.60", "straight", "none", "620"),
    ("plain-3", "Plain, 3.0 mm", "3.00", "1.70", "straight", "none", "640"),
    ("curved-plain", "Curved plain, 1.8 mm", "1.80", "1.60", "curved", "none", "780"),
    ("curved-pave", "Curved pavé, 1.8 mm", "1.80", "1.60", "curved", "half_pave", "1520"),
    ("half-eternity", "Half eternity, 2.2 mm", "2.20", "1.70", "straight", "half_pave", "1780"),
    ("eternity-3", "Eternity, 3.0 mm", "3.00", "1.90", "straight", "full_pave", "2480"),
    ("knife-2", "Knife edge, 2.0 mm", "2.00", "1.70", "straight", "none", "740"),
)

STONE_COLUMNS = (
    "lab", "report_number", "growth", "shape", "carat", "color", "clarity", "cut", "polish",
    "symmetry", "fluorescence", "length_mm", "width_mm", "depth_mm", "depth_pct", "table_pct",
    "crown_angle", "pavilion_angle", "girdle_pct", "price",
)  # fmt: skip


def load_catalog(*, now: datetime, count: int = STONES) -> None:
    """Everything that a ring is made from, once; stones lie in the stores that are open by then."""
    with transaction.atomic():
        metals = _load_metals()
        _load_prices(metals)
        _load_settings(metals)
        _load_bands()
        supplier, _ = Supplier.objects.get_or_create(
            code="house", defaults={"name": "Osmere's own cutters", "markup": MARKUP}
        )
        if not supplier.offers.exists():
            _copy_stones(supplier, now=now, count=count)


def _load_metals() -> list[Metal]:
    return [
        Metal.objects.update_or_create(
            code=code,
            defaults={
                "name": name,
                "family": family,
                "density": density,
                "waste_pct": waste,
                "position": position,
            },
        )[0]
        for position, (code, name, family, density, waste, _) in enumerate(METALS)
    ]


def _load_prices(metals: list[Metal]) -> None:
    for metal, row in zip(metals, METALS, strict=True):
        MetalPrice.objects.get_or_create(
            metal=metal, since_at=PRICED_SINCE, defaults={"price_per_gram": row[-1]}
        )
    for from_mm, below_mm, stone_price, setting_fee in MELEE:
        MeleePrice.objects.update_or_create(
            from_mm=from_mm,
            defaults={
                "below_mm": below_mm,
                "stone_price": stone_price,
                "setting_fee": setting_fee,
            },
        )


def _load_settings(metals: list[Metal]) -> None:
    for position, row in enumerate(SETTINGS):
        parts = ("code", "heads", "locations")
        fields = {name: value for name, value in row.items() if name not in parts}
        setting, _ = Setting.objects.update_or_create(
            code=row["code"], defaults=fields | {"position": position}
        )
        setting.metals.set(metals)
        for place, head in enumerate(row["heads"]):
            _load_head(setting, head, position=place)
        for number, location in enumerate(row.get("locations", ()), start=2):
            _load_location(setting, location, number=number)


def _load_head(setting: Setting, row: dict[str, Any], *, position: int) -> None:
    least, most, longest, rise = row["mm"]
    prongs = row["prongs"]
    Head.objects.update_or_create(
        setting=setting,
        code=row.get("code") or (f"{prongs}-prong" if prongs else "bezel"),
        defaults={name: value for name, value in row.items() if name not in ("code", "mm")}
        | {
            "kind": "prong" if prongs else "bezel",
            "min_width_mm": least,
            "max_width_mm": most,
            "min_length_mm": least,
            "max_length_mm": longest,
            "rise_mm": rise,
            "position": position,
        },
    )


def _load_location(setting: Setting, row: tuple[Any, ...], *, number: int) -> None:
    place, count, size, mount = row
    StoneLocation.objects.update_or_create(
        setting=setting,
        place=place,
        defaults={
            "number": number,
            "count": count,
            "length_mm": size,
            "width_mm": size,
            "mount": mount,
        },
    )


def _load_bands() -> None:
    for position, row in enumerate(BANDS):
        names = ("name", "width_mm", "thickness_mm", "profile", "accent_kind", "labor_price")
        fields: dict[str, Any] = dict(zip(names, row[1:], strict=True))
        Band.objects.update_or_create(code=row[0], defaults=fields | {"position": position})


def _copy_stones(supplier: Supplier, *, now: datetime, count: int) -> None:
    store_ids = list(Store.objects.order_by("code").values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [Stone._meta.db_table, count],
        )
        ids = [row[0] for row in cursor.fetchall()]
        made = list(zip(ids, stones.make(count=count), strict=True))
        columns = ", ".join(("id", *STONE_COLUMNS))
        with cursor.copy(
            f"COPY {Stone._meta.db_table} ({columns}, fancy_color, report_url, status, store_id, "
            "created_at, updated_at) FROM STDIN"
        ) as copy:
            for position, (stone_id, stone) in enumerate(made):
                values = [getattr(stone, name) for name in STONE_COLUMNS]
                store_id = _store_of(position, store_ids)
                copy.write_row([stone_id, *values, "", "", "available", store_id, now, now])
        with cursor.copy(
            f"COPY {StoneOffer._meta.db_table} "
            "(stone_id, supplier_id, stock_number, cost, price, seen_at) FROM STDIN"
        ) as copy:
            for position, (stone_id, stone) in enumerate(made):
                cost = (stone.price / supplier.markup).quantize(Decimal("0.01"))
                row = [stone_id, supplier.pk, f"OSM-{position + 1:05}", cost, stone.price, now]
                copy.write_row(row)
        cursor.execute(f"ANALYZE {Stone._meta.db_table}, {StoneOffer._meta.db_table}")


def _store_of(position: int, store_ids: list[int]) -> int | None:
    place, remainder = divmod(position, IN_A_STORE_EVERY)
    return store_ids[place % len(store_ids)] if store_ids and not remainder else None
