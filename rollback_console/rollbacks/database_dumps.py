"""Dumps that a rollback took before it overwrote anything: on record with size and checksum.

Only such a dump is ever put back, and only by the rollback that took it or by one that asks to
undo that rollback.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from rollback_console.common.host_numbers import read_number
from rollback_console.documents.shell.hidden_characters import show_hidden
from rollback_console.engine.snapshot import Snapshot, StepSpec
from rollback_console.engine.states import StepState
from rollback_console.plans.snapshot.dump_steps import SAYS, is_own_dump

from . import log_store
from .errors import SnapshotChanged
from .events import record
from .execution.approved_snapshot import SnapshotGuard
from .execution.runs.run_facts import facts
from .execution.view import excluded_hosts, snapshot_of
from .models import Event, Rollback, StepRun

_END = 64 * 1024
_LONGEST_PATH = 500
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Dump:
    """One dump on a host: `size` is bytes."""

    host: str
    path: str
    size: int
    sha256: str
    at: datetime


def record_dump(row: Rollback, run: StepRun, last: bytes, guard: SnapshotGuard) -> None:
    """Record the dump that a step printed it took; `last` is output not stored yet.

    A line that cannot be read records none: whatever a host prints, the step's end is stored. Nor
    does one that names another file than the step was to write: an undo would put that back.
    """
    try:
        snapshot = guard.snapshot(row)
    except SnapshotChanged:
        return
    step = snapshot.step(run.position)
    if not step.keeps:
        return
    text = log_store.read_log(run, max(run.stored - _END, 0)) + last
    lines = [line for line in text.decode(errors="replace").splitlines() if line.startswith(SAYS)]
    values = lines[-1][len(SAYS) :].split(" ", 2) if lines else []
    if len(values) != 3 or (size := read_number(values[0])) is None:
        return
    _, sha256, path = values
    if not is_own_dump(step, snapshot.plan, str(run.token), path):
        record(row, "dump.refused", **facts(run), path=show_hidden(path)[:_LONGEST_PATH])
    elif _SHA256.fullmatch(sha256):
        record(row, "dump.taken", **facts(run), path=path, size=size, sha256=sha256)


def list_dumps(rollback: Rollback) -> list[Dump]:
    """Every dump the rollback took, oldest first."""
    events = Event.objects.filter(rollback=rollback, kind="dump.taken").order_by("seq")
    return [dump for each in events if (dump := _dump(each))]


def dump_to_restore(rollback: Rollback, approved: Snapshot | None = None) -> Dump | None:
    """The newest dump of the database as this rollback found it; None without one.

    Whoever is about to restore it gives the verified snapshot.
    A dump that was taken after a destructive step began holds what that step did, and is no
    way back. Once a dump was put back, the next one counts again.
    """
    snapshot = approved or snapshot_of(rollback.snapshot)
    events = Event.objects.filter(rollback=rollback, kind__in=_KINDS).order_by("seq")
    dump, untouched = None, True
    for event in events:
        if event.kind == "dump.taken":
            dump = _dump(event) if untouched else dump
        elif step := _step_of(event, snapshot):
            untouched = _is_untouched(event, step, untouched)
        else:
            untouched = False
    return dump


def why_no_restore(rollback: Rollback) -> str:
    """Why nothing can put the database back as this rollback found it; "" when a dump can."""
    if dump_to_restore(rollback) is not None:
        return ""
    snapshot = snapshot_of(rollback.snapshot)
    earlier = (
        f" Rollback {snapshot.continues}, which it continues, may have taken one: that rollback "
        "can be undone by itself."
        if snapshot.continues
        else ""
    )
    taken = "only after a destructive step had begun" if list_dumps(rollback) else "none"
    if taken == "none":
        return f"This rollback has no dump of the database on record.{earlier}"
    return f"This rollback dumped the database {taken}, so that dump is no way back.{earlier}"


def list_what_stays(rollback: Rollback) -> list[str]:
    """The steps of a rollback that began anywhere, and that putting its dump back leaves as they
    are: services that were stopped stay stopped, code stays where it is."""
    begun = set(
        rollback.runs.exclude(state__in=(StepState.PENDING, StepState.SKIPPED)).values_list(
            "position", flat=True
        )
    )
    return [
        f"step {step.number}, {step.title}"
        for step in snapshot_of(rollback.snapshot).steps
        if step.position in begun and not step.keeps and not step.restores
    ]


def why_not_undone(rollback: Rollback, step: StepSpec) -> str:
    """Why `step` cannot undo another now; "" when it can.

    What puts the database back needs a dump that this very rollback has on record, on a host
    that nobody left out.
    """
    if step.restores:
        return why_no_restore(rollback) or _why_out_of_reach(rollback)
    if step.standby and step.source == "head":
        return (
            "This was approved before the console tied a dump to the rollback that took it. End "
            "this rollback, then ask to undo it as a whole."
        )
    return ""


def why_gate_warns(rollback: Rollback, position: int) -> str:
    """What a person must confirm a second time before a destructive step; "" for nothing.

    Only plans that say how their database is dumped promise a way back.
    """
    snapshot = snapshot_of(rollback.snapshot)
    step = snapshot.step(position)
    if not step.destructive or step.restores or not _dump_step(snapshot):
        return ""
    if not (why := why_no_restore(rollback)):
        return ""
    return f"{why} {_dump_fate(rollback, snapshot)} What this step overwrites cannot be put back."


def _why_out_of_reach(rollback: Rollback) -> str:
    dump = dump_to_restore(rollback)
    if dump is None or dump.host not in excluded_hosts(rollback):
        return ""
    return (
        f"The dump lies on {dump.host}, which was left out: nothing runs there again. End this "
        "rollback, then ask to undo it as a whole."
    )


_KINDS = ("dump.taken", "step.launched", "step.finished")


def _step_of(event: Event, snapshot: Snapshot) -> StepSpec | None:
    """The step of an event; None where its facts name none."""
    position = event.facts.get("position")
    known = isinstance(position, int) and 1 <= position <= len(snapshot.steps)
    return snapshot.step(position) if known else None


def _is_untouched(event: Event, step: StepSpec, untouched: bool) -> bool:
    if step.restores:
        restored = event.facts.get("state") == StepState.SUCCEEDED
        return restored if event.kind == "step.finished" else False
    return untouched and not (event.kind == "step.launched" and step.destructive)


def _dump_step(snapshot: Snapshot) -> StepSpec | None:
    return next((step for step in snapshot.steps if step.keeps), None)


def _dump_fate(rollback: Rollback, snapshot: Snapshot) -> str:
    step = _dump_step(snapshot)
    if step is None:
        return ""
    runs = rollback.runs.filter(position=step.position).order_by("attempt")
    state, answer = runs.values_list("state", "answer").last() or (StepState.PENDING, "")
    last = StepState(state)
    fate = _FATES.get(last, "has not run" if last is StepState.PENDING else "ended badly")
    skipped = " and was skipped" if answer == "skip" else ""
    return f"Step {step.number}, {step.title}, {fate}{skipped}."


_FATES = {
    StepState.SKIPPED: "was skipped",
    StepState.FAILED: "failed",
    StepState.SUCCEEDED: "ended well",
    StepState.LOST: "was lost",
}


def _dump(event: Event) -> Dump | None:
    """The dump that an event tells of; None where its facts were changed to something else."""
    host, path, size, sha256 = (
        event.facts.get(name) for name in ("host", "path", "size", "sha256")
    )
    if not isinstance(size, int) or not (isinstance(host, str) and isinstance(path, str)):
        return None
    return Dump(host, path, size, str(sha256), at=datetime.fromisoformat(event.at))
