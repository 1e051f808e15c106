from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agents", "0001_initial")]
    operations = [
        migrations.AddField("agent", "badge", models.CharField(default="", max_length=128)),
    ]
