"""What the stone list looks up and sorts by, and the keeping of its snapshots.

A snapshot is stored as it is, since it is compressed already and is read whole; and stones that are deleted, which leave no
row behind that says so, take the snapshots with them.
"""

import django.db.models.functions.text
from django.db import migrations, models

PRICED = models.Q(("status", "available"))

KEEPING = """
alter table builder_searchsnapshot alter column payload set storage external;
create function builder_stone_deleted() returns trigger language plpgsql as $$
begin
    delete from builder_searchsnapshot;
    return null;
end $$;
create trigger stone_deleted after delete on builder_stone
    for each statement execute function builder_stone_deleted();
"""
BACKWARD = """
drop trigger stone_deleted on builder_stone;
drop function builder_stone_deleted();
alter table builder_searchsnapshot alter column payload set storage extended;
"""


def bare(column: str) -> django.db.models.functions.text.Upper:
    without_spaces = django.db.models.functions.text.Replace(
        models.F(column), models.Value(" "), models.Value("")
    )
    return django.db.models.functions.text.Upper(
        django.db.models.functions.text.Replace(without_spaces, models.Value("-"), models.Value(""))
    )


class Migration(migrations.Migration):
    dependencies = [("builder", "0007_feed_attempts")]
    operations = [
        migrations.RemoveIndex(model_name="stone", name="stone_by_price"),
        migrations.RemoveIndex(model_name="stone", name="stone_by_carat"),
        migrations.AddIndex(
            model_name="stone",
            index=models.Index(
                condition=PRICED, fields=["price_cents", "id"], name="stone_by_price"
            ),
        ),
        migrations.AddIndex(
            model_name="stone",
            index=models.Index(
                condition=PRICED,
                fields=["carat_points", "price_cents", "id"],
                name="stone_by_carat",
            ),
        ),
        migrations.AddIndex(
            model_name="stone",
            index=models.Index(bare("report_number"), name="stone_report_bare"),
        ),
        migrations.AddIndex(
            model_name="stoneoffer",
            index=models.Index(bare("stock_number"), name="offer_stock_bare"),
        ),
        migrations.RunSQL(KEEPING, BACKWARD),
    ]
