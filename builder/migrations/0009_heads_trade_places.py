"""Heads and locations of one setting may trade their places in one save: what is unique is judged at its end."""

from django.db import migrations, models

UNIQUE = (
    ("head", "head_code_once", ["setting", "code"]),
    ("head", "head_position_once", ["setting", "position"]),
    ("stonelocation", "location_number_once", ["setting", "number"]),
    ("stonelocation", "location_place_once", ["setting", "place"]),
)


class Migration(migrations.Migration):
    dependencies = [("builder", "0008_search")]
    operations = [
        operation
        for model, name, fields in UNIQUE
        for operation in (
            migrations.RemoveConstraint(model_name=model, name=name),
            migrations.AddConstraint(
                model_name=model,
                constraint=models.UniqueConstraint(
                    fields=fields, name=name, deferrable=models.Deferrable.DEFERRED
                ),
            ),
        )
    ]
