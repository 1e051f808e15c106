"""A pipeline records its deployment from a terminal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rollback_console.deployments.models import Deployment
from tests import make
from tests.live.rows import Rows
from tests.live.servers import ROOT, Console

from .conftest import said


def test_a_deployment_that_ended_is_on_record(web: Console, rows: Rows, tmp_path: Path) -> None:
    stage = rows.do(make.stage)
    _, secret = rows.do(make.token, stage.cast.dana, name="ci", scopes=("plans",))
    token_file = tmp_path / "token"
    token_file.write_text(secret)
    plan = tmp_path / "ROLLBACK.md"
    plan.write_text(make.PLAN)
    argv = ["checkout", "staging", "v2", "--failed", "--previous-commit", "91bc2f0"]
    code, out, err = said(_deployed(web, token_file, *argv, "--document", str(plan)))
    made = rows.do(lambda: Deployment.objects.select_related("plan").get())
    sentence = f"Deployment {made.pk} of v2 to staging is on record.\n"
    assert (code, out, err) == (0, sentence, "")
    assert (made.state, made.facts["previous_commit"]) == ("failed", "91bc2f0")
    assert made.plan and made.plan.title == "Checkout 2"


def test_what_cannot_be_recorded_is_a_sentence(web: Console, token_file: Path) -> None:
    code, out, err = said(_deployed(web, token_file, "chekout", "staging", "v2"))
    assert (code, out) == (1, "")
    assert "There is no service chekout." in err
    code, _, err = said(_deployed(web, token_file, "a", "b", "c", "--document", "/nowhere"))
    assert (code, err.startswith("/nowhere cannot be read")) == (1, True)


def _deployed(web: Console, token_file: Path, *argv: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "rollback_console", "deployed", *argv]
    command += ["--server", web.url, "--token-file", str(token_file)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True)
