"""What the head of a plan says for the console alone."""

from __future__ import annotations

import pytest

from rollback_console import documents
from rollback_console.documents.plan_config import PlanConfig, RunsOn, read_plan_config

STEPS = "\n# Plan\n\n## Rollback Steps\n\n### Step 1: Stop\n```bash\nls\n```\n"


def head(text: str) -> PlanConfig:
    return read_plan_config(documents.read(f"---\n{text}\n---\n{STEPS}"))


def test_a_plan_without_a_head_asks_for_nothing() -> None:
    assert read_plan_config(documents.read(STEPS)) == PlanConfig()


def test_a_whole_head_is_read() -> None:
    config = head(
        "measures:\n"
        "  - {what: calls since deployment, run: count-calls, hosts: app, cwd: /srv/app}\n"
        "database: {kind: mariadb, name: shop, folder: /var/backups, hosts: db}\n"
        "checks:\n"
        '  - {check: Health page, http: "http://127.0.0.1/h", status: 200, holds: "1.4"}\n'
        "  - {check: No errors, log: shop.service, without: 'ERROR|Traceback'}\n"
        "  - {check: Connections, command: count, at_least: 1, at_most: 50}\n"
        "settle: 2m"
    )
    assert config.problems == ()
    (measure,) = config.measures
    assert (measure.what, measure.runs_on) == (
        "calls since deployment",
        RunsOn(hosts="app", cwd="/srv/app"),
    )
    assert config.dump is not None
    assert (config.dump.kind, config.dump.runs_on.hosts) == ("mariadb", "db")
    assert [(each.kind, each.status, each.at_most) for each in config.checks] == [
        ("http", 200, None),
        ("log", 0, None),
        ("command", 0, 50),
    ]
    assert config.checks[1].without == ("ERROR", "Traceback")
    assert config.settle == 120


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("measures: 3", "is a list"),
        ("measures: [{what: calls}]", "needs what it counts"),
        ("database: shop", "needs names and values"),
        ("database: {kind: oracle, name: x, folder: /b}", "kind is one of"),
        ("database: {kind: mariadb, name: shop, folder: backups}", "whole path"),
        ("checks: [{check: a, http: b, log: c}]", "looks at one of"),
        ("settle: soon", "is a time"),
        ("settle: 3h", "is a time"),
    ],
)
def test_what_is_not_understood_is_said_and_becomes_a_finding(text: str, part: str) -> None:
    assert part in head(text).problems[0]
    findings = documents.read(f"---\n{text}\n---\n{STEPS}").findings
    assert any(each.code == "front-matter" and part in each.message for each in findings)
