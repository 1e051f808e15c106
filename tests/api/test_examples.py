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

from rollback_console.access import tokens
from rollback_console.local.options import ROOT
from rollback_console.plans.models import Plan
from rollback_console.rollbacks import services
from tests import make
from tests.make import Stage

EXAMPLES = ROOT / "docs/examples"
SHA = "4f2c" * 10
BEFORE = "91bc" * 10
Run = Callable[[int], subprocess.CompletedProcess[str]]


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
    "github": (github, {"GITHUB_SHA": SHA, "BEFORE": BEFORE}),
    "gitlab": (gitlab, {"CI_COMMIT_SHA": SHA, "CI_COMMIT_BEFORE_SHA": BEFORE}),
    "jenkins": (jenkins, {"GIT_COMMIT": SHA, "GIT_PREVIOUS_SUCCESSFUL_COMMIT": BEFORE}),
}


@pytest.fixture(params=PIPELINES)
def run(request: Any, stage: Stage, live_server: Any, tmp_path: Path) -> Run:
    """Run a pipeline's first part (asking) or its second (handing over)."""
    parts, names = PIPELINES[request.param]
    _, secret = tokens.create(stage.cast.dana, name="pipe", scopes=("read", "request"), days=1)
    (tmp_path / "ROLLBACK.md").write_text(make.PLAN.replace("echo restoring", "git checkout X"))
    settings = {
        "PATH": os.environ["PATH"],
        "CONSOLE_URL": live_server.url,
        "CONSOLE_TOKEN": secret,
        "SERVICE": "checkout",
        "ENVIRONMENT": "staging",
        **names,
    }
    return lambda number: subprocess.run(
        ["sh", "-c", parts()[number]], cwd=tmp_path, env=settings, capture_output=True, text=True
    )


def test_a_commit_that_nobody_pinned_may_pass(run: Run) -> None:
    done = run(0)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_pinned_commit_stops_the_pipeline_and_says_why(run: Run, stage: Stage) -> None:
    services.pin(stage.service, version=SHA, by=stage.cast.dana, reason="Loses orders")
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


def test_a_console_that_refuses_stops_the_pipeline(run: Run, stage: Stage) -> None:
    stage.cast.dana.is_active = False
    stage.cast.dana.save()
    for part in (0, 1):
        assert run(part).returncode != 0
