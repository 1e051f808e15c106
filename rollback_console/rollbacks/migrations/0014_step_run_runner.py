from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('rollbacks', '0013_facts'),
    ]

    operations = [
        migrations.AddField(
            model_name='steprun',
            name='runner',
            field=models.CharField(blank=True, db_default='', max_length=6),
        ),
    ]
