from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("appointments", "0005_outside_etag")]

    operations = [
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(fields=["starts_at"], name="appointment_starts"),
        ),
    ]
