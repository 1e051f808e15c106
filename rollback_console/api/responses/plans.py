"""Plans, their revisions, and what a request of one has to choose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from rollback_console.documents.model import Step
from rollback_console.plans.acknowledgement import report_revision
from rollback_console.plans.data_loss.cost import Costing
from rollback_console.plans.document_cache import document
from rollback_console.plans.models import Acknowledgement, HostQuestion, Plan, Revision
from rollback_console.plans.readiness.check import Readiness
from rollback_console.plans.readiness.choices import ProcedureVerdict
from rollback_console.plans.snapshot.hidden_characters import list_hidden
from rollback_console.plans.snapshot.request_form import draw_request_form

from .base import HiddenCharacterOut, Person, Time, person


class PlanOut(BaseModel):
    """A plan; `revision` is the number of its newest text."""

    slug: str
    title: str
    service: str
    environment: str
    revision: int
    created_at: Time


class PlanPage(BaseModel):
    """Plans by slug."""

    items: list[PlanOut]
    next: str | None


class Way(BaseModel):
    """One of several ways to do a step: send its `index`."""

    index: int
    label: str


class Choice(BaseModel):
    """A step to choose for: one of `ways`, or whether its `condition` holds (run or skip)."""

    step: str
    title: str
    condition: str
    ways: list[Way]


class Option(BaseModel):
    """A procedure: send its `key`."""

    key: str
    name: str


class ParameterOut(BaseModel):
    """A value to fill in; `value` is what is known already, "" when it must be sent."""

    name: str
    kind: str
    text: str
    value: str
    steps: list[str]


class Form(BaseModel):
    """What `choices` of a request must hold; `missing` must be bound on the plan's page first."""

    procedures: list[Option]
    alternatives: list[Choice]
    conditions: list[Choice]
    parameters: list[ParameterOut]
    missing: list[str]


class RevisionOut(BaseModel):
    """One immutable text of a plan, and what the console understands of it.

    Only a confirmed one can be requested. `document` is the text as it was read; `report` is the
    import report. `hidden_characters` lists those of its commands that nobody sees, confirmed or
    not.
    """

    plan: str
    number: int
    sha256: str
    note: str
    author: Person | None
    created_at: Time
    confirmed_at: Time | None
    confirmed_by: Person | None
    document: str
    bindings: dict[str, Any]
    form: Form
    report: dict[str, Any]
    hidden_characters: list[HiddenCharacterOut]


def plan_out(plan: Plan, newest: int) -> PlanOut:
    """A plan whose newest revision has that number."""
    return PlanOut(
        slug=plan.slug,
        title=plan.title,
        service=plan.service.slug,
        environment=plan.environment.slug,
        revision=newest,
        created_at=plan.created_at,
    )


def revision_out(revision: Revision) -> RevisionOut:
    """A revision with everything that can be said of it."""
    understood = document(revision)
    return RevisionOut(
        plan=revision.plan.slug,
        number=revision.number,
        sha256=revision.sha256,
        note=revision.note,
        author=person(revision.author) if revision.author else None,
        created_at=revision.created_at,
        confirmed_at=revision.confirmed_at,
        confirmed_by=person(revision.confirmed_by) if revision.confirmed_by else None,
        document=understood.source,
        bindings=revision.bindings,
        form=_form(revision),
        report=report_revision(revision),
        hidden_characters=[
            HiddenCharacterOut(
                where=each.where, line=each.line, code=each.hidden.code, name=each.hidden.name
            )
            for each in list_hidden(revision)
        ],
    )


class AcknowledgementOut(BaseModel):
    """Who said of which finding of a revision that it is known, and why it may stay."""

    plan: str
    revision: int
    finding: str
    code: str
    reason: str
    by: Person
    at: Time


def acknowledgement_out(row: Acknowledgement) -> AcknowledgementOut:
    """One acknowledged finding."""
    return AcknowledgementOut(
        plan=row.revision.plan.slug,
        revision=row.revision.number,
        finding=row.finding,
        code=row.code,
        reason=row.reason,
        by=person(row.by),
        at=row.at,
    )


def _form(revision: Revision) -> Form:
    request_form = draw_request_form(revision)
    return Form(
        procedures=[Option(key=each.key, name=each.name) for each in request_form.procedures],
        alternatives=[_choice(step) for step in request_form.alternatives],
        conditions=[_choice(step) for step in request_form.conditions],
        parameters=[
            ParameterOut(
                name=each.name,
                kind=each.kind,
                text=each.text,
                value=each.value,
                steps=list(each.steps),
            )
            for each in request_form.parameters
        ],
        missing=list(request_form.missing),
    )


def _choice(step: Step) -> Choice:
    ways = [Way(index=index, label=way.label) for index, way in enumerate(step.alternatives)]
    return Choice(step=step.key, title=step.title, condition=step.condition, ways=ways)


class ProbeOut(BaseModel):
    """One question to a host; `verdict` is ready, not_ready or unknown."""

    host: str
    position: int
    number: str
    kind: str
    subject: str
    verdict: str
    detail: str
    at: Time


class ProcedureReadinessOut(BaseModel):
    """What is known of one procedure with these `values`, and of no other.

    `word`, `loss`, `loss_text` and `impossible` are as in ReadinessOut; `at` is null while nobody
    asked.
    """

    key: str
    name: str
    values: dict[str, str]
    word: str
    at: Time | None
    loss: str
    loss_text: str
    impossible: str


class ReadinessOut(BaseModel):
    """What hosts last answered about the newest snapshot that they were asked about.

    `procedures` hold what is known of each procedure as it was last chosen. `word` is ready, not
    ready, unknown (questions were not asked because nobody approved them) or not asked.

    `loss` is none, some or unknown, and `loss_text` the same as people read it. `impossible` is
    why a reversal would fail or do nothing, as a sentence; "" where no tool says so.
    """

    revision: int | None
    word: str
    at: Time | None
    loss: str
    loss_text: str
    impossible: str
    probes: list[ProbeOut]
    procedures: list[ProcedureReadinessOut]


class HostQuestionOut(BaseModel):
    """A question that a host is asked only while `state` is approved; else it is pending.

    `commands` are the argument lists that run there as `account` in `folder`; `address` is the
    host's account, address and route; `server` is what it connects to. `sha256` is the digest
    of all of it: send it to approve exactly this.
    """

    id: int
    sha256: str
    kind: str
    subject: str
    host: str
    address: str
    account: str
    folder: str
    server: str
    commands: list[list[str]]
    state: str
    decided_by: Person | None
    decided_at: Time | None


class HostQuestionList(BaseModel):
    """The questions of a plan's newest revision."""

    items: list[HostQuestionOut]


def host_question_out(row: HostQuestion) -> HostQuestionOut:
    """A host question as the API shows it."""
    return HostQuestionOut(
        id=row.pk,
        sha256=row.sha256,
        kind=row.kind,
        subject=row.subject,
        host=row.host,
        address=row.address,
        account=row.account,
        folder=row.folder,
        server=row.server,
        commands=row.commands,
        state=row.state,
        decided_by=person(row.decided_by) if row.decided_by else None,
        decided_at=row.decided_at,
    )


def readiness_out(
    revision: int | None,
    readiness: Readiness,
    costing: Costing | None,
    verdicts: Sequence[ProcedureVerdict] = (),
) -> ReadinessOut:
    """Readiness as the API shows it."""
    probes = [
        ProbeOut(
            host=each.host,
            position=each.position,
            number=each.number,
            kind=each.kind,
            subject=each.subject,
            verdict=each.verdict,
            detail=each.detail,
            at=each.at,
        )
        for each in readiness.results
    ]
    return ReadinessOut(
        revision=revision,
        word=readiness.word,
        at=readiness.at,
        loss=str(costing.loss.word) if costing else "unknown",
        loss_text=costing.loss.text if costing else "unknown, because nobody has asked yet",
        impossible=costing.impossible if costing else "",
        probes=probes,
        procedures=[_procedure(each) for each in verdicts],
    )


def _procedure(verdict: ProcedureVerdict) -> ProcedureReadinessOut:
    costing = verdict.costing if verdict.loss_is_known else None
    return ProcedureReadinessOut(
        key=verdict.procedure.key,
        name=verdict.procedure.name,
        values=dict(verdict.values),
        word=verdict.readiness.word,
        at=verdict.at,
        loss=str(costing.loss.word) if costing else "unknown",
        loss_text=verdict.loss_text,
        impossible=costing.impossible if costing else "",
    )
