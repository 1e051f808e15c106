"""Where issues for action items are opened, and which item has which issue."""

import django.db.models.deletion
import rollback_console.plans.inventory.encrypted_field
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('plans', '0016_acknowledged_findings'),
        ('postmortems', '0003_measures'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='actionitem',
            name='issue_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='actionitem',
            name='issue_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='actionitem',
            name='issue_url',
            field=models.CharField(blank=True, db_default='', default='', max_length=500),
        ),
        migrations.CreateModel(
            name='IssueTracker',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('github', 'GitHub'), ('gitlab', 'GitLab'), ('jira', 'Jira')], max_length=6)),
                ('project', models.CharField(max_length=300)),
                ('account', models.CharField(blank=True, max_length=200)),
                ('token', rollback_console.plans.inventory.encrypted_field.EncryptedTextField()),
                ('made_at', models.DateTimeField()),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('service', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='issue_tracker', to='plans.service')),
            ],
            options={
                'ordering': ['service_id', 'id'],
            },
        ),
    ]
