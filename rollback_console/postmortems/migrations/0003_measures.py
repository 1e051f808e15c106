"""What each ended rollback adds to trends, as a row; made when it ends, or when trends are next read."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('plans', '0005_zone'),
        ('postmortems', '0002_afterwards'),
        ('rollbacks', '0008_zones'),
    ]

    operations = [
        migrations.CreateModel(
            name='Measure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=200)),
                ('procedure', models.TextField()),
                ('state', models.CharField(max_length=12)),
                ('requested_at', models.DateTimeField(db_index=True)),
                ('started', models.BooleanField()),
                ('decide', models.FloatField(null=True)),
                ('approve', models.FloatField(null=True)),
                ('start', models.FloatField(null=True)),
                ('restore', models.FloatField(null=True)),
                ('recover', models.FloatField(null=True)),
                ('recover_known', models.BooleanField()),
                ('low', models.FloatField(null=True)),
                ('high', models.FloatField(null=True)),
                ('imported', models.BooleanField()),
                ('steps', models.JSONField(default=list)),
                ('environment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='plans.environment')),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='plans.plan')),
                ('rollback', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='measure', to='rollbacks.rollback')),
                ('service', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='plans.service')),
            ],
        ),
    ]
