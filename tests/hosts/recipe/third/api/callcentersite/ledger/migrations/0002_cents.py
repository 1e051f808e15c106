from django.db import migrations, models


def to_cents(apps, schema_editor):
    apps.get_model("ledger", "Entry").objects.update(cents=models.F("cents") * 100)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [migrations.RunPython(to_cents)]
