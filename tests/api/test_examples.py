"""The pipelines in docs/examples: their shell parts, run against a server."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.utils import timezone

from rollback_console.deployments.actions import freeze_windows
from rollback_console.deployments.models import Deployment
from rollback_console.deployments.pipeline_events import parse_event
from rollback_console.local.options import ROOT
from rollback_console.plans.models import Plan
from rollback_console.rollbacks.actions import pins
from tests import make
from tests.make import Stage

EXAMPLES = ROOT / "docs/examples"
SHA = "4f2c" * 10
BEFORE = "91bc" * 10
Run = Callable[..., subprocess.CompletedProcess[str]]


def github() -> list[str]:
    steps = yaml.safe_load((EXAMPLES / "github-actions.yml").read_text())["jobs"]["deploy"]["steps"]
    return [step["run"] for step in steps if "run" in step]


def gitlab() -> list[str]:
    job = yaml.safe_load((EXAMPLES / "gitlab-ci.yml").read_text())["deploy"]
    return [*job["script"], *job["after_script"]]


def jenkins() -> list[str]:
    """Groovy reads a doubled backslash within three quotes as one."""
    text = (EXAMPLES / "Jenkinsfile").read_text()
    return [part.replace("\\\\", "\\") for part in re.findall(r"sh '''(.*?)'''", text, re.S)]


LINK = "https://ci.example.org/runs/7"
# What each calls the commit and the one that is deployed now, and how it says that it went well.
PIPELINES = {
    "github": (
        github,
        {
            "GITHUB_SHA": SHA,
            "BEFORE": BEFORE,
            "GITHUB_RUN_ID": "7",
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_ACTOR": "mallory",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": "acme/checkout",
        },
        ("RESULT", "success"),
    ),
    "gitlab": (
        gitlab,
        {
            "CI_COMMIT_SHA": SHA,
            "CI_COMMIT_BEFORE_SHA": BEFORE,
            "CI_JOB_ID": "7",
            "GITLAB_USER_LOGIN": "mallory",
            "CI_JOB_URL": LINK,
        },
        ("CI_JOB_STATUS", "success"),
    ),
    "jenkins": (
        jenkins,
        {
            "GIT_COMMIT": SHA,
            "GIT_PREVIOUS_SUCCESSFUL_COMMIT": BEFORE,
            "BUILD_TAG": "deploy-7",
            "BUILD_URL": LINK,
        },
        ("RESULT", "SUCCESS"),
    ),
}
ASKING, RECORDING, ENDING = 0, 1, -1


@pytest.fixture(params=PIPELINES)
def run(request: Any, stage: Stage, live_server: Any, tmp_path: Path) -> Run:
    """Run one part of a pipeline, for a deployment that went well or did not."""
    parts, names, (status, well) = PIPELINES[request.param]
    _, secret = make.token(stage.cast.dana, name="pipe", scopes=("read", "plans"), days=1)
    (tmp_path / "ROLLBACK.md").write_text(make.PLAN.replace("echo restoring", "git checkout X"))
    settings = {
        "PATH": os.environ["PATH"],
        "CONSOLE_URL": live_server.url,
        "CONSOLE_TOKEN": secret,
        "SERVICE": "checkout",
        "ENVIRONMENT": "staging",
        **names,
    }
    (before,) = [name for name, value in names.items() if value == BEFORE]

    def part(
        number: int, was: str = BEFORE, *, went_well: bool = True
    ) -> subprocess.CompletedProcess[str]:
        words = ["sh", "-c", parts()[number]]
        env = {**settings, before: was, status: well if went_well else "failure"}
        return subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True)

    return part


def test_a_commit_that_nobody_pinned_may_pass(run: Run) -> None:
    done = run(ASKING)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_pinned_commit_stops_the_pipeline_and_says_why(run: Run, stage: Stage) -> None:
    pins.pin(stage.service, version=SHA, by=stage.cast.dana, reason="Loses orders")
    done = run(ASKING)
    assert done.returncode == 1
    assert SHA in done.stdout
    assert "Loses orders" in done.stdout


def test_a_freeze_of_the_environment_stops_the_pipeline(run: Run, stage: Stage) -> None:
    begins = timezone.now() - timedelta(hours=1)
    freeze_windows.add_freeze_window(
        environment=stage.environment,
        by=stage.cast.dana,
        reason="Quarter end",
        starts_at=begins,
        ends_at=begins + timedelta(days=1),
    )
    done = run(ASKING)
    assert (done.returncode, "Quarter end" in done.stdout) == (1, True)


def test_the_deployment_is_recorded_with_its_plan_and_the_commit_before(run: Run) -> None:
    done = run(RECORDING)
    assert done.returncode == 0, done.stdout + done.stderr
    deployment = Deployment.objects.get()
    assert done.stdout == f"Deployment {deployment.pk}\n"
    assert (deployment.version, deployment.state) == (SHA, "running")
    assert deployment.link.startswith("https://")
    assert deployment.facts["previous_commit"] == BEFORE
    assert deployment.plan == Plan.objects.get()
    assert run(RECORDING).stdout == done.stdout
    assert Deployment.objects.count() == 1


@pytest.mark.parametrize("was", ["", "0" * 40, SHA])
def test_what_is_no_commit_before_is_not_recorded(run: Run, was: str) -> None:
    done = run(RECORDING, was)
    assert done.returncode == 0, done.stdout + done.stderr
    assert Deployment.objects.get().facts["previous_commit"] == ""


@pytest.mark.parametrize(("well", "state"), [(True, "succeeded"), (False, "failed")])
def test_the_pipeline_says_how_it_ended(run: Run, well: bool, state: str) -> None:
    run(RECORDING)
    done = run(ENDING, went_well=well)
    assert done.returncode == 0, done.stdout + done.stderr
    assert Deployment.objects.get().state == state


def test_a_console_that_refuses_stops_the_pipeline(run: Run, stage: Stage) -> None:
    stage.cast.dana.is_active = False
    stage.cast.dana.save()
    for part in (ASKING, RECORDING):
        assert run(part).returncode != 0


@pytest.mark.parametrize("state", ["running", "succeeded", "failed"])
def test_what_argo_cd_sends_is_read_as_the_end_of_one_deployment(state: str) -> None:
    data = yaml.safe_load((EXAMPLES / "argocd-notifications.yml").read_text())["data"]
    template = yaml.safe_load(data[f"template.console-{state}"])["webhook"]["rollback-console"]
    (trigger,) = yaml.safe_load(data[f"trigger.on-console-{state}"])
    assert trigger["send"] == [f"console-{state}"]
    body = re.sub(r"\{\{\.([\w.]+)\}\}", lambda field: ARGO[field[1]], template["body"])
    event = parse_event("deployments", body.encode())
    assert event is not None
    assert (event.number, event.state) == ("checkout 2026-11-30T09:40:00Z", state)
    assert (event.service, event.environment, event.version) == ("checkout", "staging", SHA)


ARGO = {
    "app.metadata.name": "checkout",
    "app.metadata.labels.environment": "staging",
    "app.status.operationState.startedAt": "2026-11-30T09:40:00Z",
    "app.status.operationState.operation.sync.revision": SHA,
    "context.argocdUrl": "https://argocd.example.org",
}
