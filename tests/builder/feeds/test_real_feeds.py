"""Real suppliers' files, where they lie beside the checkout; nothing of them is in the repository."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from builder import catalog
from builder.models import FeedImport, Stone, StoneOffer
from tests.factories.builder import SupplierFactory
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db

REAL_FEEDS = Path(__file__).resolve().parents[4] / "shared" / "data" / "feeds"
LEIBISH = {
    "stock_number": "SKU Number", "price_total": "Price", "price_per_carat": "Price Per Karat", "lab": "Report 1",
    "report_number": "Certificate Number 1", "report_url": "Certificate 1", "availability": "Status", "stone_count": "Stones Number",
    "depth_pct": "Depth", "growth": "=natural",
}  # fmt: skip
FEEDS: dict[str, dict[str, Any]] = {
    "rapnet-1.0.csv": {"feed_format": "rapnet", "least": 6000},
    "vdb.json": {"feed_format": "vdb_json", "least": 9},
    "idex.xml": {"feed_format": "idex", "least": 95},
    "polygon.csv": {"feed_format": "polygon", "least": 270},
    "leibish.csv": {"feed_format": "generic", "columns": LEIBISH, "least": 90},
    "premier.csv": {
        "feed_format": "generic",
        "columns": {"price_per_carat": "Price", "growth": "=natural"},
        "aliases": {"shape": {"R": "round"}},
        "least": 560,
    },
    "rditrading.csv": {
        "feed_format": "generic",
        "columns": {"price_per_carat": "Price", "availability": "Status", "growth": "=natural"},
        "least": 500,
    },
    "real_stones_normalised.csv": {
        "feed_format": "generic",
        "aliases": {"shape": {"R": "round"}},
        "least": 17_500,
    },
}


@pytest.mark.parametrize("name", FEEDS)
def test_a_real_feed_is_taken_in_and_again_it_changes_nothing(name: str) -> None:
    if not REAL_FEEDS.is_dir():
        pytest.skip(f"{REAL_FEEDS} is absent: real feeds are tried only where they lie")
    first = take_in(name).report
    before = rows()
    again = take_in(name).report
    assert first["offers"] == StoneOffer.objects.count() >= FEEDS[name]["least"]
    assert first["offers"] + sum(first["refused"].values()) == first["rows"]
    assert first["new"] == first["offers"]
    assert (again["new"], again["changed"], again["withdrawn"]) == (0, 0, 0)
    assert again["unchanged"] == again["offers"] == first["offers"]
    assert rows() == before


def test_real_ruined_report_numbers_are_refused_and_not_guessed() -> None:
    if not REAL_FEEDS.is_dir():
        pytest.skip(f"{REAL_FEEDS} is absent: real feeds are tried only where they lie")
    refused = Counter(take_in("rapnet-1.0.csv").report["refused"])
    assert refused["bad_report_number"] >= 17
    assert not Stone.objects.filter(report_number__contains="E+").exists()


def take_in(name: str) -> FeedImport:
    way = FEEDS[name]
    supplier = SupplierFactory(
        code=name.partition(".")[0], columns=way.get("columns", {}), aliases=way.get("aliases", {})
    )
    with (REAL_FEEDS / name).open("rb") as file:
        return catalog.import_feed(
            supplier=supplier,
            file=file,
            file_name=name,
            feed_format=way["feed_format"],
            dry_run=False,
            allow_shrink=False,
            now=NOW,
        )


def rows() -> tuple[list[Any], list[Any]]:
    """Every stone and offer, with the transaction that last changed the stone."""
    stones = Stone.objects.order_by("id").values_list("id", "changed_xid", "updated_at", "price")
    return list(stones), list(StoneOffer.objects.order_by("id").values_list())
