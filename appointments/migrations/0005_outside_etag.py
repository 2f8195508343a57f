from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("appointments", "0004_required")]

    operations = [
        migrations.AddField(
            model_name="associate",
            name="outside_etag",
            field=models.CharField(blank=True, default="", editable=False, max_length=200),
            preserve_default=False,
        ),
    ]
