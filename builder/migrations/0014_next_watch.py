from django.db import migrations, models

# What lives is looked at when its hour comes, what was rung at once; the watcher takes out what has died meanwhile.
FILL = """
    UPDATE builder_design SET next_watch_at = coalesce(watched_at + interval '1 hour', '2000-01-01Z')
    WHERE saved_at IS NOT NULL AND removed_at IS NULL AND customer_id IS NOT NULL
"""
TAKE_BACK = "UPDATE builder_design SET watched_at = next_watch_at - interval '1 hour'"


class Migration(migrations.Migration):
    dependencies = [("builder", "0013_devices_and_allowances")]

    operations = [
        migrations.AddField(
            model_name="design",
            name="next_watch_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When its stone and price are to be looked at next; empty: never again",
                null=True,
            ),
        ),
        migrations.RunSQL(FILL, TAKE_BACK),
        migrations.RemoveIndex(model_name="design", name="design_to_watch"),
        migrations.RemoveField(model_name="design", name="watched_at"),
        migrations.AddIndex(
            model_name="design",
            index=models.Index(
                condition=models.Q(("next_watch_at__isnull", False)),
                fields=["next_watch_at"],
                name="design_watched_next",
            ),
        ),
    ]
