"""Which hosts may be spoken to by older algorithms of SSH."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('plans', '0016_acknowledged_findings'),
    ]

    operations = [
        migrations.AddField(
            model_name='host',
            name='older_algorithms',
            field=models.BooleanField(db_default=False, default=False, verbose_name='allow older algorithms'),
        ),
    ]
