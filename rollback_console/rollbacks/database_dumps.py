"""Dumps that a rollback took before it overwrote anything: on record with size and checksum."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollback_console.plans.snapshot.dump_steps import SAYS

from . import log_store
from .errors import SnapshotChanged
from .events import record
from .execution.approved_snapshot import approved_snapshot
from .execution.run_facts import facts
from .models import Event, Rollback, StepRun

_END = 64 * 1024


@dataclass(frozen=True, slots=True)
class Dump:
    """One dump on a host: `size` is bytes."""

    host: str
    path: str
    size: int
    sha256: str
    at: datetime


def note(row: Rollback, run: StepRun, last: bytes) -> None:
    """Record what a step that keeps the database said it kept; `last` is not stored yet."""
    try:
        if not approved_snapshot(row).step(run.position).keeps:
            return
    except SnapshotChanged:
        return
    text = log_store.read(run, max(run.stored - _END, 0)) + last
    said = [line for line in text.decode(errors="replace").splitlines() if line.startswith(SAYS)]
    words = said[-1][len(SAYS) :].split(" ", 2) if said else []
    if len(words) == 3 and words[0].isdigit():
        size, sha256, path = words
        record(row, "dump.taken", **facts(run), path=path, size=int(size), sha256=sha256)


def of(rollback: Rollback) -> list[Dump]:
    """Every dump the rollback took, oldest first."""
    found = Event.objects.filter(rollback=rollback, kind="dump.taken").order_by("seq")
    return [
        Dump(
            host=each.facts["host"],
            path=each.facts["path"],
            size=each.facts["size"],
            sha256=each.facts["sha256"],
            at=datetime.fromisoformat(each.at),
        )
        for each in found
    ]
