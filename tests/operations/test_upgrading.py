"""No migration since the baseline leaves a process of the release before unable to work."""

from __future__ import annotations

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState

from tests.upgrading import dangers

# The newest migration of each app in the last release; whoever releases moves them on.
BASELINE = {
    "access": "0001_attempts",
    "api": "0001_initial",
    "audit": "0001_configuration_events",
    "deployments": "0001_deployments",
    "outbox": "0001_initial",
    "plans": "0005_zone",
    "postmortems": "0002_afterwards",
    "proposals": "0001_initial",
    "rollbacks": "0008_zones",
    "watch": "0001_watch",
    "web": "0001_cache",
}
# Migration, and why it harms no older process although it looks so.
ACCEPTED: dict[tuple[str, str], str] = {
    ("rollbacks", "0010_seals"): "reads the ends of streams and writes a table of its own.",
    ("api", "0003_split_request"): "adds scopes to tokens; an older process reads `request` alone.",
    ("plans", "0007_right_since"): "dates rows; an older process reads no date and writes now.",
    ("rollbacks", "0011_rounds"): "numbers votes; an older process cannot take a second vote of"
    " one person on a refreshed request, which a new one takes a moment later.",
    ("deployments", "0003_documents"): "constrains tables that no older process knows.",
    ("outbox", "0002_push_devices"): "constrains a column that an older process leaves empty.",
    ("rollbacks", "0013_facts"): "changes how a process reads the column, not the column.",
}

BEFORE = ProjectState({
    ("shop", "order"): ModelState(
        "shop",
        "Order",
        [
            ("id", models.BigAutoField(primary_key=True)),
            ("note", models.CharField(max_length=40, null=True)),
            ("state", models.CharField(max_length=10)),
        ],
    )
})  # fmt: skip
HARMLESS = [
    migrations.AddField("order", "ticket", models.CharField(max_length=9, null=True)),
    migrations.AddField("order", "weight", models.IntegerField(db_default=1)),
    migrations.AlterField("order", "state", models.CharField(max_length=20)),
    migrations.AlterField("order", "state", models.CharField(max_length=10, null=True)),
    migrations.CreateModel("Later", [("id", models.BigAutoField(primary_key=True))]),
    migrations.AddIndex("order", models.Index(fields=["state"], name="by_state")),
    migrations.RemoveIndex("order", name="by_state"),
    migrations.AlterModelOptions("order", {"ordering": ["id"]}),
]
HARMFUL = [
    migrations.AddField("order", "ticket", models.CharField(max_length=9, default="")),
    migrations.AlterField("order", "note", models.CharField(max_length=40, default="")),
    migrations.AlterField("order", "note", models.CharField(max_length=20, null=True)),
    migrations.AlterField("order", "note", models.IntegerField(null=True)),
    migrations.AlterField("order", "state", models.CharField(max_length=10, unique=True)),
    migrations.RemoveField("order", "note"),
    migrations.RenameField("order", "note", "words"),
    migrations.RenameModel("Order", "Purchase"),
    migrations.DeleteModel("Order"),
    migrations.AlterModelTable("order", "orders"),
    migrations.AddConstraint(
        "order", models.UniqueConstraint(fields=["state"], name="one_a_state")
    ),
    migrations.RunSQL("UPDATE shop_order SET note = ''"),
    migrations.RunPython(migrations.RunPython.noop),
    migrations.SeparateDatabaseAndState([migrations.RemoveField("order", "note")]),
]


@pytest.mark.parametrize("operation", HARMLESS, ids=lambda each: each.describe())
def test_what_only_adds_is_let_through(operation: Operation) -> None:
    assert list(dangers(operation, BEFORE, "shop")) == []


@pytest.mark.parametrize("operation", HARMFUL, ids=lambda each: each.describe())
def test_what_an_older_process_would_trip_over_is_named(operation: Operation) -> None:
    assert len(list(dangers(operation, BEFORE, "shop"))) == 1


@pytest.fixture(scope="module")
def loader() -> MigrationLoader:
    return MigrationLoader(None)


def test_the_baseline_names_every_app_and_migrations_that_are_there(
    loader: MigrationLoader,
) -> None:
    ours = {
        app
        for (app, _), each in loader.disk_migrations.items()
        if type(each).__module__.startswith("rollback_console.")
    }
    assert set(BASELINE) == ours
    assert set(BASELINE.items()) <= set(loader.disk_migrations)
    assert set(ACCEPTED) <= set(loader.disk_migrations)
    assert all(why.endswith(".") for why in ACCEPTED.values())


def test_each_migration_since_then_leaves_the_release_before_able_to_work(
    loader: MigrationLoader,
) -> None:
    """Split what is refused here over two releases: stop using it first, take it away later."""
    assert [
        f"{app}.{name} {danger}"
        for app, name in since(loader)
        if (app, name) not in ACCEPTED
        for danger in harms(loader, app, name)
    ] == []


def since(loader: MigrationLoader) -> list[tuple[str, str]]:
    released = {each for key in BASELINE.items() for each in loader.graph.forwards_plan(key)}
    ours = (key for key in loader.graph.nodes if key[0] in BASELINE)
    return sorted(key for key in ours if key not in released)


def harms(loader: MigrationLoader, app: str, name: str) -> list[str]:
    state = loader.project_state((app, name), at_end=False)
    problems = []
    for operation in loader.graph.nodes[app, name].operations:
        problems += list(dangers(operation, state, app))
        operation.state_forwards(app, state)
    return problems
