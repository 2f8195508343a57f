from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("builder", "0017_promised_until")]

    operations = [
        migrations.AddField(
            model_name="supplier",
            name="memo_email",
            field=models.EmailField(
                blank=True,
                default="",
                help_text="Who is asked to lend a stone for a visit; empty: they are phoned",
                max_length=254,
            ),
            preserve_default=False,
        ),
    ]
