"""The seed's plan on three hosts at once, with the network of one cut while it restores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.hosts.console import (
    BINDINGS,
    CODE,
    DUMP,
    FROM_DUMP,
    SEED,
    asked,
    await_run,
    drive,
    driving,
    dumped,
    health,
    let_through,
    log_of,
    pass_all_checks,
    seed_choices,
    staged,
    told,
)
from tests.hosts.machines import PATIENCE, Host, Machines
from tests.toolbox.waiting import until

pytestmark = [pytest.mark.hosts, pytest.mark.django_db(transaction=True)]

RESTORE = 3


def test_three_hosts_go_back_at_once_though_one_is_cut_off_while_it_restores(
    machines: Machines, three_targets: list[Host]
) -> None:
    stage = staged(three_targets)
    cut = three_targets[1]
    rollback = asked(stage, make.plan(stage, SEED, **BINDINGS), **seed_choices(FROM_DUMP))
    let_through(drive(rollback), stage)
    with table_in_use(cut), driving(rollback):
        until(lambda: restoring(cut), seconds=PATIENCE, details=lambda: told(rollback))
        machines.partition(cut)
        try:
            await_run(rollback, position=RESTORE, host=cut.name, unreachable_since__isnull=False)
            assert restoring(cut), "what runs there goes on"
            await_run(rollback, position=RESTORE, host="app-1", state="succeeded")
            await_run(rollback, position=RESTORE, host="app-3", state="succeeded")
            let_go(cut)
            until(lambda: not restoring(cut), seconds=PATIENCE, details=lambda: told(rollback))
            assert not begun(rollback, RESTORE + 1), "nobody knows yet how it ended"
        finally:
            machines.heal(cut)
    assert rollback.state == "verifying", told(rollback)
    assert_all_went_back(rollback, three_targets)
    assert_only_this_one_was_away(rollback, cut)
    pass_all_checks(rollback, stage)
    assert drive(rollback).state == "succeeded"


def assert_all_went_back(rollback: Rollback, hosts: list[Host]) -> None:
    for host in hosts:
        assert health(host) == (200, {"release": 1, "agents": 3})
        assert dumped(host) == host.sh(f"cat {CODE}/{DUMP}")
        assert "Ran 2 tests" in log_of(rollback, 5, host.name)
    runs = rollback.runs.values_list("position", "host", "attempt", "state")
    assert sorted(runs) == [
        (position, host.name, 1, "succeeded") for position in range(1, 6) for host in hosts
    ]


def assert_only_this_one_was_away(rollback: Rollback, host: Host) -> None:
    for kind in ("host.unreachable", "host.back"):
        facts = rollback.events.filter(kind=kind).values_list("facts", flat=True)
        assert [(each["host"], each["position"]) for each in facts] == [(host.name, RESTORE)]


@contextmanager
def table_in_use(host: Host) -> Iterator[None]:
    """Somebody reads the table, and whoever wants to drop it waits for them."""
    hold = "LOCK TABLES agents_agent READ; SELECT SLEEP(3600)"
    host.sh(f"systemd-run -q --unit hold mysql iact_staging -e '{hold}'")
    until(lambda: in_state(host, "User sleep"), seconds=PATIENCE, details=host.console)
    try:
        yield
    finally:
        let_go(host)


def let_go(host: Host) -> None:
    for number in in_state(host, "User sleep"):
        host.sh(f"mysql -e 'KILL {number}'")


def restoring(host: Host) -> bool:
    return bool(in_state(host, "Waiting for table metadata lock"))


def in_state(host: Host, state: str) -> list[str]:
    listed = host.sh("mysql -N -e 'SELECT id, state FROM information_schema.processlist'")
    rows = [line.split("\t") for line in listed.splitlines()]
    return [number for number, at in rows if at == state]


def begun(rollback: Rollback, position: int) -> bool:
    return rollback.runs.filter(position=position).exclude(state="pending").exists()
