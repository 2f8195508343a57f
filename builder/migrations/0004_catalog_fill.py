"""Heads, stone locations and metal prices out of the columns that said the same before."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone

PLACES = {"half_pave": "half_band", "full_pave": "full_band"}


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    now = timezone.now()
    prices = apps.get_model("builder", "MetalPrice")
    for metal in apps.get_model("builder", "Metal").objects.all():
        prices.objects.create(metal=metal, price_per_gram=metal.price_per_gram, since_at=now)
    for setting in apps.get_model("builder", "Setting").objects.all():
        _head(apps, setting)
        _locations(apps, setting)


def _head(apps: Apps, setting) -> None:  # type: ignore[no-untyped-def]  # a row as it then was
    is_bezel = setting.head_kind == "bezel"
    apps.get_model("builder", "Head").objects.create(
        setting=setting,
        code="bezel" if is_bezel else f"{setting.prongs}-prong",
        kind=setting.head_kind,
        prongs=setting.prongs,
        metal_family=setting.head_metal,
        shapes=setting.shapes,
        min_width_mm=setting.min_width_mm,
        max_width_mm=setting.max_width_mm,
        min_length_mm=setting.min_width_mm,
        max_length_mm=setting.max_length_mm,
        rise_mm=setting.rise_mm,
    )


def _locations(apps: Apps, setting) -> None:  # type: ignore[no-untyped-def]  # a row as it then was
    found = []
    if setting.side_stone_mm:
        found.append(("sides", 2, setting.side_stone_mm, "prong"))
    if setting.halo_mm:
        found.append(("halo", 0, setting.halo_mm, "pave"))
    if setting.accent_kind in PLACES:
        place = PLACES[setting.accent_kind]
        found.append((place, setting.accent_count, setting.accent_mm, "pave"))
    for number, (place, count, size, mount) in enumerate(found, start=2):
        apps.get_model("builder", "StoneLocation").objects.create(
            setting=setting,
            number=number,
            place=place,
            count=count,
            length_mm=size,
            width_mm=size,
            mount=mount,
        )


class Migration(migrations.Migration):
    dependencies = [("builder", "0003_catalog_triggers")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
