"""Indexes for what was asked for last, anywhere and in one environment."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rollbacks", "0008_zones")]

    operations = [
        migrations.AddIndex(
            model_name="rollback",
            index=models.Index(fields=["requested_at"], name="rollback_by_moment"),
        ),
        migrations.AddIndex(
            model_name="rollback",
            index=models.Index(fields=["environment", "requested_at"], name="rollback_by_place"),
        ),
    ]
