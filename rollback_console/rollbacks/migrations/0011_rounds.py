import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Now


def number_rounds(apps, schema_editor):
    """A round for each snapshot that people answered; the present one comes last."""
    answered = apps.get_model("rollbacks", "Rollback").objects.filter(approvals__isnull=False)
    for rollback in answered.distinct().only("pk", "snapshot_sha256"):
        votes = list(rollback.approvals.order_by("id"))
        hashes = dict.fromkeys(
            vote.snapshot_sha256
            for vote in votes
            if vote.snapshot_sha256 != rollback.snapshot_sha256
        )
        rounds = {sha256: number for number, sha256 in enumerate(hashes, start=1)}
        rounds[rollback.snapshot_sha256] = len(rounds) + 1
        for vote in votes:
            rollback.approvals.filter(pk=vote.pk).update(round=rounds[vote.snapshot_sha256])
        rollback.round = len(rounds)
        rollback.save(update_fields=["round"])


class Migration(migrations.Migration):
    dependencies = [
        ("plans", "0007_right_since"),
        ("rollbacks", "0010_seals"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RightGrant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=150)),
                ("granted_at", models.DateTimeField(db_default=Now())),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="right_grants",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["user", "name"], name="one_grant_per_right")
                ]
            },
        ),
        # MariaDB needs an index that begins with `rollback` while the old one goes.
        migrations.AddField("approval", "round", models.PositiveIntegerField(default=1, db_default=1)),
        migrations.AddField("rollback", "round", models.PositiveIntegerField(default=1, db_default=1)),
        migrations.RunPython(number_rounds, migrations.RunPython.noop),
        migrations.AddConstraint(
            "approval",
            models.UniqueConstraint(
                fields=["rollback", "by", "round", "given"], name="one_vote_per_round"
            ),
        ),
        migrations.RemoveConstraint("approval", "one_vote_per_snapshot"),
    ]
