"""What heads and locations say is no longer said twice."""

from django.db import migrations

SAID_BY_HEADS = (
    "shapes", "head_kind", "prongs", "head_metal", "min_width_mm", "max_width_mm", "max_length_mm",
    "rise_mm",
)  # fmt: skip
SAID_BY_LOCATIONS = ("accent_kind", "accent_mm", "accent_count", "halo_mm", "side_stone_mm")


class Migration(migrations.Migration):
    dependencies = [("builder", "0004_catalog_fill")]
    operations = [
        migrations.RemoveConstraint(model_name="setting", name="setting_envelope_is_sane"),
        *(
            migrations.RemoveField(model_name="setting", name=name)
            for name in (*SAID_BY_HEADS, *SAID_BY_LOCATIONS)
        ),
    ]
