from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("builder", "0014_next_watch")]

    operations = [
        migrations.AddField(
            model_name="design",
            name="form_hash",
            field=models.CharField(
                blank=True,
                default="",
                help_text="Of the form by whose posting it was copied",
                max_length=64,
            ),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="design",
            constraint=models.UniqueConstraint(
                condition=models.Q(("form_hash", ""), _negated=True),
                fields=("form_hash",),
                name="design_once_per_form",
            ),
        ),
    ]
