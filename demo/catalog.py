"""The sample house's catalog in the tables: metals and prices, settings, bands, its own cutters and their stones."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
from django.db import connection, transaction

from builder import catalog
from builder.models import (
    Band,
    Head,
    MarkupRule,
    MeleePrice,
    Metal,
    MetalPrice,
    Setting,
    Stone,
    StoneLocation,
    StoneOffer,
    Supplier,
)
from demo import prices, stones, wholesale
from demo.collection import BANDS, SETTINGS
from jeweler.models import Store

STONES = 20_000
IMPORTED = 900
IN_A_STORE_EVERY = 12  # one stone of twelve lies in a showroom, the others with the cutter
MARKUP = Decimal("1.4")
DELIVERY_DAYS = 3

# The importer: fancy colors are what the house goes to it for.
IMPORTER_MARKUP = Decimal("1.5")
IMPORTER_DAYS = 9
FANCY_SHARE = 1 / 6
IMPORTED_SEED = 9
SHARED_EVERY = 500  # of the house's own stones, one that the importer lists too
SHARED_COSTS = 40  # at 0.80, 0.81 … 1.19 of what it costs the house

STONE_COLUMNS = (
    "lab", "report_number", "growth", "shape", "carat", "color", "clarity", "cut", "polish",
    "symmetry", "fluorescence", "length_mm", "width_mm", "depth_mm", "depth_pct", "table_pct",
    "crown_angle", "pavilion_angle", "girdle_pct",
)  # fmt: skip


def load_catalog(*, now: datetime, count: int = STONES, imported: int = 0) -> None:
    """Everything that a ring is made from, once; stones lie in the stores that are open by then.

    `imported`: so many more stones of a second supplier, which lists some of the first one's reports as well.
    """
    with transaction.atomic():
        metals = _load_metals(now=now)
        _load_melee()
        _load_settings(metals)
        _load_bands()
        supplier = _hire_cutters()
        if not supplier.offers.exists():
            _copy_stones(supplier, now=now, count=count)
            if imported:
                _import_stones(own=supplier, now=now, count=imported)


def _load_metals(*, now: datetime) -> list[Metal]:
    metals = {}
    for position, (code, name, family, density, _, waste, _) in enumerate(prices.METALS):
        metals[code], _ = Metal.objects.update_or_create(
            code=code,
            defaults={
                "name": name,
                "family": family,
                "density": density,
                "waste_pct": waste,
                "position": position,
            },
        )
    if not MetalPrice.objects.filter(metal__in=metals.values()).exists():
        MetalPrice.objects.bulk_create(
            MetalPrice(metal=metals[code], since_at=since_at, price_per_gram=price)
            for code, since_at, price in prices.gram_prices(now=now)
        )
    return list(metals.values())


def _load_melee() -> None:
    for from_mm, below_mm, stone_price, setting_fee in prices.MELEE:
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
    place, count, size, mount, shape, length = (*row, "round", row[2])[:6]
    StoneLocation.objects.update_or_create(
        setting=setting,
        place=place,
        defaults={
            "number": number,
            "shape": shape,
            "count": count,
            "length_mm": length,
            "width_mm": size,
            "mount": mount,
        },
    )


def _load_bands() -> None:
    names = (
        "name", "width_mm", "thickness_mm", "profile", "section", "accent_kind", "accent_mm",
        "accent_count", "labor_price", "lead_days",
    )  # fmt: skip
    for position, row in enumerate(BANDS):
        fields: dict[str, Any] = dict(zip(names, row[1:], strict=True))
        Band.objects.update_or_create(code=row[0], defaults=fields | {"position": position})


def _hire_cutters() -> Supplier:
    """The supplier of the house's own stones, with its markup rules."""
    supplier, is_new = Supplier.objects.get_or_create(
        code="house",
        defaults={
            "name": "Osmere's own cutters",
            "markup": MARKUP,
            "delivery_days": DELIVERY_DAYS,
            "memo_email": "memo@cutters.osmere.example",
        },
    )
    if is_new:
        MarkupRule.objects.bulk_create(
            MarkupRule(
                supplier=supplier, growth=growth, cost_from=low, cost_below=high, factor=factor
            )
            for growth, low, high, factor in prices.MARKUPS
        )
    return supplier


def _copy_stones(supplier: Supplier, *, now: datetime, count: int) -> None:
    store_ids = list(Store.objects.order_by("code").values_list("pk", flat=True))
    made = list(stones.make(count=count))
    asked = _asked(made, supplier)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [Stone._meta.db_table, count],
        )
        ids = [row[0] for row in cursor.fetchall()]
        columns = ", ".join(("id", *STONE_COLUMNS))
        with cursor.copy(
            f"COPY {Stone._meta.db_table} ({columns}, price, fancy_color, report_url, status, store_id, "
            "delivery_days, created_at, updated_at) FROM STDIN"
        ) as copy:
            for position, (stone, (_, price)) in enumerate(zip(made, asked, strict=True)):
                values = [getattr(stone, name) for name in STONE_COLUMNS]
                store_id = _store_of(position, store_ids)
                days = 0 if store_id else supplier.delivery_days
                copy.write_row(
                    [ids[position], *values, price, "", "", "available", store_id, days, now, now]
                )
        with cursor.copy(
            f"COPY {StoneOffer._meta.db_table} "
            "(stone_id, supplier_id, stock_number, cost, price, seen_at) FROM STDIN"
        ) as copy:
            for position, (cost, price) in enumerate(asked):
                number = f"OSM-{position + 1:05}"
                copy.write_row([ids[position], supplier.pk, number, cost, price, now])
        cursor.execute(f"ANALYZE {Stone._meta.db_table}, {StoneOffer._meta.db_table}")


def _import_stones(*, own: Supplier, now: datetime, count: int) -> None:
    importer = Supplier.objects.create(
        code="antwerp",
        name="Van Roosen, Antwerp",
        markup=IMPORTER_MARKUP,
        delivery_days=IMPORTER_DAYS,
        memo_email="memo@vanroosen.example",
    )
    wholesale.fill(
        supplier=importer, count=count, seed=IMPORTED_SEED, now=now, fancy_share=FANCY_SHARE
    )
    listed_too = own.offers.order_by("pk").values_list("stone_id", "cost")[1::SHARED_EVERY]
    StoneOffer.objects.bulk_create(
        StoneOffer(
            stone_id=stone_id,
            supplier=importer,
            stock_number=f"VR-{number:04}",
            cost=(cost * (80 + number % SHARED_COSTS) / 100).quantize(Decimal("0.01")),
            price=cost,
            seen_at=now,
        )
        for number, (stone_id, cost) in enumerate(listed_too)
    )
    catalog.reprice(supplier=importer, now=now)


def _asked(made: Sequence[stones.Made], supplier: Supplier) -> list[tuple[Decimal, Decimal]]:
    """What each stone cost, and what the house asks for it by its markup rules."""
    cents = np.array([int((stone.price / MARKUP * 100).to_integral_value()) for stone in made])
    grown = np.array([stone.growth == "lab" for stone in made])
    asked = wholesale.asked_cents(cost_cents=cents, is_grown=grown, supplier=supplier)
    return [
        (Decimal(cost) / 100, Decimal(price) / 100)
        for cost, price in zip(cents.tolist(), asked.tolist(), strict=True)
    ]


def _store_of(position: int, store_ids: list[int]) -> int | None:
    place, remainder = divmod(position, IN_A_STORE_EVERY)
    return store_ids[place % len(store_ids)] if store_ids and not remainder else None
