"""A plan's next revision takes over what a postmortem learned."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models.functions import Now

from rollback_console.documents.canonical import tidied
from rollback_console.documents.markdown.source import encode
from rollback_console.documents.model import PlanDocument
from rollback_console.engine.states import RollbackState
from rollback_console.plans.actions.plans import revise
from rollback_console.plans.document_cache import document, read_cached
from rollback_console.plans.errors import PlanError
from rollback_console.plans.models import Plan, Revision
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.execution.view import snapshot_of
from rollback_console.rollbacks.models import Rollback

from ..models import Postmortem, Takeover
from ..report.section_headings import PREVENTION
from ..trends.estimates import measured
from .plan_edits import with_estimate, with_lessons

RECENT = 20
"""How many of the last successes an estimate is measured on."""


@dataclass(frozen=True, slots=True)
class LessonsProposal:
    """The text of the plan's newest revision, and what it would become."""

    base: Revision
    old: str
    new: str

    @property
    def changes(self) -> bool:
        """Whether there is anything to take over."""
        return self.old != self.new


def proposal(postmortem: Postmortem) -> LessonsProposal:
    """What taking over would write. Raises PlanError when the plan cannot hold it."""
    rollback = postmortem.rollback
    base = rollback.revision.plan.revisions.order_by("-number")[0]
    old = document(base)
    texts = {field: getattr(postmortem, field) for field in PREVENTION}
    learned = tidied(with_lessons(old, texts, f"rollback {rollback.pk}"))
    new = tidied(_with_estimate(rollback, learned, old))
    _same_steps(old, read_cached(encode(new, old.encoding)))
    return LessonsProposal(base, old.source, new)


@transaction.atomic
def take_over(postmortem: Postmortem, *, by: User) -> Revision:
    """Write prevention notes and measured times into the plan as its next revision.

    Nobody's revision is lost: the newest text is read under the plan's lock. Raises Refused.
    """
    # Held until the end: another revision in between would be written over.
    Plan.objects.select_for_update().get(pk=postmortem.rollback.revision.plan_id)
    try:
        edits = proposal(postmortem)
        if not edits.changes:
            raise Refused("The plan contains all of this already. Enter the findings first.")
        data = encode(edits.new, document(edits.base).encoding)
        note = f"Learned from rollback {postmortem.rollback_id}"
        made = revise(edits.base.plan, data, by=by, note=note)
    except (PlanError, PermissionDenied) as error:
        raise Refused(str(error)) from error
    Takeover.objects.create(postmortem=postmortem, revision=made, by=by, at=Now())
    return made


def _with_estimate(rollback: Rollback, text: str, old: PlanDocument) -> str:
    procedure = snapshot_of(rollback.snapshot).procedure
    succeeded = [
        each
        for each in Rollback.objects.filter(
            revision__plan=rollback.revision.plan,
            state=RollbackState.SUCCEEDED,
            started_at__isnull=False,
        ).order_by("-finished_at")[: 5 * RECENT]
        if snapshot_of(each.snapshot).procedure == procedure
    ][:RECENT]
    took = [
        (each.finished_at - each.started_at).total_seconds()
        for each in succeeded
        if each.finished_at and each.started_at
    ]
    if not took or succeeded[0].finished_at is None:
        return text
    plan = read_cached(encode(text, old.encoding))
    return with_estimate(plan, procedure, measured(took), succeeded[0].finished_at.date())


def _same_steps(old: PlanDocument, new: PlanDocument) -> None:
    """What was learned must never change what runs."""
    if _steps(old) != _steps(new):
        raise Refused(
            "Taking this over would change the plan's steps. Write it into the plan yourself."
        )


def _steps(plan: PlanDocument) -> list[object]:
    return [
        (
            procedure.name,
            step.title,
            step.kind,
            step.condition,
            step.settings,
            [command.text for command in step.commands],
            [[command.text for command in way.commands] for way in step.alternatives],
        )
        for procedure in plan.procedures
        for step in procedure.steps
    ]
