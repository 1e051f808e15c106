"""The seed's plan against a real service: what works, what only seems to, and its correction."""

from __future__ import annotations

import pytest

from rollback_console import documents
from rollback_console.documents.edit.writer import apply_fix
from rollback_console.plans import document_cache
from rollback_console.plans.actions import plans
from tests import make
from tests.hosts.console import (
    BINDINGS,
    CODE,
    DUMP,
    FROM_DUMP,
    PASSWORD,
    REVERSED,
    SEED,
    asked,
    columns,
    drive,
    dumped,
    health,
    let_through,
    log_of,
    pass_all_checks,
    run_of,
    seed_choices,
    staged,
    told,
)
from tests.hosts.machines import Host

pytestmark = [pytest.mark.hosts, pytest.mark.django_db(transaction=True)]


def test_the_seed_puts_a_broken_service_back_from_its_dump(target: Host) -> None:
    stage = staged([target])
    assert health(target)[0] == 500
    rollback = asked(stage, make.plan(stage, SEED, **BINDINGS), **seed_choices(FROM_DUMP))
    let_through(drive(rollback), stage)
    assert health(target)[0] == 502, "the gate opens while the service is stopped"
    rollback = drive(rollback)
    assert rollback.state == "verifying", told(rollback)
    assert health(target) == (200, {"release": 1, "agents": 3})
    assert dumped(target) == target.sh(f"cat {CODE}/{DUMP}")
    assert "Ran 2 tests" in log_of(rollback, 5)
    assert '"release": 1' in log_of(rollback, 5)
    assert PASSWORD not in told(rollback)
    pass_all_checks(rollback, stage)
    assert drive(rollback).state == "succeeded"


def test_what_it_did_is_what_systemd_saw(target: Host) -> None:
    stage = staged([target])
    unit = "gunicorn-iact-staging"
    before = target.sh(f"systemctl show -P InvocationID {unit}")
    reloads = target.sh("journalctl -q -u nginx -o cat | grep -c Reloaded || true")
    rollback = asked(stage, make.plan(stage, SEED, **BINDINGS), **seed_choices(FROM_DUMP))
    let_through(drive(rollback), stage)
    assert target.sh(f"systemctl is-active {unit} || true") == "inactive\n"
    assert drive(rollback).state == "verifying", told(rollback)
    assert target.sh(f"systemctl is-active {unit} nginx mariadb").split() == ["active"] * 3
    assert target.sh(f"systemctl show -P InvocationID {unit}") != before
    after = target.sh("journalctl -q -u nginx -o cat | grep -c Reloaded || true")
    assert int(after) == int(reloads) + 1


def test_reversing_after_the_checkout_ends_well_and_reverses_nothing(target: Host) -> None:
    stage = staged([target])
    revision = make.plan(stage, SEED, **BINDINGS)
    codes = {finding.code for finding in document_cache.document(revision).findings}
    assert "reversal-after-checkout" in codes
    rollback = asked(stage, revision, **seed_choices(REVERSED))
    let_through(drive(rollback), stage)
    assert drive(rollback).state == "verifying", told(rollback)
    reversal = run_of(rollback, 3)
    assert (reversal.state, reversal.exit_code) == ("succeeded", 0)
    assert "No migrations to apply" in log_of(rollback, 3)
    assert columns(target) == ["id", "name", "badge"]
    assert health(target)[0] == 200, "healthy, and yet no agent can be added any more"
    added = target.sh("curl -s -o /dev/null -w '%{http_code}' -d name=New localhost/api/agents")
    assert added == "500"


def test_the_plan_with_every_fix_taken_really_reverses_the_migration(target: Host) -> None:
    stage = staged([target])
    original = make.plan(stage, SEED, **BINDINGS)
    text = corrected(SEED)
    revision = make.revised(original.plan, text, stage.cast.ada)
    bindings = {**BINDINGS, "steps": {**BINDINGS["steps"], "verify-rollback": {"cwd": CODE}}}
    revision = plans.bind_steps(revision, by=stage.cast.ada, bindings=bindings)
    defaults = {"MYSQL_DEFAULTS_FILE": "/etc/iact/database.cnf"}
    rollback = asked(stage, revision, **seed_choices(REVERSED, **defaults))
    let_through(drive(rollback), stage)
    rollback = drive(rollback)
    assert rollback.state == "verifying", told(rollback)
    assert "Unapplying agents.0002_agent_badge... OK" in log_of(rollback, 2)
    assert columns(target) == ["id", "name"]
    assert health(target) == (200, {"release": 1, "agents": 4})
    kept = target.sh(f"cat {CODE}/before_rollback_*.sql")
    assert "`badge`" in kept
    assert "Since-Deployment" in kept
    added = target.sh("curl -s -o /dev/null -w '%{http_code}' -d name=New localhost/api/agents")
    assert added == "200"


def corrected(text: str) -> str:
    """The plan after a person took every ready fix the console offers."""
    for _ in range(20):
        document = documents.read(text)
        fixable = next((each for each in document.findings if each.fix), None)
        if fixable is None:
            return text
        text = apply_fix(document, fixable)
    raise AssertionError("Its fixes never end.")
