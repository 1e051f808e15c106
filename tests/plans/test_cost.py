"""What a rollback would cost, asked of a real service of Django on a real sshd."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rollback_console.engine.reversal import Effect
from rollback_console.plans.actions import plans
from rollback_console.plans.data_loss import cost
from rollback_console.plans.data_loss.cost import Costing
from rollback_console.plans.data_loss.migrations import questions
from rollback_console.plans.models import Revision
from rollback_console.plans.readiness import choices, queue
from rollback_console.plans.readiness.check import check, readiness_of
from rollback_console.plans.snapshot.freeze import freeze_snapshot
from tests import make
from tests.make import PLAN, Stage

pytestmark = pytest.mark.django_db

MANAGE = """\
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "conf"
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""
CONF = """\
SECRET_KEY = "x"
INSTALLED_APPS = ["shop"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
"""
MODELS = """\
from django.db import models
class Order(models.Model):
    total = models.IntegerField(default=0)
    deposit = models.IntegerField(null=True)
class Call(models.Model):
    note = models.CharField(max_length=9)
"""
FIRST = """\
from django.db import migrations, models
class Migration(migrations.Migration):
    initial = True
    operations = [migrations.CreateModel("Order", [
        ("id", models.BigAutoField(primary_key=True)), ("total", models.IntegerField(default=0)),
        ("legacy", models.IntegerField(null=True)),
    ])]
"""
SECOND = """\
from django.db import migrations, models
class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [
        migrations.CreateModel("Call", [
            ("id", models.BigAutoField(primary_key=True)), ("note", models.CharField(max_length=9)),
        ]),
        migrations.AddField("Order", "deposit", models.IntegerField(null=True)),
        migrations.RemoveField("Order", "legacy"),
    ]
"""
ROWS = (
    "from shop.models import *; "
    "[Call.objects.create(note='x') for _ in range(4)]; "
    "Order.objects.create(); Order.objects.create(deposit=5); Order.objects.create(deposit=7)"
)


class Shop:
    """A service in a folder of its own, deployed with its second migration and used since."""

    def __init__(self, folder: Path, second: str = SECOND) -> None:
        self.folder = folder
        (folder / "shop" / "migrations").mkdir(parents=True)
        for name, text in {
            "manage.py": MANAGE, "conf.py": CONF, "shop/__init__.py": "", "shop/models.py": MODELS,
            "shop/migrations/__init__.py": "", "shop/migrations/0001_initial.py": FIRST,
            "shop/migrations/0002_more.py": second,
        }.items():  # fmt: skip
            (folder / name).write_text(text)
        self.manage("migrate")

    def manage(self, *words: str) -> None:
        subprocess.run(
            [sys.executable, "manage.py", *words], cwd=self.folder, check=True, capture_output=True
        )


def plan(here: Stage, cwd: Path, command: str, head: str = "") -> Revision:
    text = PLAN.replace("```bash\necho stopping", f"```bash cwd={cwd}\n{command}")
    return make.plan(here, head + text)


def undoing(here: Stage, shop: Shop, target: str = "0001", head: str = "") -> Revision:
    return plan(here, shop.folder, f"{sys.executable} manage.py migrate shop {target}", head)


def asked(here: Stage, revision: Revision) -> Costing:
    _, snapshot = make.checked(here, revision)
    return cost.costing(revision, snapshot)


def test_the_rows_and_values_that_go_are_counted_in_the_service(
    here: Stage, tmp_path: Path
) -> None:
    shop = Shop(tmp_path / "app")
    shop.manage("shell", "-c", ROWS)
    costing = asked(here, undoing(here, shop))
    assert costing.loss.text == "4 rows in shop_call, 2 values in shop_order.deposit, 2 tables"
    assert [each.effect for each in costing.reversals[0].operations] == [
        Effect.GOES,
        Effect.GOES,
        Effect.RETURNS_EMPTY,
    ]
    assert costing.at is not None


def test_what_nobody_used_costs_nothing(here: Stage, tmp_path: Path) -> None:
    assert asked(here, undoing(here, Shop(tmp_path / "app"))).loss.text == "none"


def test_asking_changes_nothing(here: Stage, tmp_path: Path) -> None:
    shop = Shop(tmp_path / "app")
    before = (shop.folder / "db.sqlite3").read_bytes()
    asked(here, undoing(here, shop))
    assert (shop.folder / "db.sqlite3").read_bytes() == before


def test_old_code_knows_nothing_to_undo_and_that_is_red(here: Stage, tmp_path: Path) -> None:
    shop = Shop(tmp_path / "app")
    (shop.folder / "shop/migrations/0002_more.py").unlink()
    revision = undoing(here, shop)
    assert "Nothing would be undone" in asked(here, revision).reversals[0].problem
    (cell,) = [each for each in readiness_of(revision).red if each.kind == "reversal"]
    assert cell.subject == "shop 0001"


def test_an_irreversible_migration_is_red_before_anyone_needs_it(
    here: Stage, tmp_path: Path
) -> None:
    raw = "        migrations.RunPython(lambda apps, editor: None),\n    ]"
    shop = Shop(tmp_path / "app", SECOND.replace("    ]\n", raw + "\n", 1))
    revision = undoing(here, shop)
    costing = asked(here, revision)
    assert costing.loss.word == "unknown"
    assert costing.impossible.startswith("shop.0002_more cannot be undone")
    assert any("cannot be undone" in each.detail for each in readiness_of(revision).red)


def test_a_target_that_is_not_there_is_red(here: Stage, tmp_path: Path) -> None:
    revision = undoing(here, Shop(tmp_path / "app"), "0009")
    asked(here, revision)
    (cell,) = [each for each in readiness_of(revision).red if each.kind == "reversal"]
    assert "Cannot find a migration matching '0009'" in cell.detail


def test_before_anyone_asked_the_cost_is_unknown(here: Stage, tmp_path: Path) -> None:
    revision = undoing(here, Shop(tmp_path / "app"))
    costing = cost.costing(revision, freeze_snapshot(revision, {}))
    assert costing.loss.text.startswith("unknown, because nobody has asked the hosts yet")


def test_a_plan_that_touches_no_data_costs_none(here: Stage) -> None:
    assert asked(here, make.plan(here)).loss.text == "none"


OVERWRITING = PLAN.replace("echo restoring", "mysql shop < /backups/a.sql")
BESIDE = "not known beyond that, because step 2, Restore Code, overwrites or removes data"
MEASURE = "---\nmeasures:\n  - {what: calls since deployment, run: 'echo 1284'}\n---\n"


def by_operator(here: Stage, text: str) -> Revision:
    made = plans.import_document(
        make.canonical(text).encode(),
        by=here.cast.dana,
        service=here.service,
        environment=here.environment,
    )
    made = plans.bind_steps(made, by=here.cast.ada, bindings={"hosts": here.host.name})
    return make.confirmed(made, here.cast.ada)


def test_a_measure_runs_only_once_it_was_approved(here: Stage) -> None:
    revision = by_operator(here, MEASURE + OVERWRITING)
    snapshot = freeze_snapshot(revision, {})
    check(revision, snapshot)
    costing = cost.costing(revision, snapshot).loss
    assert costing.text.startswith(
        "unknown, because not asked: it needs approval on the plan's page."
    )
    text = asked(here, revision).loss.text
    assert text.startswith(f"at least 1,284 calls since deployment; {BESIDE}")


def test_a_procedure_that_touches_no_data_is_not_measured(here: Stage) -> None:
    costing = asked(here, by_operator(here, MEASURE + PLAN))
    assert (costing.counts, costing.loss.text) == ((), "none")


def test_a_changed_measure_needs_another_approval(here: Stage) -> None:
    asked(here, by_operator(here, MEASURE + OVERWRITING))
    same = by_operator(here, MEASURE + OVERWRITING + "\nMore.\n")
    check(same, freeze_snapshot(same, {}))
    (count,) = cost.costing(same, freeze_snapshot(same, {})).counts
    assert count.rows == 1284
    changed = by_operator(here, MEASURE.replace("1284", "1285") + OVERWRITING)
    check(changed, freeze_snapshot(changed, {}))
    (count,) = cost.costing(changed, freeze_snapshot(changed, {})).counts
    assert count.rows is None


def test_a_measure_that_fails_is_unknown_and_says_why(here: Stage) -> None:
    failing = MEASURE.replace("echo 1284", "echo no such table >&2; false")
    revision = make.plan(here, failing + OVERWRITING)
    text = asked(here, revision).loss.text
    assert text.startswith("unknown, because calls since deployment could not be counted")
    assert "no such table" in text


def test_a_measure_of_a_restore_is_at_least_that(here: Stage, tmp_path: Path) -> None:
    restore = "mysql shop < /backups/a.sql"
    assert asked(here, plan(here, tmp_path, restore)).loss.word == "unknown"
    measured = plan(here, tmp_path, restore, MEASURE)
    text = asked(here, measured).loss.text
    assert text.startswith("at least 1,284 calls since deployment; not known beyond that")
    assert "beside calls since deployment, nothing counts" in text


KEPT = "---\ndatabase: {kind: sqlite, name: shop.db, folder: /var/backups}\n"


def test_a_plans_measures_say_nothing_about_a_dump_that_is_put_back(here: Stage) -> None:
    revision = make.plan(here, MEASURE.replace("---\n", KEPT, 1) + PLAN)
    dump = {
        "rollback": 1,
        "host": "app-1",
        "path": "/var/backups/a.dump",
        "size": 1,
        "sha256": "0" * 64,
    }
    snapshot = freeze_snapshot(revision, {"restores": dump})
    check(revision, snapshot)
    costing = cost.costing(revision, snapshot)
    assert costing.counts == ()
    assert costing.loss.text.startswith("unknown, because step 2, Put the database back")


def test_the_cost_of_putting_a_dump_back_is_never_shown_for_the_plan(here: Stage) -> None:
    revision = make.plan(here, KEPT + "---\n" + PLAN)
    values = {"rollback": 1, "host": "app-1", "path": "/a", "size": 1, "sha256": "0" * 64}
    asking = queue.enqueue_asking(revision, {"restores": values}, why="schedule")
    assert asking
    assert queue.answer_asking(asking.pk)
    assert choices.choices_by_procedure(revision) == [{}]


@pytest.mark.parametrize(
    "command",
    [
        "bin/rails db:rollback STEP=n",
        "bin/rails db:rollback STEP=all",
        "bin/rails db:rollback STEP=-1",
        "source # venv/bin/activate\nalembic downgrade -1",
    ],
)
def test_a_command_that_cannot_be_read_is_unknown_and_no_error(
    here: Stage, tmp_path: Path, command: str
) -> None:
    _, snapshot = make.checked(here, plan(here, tmp_path, command))
    assert questions(snapshot)


def test_a_command_that_hides_its_reversal_is_a_riddle(here: Stage, tmp_path: Path) -> None:
    costing = asked(
        here, plan(here, tmp_path, "docker exec web python manage.py migrate shop 0001")
    )
    assert "cannot be asked beforehand" in costing.loss.text


ALTERING = """\
from django.db import migrations, models
class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [
        migrations.AlterField("Order", "total", models.IntegerField(default=0, help_text="Cents")),
        migrations.AlterField("Order", "legacy", models.{}(null=True)),
    ]
"""


def test_a_change_of_a_field_that_needs_no_sql_converts_nothing(
    here: Stage, tmp_path: Path
) -> None:
    shop = Shop(tmp_path / "app", ALTERING.format("IntegerField"))
    costing = asked(here, undoing(here, shop))
    assert [each.effect for each in costing.reversals[0].operations] == [Effect.KEPT, Effect.KEPT]
    assert costing.loss.text == "none"


def test_a_change_of_a_type_still_converts(here: Stage, tmp_path: Path) -> None:
    shop = Shop(tmp_path / "app", ALTERING.format("TextField"))
    costing = asked(here, undoing(here, shop))
    effects = [each.effect for each in costing.reversals[0].operations]
    assert effects == [Effect.KEPT, Effect.CONVERTED]
    assert "converts values" in costing.loss.text
