from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jeweler", "0007_mail_reply_to")]

    operations = [
        migrations.AddField(
            model_name="emailmessage",
            name="calendar",
            field=models.TextField(
                blank=True, default="", help_text="An invitation, as calendars read it"
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="emailmessage",
            name="calendar_method",
            field=models.CharField(
                blank=True, default="", help_text="REQUEST or CANCEL", max_length=8
            ),
            preserve_default=False,
        ),
    ]
