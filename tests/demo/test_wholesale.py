"""The wholesaler's list: as long as one likes, always the same, and an import reads it to the same stones."""

import io
from collections import Counter
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from builder import catalog, gemology
from builder.feeds import generic
from builder.models import MarkupRule, Stone, StoneOffer, Supplier
from demo import wholesale
from tests.factories.jeweler import NOW, StoreFactory

FACTS = [*wholesale.STONE_COLUMNS, "price", "status", "delivery_days"]


def _supplier(code: str = "wholesale") -> Supplier:
    supplier = Supplier.objects.create(
        code=code, name="Sample wholesaler", feed_format="generic", markup=Decimal("1.4")
    )
    for growth, factor in (("natural", "1.655"), ("lab", "1.8")):
        MarkupRule.objects.create(
            supplier=supplier, growth=growth, cost_below=2000, factor=Decimal(factor)
        )
    return supplier


def _texts(*, count: int, seed: int) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for lot in wholesale.lots(count=count, seed=seed):
        rows += zip(*(lot.texts[name] for name in sorted(lot.texts)), strict=True)
    return rows


def test_hues_and_intensities_are_the_trades_words(lot: wholesale.Lot) -> None:
    assert {*lot.texts["fancy_hue"]} - {""} <= {*gemology.HUES}
    assert {*lot.texts["fancy_intensity"]} - {""} <= {*gemology.INTENSITIES}


@pytest.fixture(scope="module")
def lot() -> wholesale.Lot:
    return next(wholesale.lots(count=wholesale.CHUNK, seed=7))


def test_the_same_seed_gives_the_same_stones_and_a_longer_list_begins_with_the_shorter() -> None:
    short = _texts(count=30, seed=3)
    assert len(short) == 30
    assert _texts(count=wholesale.CHUNK + 10, seed=3)[:30] == short
    assert _texts(count=30, seed=4) != short


def test_chunks_are_not_alike() -> None:
    first, second = (each.numbers["carat"] for each in wholesale.lots(count=50_000, seed=1))
    assert not np.array_equal(first, second)


def test_no_report_number_comes_twice_within_a_seed_or_between_two() -> None:
    numbers = [
        number
        for seed in (1, 2)
        for lot in wholesale.lots(count=60_000, seed=seed)
        for number in lot.numbers["report"].tolist()
    ]
    assert len(set(numbers)) == 120_000
    assert min(numbers) >= 1_000_000_000
    assert max(numbers) < 6_000_000_000  # where the sample house's own begin


def test_ratios_follow_the_measured_percentiles(lot: wholesale.Lot) -> None:
    measured = {
        "oval": (1.29, 1.39, 1.58),
        "pear": (1.39, 1.52, 1.74),
        "marquise": (1.64, 1.88, 2.35),
    }
    ratios = lot.numbers["length_mm"] / lot.numbers["width_mm"]
    for shape, percentiles in measured.items():
        found = np.percentile(ratios[lot.numbers["shape"] == shape], [5, 50, 95])
        assert found == pytest.approx(percentiles, abs=0.04)


def test_reports_are_silent_as_often_as_real_ones(lot: wholesale.Lot) -> None:
    cuts = [
        cut
        for cut, shape in zip(lot.texts["cut"], lot.texts["shape"], strict=True)
        if shape != "round"
    ]
    assert cuts.count("") / len(cuts) == pytest.approx(0.54, abs=0.02)
    assert lot.texts["crown_angle"].count("") / len(lot) == pytest.approx(0.86, abs=0.02)
    assert [bool(angle) for angle in lot.texts["crown_angle"]] == [
        bool(angle) for angle in lot.texts["pavilion_angle"]
    ]


def test_a_few_stones_are_of_fancy_color_and_have_no_letter(lot: wholesale.Lot) -> None:
    fancy = [
        (color, words, hue, intensity)
        for color, words, hue, intensity in zip(
            *(lot.texts[name] for name in ("color", "fancy_color", "fancy_hue", "fancy_intensity")),
            strict=True,
        )
        if words
    ]
    assert len(fancy) / len(lot) == pytest.approx(0.03, abs=0.005)
    assert all(
        not color and words == f"{intensity.replace('_', ' ')} {hue}"
        for color, words, hue, intensity in fancy
    )
    assert Counter(hue for _, _, hue, _ in fancy).most_common(1)[0][0] == "yellow"


def test_natural_costs_more_than_lab_grown_and_pink_more_than_brown(lot: wholesale.Lot) -> None:
    each = lot.cost_cents / lot.numbers["carat"]
    colorless = lot.numbers["hue"] == ""
    assert median(each[colorless & ~lot.is_grown]) > 3 * median(each[colorless & lot.is_grown])
    natural = {
        hue: median(each[(lot.numbers["hue"] == hue) & ~lot.is_grown]) for hue in ("pink", "brown")
    }
    assert natural["pink"] > 5 * natural["brown"]


def test_more_stones_than_report_numbers_are_refused() -> None:
    with pytest.raises(wholesale.TooMany, match="at most 5,000,000"):
        next(wholesale.lots(count=5_000_001, seed=1))


def test_every_csv_header_is_one_that_the_generic_format_knows() -> None:
    usual = {title.lower() for titles in generic.USUAL.values() for title in titles}
    assert {title.lower() for title in wholesale.CSV_COLUMNS.values()} <= usual


@pytest.mark.django_db
def test_an_import_of_the_csv_makes_the_stones_that_copy_makes() -> None:
    supplier = _supplier()
    wholesale.fill(supplier=supplier, count=400, seed=5, now=NOW)
    copied = _in_the_catalog()
    Stone.objects.all().delete()
    text = io.StringIO()
    wholesale.write_csv(text, count=400, seed=5)
    record = catalog.import_feed(
        supplier=supplier,
        file=io.BytesIO(text.getvalue().encode()),
        file_name="wholesale.csv",
        feed_format="generic",
        dry_run=False,
        allow_shrink=False,
        now=NOW,
    )
    assert record.report["refused"] == {}
    assert _in_the_catalog() == copied


def _in_the_catalog() -> list[dict[str, Any]]:
    names = [*FACTS, "offers__stock_number", "offers__cost", "offers__price"]
    return list(Stone.objects.order_by("report_number").values(*names))


@pytest.mark.django_db
def test_markup_rules_price_the_stones_and_others_take_the_suppliers_markup() -> None:
    wholesale.fill(supplier=_supplier(), count=500, seed=5, now=NOW)
    for offer in StoneOffer.objects.select_related("stone"):
        ruled = {"natural": "1.655", "lab": "1.8"}[offer.stone.growth]
        factor = Decimal(ruled if offer.cost < 2000 else "1.4")
        assert offer.price == (offer.cost * factor).quantize(Decimal(1), "ROUND_HALF_UP")
        assert offer.stone.price == offer.price


@pytest.mark.django_db
def test_one_stone_of_so_many_lies_in_a_store_and_needs_no_delivery() -> None:
    stores = [StoreFactory(code=code).pk for code in ("boston", "nyc")]
    wholesale.fill(
        supplier=_supplier(), count=100, seed=5, now=NOW, store_ids=stores, in_a_store_every=10
    )
    assert Counter(Stone.objects.values_list("store_id", flat=True)) == {
        None: 90,
        stores[0]: 5,
        stores[1]: 5,
    }
    assert set(Stone.objects.exclude(store=None).values_list("delivery_days", flat=True)) == {0}


@pytest.mark.django_db
def test_the_command_fills_the_catalog_once(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("generate_stones", "60", "--seed", "9")
    assert StoneOffer.objects.filter(supplier__code="wholesale").count() == 60
    assert "60 stones" in capsys.readouterr().out
    with pytest.raises(CommandError, match="choose another --seed"):
        call_command("generate_stones", "60", "--seed", "9")
    call_command("generate_stones", "60", "--seed", "10")
    assert Stone.objects.count() == 120


@pytest.mark.django_db
def test_the_command_writes_a_file_instead(tmp_path: Path) -> None:
    call_command("generate_stones", "12", "--seed", "9", "--csv", str(tmp_path / "feed.csv"))
    lines = (tmp_path / "feed.csv").read_text().splitlines()
    assert len(lines) == 13
    assert lines[0].startswith("Stock #,Shape,Weight")
    assert not Stone.objects.exists()
