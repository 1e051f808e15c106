"""A console that people have worked with for a while."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import User
from django.db.models.functions import Now
from django.utils import timezone

from rollback_console.deployments.actions import deployments, documents, freeze_windows, overrides
from rollback_console.deployments.models import Deployment
from rollback_console.engine.loss import Count
from rollback_console.plans.actions import plans
from rollback_console.plans.actions.delegations import delegate_right
from rollback_console.plans.actions.host_questions import approve_host_question
from rollback_console.plans.data_loss import cost
from rollback_console.plans.data_loss.cost import CostAnswers
from rollback_console.plans.models import Environment, HostGroup, Secret
from rollback_console.plans.readiness.host_questions import (
    queries_by_host,
    record_asking,
    register_questions,
)
from rollback_console.plans.snapshot.deployment_facts import DeploymentFacts
from rollback_console.postmortems.actions import postmortems
from rollback_console.rollbacks.actions import approvals, break_glass, pins, requests
from rollback_console.rollbacks.execution import view
from rollback_console.rollbacks.models import Rollback
from rollback_console.watch.actions.observations import store_observations
from rollback_console.watch.actions.triggers import bind_trigger
from rollback_console.watch.actions.watches import begin_watches
from rollback_console.watch.checking import Observation
from rollback_console.watch.models import Trigger, TriggerWatch
from rollback_console.watch.shift import claim_due
from tests import make
from tests.documents.test_checklists import FAMILY

from .conftest import SEED
from .test_requests import CHOICES, ON_HOST


@dataclass(frozen=True)
class World:
    """A console in use: a request in production, an ended rollback, an old plan, and the slug
    of a plan that nobody has confirmed."""

    stage: make.Stage
    pending_request: Rollback
    ended: Rollback
    plan: str
    glass: Rollback
    proposal: str
    deployment: Deployment
    trigger: Trigger


def in_use() -> World:
    """Rows of everything that a page may show."""
    stage = make.stage(production=True)
    Environment.objects.update(data_role="DevOps Lead", approvals_data=2)
    group = HostGroup.objects.create(environment=stage.environment, name="app")
    group.hosts.add(stage.host, make.host(stage.environment, "app-2", stage.cast.ada))
    Secret.objects.create(environment=stage.environment, name="DB_PASSWORD", value="swordfish")
    stage.environment.refresh_from_db()
    ended = make.requested(stage)
    approvals.reject(
        ended, by=stage.cast.lee, snapshot_sha256=ended.snapshot_sha256, reason="Roll forward"
    )
    ended.refresh_from_db()
    postmortems.open_postmortem(ended)
    revision = make.plan(stage, SEED, hosts="app", on_host=ON_HOST)
    pins.pin(stage.service, version="4f2a9c1", by=stage.cast.dana, reason="Loses sessions")
    pending_request = requests.open_request(
        revision,
        by=stage.cast.dana,
        reason="Every tenth login answers 500; rolling forward would take two hours.",
        trigger=CHOICES["trigger"],
        choices={
            "procedure": "rollback-steps",
            "conditions": {"restore-database": "run"},
            "alternatives": {"restore-code": 0, "restore-database": 0},
            "parameters": {
                "PREVIOUS_COMMIT_SHA": "91bc4e2a77",
                "BACKUP_FILE": "/var/backups/shop_20261125_010203.sql",
            },
        },
    )
    costly(pending_request)
    questioned(pending_request)
    approvals.approve(
        pending_request, by=stage.cast.lee, snapshot_sha256=pending_request.snapshot_sha256
    )
    put = approvals.ask_question(
        pending_request, by=stage.cast.sam, text="Is the dump from before the deployment?"
    )
    approvals.answer_question(
        pending_request, question=put.seq, by=stage.cast.dana, text="From 03:00 UTC."
    )
    approvals.ask_question(pending_request, by=stage.cast.sam, text="And who tells the shops?")
    delegate_right(
        stage.environment, by=stage.cast.lee, to=stage.cast.vic, hours=72, reason="On a plane"
    )
    make.may_break_glass(stage.cast.sam)
    return World(
        stage,
        pending_request,
        ended,
        revision.plan.slug,
        without_approval(stage),
        proposed(stage),
        deployed(stage),
        watched(stage),
    )


def proposed(stage: make.Stage) -> str:
    """A plan that was read and that nobody has confirmed."""
    text = SEED.replace("User Authentication System", "Password Reset")
    text += "\n## How to deploy\n```bash\npip install shop\n```\n"
    revision = plans.import_document(
        text.encode(), by=stage.cast.dana, service=stage.service, environment=stage.environment
    )
    return revision.plan.slug


def without_approval(stage: make.Stage) -> Rollback:
    """Sam broke glass for it; it has ended, and nobody has reviewed it yet."""
    rollback = make.requested(stage)
    seen = rollback.snapshot_sha256
    reason = "Payments are down and nobody answers the phone"
    break_glass.break_glass(rollback, by=stage.cast.sam, snapshot_sha256=seen, reason=reason)
    now = timezone.now()
    Rollback.objects.filter(pk=rollback.pk).update(
        state="succeeded", started_at=now, finished_at=now
    )
    rollback.refresh_from_db()
    return rollback


def deployed(stage: make.Stage) -> Deployment:
    """Two versions, one after the other, the second failed; and a window without deployments."""
    for version, outcome in (("v2.3.0", "succeeded"), ("v2.4.0-rc.1+build.5114f85", "failed")):
        made = deployments.record_deployment(
            by=stage.cast.dana,
            service=stage.service,
            environment=stage.environment,
            version=version,
            facts=DeploymentFacts(previous_commit="91bc2f0", dump="/backup/before_v2.4.sql"),
            deployed_by="ci-bot",
            link="https://ci.example.org/runs/42",
        )
        deployments.finish_deployment(made, by=stage.cast.dana, outcome=outcome)
    document = documents.add_document(
        made, by=stage.cast.dana, data=(FAMILY / "post.md").read_bytes()
    )
    first, second = document.items.all()[:2]
    documents.answer_item(first, by=stage.cast.lee, answer="done", seen=0)
    evidence = "https://shop.example.org/api/health/deep?component=orders answers 503"
    documents.answer_item(second, by=stage.cast.dana, answer="failed", evidence=evidence, seen=0)
    now = timezone.now()
    freeze_windows.add_freeze_window(
        by=stage.cast.dana,
        environment=stage.environment,
        reason="Quarter's end: finance closes the books",
        starts_at=now,
        ends_at=now + timedelta(days=2),
    )
    overrides.override_guard(
        by=stage.cast.lee,
        service=stage.service,
        environment=stage.environment,
        version="v2.5",
        reason="Carries the fix that finance waits for",
    )
    return made


def watched(stage: make.Stage) -> Trigger:
    """Two triggers of the newest deployment: one fired and proposed, one that nobody can tell."""
    texts = {"Health checks failing after deployment": "critical", "Response time > 3s": "warning"}
    common = {"automatic": True, "kind": "http", "every": 10, "failures": 2}
    made = [
        bind_trigger(
            by=stage.cast.dana,
            service=stage.service,
            environment=stage.environment,
            fields={
                **common,
                "text": text,
                "severity": severity,
                "probe": {"url": "https://1.1.1.1/health", "seconds": 3},
            },
        )
        for text, severity in texts.items()
    ]
    begin_watches()
    for value in (0.2, 0.4, 0.3, 2.5, 4.5, 3.5):
        observed(made[0], Observation("failed" if value > 3 else "passed", f"{value} s.", value))
        observed(made[1], Observation("unknown", "The host does not answer."))
    TriggerWatch.objects.filter(trigger=made[1]).update(
        unknown_since=timezone.now() - timedelta(minutes=9)
    )
    return made[0]


def observed(trigger: Trigger, seen: Observation) -> None:
    """As a worker stores it that looked."""
    claim = uuid.uuid4()
    TriggerWatch.objects.update(due_at=None)
    trigger.watches.update(due_at=Now())
    (row,) = claim_due("default", claim, 1)
    store_observations(claim, {row.pk: seen})


def costly(rollback: Rollback) -> None:
    """Its hosts said what it would cost, in a table with as long a name as tables have."""
    table = "warehouse_inventory_adjustments_by_region.settlement_reference"
    count = Count(f"values in {table}", 1284, table=table)
    snapshot = view.snapshot_of(rollback.snapshot)
    cost.save_cost(rollback.revision, snapshot, [CostAnswers("app-1", measured=[count])])


def questioned(rollback: Rollback) -> None:
    """What its hosts are asked only with approval: some of it approved, all of it on record."""
    snapshot = view.snapshot_of(rollback.snapshot)
    pending = register_questions(rollback.revision, snapshot)
    for question in pending[:2]:
        lee = User.objects.get(username="lee")
        approve_host_question(question, by=lee, sha256=question.sha256)
    queries = queries_by_host(rollback.revision, snapshot)
    record_asking(rollback.revision, queries, why="person", by=rollback.requested_by)


def places(world: World) -> dict[str, object]:
    return {
        "plan": world.plan,
        "proposal": world.proposal,
        "asked": world.pending_request.pk,
        "ended": world.ended.pk,
        "glass": world.glass.pk,
        "dana": world.stage.cast.dana.pk,
        "host": world.stage.host.pk,
        "deployment": world.deployment.pk,
        "trigger": world.trigger.pk,
    }
