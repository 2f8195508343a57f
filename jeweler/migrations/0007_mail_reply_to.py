from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jeweler", "0006_mail_sender")]

    operations = [
        migrations.AddField(
            model_name="emailmessage",
            name="reply_to",
            field=models.EmailField(
                blank=True,
                default="",
                help_text="Who hears an answer; empty: the sender",
                max_length=254,
            ),
            preserve_default=False,
        ),
    ]
