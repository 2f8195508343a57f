"""Questions for the stone list, the same ones every time, and a scan that answers them by looking at every stone.

The scan knows nothing of the engines: it reads the table's own columns, compares all of them, and sorts what is left.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import numpy as np
from django.db import connection as database
from django.http import QueryDict
from numpy.typing import NDArray

from builder import compatibility, search
from builder.models import Setting
from jeweler.models import Store

SEED = 20261121
PAGE = 24
COUNTED = ("shape", "color", "clarity", "cut", "lab", "growth")  # what the peers count too
MEASURES = {"carat": (100, "carat_points"), "price": (100, "price_cents"), "ratio": (100, "ratio_hundredths"), "table": (10, "table_tenths"), "depth": (10, "depth_tenths")}  # fmt: skip
SORTS = ("price", "-price", "carat", "-carat")
NO_MEASURE = -1
Column = NDArray[Any]
Answer = tuple[int, dict[str, dict[str, int]], list[int]]


@dataclass(frozen=True, kw_only=True)
class Question:
    """Ranges are inclusive, in the table's whole numbers."""

    chosen: dict[str, list[str]] = field(default_factory=dict)
    ranges: dict[str, tuple[int, int]] = field(default_factory=dict)
    fits: str = ""
    store: str = ""
    sort: str = "price"

    @property
    def text(self) -> str:
        asked = [(name, value) for name, values in self.chosen.items() for value in values]
        for name, ends in self.ranges.items():
            scale = MEASURES[name][0]
            asked += [(f"{name}_{end}", f"{n / scale:g}") for end, n in zip(("min", "max"), ends, strict=True)]  # fmt: skip
        asked += [
            (name, value) for name, value in (("fits", self.fits), ("store", self.store)) if value
        ]
        return urlencode([*asked, ("sort", self.sort)])

    @property
    def query(self) -> search.StoneQuery:
        return search.StoneQuery.from_params(QueryDict(self.text))


def questions(count: int) -> list[Question]:
    """Nothing to eight filters, as shoppers narrow them down."""
    dice = random.Random(SEED)
    fits = sorted(Setting.objects.filter(is_offered=True).values_list("code", flat=True))
    stores = sorted(Store.objects.values_list("code", flat=True))
    return [_question(dice, fits, stores) for _ in range(count)]


def _question(dice: random.Random, fits: list[str], stores: list[str]) -> Question:
    chosen = {}
    for name in search.FACETS:
        chance = 0.3 if name in COUNTED else 0.06
        if dice.random() < chance:
            values = list(search.FACETS[name].always) or list(search.FACETS[name].labels)
            chosen[name] = sorted(dice.sample(values, dice.randint(1, min(3, len(values)))))
    ranges = {}
    if dice.random() < 0.45:
        low = dice.choice([50, 70, 90, 100, 140, 190])
        ranges["carat"] = (low, low + dice.choice([10, 30, 80]))
    if dice.random() < 0.35:
        low = dice.choice([0, 50_000, 200_000, 500_000])
        ranges["price"] = (low, low + dice.choice([100_000, 300_000, 1_500_000]))
    for name, lows, widths, chance in (
        ("ratio", (100, 130), (5, 30), 0.12),
        ("table", (530, 560), (30, 80), 0.06),
        ("depth", (580, 600), (30, 90), 0.06),
    ):
        if dice.random() < chance:
            low = dice.choice(lows)
            ranges[name] = (low, low + dice.choice(widths))
    return Question(
        chosen=chosen,
        ranges=ranges,
        fits=dice.choice(fits) if fits and dice.random() < 0.25 else "",
        store=dice.choice(stores) if stores and dice.random() < 0.04 else "",
        sort=dice.choice(SORTS),
    )


class Scan:
    """Every stone on offer in arrays, one number for each value of a column."""

    def __init__(self) -> None:
        facets = list(search.FACETS)
        names = [search.FACETS[name].column for name in facets]
        measures = [column for _, column in MEASURES.values()]
        millimeters = ["width_hundredths", "length_hundredths", "depth_hundredths"]
        self.values: dict[str, dict[str, int]] = {name: {} for name in facets}
        chunks = [
            self._chunk(rows, facets)
            for rows in _rows(["id", "coalesce(store_id, 0)", *measures, *millimeters, *names])
        ]
        self.columns: dict[str, Column] = {
            name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]
        }
        self.fits = {
            setting.code: self._fitting(setting.rules)
            for setting in Setting.objects.filter(is_offered=True).prefetch_related("heads")
        }
        self.stores = dict(Store.objects.values_list("code", "pk"))

    def __len__(self) -> int:
        return len(self.columns["id"])

    def _chunk(self, rows: list[tuple[Any, ...]], facets: list[str]) -> dict[str, Column]:
        columns = list(zip(*rows, strict=True))
        names = ["id", "store", *MEASURES, "width", "length", "deep"]
        numbers = {
            name: np.array([NO_MEASURE if each is None else each for each in column], np.int64)
            for name, column in zip(names, columns, strict=False)
        }
        for name, column in zip(facets, columns[len(names) :], strict=True):
            known = self.values[name]
            codes = [known.setdefault(each, len(known)) for each in column]
            numbers[name] = np.array(codes, np.int16)
        return numbers

    def _fitting(self, rules: compatibility.SettingRules) -> NDArray[np.bool_]:
        found = np.zeros(len(self), np.bool_)
        c = self.columns
        for limits in compatibility.envelopes(setting=rules):
            for shape, deepest in limits.max_depth_mm.items():
                found |= (
                    (c["shape"] == self.values["shape"].get(shape, -1))
                    & (c["width"] >= int(limits.min_width_mm * 100))
                    & (c["width"] <= int(limits.max_width_mm * 100))
                    & (c["length"] >= int(limits.min_length_mm * 100))
                    & (c["length"] <= int(limits.max_length_mm * 100))
                    & (c["deep"] <= int(deepest * 100))
                )
        return found

    def answer(self, question: Question) -> Answer:
        base = np.ones(len(self), np.bool_)
        for name, (low, high) in question.ranges.items():
            column = self.columns[name]
            base &= (column >= low) & (column <= high) & (column != NO_MEASURE)
        if question.fits:
            base &= self.fits[question.fits]
        if question.store:
            base &= self.columns["store"] == self.stores[question.store]
        holds = {
            name: np.isin(
                self.columns[name], [self.values[name][v] for v in values if v in self.values[name]]
            )
            for name, values in question.chosen.items()
        }
        counts = {name: self._counted(name, base, holds) for name in self.values}
        whole = base.copy()
        for each in holds.values():
            whole &= each
        return int(whole.sum()), counts, self._page(np.flatnonzero(whole), question.sort)

    def _counted(
        self, name: str, base: NDArray[np.bool_], holds: dict[str, NDArray[np.bool_]]
    ) -> dict[str, int]:
        heeded = base.copy()
        for other, each in holds.items():
            if other != name:
                heeded &= each
        found = np.bincount(self.columns[name][heeded], minlength=len(self.values[name])).tolist()
        labels = search.FACETS[name].labels
        return {v: found[k] for v, k in self.values[name].items() if found[k] and v in labels}

    def _page(self, found: NDArray[np.intp], sort: str) -> list[int]:
        ids, prices, carats = (self.columns[name][found] for name in ("id", "price", "carat"))
        keys = {
            "price": (ids, prices),
            "-price": (-ids, -prices),
            "carat": (ids, prices, carats),
            "-carat": (ids, prices, -carats),
        }
        page: list[int] = ids[np.lexsort(keys[sort])[:PAGE]].tolist()
        return page


def _rows(columns: list[str]) -> Iterator[list[tuple[Any, ...]]]:
    """In lots, so that a million rows never stand in memory as tuples."""
    last = 0
    with database.cursor() as cursor:
        while True:
            cursor.execute(
                f"SELECT {', '.join(columns)} FROM builder_stone "  # noqa: S608  names are ours
                "WHERE status = 'available' AND id > %s ORDER BY id LIMIT 50000",
                [last],
            )
            rows = cursor.fetchall()
            if not rows:
                return
            yield rows
            last = rows[-1][0]
