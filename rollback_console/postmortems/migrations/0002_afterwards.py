"""Action items belong to the rollback from its beginning; versions, comments, links, imports."""

import django.db.models.deletion
import rollback_console.postmortems.models
from django.conf import settings
from django.db import migrations, models


def belong_to_rollbacks(apps, schema_editor):
    ActionItem = apps.get_model("postmortems", "ActionItem")
    for item in ActionItem.objects.select_related("postmortem"):
        item.rollback_id = item.postmortem.rollback_id
        item.key = f"item-{item.pk}"
        item.save(update_fields=["rollback_id", "key"])


def person(**more):
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to=settings.AUTH_USER_MODEL,
        **more,
    )


def of(model, name, on_delete=django.db.models.deletion.CASCADE, **more):
    return models.ForeignKey(on_delete=on_delete, related_name=name, to=model, **more)


PROTECT = django.db.models.deletion.PROTECT
STATES = [("draft", "draft"), ("in_review", "in review"), ("published", "published")]


def identity():
    return (
        "id",
        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
    )


class Migration(migrations.Migration):
    dependencies = [
        ("plans", "0002_probe_results"),
        ("rollbacks", "0003_pins"),
        ("postmortems", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("postmortem", "began_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("postmortem", "contributing_factors", models.TextField(blank=True)),
        migrations.AddField(
            "actionitem",
            "rollback",
            of("rollbacks.rollback", "action_items", PROTECT, null=True),
        ),
        migrations.AddField("actionitem", "key", models.CharField(default="", max_length=80)),
        migrations.RunPython(belong_to_rollbacks, migrations.RunPython.noop),
        migrations.RemoveField("actionitem", "postmortem"),
        migrations.AlterField(
            "actionitem", "rollback", of("rollbacks.rollback", "action_items", PROTECT)
        ),
        migrations.AlterField(
            "actionitem",
            "key",
            models.CharField(default=rollback_console.postmortems.models.new_key, max_length=80),
        ),
        migrations.AddConstraint(
            "actionitem",
            models.UniqueConstraint(fields=("rollback", "key"), name="one_item_per_key"),
        ),
        migrations.AlterModelOptions("actionitem", {"ordering": ["id"]}),
        migrations.AlterField(
            "actionitem",
            "kind",
            models.CharField(
                choices=[
                    ("verification", "verification"),
                    ("immediate", "immediate"),
                    ("follow_up", "follow-up"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            "actionitem",
            "owner",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="action_items",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField("actionitem", "remind_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "actionitem", "reminded_at", models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddField("actionitem", "evidence", models.TextField(blank=True)),
        migrations.CreateModel(
            "PostmortemVersion",
            [
                identity(),
                ("number", models.PositiveIntegerField()),
                ("texts", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                ("by", person()),
                ("postmortem", of("postmortems.postmortem", "versions")),
            ],
            {"ordering": ["-number"]},
        ),
        migrations.AddConstraint(
            "postmortemversion",
            models.UniqueConstraint(fields=("postmortem", "number"), name="one_text_per_version"),
        ),
        migrations.CreateModel(
            "PostmortemMove",
            [
                identity(),
                ("old", models.CharField(choices=STATES, max_length=10)),
                ("new", models.CharField(choices=STATES, max_length=10)),
                ("at", models.DateTimeField()),
                ("by", person()),
                ("postmortem", of("postmortems.postmortem", "moves")),
            ],
            {"ordering": ["id"]},
        ),
        migrations.CreateModel(
            "Comment",
            [
                identity(),
                ("text", models.TextField()),
                ("at", models.DateTimeField()),
                ("by", person()),
                ("postmortem", of("postmortems.postmortem", "comments")),
            ],
            {"ordering": ["id"]},
        ),
        migrations.CreateModel(
            "Takeover",
            [
                identity(),
                ("at", models.DateTimeField()),
                ("by", person()),
                ("postmortem", of("postmortems.postmortem", "takeovers")),
                ("revision", of("plans.revision", "+", PROTECT)),
            ],
            {"ordering": ["id"]},
        ),
        migrations.CreateModel(
            "Cadence",
            [
                identity(),
                ("minutes", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                ("by", person()),
                ("rollback", of("rollbacks.rollback", "cadences", PROTECT)),
            ],
            {"ordering": ["-id"]},
        ),
        migrations.CreateModel(
            "StatusLink",
            [
                identity(),
                ("token_sha256", models.CharField(max_length=64, unique=True)),
                ("label", models.CharField(max_length=100)),
                ("at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
                ("by", person()),
                ("revoked_by", person(null=True)),
                ("rollback", of("rollbacks.rollback", "status_links", PROTECT)),
            ],
            {"ordering": ["id"]},
        ),
        migrations.CreateModel(
            "Import",
            [
                identity(),
                (
                    "sha256",
                    models.CharField(max_length=64, unique=True, verbose_name="of the file"),
                ),
                ("at", models.DateTimeField()),
                ("by", person()),
                (
                    "rollback",
                    models.OneToOneField(
                        on_delete=PROTECT, related_name="imported", to="rollbacks.rollback"
                    ),
                ),
            ],
        ),
    ]
