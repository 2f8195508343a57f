from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jeweler", "0004_unasked_mails")]

    operations = [
        migrations.AddField(
            model_name="emailmessage",
            name="zone",
            field=models.CharField(
                blank=True, help_text="By whose clock it may come by day only", max_length=64
            ),
        ),
    ]
