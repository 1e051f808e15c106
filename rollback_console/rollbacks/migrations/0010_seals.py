"""Events carry a seal; what was recorded before is held by an anchor that is sealed."""

from django.db import migrations, models

from rollback_console.audit.integrity import anchors


def anchor_what_is_there(apps, schema_editor):
    """One anchor for each rollback that has events."""
    Rollback = apps.get_model("rollbacks", "Rollback")
    StreamAnchor = apps.get_model("audit", "StreamAnchor")
    names = ("stream", "count", "head", "seal", "unkeyed_count", "unkeyed_head", "unkeyed_seal")
    batch = []
    rows = Rollback.objects.filter(last_seq__gt=0).values_list("id", "last_seq", "last_hash")
    for number, count, head in rows.iterator(chunk_size=500):
        made = anchors.anchor_unkeyed(f"rollback:{number}", count=count, head=head)
        batch.append(StreamAnchor(**{name: getattr(made, name) for name in names}))
    StreamAnchor.objects.bulk_create(batch, batch_size=500)


class Migration(migrations.Migration):

    dependencies = [
        ("audit", "0002_daily_anchor"),
        ("rollbacks", "0009_by_moment"),
    ]

    operations = [
        migrations.AddField(
            model_name="event",
            name="seal",
            field=models.CharField(blank=True, db_default="", max_length=64),
        ),
        migrations.RunPython(anchor_what_is_there, migrations.RunPython.noop),
    ]
