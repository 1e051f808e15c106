import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Now

import rollback_console.plans.inventory.encrypted_field


class Migration(migrations.Migration):
    dependencies = [("plans", "0009_second_person")]

    operations = [
        migrations.CreateModel(
            name="FormerSecret",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("value", rollback_console.plans.inventory.encrypted_field.EncryptedTextField()),
                ("replaced_at", models.DateTimeField(db_default=Now())),
                (
                    "environment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="plans.environment",
                    ),
                ),
            ],
        ),
    ]
