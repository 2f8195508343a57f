"""The database itself notes what changed: stones for search snapshots, the rest for the price book.

A stone's row carries the transaction that changed it; a process that remembers the oldest transaction still running when it
last looked can miss none. The catalog's version becomes another number with every statement that touches what prices or fits a ring.
"""

from django.db import migrations

TABLES = (
    "metal", "metalprice", "setting", "setting_metals", "head", "stonelocation", "meleeprice", "band",
)  # fmt: skip

FUNCTIONS = """
create function builder_stone_changed() returns trigger language plpgsql as $$
begin
    new.changed_xid := pg_current_xact_id()::text::bigint;
    return new;
end $$;
create trigger stone_changed before insert or update on builder_stone
    for each row execute function builder_stone_changed();

create sequence builder_catalogversion_number;
create function builder_catalog_changed() returns trigger language plpgsql as $$
begin
    insert into builder_catalogversion (id, number) values (1, nextval('builder_catalogversion_number'))
    on conflict (id) do update set number = nextval('builder_catalogversion_number');
    return null;
end $$;
"""
TRIGGERS = "".join(
    f"create trigger catalog_changed after insert or update or delete on builder_{table} "
    "for each statement execute function builder_catalog_changed();\n"
    for table in TABLES
)

BACKWARD = (
    "".join(f"drop trigger catalog_changed on builder_{table};\n" for table in TABLES)
    + """
drop function builder_catalog_changed();
drop sequence builder_catalogversion_number;
drop trigger stone_changed on builder_stone;
drop function builder_stone_changed();
"""
)


class Migration(migrations.Migration):
    dependencies = [("builder", "0002_catalog_engine")]
    operations = [migrations.RunSQL(FUNCTIONS + TRIGGERS, BACKWARD)]
