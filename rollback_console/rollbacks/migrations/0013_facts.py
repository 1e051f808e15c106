from django.db import migrations

from rollback_console.rollbacks.models.facts_field import FactsField


class Migration(migrations.Migration):
    dependencies = [("rollbacks", "0012_authors")]

    operations = [migrations.AlterField("event", "facts", FactsField(default=dict))]
