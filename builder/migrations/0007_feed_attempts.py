"""An import that a worker begins again, with its refused rows kept; a supplier's formats are named by their readers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("builder", "0006_price_history")]
    operations = [
        migrations.AddField(
            model_name="feedimport",
            name="attempts",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="How often a worker began; one that was killed begins again"
            ),
        ),
        migrations.AddField(
            model_name="feedimport",
            name="refused_rows",
            field=models.FileField(
                blank=True, help_text="What was refused and why, as CSV", upload_to="feeds/"
            ),
        ),
        migrations.AlterField(
            model_name="supplier",
            name="feed_format",
            field=models.CharField(
                blank=True, help_text="How its files are written", max_length=32
            ),
        ),
        migrations.AlterField(
            model_name="supplier",
            name="columns",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="Our field to their column, or to =value for every row",
            ),
        ),
        migrations.AlterField(
            model_name="stoneoffer",
            name="seen_at",
            field=models.DateTimeField(help_text="Last feed that said something new of it"),
        ),
    ]
