from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('plans', '0012_arrangement_drafts'),
    ]

    operations = [
        migrations.AddField(
            model_name='host',
            name='runner',
            field=models.CharField(choices=[('auto', 'Python where the host has it, else its shell'), ('python', 'Python, or nothing starts'), ('shell', 'its shell')], db_default='auto', default='auto', max_length=6, verbose_name='what runs commands there'),
        ),
    ]
