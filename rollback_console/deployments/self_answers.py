"""Checklist items that the console's own record answers: worked out when somebody looks.

Only what is on record here counts. Where it says nothing, the item stays open for a person.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from rollback_console.common.people import display_name
from rollback_console.documents.markdown.folded_text import fold
from rollback_console.plans.models import ProbeResult, Revision
from rollback_console.plans.readiness.check import STALE
from rollback_console.plans.readiness.probes import ProbeVerdict
from rollback_console.rollbacks import db_clock

from .models import Deployment


@dataclass(frozen=True, slots=True)
class SelfAnswer:
    """`answer` is `done` or `failed`; `evidence` is the sentence that shows it."""

    answer: str
    evidence: str


def self_answer(text: str, deployment: Deployment) -> SelfAnswer | None:
    """What the record says of this item of a deployment; None where it says nothing."""
    folded = fold(text)
    return next((rule(deployment) for pattern, rule in _RULES if pattern.search(folded)), None)


def _on_record(deployment: Deployment) -> SelfAnswer:
    return SelfAnswer("done", f"Deployment {deployment.pk} is on record since it began.")


def _plan_kept(deployment: Deployment) -> SelfAnswer | None:
    plan = deployment.plan
    return SelfAnswer("done", f"{plan.title} is a plan of this console.") if plan else None


def _plan_confirmed(deployment: Deployment) -> SelfAnswer | None:
    revision = _newest(deployment)
    if revision is None or revision.confirmed_at is None:
        return None
    name = display_name(revision.confirmed_by, nobody="its shape")
    at = f"{revision.confirmed_at:%d %b %Y %H:%M} UTC"
    number = f"Revision {revision.number} of {revision.plan.title}"
    return SelfAnswer("done", f"{number} was confirmed by {name}, {at}.")


def _hosts_reached(deployment: Deployment) -> SelfAnswer | None:
    """What the hosts of its plan last said to the sign-in, if that is not stale."""
    revision = _newest(deployment)
    recent = ProbeResult.objects.filter(kind="access", at__gte=db_clock.now() - STALE)
    rows = list(recent.filter(revision=revision)) if revision else []
    if wrong := [row for row in rows if row.verdict == ProbeVerdict.NOT_READY]:
        return SelfAnswer("failed", f"{wrong[0].host}: {wrong[0].detail}")
    if not rows or any(row.verdict != ProbeVerdict.READY for row in rows):
        return None
    names = ", ".join(sorted({row.host for row in rows}))
    return SelfAnswer("done", f"The console signed in to {names} within the last hour.")


def _no_rollback(deployment: Deployment) -> SelfAnswer | None:
    if not deployment.decision:
        return None
    name = display_name(deployment.decided_by)
    if deployment.decision == "no":
        return SelfAnswer("done", f"{name} decided that no rollback is needed.")
    return SelfAnswer("failed", f"{name} requested rollback {deployment.rollback_id}.")


def _succeeded(deployment: Deployment) -> SelfAnswer | None:
    if deployment.state == "running":
        return None
    outcome = "done" if deployment.state == "succeeded" else "failed"
    return SelfAnswer(outcome, f"Recorded at its end: {deployment.get_state_display()}.")


def _newest(deployment: Deployment) -> Revision | None:
    rows = Revision.objects.filter(plan=deployment.plan).defer("source", "original")
    related = rows.select_related("plan", "confirmed_by")
    return related.order_by("-number").first() if deployment.plan else None


_Rule = Callable[[Deployment], SelfAnswer | None]
_RULES: tuple[tuple[re.Pattern[str], _Rule], ...] = tuple(
    (re.compile(pattern), rule)
    for pattern, rule in (
        (r"^deployment (?:is )?(?:logged|recorded|on record)$", _on_record),
        (r"^roll-?back plan (?:is )?(?:accessible|available|in place|exists)$", _plan_kept),
        (r"^roll-?back plan (?:is |has been )?(?:reviewed|confirmed)$", _plan_confirmed),
        (r"^target (?:environment|hosts?|servers?) (?:is |are )?(?:available|reachable)$",
         _hosts_reached),
        (r"^no roll-?back (?:is |was )?(?:required|needed|necessary)$", _no_rollback),
        (r"^all deployment steps (?:are )?completed(?: without errors| successfully)?$",
         _succeeded),
    )
)  # fmt: skip
