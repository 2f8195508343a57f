"""Prices come from their tables alone: a metal's from its history, small stones' from melee prices, a band's from its parts.

Until the house says otherwise a band keeps what it cost as its labor, and a setting's small stones keep what they cost together,
divided among them; of two settings with stones of one size the dearer one says it, so that none is sold for less. A metal's price is
never changed afterwards, and the price book also depends on how stores tell prices. Backwards only while there is no catalog.
"""

import math
from decimal import ROUND_CEILING, Decimal

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.exceptions import IrreversibleError

CENT = Decimal("0.01")

LABOR = "update builder_band set labor_price = price where labor_price = 0"

FUNCTIONS = """
create function builder_metalprice_stays() returns trigger language plpgsql as $$
begin
    if (old.metal_id, old.price_per_gram, old.since_at) is distinct from (new.metal_id, new.price_per_gram, new.since_at) then
        raise exception 'a metal price is never changed; add one with a moment of its own'
            using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger metalprice_stays before update on builder_metalprice
    for each row execute function builder_metalprice_stays();
create trigger catalog_changed after insert or update or delete on jeweler_store
    for each statement execute function builder_catalog_changed();
"""
BACKWARD = """
drop trigger catalog_changed on jeweler_store;
drop trigger metalprice_stays on builder_metalprice;
drop function builder_metalprice_stays();
"""


def price_small_stones(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    melee = apps.get_model("builder", "MeleePrice").objects
    if melee.exists():
        return
    dearest: dict[Decimal, Decimal] = {}
    for setting in apps.get_model("builder", "Setting").objects.prefetch_related(
        "locations", "heads"
    ):
        pieces = {
            place: place.count or _around(place, setting) for place in setting.locations.all()
        }
        for place in pieces:
            mm = ((place.length_mm + place.width_mm) / 2).quantize(CENT)
            each = (setting.accent_price / sum(pieces.values())).quantize(CENT, ROUND_CEILING)
            dearest[mm] = max(each, dearest.get(mm, each))
    for mm, price in dearest.items():
        melee.create(from_mm=mm, below_mm=mm + CENT, stone_price=price, setting_fee=0)


def _around(halo, setting) -> int:  # type: ignore[no-untyped-def]  # rows as they then were
    """How many go around the middle of what the head takes."""
    head = min(setting.heads.all(), key=lambda each: each.position)
    middle, melee = (head.min_width_mm + head.max_width_mm) / 2, halo.width_mm
    return max(8, round(math.pi * float(middle + melee) / (float(melee) * 1.06)))


def refuse(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The removed columns had no defaults, and what stood in them is not kept."""
    if any(
        apps.get_model("builder", name).objects.exists() for name in ("Metal", "Setting", "Band")
    ):
        raise IrreversibleError(
            "Prices and heads do not go back into their old columns: restore the backup of before the upgrade."
        )


class Migration(migrations.Migration):
    dependencies = [("builder", "0005_setting_heads_only"), ("jeweler", "0003_store_prices")]
    operations = [
        migrations.RunSQL(LABOR, migrations.RunSQL.noop),
        migrations.RunPython(price_small_stones, migrations.RunPython.noop),
        migrations.RemoveField(model_name="band", name="price"),
        migrations.RemoveField(model_name="metal", name="price_per_gram"),
        migrations.RemoveField(model_name="setting", name="accent_price"),
        migrations.RunSQL(FUNCTIONS, BACKWARD),
        migrations.RunPython(migrations.RunPython.noop, refuse),
    ]
