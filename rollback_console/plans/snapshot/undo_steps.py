"""A rollback undone: the dump it took is put back, as approved steps of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rollback_console.documents.plan_config import read_plan_config
from rollback_console.engine.snapshot import Snapshot, StepSpec

from ..errors import NotReady
from .dump_steps import restoring, with_dump
from .step_settings import named

if TYPE_CHECKING:
    from .freeze import Freezer


def restores(snapshot: Snapshot) -> bool:
    """Whether this puts a dump of the console's own back.

    A plan measures what its own steps cost: that says nothing about such a dump.
    """
    return any(
        step.source == "head" and step.destructive and not step.standby for step in snapshot.steps
    )


def undoing(freezer: Freezer) -> Snapshot:
    """What puts back the dump in `choices["restores"]`: {"rollback", "host", "path", "sha256"}.

    Raises NotReady where the plan no longer says how.
    """
    wanted, keeping = freezer.choices["restores"], read_plan_config(freezer.document).keeping
    back = restoring(keeping, wanted["path"], wanted["sha256"]) if keeping else ""
    hosts = [each for each in named(freezer.environment, wanted["host"]) if freezer.usable(each)]
    if keeping is None or not back or not hosts:
        raise NotReady(
            [*freezer.problems, "The plan does not say how its database is put back, or where."]
        )
    step = StepSpec(
        1,
        f"Put the database back as it was before rollback {wanted['rollback']}",
        script=back,
        hosts=(hosts[0].name,),
        cwd=keeping.place.cwd,
        user=keeping.place.user,
        gate=True,
        destructive=True,
        warnings=("Everything written since that dump is lost. The code stays as it is.",),
        source="head",
    )
    steps = with_dump([step], keeping, hosts[0].name, freezer.revision.plan.slug)
    return replace(freezer.snapshot(None, steps), procedure=f"Undo rollback {wanted['rollback']}")
