"""Stones that were taken in before delivery was counted get the days of their cheapest living offer."""

from django.db import migrations

FILL = """
update builder_stone stone set delivery_days = best.days
from (
    select distinct on (offer.stone_id) offer.stone_id, supplier.delivery_days as days
    from builder_stoneoffer offer join builder_supplier supplier on supplier.id = offer.supplier_id
    where offer.withdrawn_at is null
    order by offer.stone_id, offer.price, supplier.delivery_days, offer.id
) best
where stone.id = best.stone_id and stone.store_id is null and stone.delivery_days <> best.days
"""


class Migration(migrations.Migration):
    dependencies = [("builder", "0009_heads_trade_places")]
    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
