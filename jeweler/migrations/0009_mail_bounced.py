from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jeweler", "0008_mail_calendar")]

    operations = [
        migrations.AddField(
            model_name="emailmessage",
            name="bounced_at",
            field=models.DateTimeField(
                blank=True, help_text="It came back: nobody read it", null=True
            ),
        ),
    ]
