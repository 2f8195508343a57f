"""A wholesaler's list of any length, drawn by lot: the same seed gives the same stones, however many are asked for.

The laws are those of the sample house's stones (`demo.stones`); besides, a few percent are of fancy color, and reports leave
blank what real ones do. Written straight into the catalog by COPY, or as a generic CSV that an import reads to the same stones.
A chunk is held at a time, so that memory does not grow with the list.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import repeat
from typing import Any, TextIO

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from builder.models import Stone, StoneOffer, Supplier
from demo import stones

Columns = dict[str, list[str]]
Whole = NDArray[np.int64]

CHUNK = 25_000
MOST = 5_000_000  # report numbers of one seed
CODE = "wholesale"
FANCY_SHARE = 0.03
# Hue: share, and what it costs beside a colorless stone of the same grades, natural and lab-grown.
_HUES = {
    "yellow": (0.58, 0.9, 1.1), "brown": (0.12, 0.45, 0.8), "pink": (0.11, 7.0, 1.3), "orange": (0.05, 1.6, 1.2),
    "green": (0.05, 1.9, 1.2), "blue": (0.04, 11.0, 1.3), "gray": (0.03, 0.9, 1.0), "purple": (0.02, 5.0, 1.2),
}  # fmt: skip
_INTENSITIES = {
    "faint": (0.03, 0.6), "very light": (0.04, 0.65), "light": (0.09, 0.7), "fancy light": (0.18, 0.8),
    "fancy": (0.27, 1.0), "fancy intense": (0.20, 1.6), "fancy vivid": (0.12, 2.6), "fancy dark": (0.02, 0.7),
    "fancy deep": (0.05, 1.2),
}  # fmt: skip
# How often a report, or the feed that copies it, is silent.
_BLANKS = {
    "polish": 0.02, "symmetry": 0.02, "fluorescence": 0.03, "table_pct": 0.02, "girdle_pct": 0.42,
    "crown_angle": 0.86, "pavilion_angle": 0.86,
}  # fmt: skip
_FANCY_SHAPE_CUT_BLANK = 0.54
_FIRST_REPORT = 1_000_000_000  # five million of them stay below those of the sample house

STONE_COLUMNS = (
    "lab", "report_number", "growth", "shape", "carat", "color", "fancy_color", "fancy_hue", "fancy_intensity",
    "clarity", "cut", "polish", "symmetry", "fluorescence", "length_mm", "width_mm", "depth_mm", "depth_pct",
    "table_pct", "crown_angle", "pavilion_angle", "girdle_pct",
)  # fmt: skip
# Our columns under headers that builder.feeds.generic knows.
CSV_COLUMNS = {
    "stock_number": "Stock #", "shape": "Shape", "carat": "Weight", "color": "Color", "hue": "Fancy Color",
    "intensity": "Fancy Color Intensity", "clarity": "Clarity", "cut": "Cut Grade", "polish": "Polish",
    "symmetry": "Symmetry", "fluorescence": "Fluorescence Intensity", "length_mm": "Measurements Length",
    "width_mm": "Measurements Width", "depth_mm": "Measurements Depth", "lab": "Lab",
    "report_number": "Report #", "cost": "Total Price", "depth_pct": "Depth %", "table_pct": "Table %",
    "crown_angle": "Crown Angle", "pavilion_angle": "Pavilion Angle", "girdle_pct": "Girdle %", "growth": "Growth Type",
}  # fmt: skip


class TooMany(ValueError):
    """More stones than one seed has report numbers for."""

    def __init__(self, *, count: int) -> None:
        super().__init__(
            f"{count:,} stones are more than one seed has report numbers for; ask for at most {MOST:,}."
        )


class AlreadyThere(ValueError):
    """The supplier offers stones of this seed already."""

    def __init__(self, *, supplier: Supplier, seed: int) -> None:
        super().__init__(
            f"{supplier.name} already offers the stones of seed {seed}; choose another --seed or --supplier."
        )


@dataclass(frozen=True, kw_only=True)
class Lot:
    """At most CHUNK stones. `texts` are columns as feeds and COPY write them, blank where a report is silent."""

    texts: Columns
    is_grown: NDArray[np.bool_]
    cost_cents: Whole
    numbers: dict[str, NDArray[Any]] = field(repr=False)

    def __len__(self) -> int:
        return len(self.cost_cents)


def lots(*, count: int, seed: int, fancy_share: float = FANCY_SHARE) -> Iterator[Lot]:
    """The first `count` stones of a seed, so many of them of fancy color. Raises TooMany."""
    if count > MOST:
        raise TooMany(count=count)
    for start in range(0, count, CHUNK):
        size = min(CHUNK, count - start)
        yield _lot(start=start, size=size, seed=seed, fancy_share=fancy_share)


def write_csv(file: TextIO, *, count: int, seed: int) -> None:
    """As a feed that catalog.import_feed reads with the generic format."""
    file.write(",".join(CSV_COLUMNS.values()) + "\n")
    for lot in lots(count=count, seed=seed):
        file.writelines(
            ",".join(row) + "\n"
            for row in zip(*(lot.texts[name] for name in CSV_COLUMNS), strict=True)
        )


def fill(
    *,
    supplier: Supplier,
    count: int,
    seed: int,
    now: datetime,
    store_ids: Sequence[int] = (),
    in_a_store_every: int = 400,
    fancy_share: float = FANCY_SHARE,
    told: Callable[[int], None] = lambda done: None,
) -> None:
    """Into the catalog in one transaction, as the supplier's offers at prices by its markup rules.

    With `store_ids`, one stone of every `in_a_store_every` lies in a store. Raises TooMany and AlreadyThere.
    """
    with transaction.atomic():
        if supplier.offers.filter(stock_number=_stock_numbers(0, 1, seed)[0]).exists():
            raise AlreadyThere(supplier=supplier, seed=seed)
        done = 0
        for lot in lots(count=count, seed=seed, fancy_share=fancy_share):
            stores = _stores(done, len(lot), store_ids, in_a_store_every)
            _copy(lot, supplier, stores=stores, now=now)
            done += len(lot)
            told(done)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {Stone._meta.db_table}, {StoneOffer._meta.db_table}")


def asked_cents(*, cost_cents: Whole, is_grown: NDArray[np.bool_], supplier: Supplier) -> Whole:
    """What the shop asks: cost × the markup rule's factor, or else the supplier's, to the whole unit, halves up."""
    factors: Whole = np.full(len(cost_cents), _thousandths(supplier.markup))
    for rule in supplier.markup_rules.all():
        ruled = is_grown == (rule.growth == "lab")
        ruled &= cost_cents >= int(rule.cost_from * 100)
        if rule.cost_below is not None:
            ruled &= cost_cents < int(rule.cost_below * 100)
        factors[ruled] = _thousandths(rule.factor)
    whole: Whole = (cost_cents * factors + 50_000) // 100_000
    return np.maximum(whole, 1) * 100


# One lot.


def _lot(*, start: int, size: int, seed: int, fancy_share: float) -> Lot:
    """Always drawn whole and then cut, so that a longer list begins with the shorter one."""
    rng = np.random.default_rng([seed, start // CHUNK])
    columns = stones.drawn(rng, count=CHUNK)
    columns["cost"] = columns.pop("price") / 1.4
    _color(rng, columns, fancy_share)
    blank = _blanks(rng, columns)
    columns = {name: values[:size] for name, values in columns.items()}
    cost_cents = np.maximum(np.round(columns["cost"] * 100), 100 * columns["carat"] * 40)
    columns["cost_cents"] = cost_cents.astype(np.int64)
    columns["report"] = _reports(start, size, seed)
    return Lot(
        texts=_texts(columns, {name: values[:size] for name, values in blank.items()})
        | {"stock_number": _stock_numbers(start, size, seed)},
        is_grown=columns["grown"],
        cost_cents=columns["cost_cents"],
        numbers=columns,
    )


def _color(rng: np.random.Generator, columns: dict[str, NDArray[Any]], fancy_share: float) -> None:
    """Few stones are of a fancy color, and most of those are yellow."""
    size, grown = len(columns["carat"]), columns["grown"]
    is_fancy = rng.random(size) < fancy_share
    hue = rng.choice(len(_HUES), size=size, p=_shares(_HUES))
    intensity = rng.choice(len(_INTENSITIES), size=size, p=_shares(_INTENSITIES))
    natural, lab = (np.array([row[k] for row in _HUES.values()])[hue] for k in (1, 2))
    deeper = np.array([row[1] for row in _INTENSITIES.values()])[intensity]
    dearer = np.where(grown, lab, natural * deeper)
    columns["cost"] = columns["cost"] * np.where(is_fancy, dearer, 1.0)
    columns["hue"] = np.where(is_fancy, np.array(list(_HUES))[hue], "")
    columns["intensity"] = np.where(is_fancy, np.array(list(_INTENSITIES))[intensity], "")
    columns["color"] = np.where(is_fancy, "", columns["color"])


def _shares(table: dict[str, tuple[Any, ...]]) -> NDArray[np.float64]:
    weights = np.array([row[0] for row in table.values()], dtype=float)
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares


def _blanks(
    rng: np.random.Generator, columns: dict[str, NDArray[Any]]
) -> dict[str, NDArray[np.bool_]]:
    size = len(columns["carat"])
    blank = {name: rng.random(size) < share for name, share in _BLANKS.items()}
    blank["pavilion_angle"] = blank["crown_angle"]  # a lab gives both angles or none
    blank["cut"] = (columns["shape"] != "round") & (rng.random(size) < _FANCY_SHAPE_CUT_BLANK)
    graded = rng.choice(["excellent", "very_good", "good"], size=size, p=[0.55, 0.35, 0.10])
    columns["cut"] = np.where(columns["cut"] == "", graded, columns["cut"])
    return blank


def _reports(start: int, size: int, seed: int) -> Whole:
    """Ten digits that rise, as a lab's do; seeds that differ in their last three digits share none."""
    number: Whole = np.arange(start, start + size, dtype=np.int64)
    return _FIRST_REPORT + number * 1000 + seed % 1000


def _stock_numbers(start: int, size: int, seed: int) -> list[str]:
    return [f"W{seed}-{number:07}" for number in range(start + 1, start + size + 1)]


# As text.

_HUNDREDTHS = np.array([f"{n // 100}.{n % 100:02}" for n in range(10_000)], dtype=object)
_TENTHS = np.array([f"{n // 10}.{n % 10}" for n in range(1_000)], dtype=object)


def _texts(columns: dict[str, NDArray[Any]], blank: dict[str, NDArray[np.bool_]]) -> Columns:
    texts: dict[str, NDArray[Any]] = {
        name: columns[name].astype(object)
        for name in (
            "lab", "shape", "color", "clarity", "cut", "polish", "symmetry", "fluorescence", "hue", "intensity",
        )
    }  # fmt: skip
    for name in ("carat", "length_mm", "width_mm", "depth_mm"):
        texts[name] = _HUNDREDTHS[np.round(columns[name] * 100).astype(np.int64)]
    for name in ("depth_pct", "table_pct", "crown_angle", "pavilion_angle", "girdle_pct"):
        texts[name] = _TENTHS[np.round(columns[name] * 10).astype(np.int64)]
    for name, is_blank in blank.items():
        texts[name][is_blank] = ""
    texts["growth"] = np.where(columns["grown"], "lab", "natural").astype(object)
    texts["fancy_hue"] = texts["hue"]
    texts["fancy_intensity"] = np.char.replace(columns["intensity"], " ", "_").astype(object)
    texts["fancy_color"] = np.char.strip(
        np.char.add(np.char.add(columns["intensity"], " "), columns["hue"])
    ).astype(object)
    listed: Columns = {name: column.tolist() for name, column in texts.items()}
    is_lg = (columns["grown"] & (columns["lab"] == "IGI")).tolist()
    listed["report_number"] = [
        f"LG{number}" if lg else str(number)
        for number, lg in zip(columns["report"].tolist(), is_lg, strict=True)
    ]
    listed["cost"] = [f"{n // 100}.{n % 100:02}" for n in columns["cost_cents"].tolist()]
    return listed


# Into the catalog.

_NULLABLE = {"depth_pct", "table_pct", "crown_angle", "pavilion_angle", "girdle_pct"}


def _copy(lot: Lot, supplier: Supplier, *, stores: Sequence[str], now: datetime) -> None:
    size, moment = len(lot), now.isoformat()
    asked = asked_cents(cost_cents=lot.cost_cents, is_grown=lot.is_grown, supplier=supplier)
    prices = [str(cents // 100) for cents in asked.tolist()]
    ids = _new_ids(size)
    columns = [lot.texts[name] for name in STONE_COLUMNS]
    for position, name in enumerate(STONE_COLUMNS):
        if name in _NULLABLE:
            columns[position] = [text or r"\N" for text in columns[position]]
    _copy_rows(
        f"{Stone._meta.db_table} (id, {', '.join(STONE_COLUMNS)}, price, status, store_id, delivery_days, "
        "report_url, created_at, updated_at)",
        ids,
        *columns,
        prices,
        repeat("available", size),
        stores,
        ["0" if store != r"\N" else str(supplier.delivery_days) for store in stores],
        repeat("", size),
        repeat(moment, size),
        repeat(moment, size),
    )
    _copy_rows(
        f"{StoneOffer._meta.db_table} (stone_id, supplier_id, stock_number, cost, price, seen_at)",
        ids,
        repeat(str(supplier.pk), size),
        lot.texts["stock_number"],
        lot.texts["cost"],
        prices,
        repeat(moment, size),
    )


def _copy_rows(target: str, *columns: Any) -> None:
    text = "\n".join(map("\t".join, zip(*columns, strict=True))) + "\n"
    with connection.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN") as copy:
        copy.write(text)


def _new_ids(size: int) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id'))::text FROM generate_series(1, %s)",
            [Stone._meta.db_table, size],
        )
        return [row[0] for row in cursor.fetchall()]


def _stores(start: int, size: int, store_ids: Sequence[int], every: int) -> list[str]:
    stores = [r"\N"] * size
    if store_ids:
        for position in range(-start % every, size, every):
            turn = (start + position) // every
            stores[position] = str(store_ids[turn % len(store_ids)])
    return stores


def _thousandths(factor: Decimal) -> int:
    return int(factor * 1000)
