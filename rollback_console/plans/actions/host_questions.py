"""Host questions: letting a host be asked what a plan names, and no longer."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models.functions import Now

from rollback_console.audit import kinds
from rollback_console.audit.integrity.row_ledger import added, removed
from rollback_console.audit.record import record_change
from rollback_console.common.permission import may_do

from ..approval.decision_makers import decides_in
from ..errors import PlanError
from ..models import HostQuestion, Plan
from ..readiness.host_questions import decision_facts


def approve_host_question(question: HostQuestion, *, by: User, sha256: str) -> HostQuestion:
    """Let a host be asked exactly this from now on; `sha256` is the digest that was read.

    Raises PlanError when the question is not the one that was read, or not pending, and for who
    wrote a part of the plan: a measure is any command they like, and so is a `manage.py`.
    """
    if question.plan.revisions.filter(author=by).exists():
        raise PlanError(
            "You wrote a part of this plan. Another decision maker of "
            f"{question.plan.environment}, or an Admin who wrote none of it, approves what hosts "
            "are asked because of it."
        )
    state = HostQuestion.State
    return _decide(question, state.PENDING, state.APPROVED, by=by, sha256=sha256)


def withdraw_host_question(question: HostQuestion, *, by: User) -> HostQuestion:
    """Take an approval back: the host is not asked this again before another one."""
    state = HostQuestion.State
    return _decide(question, state.APPROVED, state.PENDING, by=by, sha256=question.sha256)


def may_decide_questions(plan: Plan, *, by: User) -> bool:
    """Whether they decide in the plan's environment, or a group gives them that right there."""
    return by.is_active and (
        may_do(by, "plans.approve_host_question", plan) or decides_in(plan.environment, by)
    )


@transaction.atomic
def _decide(question: HostQuestion, old: str, new: str, *, by: User, sha256: str) -> HostQuestion:
    if not may_decide_questions(question.plan, by=by):
        raise PermissionDenied(
            "You may not decide what hosts are asked before an approval. Ask an Admin, or a "
            f"decision maker of {question.plan.environment}."
        )
    row = HostQuestion.objects.filter(pk=question.pk, sha256=sha256, state=old)
    if not row.update(state=new, decided_by=by, decided_at=Now()):
        raise PlanError("This question has changed or was decided meanwhile. Read it again.")
    question.refresh_from_db()
    approved = new == HostQuestion.State.APPROVED
    kind = kinds.HOST_QUESTION_APPROVED if approved else kinds.HOST_QUESTION_WITHDRAWN
    rows = [added(question) if approved else removed(question)]
    record_change(kind, by=by, subject=question, rows=rows, **decision_facts(question))
    return question
