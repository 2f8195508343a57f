"""A house of the first release is taken along: what its settings and bands cost, its heads, and when its stones arrive."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.apps.registry import Apps
from django.db import connection
from django.db.migrations.exceptions import IrreversibleError
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Sum

from builder import designs, models
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db(transaction=True)

FIRST = [("builder", "0001_initial")]
STONE = {
    "lab": "GIA", "shape": "round", "carat": "1.52", "color": "G", "clarity": "VS1", "length_mm": "7.38",
    "width_mm": "7.34", "depth_mm": "4.49", "price": "12480", "created_at": NOW, "updated_at": NOW,
}  # fmt: skip


def migrated(targets: list[tuple[str, str]]) -> Apps:
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return executor.loader.project_state(targets).apps


def newest() -> list[tuple[str, str]]:
    """Of every app, for the way back took along what stands on these tables."""
    leaves: list[tuple[str, str]] = MigrationExecutor(connection).loader.graph.leaf_nodes()
    return leaves


@pytest.fixture
def before() -> Iterator[Apps]:
    """The tables of the first release, empty; afterwards they are the present ones again."""
    yield migrated(FIRST)
    migrated(newest())


def open_house(apps: Apps) -> Any:
    metal = apps.get_model("builder", "Metal").objects.create(
        code="18k-yellow",
        name="18 k yellow gold",
        family="yellow",
        density="15.5",
        price_per_gram="118",
    )
    setting = apps.get_model("builder", "Setting").objects.create(
        code="corolla", name="The Corolla", style="halo", line="A halo.", shapes=["round"], head_kind="prong",
        prongs=4, min_width_mm="6.9", max_width_mm="7.7", max_length_mm="7.7", rise_mm="3.2", shank_width_mm="1.9",
        top_width_mm="1.7", thickness_mm="1.7", profile="round", accent_kind="half_pave", accent_mm="1.4",
        accent_count=20, accent_price="1190", halo_mm="1.2", labor_price="2080",
    )  # fmt: skip
    setting.metals.add(metal)
    apps.get_model("builder", "Band").objects.create(
        code="plain",
        name="Plain",
        width_mm="2",
        thickness_mm="1.6",
        profile="straight",
        price="980",
    )
    return setting


def test_a_house_of_the_first_release_sells_on_for_no_less_and_is_not_taken_back(
    before: Apps,
) -> None:
    open_house(before)
    supplier = before.get_model("builder", "Supplier").objects.create(code="house", name="Own")
    stone = before.get_model("builder", "Stone").objects.create(report_number="1", **STONE)
    before.get_model("builder", "StoneOffer").objects.create(
        stone=stone, supplier=supplier, stock_number="1", cost="9000", price="12480", seen_at=NOW
    )
    migrated(newest())

    setting = models.Setting.objects.get()
    head = setting.heads.get()
    assert (head.kind, head.prongs, head.max_width_mm) == ("prong", 4, Decimal("7.70"))
    assert list(setting.locations.order_by("number").values_list("place", flat=True)) == [
        "halo",
        "half_band",
    ]
    assert models.Band.objects.get().labor_price == 980
    stone = models.Stone.objects.get()
    assert stone.delivery_days == models.Supplier.objects.get().delivery_days == 3
    ring = models.Design(
        setting=setting, metal=models.Metal.objects.get(), stone=stone, ring_size=Decimal(6)
    )
    quote = designs.quote(ring)
    assert quote.unpriced == ""
    amounts = {line.label: line.amount or Decimal(0) for line in quote.lines}
    assert abs(amounts["Halo"] + amounts["Half pavé"] - 1190) < 30
    assert models.MeleePrice.objects.aggregate(fees=Sum("setting_fee"))["fees"] == 0

    with pytest.raises(IrreversibleError, match="restore the backup"):
        migrated(FIRST)
