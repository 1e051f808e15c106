"""Rollbacks: short in lists and after each act, whole when one is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from rollback_console.documents.shell.hidden_characters import find_hidden
from rollback_console.rollbacks.models import (
    Approval,
    BreakGlass,
    ChecklistAnswer,
    Rollback,
    StepRun,
)

from .base import HiddenCharacterOut, Person, Time, person


class RollbackOut(BaseModel):
    """Where a rollback is. `question` says what a person is asked now, {} when nothing."""

    number: int
    state: str
    title: str
    plan: str
    revision: int
    service: str
    environment: str
    trigger: str
    reason: str
    snapshot_sha256: str
    requested_by: Person
    requested_at: Time
    expires_at: Time
    rung: int
    escalates_at: Time | None
    approved_at: Time | None
    started_at: Time | None
    finished_at: Time | None
    pause_asked: bool
    abort_asked: bool
    question: dict[str, Any]
    last_seq: int


class RollbackPage(BaseModel):
    """Rollbacks, newest first."""

    items: list[RollbackOut]
    next: str | None


class ApprovalOut(BaseModel):
    """One decision maker's yes (`given`) or no to the snapshot with that hash."""

    by: Person
    role: str
    on_behalf_of: Person | None
    given: bool
    snapshot_sha256: str
    note: str
    at: Time


class StepRunOut(BaseModel):
    """One attempt of one step on one host ("" for a manual step); `log_bytes` are stored.

    `number` is what people call the step: its author's number, or `3a` for what the console put
    behind step 3. Paths name steps by `position`.
    """

    token: UUID
    position: int
    number: str
    host: str
    attempt: int
    state: str
    exit_code: int | None
    why: str
    flags: list[Any]
    survivors: list[Any]
    answer: str
    log_bytes: int
    unreachable_since: Time | None
    started_at: Time | None
    ended_at: Time | None


class StepRuns(BaseModel):
    """The new attempts."""

    items: list[StepRunOut]


class CheckOut(BaseModel):
    """One verification item and its last answer; `answer` is None while nobody gave one."""

    key: str
    text: str
    answer: str | None
    note: str
    by: Person | None
    at: Time | None


class BreakGlassOut(BaseModel):
    """A start without approval; the review is open while `reviewed_at` is null."""

    by: Person
    reason: str
    snapshot_sha256: str
    at: Time
    reviewed_by: Person | None
    reviewed_at: Time | None
    finding: str


class RollbackDetail(RollbackOut):
    """A rollback with what was frozen (`snapshot`), chosen, decided, run and checked.

    `hidden_characters` lists what nobody sees in the snapshot, by dotted path.
    """

    choices: dict[str, Any]
    snapshot: dict[str, Any]
    hidden_characters: list[HiddenCharacterOut]
    approvals: list[ApprovalOut]
    break_glass: BreakGlassOut | None
    runs: list[StepRunOut]
    checks: list[CheckOut]


def rollback_out(row: Rollback) -> RollbackOut:
    """The short form."""
    return RollbackOut(**_short(row))


def rollback_detail(row: Rollback) -> RollbackDetail:
    """The whole, in a fixed number of queries."""
    snapshot = json.loads(row.snapshot)
    answers = {each.key: each for each in row.check_answers.select_related("by").order_by("id")}
    return RollbackDetail(
        **_short(row),
        choices=row.choices,
        snapshot=snapshot,
        hidden_characters=[*_hidden(snapshot, "snapshot")],
        approvals=[
            approval_out(each) for each in row.approvals.select_related("by", "under__giver")
        ],
        break_glass=_glass(row),
        runs=runs_out(row.runs.all()).items,
        checks=[_check(each, answers.get(each["key"])) for each in snapshot["checks"]],
    )


def _hidden(value: Any, where: str) -> Iterator[HiddenCharacterOut]:
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value, start=1)
        for name, inner in pairs:
            yield from _hidden(inner, f"{where}.{name}")
    elif isinstance(value, str):
        for each in find_hidden(value):
            yield HiddenCharacterOut(
                where=where, line=each.line + 1, code=each.code, name=each.name
            )


def approval_out(vote: Approval) -> ApprovalOut:
    """A vote."""
    return ApprovalOut(
        by=person(vote.by),
        role=vote.role,
        on_behalf_of=person(vote.under.giver) if vote.under else None,
        given=vote.given,
        snapshot_sha256=vote.snapshot_sha256,
        note=vote.note,
        at=vote.at,
    )


def glass_out(used: BreakGlass) -> BreakGlassOut:
    """A start without approval."""
    return BreakGlassOut(
        by=person(used.by),
        reason=used.reason,
        snapshot_sha256=used.snapshot_sha256,
        at=used.at,
        reviewed_by=person(used.reviewed_by) if used.reviewed_by else None,
        reviewed_at=used.reviewed_at,
        finding=used.finding,
    )


def _glass(row: Rollback) -> BreakGlassOut | None:
    used = BreakGlass.objects.filter(rollback=row).select_related("by", "reviewed_by").first()
    return glass_out(used) if used else None


def runs_out(runs: Iterable[StepRun]) -> StepRuns:
    """Attempts."""
    return StepRuns(items=[_run(run) for run in runs])


def check_out(given: ChecklistAnswer, text: str) -> CheckOut:
    """An answer to the item with that text."""
    return _check({"key": given.key, "text": text}, given)


def _short(row: Rollback) -> dict[str, Any]:
    same = (
        "state title trigger reason snapshot_sha256 requested_at expires_at rung "
        "escalates_at approved_at "
        "started_at finished_at pause_asked abort_asked question last_seq"
    )
    return {
        **{name: getattr(row, name) for name in same.split()},
        "number": row.pk,
        "plan": row.revision.plan.slug,
        "revision": row.revision.number,
        "service": row.service.slug,
        "environment": row.environment.slug,
        "requested_by": person(row.requested_by),
    }


def _run(run: StepRun) -> StepRunOut:
    same = (
        "token position number host attempt state exit_code why flags survivors answer "
        "unreachable_since started_at ended_at"
    )
    return StepRunOut(**{name: getattr(run, name) for name in same.split()}, log_bytes=run.stored)


def _check(check: dict[str, str], given: ChecklistAnswer | None) -> CheckOut:
    return CheckOut(
        key=check["key"],
        text=check["text"],
        answer=given.answer if given else None,
        note=given.note if given else "",
        by=person(given.by) if given and given.by else None,
        at=given.at if given else None,
    )
