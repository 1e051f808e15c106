"""Nothing runs that no person confirmed as a step."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from rollback_console import documents
from rollback_console.audit.models import ConfigurationEvent
from rollback_console.plans.actions import plans
from rollback_console.plans.actions.revisions import draw_revision
from rollback_console.plans.data_loss import cost
from rollback_console.plans.errors import NotConfirmed, PlanError
from rollback_console.plans.models import Environment, Revision
from rollback_console.plans.readiness import queue
from rollback_console.plans.snapshot.freeze import freeze_snapshot
from rollback_console.plans.snapshot.request_form import list_missing
from rollback_console.rollbacks.actions import requests
from rollback_console.rollbacks.permissions.used_plans import take_used_plans
from tests import make
from tests.make import PLAN, Stage

pytestmark = pytest.mark.django_db

SEED = (Path(__file__).parent.parent / "documents" / "seed.md").read_text()


def imported(stage: Stage, text: str, environment: Environment | None = None) -> Revision:
    return plans.import_document(
        text.encode(),
        by=stage.cast.dana,
        service=stage.service,
        environment=environment or stage.environment,
    )


def confirmed(stage: Stage, text: str) -> Revision:
    return plans.confirm_arrangement(imported(stage, text), by=stage.cast.ada)


def events(kind: str) -> list[ConfigurationEvent]:
    return list(ConfigurationEvent.objects.filter(kind=kind).order_by("seq"))


def test_what_nobody_confirmed_is_not_requested_asked_about_or_costed(stage: Stage) -> None:
    revision = imported(stage, PLAN)
    with pytest.raises(NotConfirmed, match="Nobody has confirmed revision 1"):
        requests.open_request(revision, by=stage.cast.dana, reason="It is down", choices={})
    assert queue.enqueue_asking(revision, {}, why="person", by=stage.cast.dana) is None
    assert "Nobody has confirmed" in list_missing(revision)[0]
    with pytest.raises(NotConfirmed):
        cost.costing(revision, freeze_snapshot(revision, {}))


def test_confirming_makes_a_canonical_revision_beside_the_author_s_text(stage: Stage) -> None:
    made = confirmed(stage, SEED)
    assert (made.number, made.confirmed_by) == (2, stage.cast.ada)
    assert bytes(made.original or b"") == SEED.encode()
    assert documents.read_canonical(bytes(made.source)).procedures
    (event,) = events("plan.confirmed")
    assert event.facts["document"] == made.sha256
    assert event.facts["original"] == made.plan.revisions.get(number=1).sha256
    assert event.by == stage.cast.ada


def test_a_canonical_text_is_confirmed_as_it_is(stage: Stage) -> None:
    made = confirmed(stage, make.canonical(PLAN))
    assert made.number == 1
    assert made.original is None


def test_only_who_may_change_plans_confirms_them(stage: Stage) -> None:
    revision = imported(stage, PLAN)
    with pytest.raises(PermissionDenied):
        plans.confirm_arrangement(revision, by=stage.cast.vic)


def test_a_revision_is_confirmed_once_and_only_as_it_was_seen(stage: Stage) -> None:
    first = imported(stage, PLAN)
    seen = draw_revision(first)
    plans.revise(first.plan, PLAN.replace("stopping", "halting").encode(), by=stage.cast.dana)
    with pytest.raises(PlanError, match="made meanwhile"):
        plans.confirm_arrangement(first, by=stage.cast.ada, drawn_from=seen)
    with pytest.raises(PlanError, match="confirm that one"):
        plans.confirm_arrangement(first, by=stage.cast.ada)
    made = plans.confirm_arrangement(first.plan.revisions.get(number=2), by=stage.cast.ada)
    with pytest.raises(PlanError, match="confirmed already"):
        plans.confirm_arrangement(made, by=stage.cast.ada)


def test_binding_leaves_a_plan_confirmed_and_another_text_does_not(stage: Stage) -> None:
    made = confirmed(stage, PLAN)
    bound = plans.bind_steps(made, by=stage.cast.ada, bindings={"hosts": stage.host.name})
    assert bound.confirmed_at
    inscribed = plans.bind_steps(
        bound, by=stage.cast.ada, bindings={"hosts": "app-1", "steps": {"stop": {"cwd": "/srv"}}}
    )
    written = plans.write_bindings(inscribed.plan, by=stage.cast.ada)
    assert written.confirmed_at
    assert b"cwd=/srv" in bytes(written.source)
    text = bytes(written.source).replace(b"echo stopping", b"echo halting")
    assert plans.revise(written.plan, text, by=stage.cast.dana).confirmed_at is None


@pytest.mark.parametrize("folder", ["/srv/`x`", "/srv/\"a'b", "/srv/a\nuser=root"])
def test_what_a_fence_cannot_hold_stays_a_binding(stage: Stage, folder: str) -> None:
    made = confirmed(stage, PLAN)
    steps = {"stop": {"cwd": folder}, "start": {"cwd": "/srv/app"}}
    plans.bind_steps(made, by=stage.cast.ada, bindings={"hosts": "app-1", "steps": steps})
    written = plans.write_bindings(made.plan, by=stage.cast.ada)
    assert written.bindings["steps"] == {"stop": {"cwd": folder}}
    assert b"cwd=/srv/app" in bytes(written.source)


def test_a_text_that_changes_nothing_that_runs_stays_confirmed(stage: Stage) -> None:
    made = confirmed(stage, PLAN)
    text = bytes(made.source) + b"- [ ] Call the customers\n"
    again = plans.revise(made.plan, text, by=stage.cast.dana)
    assert again.confirmed_by == stage.cast.ada
    assert [event.facts["like"] for event in events("plan.confirmed_by_shape")] == ["Checkout 2 r2"]


def test_the_next_plan_of_a_generator_is_confirmed_by_the_one_of_the_same_shape(
    stage: Stage,
) -> None:
    confirmed(stage, SEED)
    nextone = SEED.replace("User Authentication System", "Password Reset").replace("2025", "2026")
    made = imported(stage, nextone)
    assert made.confirmed_by == stage.cast.ada
    assert b"Password Reset" in bytes(made.source)
    assert bytes(made.original or b"") == nextone.encode()
    (event,) = events("plan.confirmed_by_shape")
    assert event.by == stage.cast.dana


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("git fetch origin", "git fetch upstream"),
        ("# Or use backup tag\n", ""),
        ("ONLY if migrations were run and caused issues", "ONLY if asked"),
        ("sudo systemctl reload nginx", "sudo systemctl reload nginx\nrm -rf /tmp/x"),
    ],
)
def test_another_step_command_order_or_condition_is_another_shape(
    stage: Stage, old: str, new: str
) -> None:
    confirmed(stage, SEED)
    assert imported(stage, SEED.replace(old, new)).confirmed_at is None


def test_a_value_of_the_header_brings_no_other_program_into_a_confirmed_shape(
    stage: Stage,
) -> None:
    text = PLAN.replace("**Environment**", "**Tool**: echo\n**Environment**")
    confirmed(stage, text)
    other = text.replace("echo", "reboot")
    assert imported(stage, other).confirmed_at is None
    shell = text.replace("echo stopping", "echo STAGING").replace("STAGING", "STAGING; reboot")
    assert imported(stage, shell).confirmed_at is None


CANONICAL = """\
---
plan: 1
checks:
- {check: Up, command: check-up}
database: {dump: 'keep-all > "$DUMP"', restore: put-back, folder: /var/backups}
---

# Checkout 2

**Date**: release

## Procedure: Back

Warning: The queue is lost

### Step 1: Undo it

Warning: Every order since noon is lost

Do: Look at the queue first

```bash destructive
restore --all /srv/release
```

### Step 2: Start

#### One of: Here

```bash
start-here
```

#### One of: There

Choose: last

```bash
start-there
```

```text expected
started
```
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("command: check-up", "command: reboot"),
        ('keep-all > "$DUMP"', 'true > "$DUMP"'),
        ("restore: put-back", "restore: reboot"),
        ("---\n\n# Checkout", "settle: 5m\n---\n\n# Checkout"),
        ("bash destructive", "bash"),
        ("Warning: The queue is lost\n\n", ""),
        ("Every order since noon is lost", "Nothing is lost"),
        ("Look at the queue first", "Type DROP TABLE orders in psql"),
        ("```bash\nstart-there", "```bash user=root\nstart-there"),
        ("Choose: last\n\n", ""),
        ("```text expected\nstarted\n```\n", ""),
    ],
)
def test_whatever_else_runs_or_tells_who_reads_it_what_runs_is_another_shape(
    stage: Stage, old: str, new: str
) -> None:
    made = confirmed(stage, make.canonical(CANONICAL))
    assert old in bytes(made.source).decode()
    text = bytes(made.source).decode().replace(old, new)
    assert plans.revise(made.plan, text.encode(), by=stage.cast.dana).confirmed_at is None


@pytest.mark.parametrize(
    ("value", "confirms"),
    [
        ("release-2", True),
        ("release; reboot", False),
        ("release /etc", False),
        ("--no-preserve-root", False),
        ("../etc", False),
        ("a/b", False),
    ],
)
def test_a_value_of_the_header_confirms_no_command_that_does_more(
    stage: Stage, value: str, confirms: bool
) -> None:
    made = confirmed(stage, make.canonical(CANONICAL))
    text = bytes(made.source).decode().replace("release", value)
    again = plans.revise(made.plan, text.encode(), by=stage.cast.dana)
    assert (again.confirmed_at is not None) is confirms


@pytest.mark.parametrize("value", ["release /etc", "x --no-preserve-root /", "../etc"])
def test_nor_does_it_in_the_next_text_of_a_generator(stage: Stage, value: str) -> None:
    text = PLAN.replace("**Environment**", "**Folder**: release\n**Environment**")
    text = text.replace("echo stopping", "restore --all /srv/release")
    confirmed(stage, text)
    assert imported(stage, text.replace("release", "release-2")).confirmed_at
    assert imported(stage, text.replace("release", value)).confirmed_at is None


def test_a_shape_counts_only_where_whoever_confirmed_it_may_confirm(stage: Stage) -> None:
    confirmed(stage, SEED)
    stage.cast.ada.is_active = False
    stage.cast.ada.save()
    other = SEED.replace("User Authentication System", "Password Reset")
    assert imported(stage, other).confirmed_at is None


def test_after_the_upgrade_what_was_approved_counts_as_confirmed_on_record(stage: Stage) -> None:
    used = make.approved(stage).revision
    unused = make.plan(stage, SEED)
    Revision.objects.update(confirmed_at=None, confirmed_by=None, shape="")
    take_used_plans()
    used.refresh_from_db()
    unused.refresh_from_db()
    assert used.confirmed_at is not None and used.confirmed_at <= timezone.now()
    assert unused.confirmed_at is None
    kinds = [event.facts["revision"] for event in events("plan.taken_as_confirmed")]
    assert kinds == [1, 2]
