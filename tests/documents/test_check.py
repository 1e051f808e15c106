"""Plans checked where they live, without a console."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from rollback_console.documents.check import check_file, exit_code, format_checks

CLEAN = """\
---
plan: 1
---

# Checkout 2

## Rollback Decision

### When to Rollback

- Health checks failing

### Decision Maker

- **Primary**: Deploy Lead

## Procedure: Rollback

### Step 1: Stop

```bash hosts=app
systemctl stop shop
```

## Rollback Verification

### Critical Checks

- [ ] User can log in
"""
PROPOSAL = """\
# Rollback Plan

## When to Rollback
- Health checks failing

## Decision Maker
- Deploy Lead

## Rollback Steps

### Step 1: Stop
```bash hosts=app
systemctl stop shop
```

## Verification
- [ ] User can log in
"""


def written(folder: Path, text: str | bytes, name: str = "ROLLBACK.md") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_canonical_and_clean_plan_exits_with_0(tmp_path: Path) -> None:
    check = check_file(written(tmp_path, CLEAN))
    assert (check.code, check.canonical, check.findings) == (0, True, ())


@pytest.mark.parametrize(
    ("text", "code", "finding", "line"),
    [
        (PROPOSAL, 1, "not-canonical", 1),
        (CLEAN.replace("Step 1: Stop", "Stop"), 1, "not-canonical", 19),
        (CLEAN.replace("systemctl stop", "mysql -p$PW -e"), 1, "password", 22),
        (b"\0", 2, "unreadable", 1),
        (b"x" * 300_000, 2, "unreadable", 1),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, text: str | bytes, code: int, finding: str, line: int
) -> None:
    check = check_file(written(tmp_path, text))
    assert check.code == code
    assert any(finding in one.code and one.line == line for one in check.findings), check


def test_a_file_that_is_not_there_is_unreadable(tmp_path: Path) -> None:
    assert check_file(tmp_path / "none.md").code == 2


def test_the_worst_file_decides(tmp_path: Path) -> None:
    checks = [check_file(written(tmp_path, each)) for each in (CLEAN, b"\0", PROPOSAL)]
    assert exit_code(checks) == 2


def test_a_clean_proposal_is_written_in_canonical_form(tmp_path: Path) -> None:
    path = written(tmp_path, PROPOSAL)
    assert check_file(path, write=True).code == 0
    assert path.read_text().startswith("---\nplan: 1\n")
    untidy = written(tmp_path, CLEAN.replace("\n\n", "\n\n\n"))
    assert check_file(untidy, write=True).code == 0
    assert untidy.read_text() == CLEAN


def test_what_is_left_out_is_written_too(tmp_path: Path) -> None:
    path = written(tmp_path, f"{PROPOSAL}\n## How to deploy\n```bash\npip install shop\n```\n")
    check_file(path, write=True)
    assert path.read_text().count("pip install shop") == 1
    assert "<summary>belongs to the deployment</summary>" in path.read_text()


def test_a_text_with_a_misspelled_guard_is_not_rewritten(tmp_path: Path) -> None:
    text = PROPOSAL.replace("hosts=app", "hosts=app gaet")
    path = written(tmp_path, text)
    assert check_file(path, write=True).code == 1
    assert path.read_text() == text


def test_findings_are_told_as_text_json_and_annotations(tmp_path: Path) -> None:
    check = check_file(written(tmp_path, PROPOSAL, "a,b.md"))
    assert "a,b.md:1: error: This plan is not in canonical form" in format_checks([check], "text")
    (file,) = json.loads(format_checks([check], "json"))
    assert (file["code"], file["canonical"]) == (1, False)
    assert file["findings"][0]["code"] == "not-canonical"
    first = format_checks([check], "github").splitlines()[0]
    assert first.startswith("::error file=")
    assert "a%2Cb.md,line=1,title=not-canonical::This plan" in first


def test_the_command_needs_no_console(tmp_path: Path) -> None:
    path = written(tmp_path, PROPOSAL)
    argv = [sys.executable, "-m", "rollback_console", "check", "--format", "json", str(path)]
    environment = {"PATH": "/usr/bin", "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}
    run = subprocess.run(argv, capture_output=True, env=environment, check=False)
    assert run.returncode == 1, run.stderr
    assert json.loads(run.stdout)[0]["findings"]


def test_manage_py_knows_it_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command("check_plan", str(written(tmp_path, PROPOSAL)))
    assert ended.value.code == 1
    assert "not-canonical" in capsys.readouterr().out
