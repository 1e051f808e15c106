"""Who wrote what is asked for and no decision maker has approved yet.

What is asked for falls into parts: each setting of each step and check, and what a revision says
of the whole. A part is approved once an approved snapshot of the same plan holds it. Whoever wrote
a part that is not, at any time, or took a step away and nobody approved that, is barred.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

from django.db.models import Exists, OuterRef

from rollback_console.documents.plan_config import read_plan_config
from rollback_console.engine.snapshot import CheckSpec, Snapshot, StepSpec
from rollback_console.plans.document_cache import document
from rollback_console.plans.models import Revision
from rollback_console.plans.snapshot.dump_steps import (
    DUMP_PATH,
    DUMP_SHA256,
    DUMP_SIZE,
    with_dump,
)
from rollback_console.plans.snapshot.freeze import sketch_snapshots

from ..models import Approval, Rollback

Part = tuple[str, str, str, str]
"""What a part belongs to (a step, a check, the head, a value, the whole), its name, the setting
and its value as JSON."""

_MOST_REVISIONS, _MOST_APPROVED = 100, 50
_NOT_WRITTEN = frozenset({"position", "label", "source", "undo", "environment", "secrets", "hosts"})
_HEAD = ("script", "cwd", "user")
_DUMP_ON_RECORD = tuple(f"{name}=" for name in (DUMP_PATH, DUMP_SIZE, DUMP_SHA256))


@dataclass(frozen=True, slots=True)
class Written:
    """What one revision says: its number, its author, its parts and its steps in their order."""

    number: int
    author: int | None
    parts: frozenset[Part]
    titles: tuple[str, ...]


@dataclass(slots=True)
class Approved:
    """What decision makers approved of a plan: parts, and by procedure the newest revision."""

    parts: set[Part] = field(default_factory=set)
    newest: dict[str, int] = field(default_factory=dict)

    def add(self, snapshot: Snapshot) -> None:
        """Count what a snapshot holds as approved."""
        self.parts |= list_parts(snapshot)
        self.newest[snapshot.procedure] = max(
            snapshot.revision, self.newest.get(snapshot.procedure, 0)
        )


def unapproved_authors(
    revision: Revision, choices: dict[str, Any], snapshot: Snapshot
) -> frozenset[int]:
    """The keys of those who wrote what is new in `snapshot`, which `choices` make of `revision`.

    New is what no approved snapshot of the plan holds in the same form. Values that who asks
    chose are nobody's: who asks is barred anyway.
    """
    approved = _approved(revision)
    chosen = {name for name, value in choices.get("parameters", {}).items() if value}
    new = {
        part
        for part in list_parts(snapshot) - approved.parts
        if not (part[0] == "value" and part[1] in chosen)
    }
    history = _history(revision, choices)
    authors = {each.author for each in _writers(new, history)}
    if history and new & history[0].parts:
        authors |= _earlier_authors(revision, history[0])
    authors |= {
        each.author for each in _removers(history) if each.number > _newest(approved, snapshot)
    }
    return frozenset(author for author in authors if author is not None)


def list_parts(snapshot: Snapshot) -> frozenset[Part]:
    """Everything in a snapshot that somebody wrote into a revision of its plan."""
    parts: set[Part] = {
        ("whole", "", "time_limit", json.dumps(snapshot.time_limit)),
        ("whole", "", "settle", json.dumps(snapshot.settle)),
    }
    for step in snapshot.steps:
        parts |= set(_head_parts(step) if step.source == "head" else _step_parts(step, snapshot))
    for check in snapshot.checks:
        parts |= set(_check_parts(check))
    parts |= {("value", name, "", value) for name, value in snapshot.parameters.items()}
    return frozenset(parts)


def _step_parts(step: StepSpec, snapshot: Snapshot) -> Iterator[Part]:
    undo = snapshot.step(step.undo) if step.undo else None
    own_undo = undo.title if undo and undo.source != "head" else ""
    reads = sorted({*step.environment, *step.secrets})
    yield from _own_parts("step", step.title, step)
    yield from _setting_parts("step", step.title, undo=own_undo, reads=reads)
    if step.hosts:  # none are those of a step that nobody had bound yet
        yield from _setting_parts("step", step.title, hosts=sorted(step.hosts))
    whole = {name: value for name, value in asdict(step).items() if name not in _NOT_WRITTEN}
    yield from _setting_parts("step", step.title, whole=[whole, own_undo, reads])
    # A line stays its writer's when somebody else changes the lines around it, or the title.
    for line in (*step.script.splitlines(), *step.instructions.splitlines()):
        yield "line", "", "", line.strip()


def _head_parts(step: StepSpec) -> Iterator[Part]:
    """How a database is dumped or put back, whichever dump it is about."""
    name = "dump" if step.keeps else "restore"
    lines = step.script.splitlines()
    script = [line for line in lines if not line.startswith(_DUMP_ON_RECORD)]
    values = {each: getattr(step, each) for each in _HEAD} | {"script": script}
    yield from _setting_parts("head", name, **values, hosts=sorted(step.hosts), folder=step.keeps)


def _check_parts(check: CheckSpec) -> Iterator[Part]:
    yield from _own_parts("check", check.text, check)
    whole = {name: value for name, value in asdict(check).items() if name not in _NOT_WRITTEN}
    yield from _setting_parts("check", check.text, hosts=sorted(check.hosts), whole=whole)


def _own_parts(kind: str, name: str, written: StepSpec | CheckSpec) -> Iterator[Part]:
    values = {key: value for key, value in asdict(written).items() if key not in _NOT_WRITTEN}
    yield from _setting_parts(kind, name, **values)


def _setting_parts(kind: str, name: str, /, **values: Any) -> Iterator[Part]:
    for setting, value in values.items():
        yield kind, name, setting, json.dumps(value, sort_keys=True)


def _approved(revision: Revision) -> Approved:
    """What was approved by people who read it; a loaded incident proves nothing.

    The same text and choices as they would be frozen now count too: what an Admin changed of
    hosts and groups since was written by no author.
    """
    approved = Approved()
    rows = list(_approved_rows(revision))
    now = sketch_snapshots((row.revision, row.choices) for row in rows)
    for row, sketch in zip(rows, now, strict=True):
        snapshot = Snapshot.from_json(row.snapshot)
        approved.add(snapshot)
        if sketch is not None and snapshot.revision_sha256 == row.revision.sha256:
            approved.parts |= list_parts(sketch)
    return approved


def _approved_rows(revision: Revision) -> Iterator[Rollback]:
    given = Approval.objects.filter(
        rollback=OuterRef("pk"),
        given=True,
        round=OuterRef("round"),
        snapshot_sha256=OuterRef("snapshot_sha256"),
    )
    rows = Rollback.objects.filter(
        Exists(given),
        revision__plan=revision.plan_id,
        approved_at__isnull=False,
        broken_glass=None,
        imported=None,
    )
    rows = rows.select_related("revision__plan__environment", "revision__plan__service")
    for row in rows.order_by("-pk")[:_MOST_APPROVED]:
        if hashlib.sha256(row.snapshot.encode()).hexdigest() == row.snapshot_sha256:
            yield row


def _history(revision: Revision, choices: dict[str, Any]) -> list[Written]:
    """What each revision up to this one would be with the same choices, the oldest first; of a
    plan with very many, the newest of them."""
    rows = list(
        Revision.objects.filter(plan=revision.plan_id, number__lte=revision.number)
        .select_related("plan__environment", "plan__service")
        .order_by("-number")[:_MOST_REVISIONS]
    )[::-1]
    sketches = sketch_snapshots((row, choices) for row in rows)
    return [
        Written(row.number, row.author_id, list_parts(sketch) | _text_parts(row), _titles(sketch))
        for row, sketch in zip(rows, sketches, strict=True)
        if sketch is not None
    ]


def _text_parts(revision: Revision) -> frozenset[Part]:
    """What a revision's text holds, also where it has no effect yet: it stays its writer's when
    somebody else makes it run."""
    text = document(revision)
    lines = {("line", "", "", line.strip()) for line in text.source.splitlines()}
    if (config := read_plan_config(text).dump) is None:
        return frozenset(lines)
    any_step = StepSpec(1, "", hosts=("",), destructive=True)
    steps = with_dump([any_step], config, "", revision.plan.slug)
    head = {part for step in steps if step.source == "head" for part in _head_parts(step)}
    return frozenset(lines | {part for part in head if part[2] != "hosts"})


def _earlier_authors(revision: Revision, oldest: Written) -> set[int | None]:
    """Who wrote the revisions before the oldest that is looked at: any of them may have written
    what that one holds."""
    earlier = Revision.objects.filter(plan=revision.plan_id, number__lt=oldest.number)
    return set(earlier.values_list("author_id", flat=True))


def _titles(snapshot: Snapshot) -> tuple[str, ...]:
    return tuple(step.title for step in snapshot.steps if step.source != "head")


def _writers(new: set[Part], history: list[Written]) -> Iterator[Written]:
    """Every revision that brought one of these parts in; the last, where none did."""
    before: frozenset[Part] = frozenset()
    for written in history:
        if new & (written.parts - before):
            yield written
        before = written.parts
    if history and not new <= before:
        yield history[-1]


def _removers(history: list[Written]) -> Iterator[Written]:
    """Every revision that took a step away, or put it elsewhere."""
    for before, after in pairwise(history):
        left = iter(after.titles)
        if not all(title in left for title in before.titles):
            yield after


def _newest(approved: Approved, snapshot: Snapshot) -> int:
    return approved.newest.get(snapshot.procedure, 0)
