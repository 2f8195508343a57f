from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("builder", "0015_one_copy_per_form")]

    operations = [
        migrations.AddField(
            model_name="picture",
            name="is_kept",
            field=models.BooleanField(
                default=False,
                help_text="Shown in a mail or on the list of settings: never let go",
            ),
        ),
        # Which of those until now are in somebody's mail is not known.
        migrations.RunSQL("UPDATE builder_picture SET is_kept = true", migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="picture",
            index=models.Index(
                condition=models.Q(("is_kept", False)), fields=["id"], name="picture_passing"
            ),
        ),
        migrations.AddIndex(
            model_name="designversion",
            index=models.Index(fields=["picture_hash"], name="version_of_picture"),
        ),
    ]
