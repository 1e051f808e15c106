"""What is recorded of a deployment, what runs where after it, and who decides about it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from rollback_console.audit.integrity.row_comparison import configuration_row_flaws
from rollback_console.audit.models import ConfigurationEvent
from rollback_console.deployments.actions import deployments
from rollback_console.deployments.models import Deployment
from rollback_console.deployments.running import (
    running_version,
    running_versions,
    versions_to_return_to,
)
from rollback_console.plans.models import Service
from rollback_console.plans.snapshot.deployment_facts import DeploymentFacts
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.make import Stage


def begin(stage: Stage, version: str, by: User | None = None, **fields: Any) -> Deployment:
    return deployments.record_deployment(
        by=by or stage.cast.dana,
        service=stage.service,
        environment=stage.environment,
        version=version,
        facts=fields.pop("facts", DeploymentFacts()),
        **fields,
    )


def deploy(stage: Stage, version: str, outcome: str = "succeeded") -> Deployment:
    made = begin(stage, version)
    return deployments.finish_deployment(made, by=stage.cast.dana, outcome=outcome)


def undo(stage: Stage, deployment: Deployment, state: str) -> Rollback:
    """A rollback because of it, ended in `state`."""
    revision = make.plan(stage)
    made = deployments.request_rollback(
        deployment, by=stage.cast.dana, revision=revision, reason="Slow", choices={}
    )
    now = timezone.now()
    Rollback.objects.filter(pk=made.pk).update(state=state, started_at=now, finished_at=now)
    return made


def shown(stage: Stage) -> str:
    version = running_version(stage.service, stage.environment)
    return version.version if version else "nothing"


def test_nothing_is_known_before_the_first_deployment_ended(stage: Stage) -> None:
    begin(stage, "v1")
    assert running_version(stage.service, stage.environment) is None


@pytest.mark.parametrize("field", ["version", "commit", "deployed_by", "link"])
def test_no_deployment_is_recorded_under_words_that_hide_characters(
    stage: Stage, field: str
) -> None:
    fields: dict[str, Any] = {"version": "v2", field: "v2\u202e1v"}
    with pytest.raises(Refused, match="characters that nobody sees"):
        begin(stage, fields.pop("version"), **fields)
    assert not Deployment.objects.exists()


def test_what_was_deployed_last_runs_and_what_ran_before_is_noted(stage: Stage) -> None:
    deploy(stage, "v1")
    second = deploy(stage, "v2")
    assert (shown(stage), second.previous_version) == ("v2", "v1")
    assert versions_to_return_to(stage.service, stage.environment) == ["v1"]


def test_after_a_failed_deployment_nobody_can_tell_what_runs(stage: Stage) -> None:
    deploy(stage, "v1")
    deploy(stage, "v2", "failed")
    version = running_version(stage.service, stage.environment)
    assert version
    assert (version.version, version.deployment) == ("", Deployment.objects.get(version="v2"))
    assert "nobody can tell which version runs" in version.problem
    assert begin(stage, "v3").previous_version == ""
    assert versions_to_return_to(stage.service, stage.environment) == ["v1"]


def test_a_rollback_that_succeeded_brings_the_version_before(stage: Stage) -> None:
    deploy(stage, "v1")
    rollback = undo(stage, deploy(stage, "v2"), "succeeded")
    version = running_version(stage.service, stage.environment)
    assert version and (version.version, version.rollback) == ("v1", rollback)
    assert begin(stage, "v3").previous_version == "v1"


@pytest.mark.parametrize("state", ["failed", "aborted"])
def test_a_rollback_that_stopped_partway_leaves_a_version_nobody_knows(
    stage: Stage, state: str
) -> None:
    deploy(stage, "v1")
    undo(stage, deploy(stage, "v2"), state)
    (version,) = running_versions(stage.service)
    assert version.version == ""
    assert "partway" in version.problem


def test_another_service_has_its_own_version(stage: Stage) -> None:
    deploy(stage, "v1")
    other = Service.objects.create(slug="basket", name="Basket")
    assert running_versions(other) == []


def test_the_end_is_said_once_and_cannot_change(stage: Stage) -> None:
    made = deploy(stage, "v1")
    deployments.finish_deployment(made, by=stage.cast.dana, outcome="succeeded")
    with pytest.raises(Refused, match="succeeded already"):
        deployments.finish_deployment(made, by=stage.cast.dana, outcome="failed")
    assert ConfigurationEvent.objects.filter(kind="deployment.finished").count() == 1


def test_whether_a_rollback_is_needed_is_decided_once(stage: Stage) -> None:
    made = deploy(stage, "v1")
    deployments.close_deployment(made, by=stage.cast.dana, reason="All green after an hour")
    assert (made.decision, made.decided_by) == ("no", stage.cast.dana)
    with pytest.raises(Refused, match="already"):
        undo(stage, made, "succeeded")
    assert not Rollback.objects.exists(), "a decision that came too late opens nothing"


def test_no_without_what_was_seen_is_refused(stage: Stage) -> None:
    with pytest.raises(Refused, match="Say what you saw"):
        deployments.close_deployment(deploy(stage, "v1"), by=stage.cast.dana, reason=" ")


def test_a_plan_of_another_service_takes_nothing_back(stage: Stage) -> None:
    made = deploy(stage, "v1")
    revision = make.plan(stage)
    other = Service.objects.create(slug="basket", name="Basket")
    type(revision.plan).objects.filter(pk=revision.plan_id).update(service=other)
    revision.plan.refresh_from_db()
    with pytest.raises(Refused, match="Choose one for Checkout in STAGING"):
        deployments.request_rollback(
            made, by=stage.cast.dana, revision=revision, reason="Slow", choices={}
        )


def test_the_only_plan_takes_it_back(stage: Stage) -> None:
    revision = make.plan(stage)
    assert begin(stage, "v1").plan == revision.plan


def test_a_viewer_records_nothing_and_decides_nothing(stage: Stage) -> None:
    with pytest.raises(Refused, match="Ask an operator"):
        begin(stage, "v1", by=stage.cast.vic)
    made = deploy(stage, "v1")
    with pytest.raises(Refused, match="Ask an operator"):
        deployments.close_deployment(made, by=stage.cast.vic, reason="Fine")
    with pytest.raises(Refused, match="Ask an operator"):
        deployments.finish_deployment(made, by=stage.cast.vic, outcome="failed")


def test_every_act_is_on_record_and_a_changed_row_is_noticed(stage: Stage) -> None:
    deploy(stage, "v1")
    undo(stage, deploy(stage, "v2"), "succeeded")
    kinds = ConfigurationEvent.objects.filter(kind__startswith="deployment.")
    assert list(kinds.order_by("seq").values_list("kind", flat=True)) == [
        *("deployment.recorded", "deployment.finished"),
        *("deployment.recorded", "deployment.finished", "deployment.decided"),
    ]
    assert _deployments_in_doubt() == []
    Deployment.objects.filter(version="v2").update(previous_version="v0")
    (problem,) = _deployments_in_doubt()
    assert "the previous version of the deployment Checkout v2" in problem


def _deployments_in_doubt() -> list[str]:
    return [each.what for each in configuration_row_flaws({}) if "deployment" in each.what]
