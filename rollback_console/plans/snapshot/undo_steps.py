"""A rollback undone: the dump it took is put back, as approved steps of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rollback_console.documents.plan_config import read_plan_config
from rollback_console.engine.snapshot import Snapshot, StepSpec

from ..errors import NotReady
from .draft import SnapshotDraft
from .dump_steps import restore_script, with_dump
from .hidden_characters import HEAD, list_hidden_problems


def restores_dump(snapshot: Snapshot) -> bool:
    """Whether this puts a dump of the console's own back.

    A plan measures what its own steps cost: that says nothing about such a dump.
    """
    return any(
        step.source == "head" and step.destructive and not step.standby for step in snapshot.steps
    )


def build_restore(draft: SnapshotDraft) -> Snapshot:
    """What puts back the dump in `choices["restores"]`.

    That is {"rollback": number, "host": name, "path", "size": bytes, "sha256", "stays": steps of
    that rollback which this leaves as they are}. The plan's checks are about its own procedures, so
    none is asked.

    Raises NotReady where the plan no longer says how.
    """
    dump, config = draft.choices["restores"], read_plan_config(draft.document).dump
    script = restore_script(config, dump["path"], dump["size"], dump["sha256"]) if config else ""
    hosts = draft.usable_hosts(dump["host"], "The dump")
    draft.problems += [
        each for each in list_hidden_problems(draft.revision) if each.startswith(HEAD)
    ]
    if config is None or not script or not hosts:
        draft.problems.append("The plan does not say how its database is put back, or where.")
    if config is None or draft.problems:
        raise NotReady(draft.problems)
    stays = [_stays(dump["stays"])] if dump.get("stays") else []
    step = StepSpec(
        1,
        f"Put the database back as it was before rollback {dump['rollback']}",
        script=script,
        hosts=(hosts[0].name,),
        cwd=config.runs_on.cwd,
        user=config.runs_on.user,
        gate=True,
        destructive=True,
        warnings=("Everything written since that dump is lost. The code stays as it is.", *stays),
        source="head",
    )
    steps = with_dump([step], config, hosts[0].name, draft.revision.plan.slug)
    whole = draft.assemble(steps, f"Undo rollback {dump['rollback']}")
    return replace(whole, checks=(), settle=0)


def _stays(steps: Sequence[str]) -> str:
    return (
        f"What these steps of that rollback did stays as it is: {'; '.join(steps)}. Start again by "
        "hand what must run."
    )
