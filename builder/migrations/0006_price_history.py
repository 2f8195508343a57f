"""Prices come from their tables alone: a metal's from its history, small stones' from melee prices, a band's from its parts.

A band keeps what it cost as its labor until the house says otherwise, so that none is sold for less. A metal's price is never
changed afterwards, and the price book also depends on how stores tell prices.
"""

from django.db import migrations

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


class Migration(migrations.Migration):
    dependencies = [("builder", "0005_setting_heads_only"), ("jeweler", "0003_store_prices")]
    operations = [
        migrations.RunSQL(LABOR, migrations.RunSQL.noop),
        migrations.RemoveField(model_name="band", name="price"),
        migrations.RemoveField(model_name="metal", name="price_per_gram"),
        migrations.RemoveField(model_name="setting", name="accent_price"),
        migrations.RunSQL(FUNCTIONS, BACKWARD),
    ]
