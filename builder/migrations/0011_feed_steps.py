"""Which step of the catalog's change an import is at, and suppliers whose prices wait to be worked out anew."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("builder", "0010_delivery_days")]
    operations = [
        migrations.AddField(
            model_name="feedimport",
            name="step",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="Of the catalog's change: feeds.progress.STEPS, from 1"
            ),
        ),
        migrations.AddField(
            model_name="supplier",
            name="reprice_asked_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="Its rules changed then, and a worker has not yet worked out the prices",
                null=True,
            ),
        ),
    ]
