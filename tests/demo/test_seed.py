"""The demo's people and rules, in the database alone: no host is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from rollback_console.demo import seed
from rollback_console.demo.layout import Layout
from rollback_console.demo.ssh import keys
from rollback_console.demo.state import State
from rollback_console.plans.approval import decision_makers, policy
from rollback_console.plans.errors import PlanError
from rollback_console.plans.models import Environment
from rollback_console.rollbacks.models import Rollback
from rollback_console.rollbacks.permissions import groups

pytestmark = pytest.mark.django_db


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "demo")
    keys.make_keys(made)
    groups.ensure()
    return made


STATE = State(ssh_port=2222, service_port=8080, username="demo")


def test_the_demo_has_the_ladder_and_a_request_that_asks_its_first_rung(layout: Layout) -> None:
    seed.seed_demo(layout, STATE)
    place = Environment.objects.get()
    assert [(each.role, each.rung) for each in decision_makers.owners_of(place)] == [
        ("Deploy Lead", 1),
        ("DevOps Lead", 2),
        ("CTO", 2),
    ]
    assert policy.missing(place) == ""
    people_asked = Rollback.objects.get().events.get(kind="rollback.requested").facts["to"]
    assert [each["name"] for each in people_asked] == ["Lee Okafor"]


def test_a_demo_whose_rules_nobody_could_meet_is_not_kept(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seed, "LADDER", [])
    with pytest.raises(PlanError, match="nobody could approve"):
        seed.seed_demo(layout, STATE)
    assert not Environment.objects.exists()
