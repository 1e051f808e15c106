"""A host that is reached through others: the way there must begin at the console."""

from __future__ import annotations

import pytest

from rollback_console.audit.models import ConfigurationEvent
from rollback_console.plans.actions import hosts
from rollback_console.plans.errors import HostRefused, PlanError
from rollback_console.plans.inventory.addresses import address
from rollback_console.plans.inventory.changes import changes_of_host
from rollback_console.plans.inventory.host_specs import host_spec, known_hosts
from rollback_console.plans.models import Host
from tests import make
from tests.make import Stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def gate(stage: Stage) -> Host:
    """Reached through nothing; the way to the stage's host leads through it."""
    gate = make.host(stage.environment, "gate-1", stage.cast.ada)
    hosts.change_host(stage.host, by=stage.cast.ada, jump=gate)
    return gate


def _lead_through(host: Host, jump: Host) -> None:
    """Past the action, as a restored or edited database may hold it."""
    Host.objects.filter(pk=host.pk).update(jump=jump)


def test_a_way_through_two_hosts_names_the_nearest_first(stage: Stage, gate: Host) -> None:
    door = make.host(stage.environment, "door-1", stage.cast.ada)
    hosts.change_host(gate, by=stage.cast.ada, jump=door)
    host = known_hosts([stage.host.name])[stage.host.name]
    assert [jump.name for jump in host_spec(host).route] == ["gate-1", "door-1"]
    nearest = address(host).jump
    assert nearest is not None and nearest.jump is not None
    assert (nearest.name, nearest.jump.name, nearest.jump.jump) == ("gate-1", "door-1", None)


def test_a_host_is_not_saved_as_its_own_jump_host(stage: Stage) -> None:
    with pytest.raises(PlanError, match=f"loop: {stage.host} through {stage.host}\\."):
        hosts.change_host(stage.host, by=stage.cast.ada, jump=stage.host)
    assert Host.objects.get(pk=stage.host.pk).jump is None


def test_two_hosts_are_not_saved_as_each_other_s_jump_host(stage: Stage, gate: Host) -> None:
    events = ConfigurationEvent.objects.count()
    with pytest.raises(PlanError, match=f"loop: gate-1 through {stage.host} through gate-1\\."):
        hosts.change_host(gate, by=stage.cast.ada, jump=stage.host)
    assert Host.objects.get(pk=gate.pk).jump is None
    assert ConfigurationEvent.objects.count() == events


def test_a_new_host_is_not_saved_behind_a_loop(stage: Stage, gate: Host) -> None:
    _lead_through(gate, stage.host)
    with pytest.raises(PlanError, match="loop: app-9 through gate-1 through "):
        hosts.add_host(
            by=stage.cast.ada,
            name="app-9",
            address="192.0.2.9",
            environment=stage.environment,
            credential=stage.host.credential,
            jump=Host.objects.get(pk=gate.pk),
        )


def test_a_loop_in_the_database_is_refused_wherever_the_way_is_needed(
    stage: Stage, gate: Host
) -> None:
    approved = host_spec(known_hosts([stage.host.name])[stage.host.name])
    _lead_through(gate, stage.host)
    host = known_hosts([stage.host.name])[stage.host.name]
    with pytest.raises(HostRefused, match="is a loop"):
        host_spec(host)
    with pytest.raises(HostRefused, match="is a loop"):
        address(host)
    [change] = changes_of_host(approved, host)
    assert f"{stage.host} through gate-1 through {stage.host}" in change
