"""A deployment that is watched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now
from pytest_django import Settings

from rollback_console.deployments.actions import deployments
from rollback_console.deployments.models import Deployment
from rollback_console.plans.snapshot.deployment_facts import DeploymentFacts
from rollback_console.watch import shift
from rollback_console.watch.actions import triggers, watches
from rollback_console.watch.models import Trigger, TriggerWatch, ZoneShift
from tests import make
from tests.make import Stage

from .servers import Service, serving


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    settings.MESSAGES_ALLOW = ["127.0.0.0/8"]
    with serving() as seen:
        yield seen


def bind(stage: Stage, text: str = "Health check fails", **fields: Any) -> Trigger:
    """A trigger that dana binds, on an HTTP check unless `kind` says otherwise."""
    given = {
        "text": text,
        "severity": "critical",
        "automatic": True,
        "kind": "http",
        "every": 10,
        "failures": 2,
        **fields,
    }
    return triggers.bind_trigger(
        by=stage.cast.dana, service=stage.service, environment=stage.environment, fields=given
    )


def deploy(stage: Stage, version: str = "v2") -> Deployment:
    made = deployments.record_deployment(
        by=stage.cast.dana,
        service=stage.service,
        environment=stage.environment,
        version=version,
        facts=DeploymentFacts(previous_commit="91bc2f0"),
    )
    return deployments.finish_deployment(made, by=stage.cast.dana, outcome="succeeded")


def look(times: int = 1) -> TriggerWatch:
    """Everything looked at that often, as a worker would, without waiting for it to be due."""
    watches.begin_watches()
    for _ in range(times):
        TriggerWatch.objects.filter(due_at__isnull=False).update(due_at=Now())
        row, _ = ZoneShift.objects.get_or_create(zone="default")
        shift.take_turn(row.pk, seconds=0)
    return TriggerWatch.objects.latest("pk")


def pass_time(delta: timedelta) -> None:
    """Let the deployments be that much older."""
    Deployment.objects.update(
        started_at=F("started_at") - delta, finished_at=F("finished_at") - delta
    )


@pytest.fixture
def watched(stage: Stage, service: Service) -> Trigger:
    """Version v2 over v1, whose health page is watched and whose plan takes it back."""
    make.plan(stage)
    trigger = bind(stage, probe={"url": f"{service.url}/health"})
    deploy(stage, "v1")
    deploy(stage, "v2")
    return trigger
