"""The pipelines in docs/examples: their shell parts, run against a server."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

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
    return list(job["script"])


def jenkins() -> list[str]:
    """Groovy reads a doubled backslash within three quotes as one."""
    text = (EXAMPLES / "Jenkinsfile").read_text()
    return [part.replace("\\\\", "\\") for part in re.findall(r"sh '''(.*?)'''", text, re.S)]


# What each calls the commit, and the one that is deployed now.
PIPELINES = {
    "github": (
        github,
        {"GITHUB_SHA": SHA, "BEFORE": BEFORE, "GITHUB_RUN_ID": "7", "GITHUB_RUN_ATTEMPT": "1"},
    ),
    "gitlab": (gitlab, {"CI_COMMIT_SHA": SHA, "CI_COMMIT_BEFORE_SHA": BEFORE, "CI_JOB_ID": "7"}),
    "jenkins": (
        jenkins,
        {"GIT_COMMIT": SHA, "GIT_PREVIOUS_SUCCESSFUL_COMMIT": BEFORE, "BUILD_TAG": "deploy-7"},
    ),
}


@pytest.fixture(params=PIPELINES)
def run(request: Any, stage: Stage, live_server: Any, tmp_path: Path) -> Run:
    """Run a pipeline's first part (asking) or its second (handing over)."""
    parts, names = PIPELINES[request.param]
    _, secret = make.token(
        stage.cast.dana, name="pipe", scopes=("read", "plans", "request"), days=1
    )
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

    def part(number: int, was: str = BEFORE) -> subprocess.CompletedProcess[str]:
        words = ["sh", "-c", parts()[number]]
        env = {**settings, before: was}
        return subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True)

    return part


def test_a_commit_that_nobody_pinned_may_pass(run: Run) -> None:
    done = run(0)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_pinned_commit_stops_the_pipeline_and_says_why(run: Run, stage: Stage) -> None:
    pins.pin(stage.service, version=SHA, by=stage.cast.dana, reason="Loses orders")
    done = run(0)
    assert (done.returncode, done.stdout) == (1, f"{SHA} must not be deployed: Loses orders\n")


def test_the_plan_is_handed_over_with_the_commit_before(run: Run) -> None:
    done = run(1)
    assert done.returncode == 0, done.stdout + done.stderr
    plan = Plan.objects.get()
    newest = plan.revisions.order_by("-number")[0]
    assert done.stdout == f"Plan {plan.slug}, revision {newest.number}\n"
    assert newest.bindings["facts"] == {"PREVIOUS_COMMIT_SHA": BEFORE}
    assert run(1).stdout == done.stdout
    assert plan.revisions.count() == newest.number


@pytest.mark.parametrize("was", ["", "0" * 40, SHA])
def test_what_is_no_commit_before_is_not_handed_over(run: Run, was: str) -> None:
    done = run(1, was)
    assert done.returncode == 0, done.stdout + done.stderr
    newest = Plan.objects.get().revisions.order_by("-number")[0]
    assert newest.bindings.get("facts", {}) == {}


def test_a_console_that_refuses_stops_the_pipeline(run: Run, stage: Stage) -> None:
    stage.cast.dana.is_active = False
    stage.cast.dana.save()
    for part in (0, 1):
        assert run(part).returncode != 0
