from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rollbacks", "0011_rounds")]

    operations = [migrations.AddField("rollback", "authors", models.JSONField(null=True))]
