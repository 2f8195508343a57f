"""What a visit is judged by gets a token, which changes with it."""

import uuid

from django.db import migrations, models

TABLES = {
    "jeweler_store": "",
    "appointments_showroom": "",
    "appointments_openinghours": "",
    "appointments_specialhours": "",
    "appointments_shift": "",
    "appointments_shiftchange": "",
    # Not by every reading of her calendar elsewhere.
    "appointments_associate": " of is_bookable, languages",
    "appointments_associate_services": "",
    "appointments_service": "",
    "appointments_service_stores": "",
}
_TRIGGER = (
    "create trigger terms_changed after insert or update{columns} or delete or truncate on {table} "
    "for each statement execute function appointments_terms_changed();\n"
)

FORWARD = """
create function appointments_terms_changed() returns trigger language plpgsql as $$
begin
    insert into appointments_termsversion (id, token) values (1, gen_random_uuid())
    on conflict (id) do update set token = excluded.token;
    return null;
end $$;
insert into appointments_termsversion (id, token) values (1, gen_random_uuid());
""" + "".join(_TRIGGER.format(table=table, columns=columns) for table, columns in TABLES.items())  # noqa: S608  names are ours

BACKWARD = (
    "".join(f"drop trigger terms_changed on {table};\n" for table in TABLES)
    + "drop function appointments_terms_changed();\n"
)


class Migration(migrations.Migration):
    dependencies = [("appointments", "0006_starts")]

    operations = [
        migrations.CreateModel(
            name="TermsVersion",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False),
                ),
                ("token", models.UUIDField(default=uuid.uuid4)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="terms_version_is_one"
                    )
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
