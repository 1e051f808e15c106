import datetime

from django.db import migrations, models
from django.db.models.functions import Now


def held_for_long(apps, schema_editor):
    """Who decides already was given that before any request that is open now."""
    rows = apps.get_model("plans", "DecisionMaker").objects
    rows.update(granted_at=datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC))


class Migration(migrations.Migration):
    dependencies = [("plans", "0006_host_questions")]

    operations = [
        migrations.AddField(
            "decisionmaker",
            "granted_at",
            models.DateTimeField(db_default=Now(), editable=False),
        ),
        migrations.RunPython(held_for_long, migrations.RunPython.noop),
    ]
